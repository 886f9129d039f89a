// SPDX-License-Identifier: BSL-1.0
//
// A job and the values that its stages hand to each other, without their types: what staged_run.hpp knows of them. Asked a
// few times for each block, so that virtual calls do not count; what happens to pixels is compiled for their types.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "../concepts.hpp"
#include "buffer.hpp"

namespace rios::detail {

/// The stages of a job over numbered slots: input slots are filled part by part, then turned into results in output slots.
///
/// Thread rule: each slot is used by one thread at a time, but for the parts of an input, which several may read.
class staged_work {
  public:
    staged_work() = default;
    staged_work(staged_work const&) = delete;
    staged_work& operator=(staged_work const&) = delete;
    virtual ~staged_work() = default;

    [[nodiscard]] virtual std::size_t size() const = 0;
    [[nodiscard]] virtual std::size_t parts() const = 0;
    virtual void make_slots(std::size_t inputs, std::size_t outputs) = 0;

    virtual void read(std::size_t input, std::size_t index, std::size_t part) = 0;
    [[nodiscard]] virtual std::size_t input_memory(std::size_t input) const = 0;
    virtual void compute(std::size_t input, std::size_t output, std::size_t index) = 0;
    [[nodiscard]] virtual std::size_t result_memory(std::size_t output) const = 0;
    /// The slot is empty afterwards.
    virtual void deliver(std::size_t output, std::size_t index) = 0;

    virtual void poll() = 0;
    virtual void stop() noexcept = 0;
    /// What a step is called in messages.
    [[nodiscard]] virtual std::string step_text(std::size_t index, std::size_t part) const = 0;
};

template <ReadingJob J>
class staged_work_of final : public staged_work {
  public:
    explicit staged_work_of(J& job) : job_(job) {}

    [[nodiscard]] std::size_t size() const override { return job_.size(); }
    [[nodiscard]] std::size_t parts() const override { return job_.parts(); }
    void make_slots(std::size_t inputs, std::size_t outputs) override
    {
        for (std::size_t i = 0; i < inputs; ++i) inputs_.push_back(job_.make_input());
        for (std::size_t i = 0; i < outputs; ++i) results_.emplace_back();
    }

    void read(std::size_t input, std::size_t index, std::size_t part) override
    {
        job_.read(index, part, inputs_[input]);
    }
    [[nodiscard]] std::size_t input_memory(std::size_t input) const override { return memory_of(inputs_[input]); }
    void compute(std::size_t input, std::size_t output, std::size_t index) override
    {
        results_[output].emplace(job_.compute(index, inputs_[input]));
    }
    [[nodiscard]] std::size_t result_memory(std::size_t output) const override { return memory_of(*results_[output]); }
    void deliver(std::size_t output, std::size_t index) override
    {
        auto result = std::move(*results_[output]);
        results_[output].reset();
        job_.deliver(index, std::move(result));
    }

    void poll() override
    {
        if constexpr (PolledJob<J>) job_.poll();
    }
    void stop() noexcept override
    {
        if constexpr (StoppableJob<J>) job_.stop();
    }
    [[nodiscard]] std::string step_text(std::size_t index, std::size_t part) const override
    {
        if constexpr (requires { job_.step_text(index, part); }) return job_.step_text(index, part);
        else return "step " + std::to_string(index);
    }

  private:
    J& job_;
    std::deque<typename J::input> inputs_; // whose elements stay where they are
    std::deque<std::optional<typename J::result>> results_;
};

} // namespace rios::detail
