// SPDX-License-Identifier: BSL-1.0
//
// The threads of a worker process that do the steps of one job. Used by job_foreman.hpp.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "../net/frame.hpp"
#include "../pipeline/stage_options.hpp"
#include "../pipeline/stall_watch.hpp"
#include "failure.hpp"
#include "messages.hpp"
#include "served_work.hpp"

namespace rios::remote {

/// Threads that read, threads that compute, and what waits between them.
///
/// Thread rule: all from one thread, that does no steps.
class step_crew {
  public:
    /// Sends a message to the main process; from any thread.
    using sender = std::function<void(net::frame_bytes)>;

    step_crew(std::uint64_t job, std::unique_ptr<served_work> work, welcome const& how, stall_limits const& limits,
              sender send)
        : job_(job), work_(std::move(work)), how_(how), limits_(limits), send_(std::move(send)),
          watch_(static_cast<std::size_t>(how.readers + std::max<std::uint64_t>(1, how.threads)))
    {
        auto const readers = static_cast<std::size_t>(how.readers);
        auto const all = readers + static_cast<std::size_t>(std::max<std::uint64_t>(1, how.threads));
        for (std::size_t i = 0; i < readers; ++i) threads_.emplace_back([this, i] { read_ahead(i); });
        for (auto i = readers; i < all; ++i) threads_.emplace_back([this, i] { compute(i); });
    }
    step_crew(step_crew const&) = delete;
    step_crew& operator=(step_crew const&) = delete;
    ~step_crew()
    {
        {
            std::lock_guard lock(mutex_);
            stopped_ = true;
        }
        work_->stop();
        changed_.notify_all();
        threads_.clear();
    }

    [[nodiscard]] std::uint64_t job() const noexcept { return job_; }

    /// @param shipped the message that the input comes in, behind `offset`
    void add(step const& which, net::message_body shipped, std::size_t offset)
    {
        {
            std::lock_guard lock(mutex_);
            steps_.push_back({.which = which, .shipped = std::move(shipped), .offset = offset});
        }
        changed_.notify_all();
    }

    /// One more read may begin.
    void allow_read()
    {
        {
            std::lock_guard lock(mutex_);
            ++permits_;
        }
        changed_.notify_all();
    }

    /// Waits for the steps under way. No more may be added.
    void finish()
    {
        {
            std::lock_guard lock(mutex_);
            finishing_ = true;
        }
        changed_.notify_all();
        threads_.clear();
    }

    /// To be asked now and then: tells the main process, once, of a stage that does not get on.
    void look()
    {
        if (told_) return;
        auto const found = watch_.stalled(limits_);
        if (!found) return;
        told_ = true;
        send_(frame(message::stalled, stalled{.which = {.job = job_, .index = found->index},
                                              .reading = found->where == rios::detail::stage::reading}));
    }

    [[nodiscard]] served_work& work() noexcept { return *work_; }

  private:
    using stage = rios::detail::stage;

    struct waiting_step {
        step which;
        net::message_body shipped;
        std::size_t offset;
    };
    struct ready_step {
        step which;
        std::unique_ptr<held_input> input;
    };

    /// Reads the input of the next step; none when there is no more.
    std::optional<ready_step> read_next(std::unique_lock<std::mutex>& lock, std::size_t thread)
    {
        auto next = std::move(steps_.front());
        steps_.pop_front();
        ++reading_;
        lock.unlock();
        std::optional<ready_step> result;
        try {
            if (get_permit(next.which)) {
                auto const input = std::span<std::byte const>(next.shipped).subspan(next.offset);
                auto const index = static_cast<std::size_t>(next.which.index);
                auto const under_way = watch_.begin(thread, stage::reading, index, 0);
                result = ready_step{next.which, work_->read(index, input)};
                give_back_permit(next.which);
            }
        } catch (...) {
            give_back_permit(next.which);
            fail();
        }
        lock.lock();
        --reading_;
        return result;
    }

    bool get_permit(step const& which)
    {
        if (!how_.asks_for_reads) return true;
        send_(frame(message::wants_read, which));
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return stopped_ || permits_ > 0; });
        if (stopped_) return false;
        --permits_;
        return true;
    }

    void give_back_permit(step const& which)
    {
        if (how_.asks_for_reads) send_(frame(message::has_read, which));
    }

    void read_ahead(std::size_t thread)
    {
        std::unique_lock lock(mutex_);
        for (;;) {
            auto const room = [this] { return ready_.size() + reading_ < how_.threads + how_.readers; };
            changed_.wait(lock,
                          [&] { return stopped_ || (finishing_ && steps_.empty()) || (!steps_.empty() && room()); });
            if (stopped_ || steps_.empty()) return;
            if (auto read = read_next(lock, thread)) ready_.push_back(*std::move(read));
            changed_.notify_all();
        }
    }

    void compute(std::size_t thread)
    {
        std::unique_lock lock(mutex_);
        bool const reads = how_.readers == 0;
        for (;;) {
            auto const over = [&] { return finishing_ && steps_.empty() && (reads || reading_ == 0); };
            changed_.wait(lock, [&] { return stopped_ || !ready_.empty() || (reads && !steps_.empty()) || over(); });
            if (stopped_) return;
            if (ready_.empty() && !reads) return;
            if (ready_.empty() && steps_.empty()) return;
            std::optional<ready_step> next;
            if (reads) {
                next = read_next(lock, thread);
            } else {
                next = std::move(ready_.front());
                ready_.pop_front();
                changed_.notify_all(); // there is room for another
            }
            if (!next) continue;
            lock.unlock();
            compute_one(*next, thread);
            lock.lock();
        }
    }

    void compute_one(ready_step& next, std::size_t thread)
    {
        try {
            std::optional<net::frame_bytes> result;
            {
                auto const index = static_cast<std::size_t>(next.which.index);
                auto const under_way = watch_.begin(thread, stage::computing, index, 0);
                result = work_->compute(next.which, *next.input);
            }
            next.input.reset();
            send_(*std::move(result));
        } catch (...) {
            fail();
        }
    }

    /// With an exception being handled.
    void fail()
    {
        {
            std::lock_guard lock(mutex_);
            if (stopped_) return; // then steps end by throwing
        }
        send_(frame(message::failed, current_failure(job_)));
    }

    std::uint64_t const job_;
    std::unique_ptr<served_work> const work_;
    welcome const how_;
    stall_limits const limits_;
    sender const send_;
    rios::detail::stall_watch watch_;
    bool told_ = false;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<waiting_step> steps_;
    std::deque<ready_step> ready_;
    std::size_t reading_ = 0;
    std::uint64_t permits_ = 0;
    bool finishing_ = false;
    bool stopped_ = false;
    std::vector<std::jthread> threads_; // last: joined before what they use is destroyed
};

} // namespace rios::remote
