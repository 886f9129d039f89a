// SPDX-License-Identifier: BSL-1.0
//
// Bounds how many threads do something at once: reads from an object store, for instance.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace rios {

/// A number of permits, lent to threads. (std::counting_semaphore can sleep for ever in libstdc++ 12.)
///
/// Thread rule: everything may be called from any thread.
class concurrency_limit {
  public:
    /// @param permits at least 1
    explicit concurrency_limit(std::size_t permits) : free_(permits) {}

    /// Waits for a permit and holds it until its end.
    class permit {
      public:
        explicit permit(concurrency_limit& limit) : limit_(limit)
        {
            std::unique_lock lock(limit_.mutex_);
            limit_.returned_.wait(lock, [&] { return limit_.free_ > 0; });
            --limit_.free_;
        }
        permit(permit const&) = delete;
        permit& operator=(permit const&) = delete;
        ~permit()
        {
            {
                std::lock_guard lock(limit_.mutex_);
                ++limit_.free_;
            }
            limit_.returned_.notify_one();
        }

      private:
        concurrency_limit& limit_;
    };

  private:
    std::mutex mutex_;
    std::condition_variable returned_;
    std::size_t free_;
};

} // namespace rios
