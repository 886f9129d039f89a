// SPDX-License-Identifier: BSL-1.0
//
// The worker of a job in the process that works, without its types: what worker_process.hpp knows of it. A worker opens its files
// when it is made. Where the main process permits reads one by one, that is one of them: so it is made with the first step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "../archive.hpp"
#include "../cancellation.hpp"
#include "../concepts.hpp"
#include "../net/frame.hpp"
#include "../timing.hpp"
#include "messages.hpp"

namespace rios::remote {

/// The input of a step, read by one thread and used by another.
class held_input {
  public:
    held_input() = default;
    held_input(held_input const&) = delete;
    held_input& operator=(held_input const&) = delete;
    virtual ~held_input() = default;
};

/// Thread rule: steps on any threads at once; accumulated() when none is under way.
class served_work {
  public:
    served_work() = default;
    served_work(served_work const&) = delete;
    served_work& operator=(served_work const&) = delete;
    virtual ~served_work() = default;

    /// Reads the input of a step, or takes it from bytes. @throws damaged_data, and what making the worker throws
    [[nodiscard]] virtual std::unique_ptr<held_input> read(std::size_t index, std::span<std::byte const> shipped) = 0;
    /// Does a step. @returns the frame of its result
    [[nodiscard]] virtual net::frame_bytes compute(step const& which, held_input& input) = 0;
    /// What the steps have gathered; nothing if there were none.
    [[nodiscard]] virtual std::vector<std::byte> accumulated() = 0;
    virtual void stop() noexcept = 0;
    [[nodiscard]] virtual timings times() const = 0;
};

namespace detail {

/// A worker that reads by itself, as one that takes what was read before.
template <typename W>
concept ReadsAhead = requires(W const& worker, std::size_t index, timing_log& log) { worker.read(index, log); };

/// A worker that has something to bring home besides its results.
template <typename W>
concept Accumulates = requires(W const& worker) { worker.accumulated(); };

template <typename T>
struct held final : held_input {
    explicit held(T taken) : value(std::move(taken)) {}
    T value;
};

template <typename W>
class served_base : public served_work {
  public:
    explicit served_base(std::span<std::byte const> state) : state_(state.begin(), state.end()) {}

    [[nodiscard]] std::vector<std::byte> accumulated() override
    {
        if constexpr (Accumulates<W>) {
            if (worker_) return to_bytes(worker_->accumulated());
        }
        return {};
    }
    void stop() noexcept override { cancellation_.stop(); }
    [[nodiscard]] timings times() const override { return log_.snapshot(); }

  protected:
    /// The worker, made by the first thread that asks; others wait meanwhile.
    [[nodiscard]] W const& worker()
    {
        std::lock_guard lock(making_);
        if (!worker_) {
            worker_.emplace(from_bytes<W>(state_));
            state_ = {};
        }
        return *worker_;
    }

    timing_log log_;
    cancellation cancellation_;

  private:
    std::mutex making_;
    std::vector<std::byte> state_;
    std::optional<W> worker_;
};

/// A worker that gets its input by itself.
template <typename W>
class reading_work final : public served_base<W> {
  public:
    using served_base<W>::served_base;

    [[nodiscard]] std::unique_ptr<held_input> read([[maybe_unused]] std::size_t index,
                                                   std::span<std::byte const>) override
    {
        [[maybe_unused]] auto const& worker = this->worker();
        if constexpr (ReadsAhead<W>) {
            using input = decltype(worker.read(index, this->log_));
            return std::make_unique<held<input>>(worker.read(index, this->log_));
        } else {
            return std::make_unique<held_input_of_nothing>();
        }
    }
    [[nodiscard]] net::frame_bytes compute(step const& which, held_input& input) override
    {
        auto const index = static_cast<std::size_t>(which.index);
        auto const& worker = this->worker();
        if constexpr (ReadsAhead<W>) {
            using input_type = decltype(worker.read(index, this->log_));
            auto& value = static_cast<held<input_type>&>(input).value;
            return frame(message::result, which, worker.compute(index, value, this->log_, this->cancellation_));
        } else {
            static_cast<void>(input);
            return frame(message::result, which, worker(index, this->log_, this->cancellation_));
        }
    }

  private:
    struct held_input_of_nothing final : held_input {};
};

/// A worker whose input comes with each step.
template <typename W, typename Input>
class computing_work final : public served_base<W> {
  public:
    using served_base<W>::served_base;

    [[nodiscard]] std::unique_ptr<held_input> read(std::size_t, std::span<std::byte const> shipped) override
    {
        return std::make_unique<held<Input>>(from_bytes<Input>(shipped));
    }
    [[nodiscard]] net::frame_bytes compute(step const& which, held_input& input) override
    {
        auto& value = static_cast<held<Input>&>(input).value;
        return frame(
            message::result, which,
            this->worker().compute(static_cast<std::size_t>(which.index), value, this->log_, this->cancellation_));
    }
};

} // namespace detail

} // namespace rios::remote
