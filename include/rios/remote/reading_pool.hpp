// SPDX-License-Identifier: BSL-1.0
//
// Threads of the main process that read inputs for workers which cannot.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "event_queue.hpp"
#include "messages.hpp"
#include "remote_work.hpp"

namespace rios::remote {

/// Reads inputs in the order in which they are asked for, and reports each as an event.
///
/// Thread rule: all members from one thread. The work must outlive it.
class reading_pool {
  public:
    reading_pool(remote_work& work, event_queue& events, std::size_t threads) : work_(work), events_(events)
    {
        for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { read_all(); });
    }
    reading_pool(reading_pool const&) = delete;
    reading_pool& operator=(reading_pool const&) = delete;
    ~reading_pool()
    {
        {
            std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        changed_.notify_all();
    }

    void read(step const& which)
    {
        {
            std::lock_guard lock(mutex_);
            wanted_.push_back(which);
        }
        changed_.notify_one();
    }

  private:
    void read_all()
    {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [this] { return stopping_ || !wanted_.empty(); });
            if (stopping_) return;
            auto const which = wanted_.front();
            wanted_.pop_front();
            lock.unlock();
            event happened{.what = event::kind::input_read, .number = static_cast<std::size_t>(which.index)};
            try {
                happened.body = work_.read(which);
            } catch (...) {
                happened.error = std::current_exception();
            }
            events_.push(std::move(happened));
            lock.lock();
        }
    }

    remote_work& work_;
    event_queue& events_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<step> wanted_;
    bool stopping_ = false;
    std::vector<std::jthread> threads_; // last: joined before what they use is destroyed
};

} // namespace rios::remote
