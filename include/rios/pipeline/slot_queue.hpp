// SPDX-License-Identifier: BSL-1.0
//
// How the stages of the pipeline hand blocks to each other: blocks lie in pooled slots, and the numbers of the slots travel
// through lock-free queues. A thread that finds nothing to do sleeps until a bell rings.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>

#include <boost/lockfree/queue.hpp>

namespace rios::detail {

/// A bounded first-in-first-out queue of slot numbers.
///
/// Thread rule: everything may be called from any thread.
class slot_queue {
  public:
    /// @param capacity most numbers that it will ever hold at once
    explicit slot_queue(std::size_t capacity) : queue_(capacity) {}

    /// @pre fewer than `capacity` are in it
    void push(std::uint32_t slot) { queue_.bounded_push(slot); }

    [[nodiscard]] std::optional<std::uint32_t> pop()
    {
        std::uint32_t slot = 0;
        return queue_.pop(slot) ? std::optional(slot) : std::nullopt;
    }

    [[nodiscard]] bool empty() const { return queue_.empty(); }

  private:
    boost::lockfree::queue<std::uint32_t> queue_;
};

/// Wakes threads that wait for something which they can see without a lock (an event count). Whoever waits listens, looks
/// once more, and only then sleeps: what happens after it listened wakes it. Ringing costs two atomic operations while
/// nobody waits.
///
/// Thread rule: everything may be called from any thread.
class bell {
  public:
    /// To be called after whatever others may wait for.
    void ring()
    {
        rings_.fetch_add(1);
        if (waiting_.load() == 0) return;
        std::lock_guard lock(mutex_); // a waiter is before its look at rings_, or asleep
        woken_.notify_all();
    }

    /// Sleeps until `ready()`, which is asked now and after every ring.
    template <typename F>
    void wait(F ready)
    {
        static_cast<void>(wait_until(ready, [this](auto& lock, auto rung) {
            woken_.wait(lock, rung);
            return true;
        }));
    }

    /// As wait(), but for at most `time`. Returns whether it is ready.
    template <typename F>
    bool wait_for(std::chrono::milliseconds time, F ready)
    {
        auto const end = std::chrono::steady_clock::now() + time;
        return wait_until(ready, [this, end](auto& lock, auto rung) { return woken_.wait_until(lock, end, rung); });
    }

  private:
    template <typename F, typename G>
    bool wait_until(F ready, G sleep)
    {
        if (ready()) return true;
        waiting_.fetch_add(1);
        bool is_ready = false;
        for (bool awake = true; !is_ready && awake;) {
            auto const heard = rings_.load();
            is_ready = ready();
            if (is_ready) break;
            std::unique_lock lock(mutex_);
            awake = sleep(lock, [&] { return rings_.load() != heard; });
        }
        waiting_.fetch_sub(1);
        return is_ready || ready();
    }

    std::atomic<std::uint64_t> rings_ = 0;
    std::atomic<std::uint32_t> waiting_ = 0;
    std::mutex mutex_;
    std::condition_variable woken_;
};

} // namespace rios::detail
