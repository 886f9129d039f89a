// SPDX-License-Identifier: BSL-1.0
//
// Threads of the main process that read inputs for workers which cannot.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "../pipeline/stage_options.hpp"
#include "../pipeline/stall_watch.hpp"
#include "event_queue.hpp"
#include "remote_work.hpp"

namespace rios::remote {

/// Reads inputs in the order in which they are asked for, and reports each as an event.
///
/// Thread rule: all members from one thread.
class reading_pool {
  public:
    reading_pool(std::shared_ptr<remote_work> work, std::shared_ptr<event_queue> events, std::uint64_t job,
                 std::size_t threads)
        : shared_(std::make_shared<state>(std::move(work), std::move(events), job, threads))
    {
        for (std::size_t i = 0; i < threads; ++i) {
            threads_.emplace_back([shared = shared_, i] { shared->read_all(i); });
        }
    }
    reading_pool(reading_pool const&) = delete;
    reading_pool& operator=(reading_pool const&) = delete;
    /// Waits for the reads under way.
    ~reading_pool()
    {
        stop();
        for (auto& thread : threads_) thread.join();
    }

    void read(std::size_t index)
    {
        {
            std::lock_guard lock(shared_->mutex);
            shared_->wanted.push_back(index);
        }
        shared_->changed.notify_one();
    }

    /// A read that does not end, if there is one.
    [[nodiscard]] std::optional<rios::detail::stalled_step> stalled(stall_limits const& limits)
    {
        return shared_->watch.stalled(limits);
    }

    /// Waits a moment for reads under way: threads that do not end keep what they need, and are left alone.
    void leave_behind()
    {
        stop();
        std::unique_lock lock(shared_->mutex);
        bool const idle =
            shared_->changed.wait_for(lock, std::chrono::seconds(1), [this] { return shared_->reading == 0; });
        lock.unlock();
        if (idle) return;
        for (auto& thread : threads_) thread.detach();
        threads_.clear();
    }

  private:
    struct state {
        state(std::shared_ptr<remote_work> w, std::shared_ptr<event_queue> e, std::uint64_t number, std::size_t threads)
            : work(std::move(w)), events(std::move(e)), job(number), watch(threads)
        {
        }

        void read_all(std::size_t thread)
        {
            std::unique_lock lock(mutex);
            for (;;) {
                changed.wait(lock, [this] { return stopping || !wanted.empty(); });
                if (stopping) return;
                auto const index = wanted.front();
                wanted.pop_front();
                ++reading;
                lock.unlock();
                event happened{.what = event::kind::input_read, .number = index, .of_job = job};
                try {
                    auto const under_way = watch.begin(thread, rios::detail::stage::reading, index, 0);
                    happened.body = work->read({.job = job, .index = index});
                } catch (...) {
                    happened.error = std::current_exception();
                }
                events->push(std::move(happened));
                lock.lock();
                if (--reading == 0) changed.notify_all();
            }
        }

        std::shared_ptr<remote_work> const work;
        std::shared_ptr<event_queue> const events;
        std::uint64_t const job;
        rios::detail::stall_watch watch;
        std::mutex mutex;
        std::condition_variable changed;
        std::deque<std::size_t> wanted;
        std::size_t reading = 0;
        bool stopping = false;
    };

    void stop()
    {
        {
            std::lock_guard lock(shared_->mutex);
            shared_->stopping = true;
        }
        shared_->changed.notify_all();
    }

    std::shared_ptr<state> shared_;
    std::vector<std::thread> threads_;
};

} // namespace rios::remote
