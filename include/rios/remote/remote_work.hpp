// SPDX-License-Identifier: BSL-1.0
//
// A job in the main process whose steps others do, without its types: what session.hpp knows of it.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../archive.hpp"
#include "../archive_portability.hpp"
#include "../concepts.hpp"
#include "../error.hpp"
#include "../net/frame.hpp"
#include "../timing.hpp"
#include "messages.hpp"
#include "registry.hpp"
#include "served_work.hpp"

namespace rios::remote {

/// Thread rule: the thread that runs the job, but for read(), which any may call.
class remote_work {
  public:
    remote_work() = default;
    remote_work(remote_work const&) = delete;
    remote_work& operator=(remote_work const&) = delete;
    virtual ~remote_work() = default;

    [[nodiscard]] virtual std::size_t size() const = 0;
    /// Name of the type that does the steps (registry.hpp), and its state. @param ships_input rather than have it read there
    [[nodiscard]] virtual std::string type(bool ships_input) const = 0;
    [[nodiscard]] virtual std::vector<std::byte> state(bool ships_input) const = 0;
    /// Does that state mean the same on every architecture?
    [[nodiscard]] virtual bool is_portable(bool ships_input) const = 0;
    [[nodiscard]] virtual bool accumulates() const = 0;

    /// Reads the input of a step. @returns the frame that brings it to a worker
    [[nodiscard]] virtual net::frame_bytes read(step const& which) = 0;
    virtual void deliver(std::size_t index, std::span<std::byte const> result) = 0;
    /// @param accumulated served_work::accumulated(): nothing if the worker had no steps
    virtual void absorb(std::span<std::byte const> accumulated, timings const& times) = 0;
    virtual void poll() = 0;
    virtual void stop() noexcept = 0;
    /// What a step is called in messages.
    [[nodiscard]] virtual std::string step_text(std::size_t index) const = 0;
};

namespace detail {

/// A job that can have its steps done by a worker of another kind, which gets their input from here.
template <typename J>
concept ShipsInput = ReadingJob<J> && Archivable<typename J::input> && Archivable<typename J::computer_type> &&
                     requires(J const& job, typename J::computer_type const& computer, std::size_t index,
                              typename J::input& input, timing_log& log, cancellation& cancelled) {
                         {
                             job.computer()
                         } -> std::convertible_to<typename J::computer_type>;
                         computer.compute(index, input, log, cancelled);
                     };

/// A job whose steps another process can do, input and all.
template <typename J>
concept ReadsElsewhere = Archivable<typename J::worker_type>;

using rios::detail::shipped;

template <typename J>
class remote_work_of final : public remote_work {
  public:
    /// @param owner of the job; none if the job lives as long as the run
    explicit remote_work_of(J& job, std::shared_ptr<void> owner = {}) : job_(job), owner_(std::move(owner)) {}

    [[nodiscard]] std::size_t size() const override { return job_.size(); }

    [[nodiscard]] std::string type(bool ships_input) const override
    {
        if (ships_input) {
            if constexpr (ShipsInput<J>) {
                return registration<computing_work<typename J::computer_type, typename J::input>>::name();
            }
            throw options_error(
                "workers_read false: the input of this job cannot be sent to its workers; allowed: true");
        }
        if constexpr (ReadsElsewhere<J>) return registration<reading_work<typename J::worker_type>>::name();
        throw options_error(
            "workers_read true: a reader of this job cannot be sent to another process; allowed: false, so "
            "that the main process reads for all");
    }

    [[nodiscard]] std::vector<std::byte> state(bool ships_input) const override
    {
        if constexpr (ShipsInput<J>) {
            if (ships_input) return to_bytes(static_cast<typename J::computer_type>(job_.computer()));
        }
        if constexpr (ReadsElsewhere<J>) return to_bytes(static_cast<typename J::worker_type>(job_.worker()));
        else return {};
    }

    [[nodiscard]] bool is_portable(bool ships_input) const override
    {
        if (!rios::detail::is_portable_archive<shipped<J>>()) return false;
        if constexpr (ShipsInput<J>) {
            if (ships_input) {
                return rios::detail::is_portable_archive<typename J::computer_type>() &&
                       rios::detail::is_portable_archive<typename J::input>();
            }
        }
        if constexpr (ReadsElsewhere<J>) return rios::detail::is_portable_archive<typename J::worker_type>();
        else return true;
    }

    [[nodiscard]] bool accumulates() const override { return Accumulates<typename J::worker_type>; }

    [[nodiscard]] net::frame_bytes read(step const& which) override
    {
        if constexpr (ShipsInput<J>) {
            auto input = job_.make_input();
            for (std::size_t part = 0; part < job_.parts(); ++part) {
                job_.read(static_cast<std::size_t>(which.index), part, input);
            }
            return frame(message::step, which, input);
        } else {
            return frame(message::step, which);
        }
    }

    void deliver(std::size_t index, std::span<std::byte const> result) override
    {
        auto value = from_bytes<shipped<J>>(result);
        if constexpr (requires { job_.receive(index, std::move(value)); }) {
            job_.deliver(index, job_.receive(index, std::move(value)));
        } else {
            job_.deliver(index, std::move(value));
        }
    }

    void absorb(std::span<std::byte const> accumulated, timings const& times) override
    {
        using worker = typename J::worker_type;
        if constexpr (Accumulates<worker>) {
            if (!accumulated.empty()) {
                job_.absorb(from_bytes<decltype(std::declval<worker const&>().accumulated())>(accumulated));
            }
        } else {
            static_cast<void>(accumulated);
        }
        if constexpr (requires { job_.absorb_times(times); }) job_.absorb_times(times);
    }

    void poll() override
    {
        if constexpr (rios::detail::PolledJob<J>) job_.poll();
    }
    void stop() noexcept override
    {
        if constexpr (rios::detail::StoppableJob<J>) job_.stop();
    }
    [[nodiscard]] std::string step_text(std::size_t index) const override
    {
        if constexpr (requires { job_.step_text(index, std::size_t{0}); }) return job_.step_text(index, 0);
        else return "step " + std::to_string(index);
    }

  private:
    J& job_;
    std::shared_ptr<void> owner_;
};

} // namespace detail

} // namespace rios::remote
