// SPDX-License-Identifier: BSL-1.0
// Threads of this process: that none is left behind, and places where they wait for each other, but never for ever.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <mutex>
#include <thread>

namespace test {

/// How long anything is waited for that must come.
inline constexpr auto long_enough = std::chrono::seconds(30);

[[nodiscard]] inline std::size_t count_threads()
{
    namespace fs = std::filesystem;
    return static_cast<std::size_t>(std::distance(fs::directory_iterator("/proc/self/task"), fs::directory_iterator()));
}

/// Tells whether there are as many threads as when it was made. A thread that was joined may be listed a little longer.
class thread_census {
  public:
    [[nodiscard]] bool none_left_behind() const
    {
        auto const limit = std::chrono::steady_clock::now() + long_enough;
        while (count_threads() > before_) {
            if (std::chrono::steady_clock::now() > limit) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return true;
    }

  private:
    static std::size_t count_after_first_thread()
    {
        std::thread([] {}).join(); // with the first one ThreadSanitizer starts a thread of its own
        return count_threads();
    }

    std::size_t before_ = count_after_first_thread();
};

/// Closed until it is opened; then it stays open.
class gate {
  public:
    void open()
    {
        std::lock_guard lock(mutex_);
        is_open_ = true;
        opened_.notify_all();
    }
    /// Whether it was opened in time.
    bool wait()
    {
        std::unique_lock lock(mutex_);
        ++waiting_;
        bool const passed = opened_.wait_for(lock, long_enough, [this] { return is_open_; });
        --waiting_;
        return passed;
    }
    /// How many are before it.
    [[nodiscard]] int waiting() const
    {
        std::lock_guard lock(mutex_);
        return waiting_;
    }

  private:
    mutable std::mutex mutex_;
    std::condition_variable opened_;
    bool is_open_ = false;
    int waiting_ = 0;
};

/// Opens when a number of threads are there.
class meeting_place {
  public:
    explicit meeting_place(std::size_t size) : size_(size) {}
    /// Whether all came in time.
    bool wait()
    {
        std::unique_lock lock(mutex_);
        if (++arrived_ == size_) all_here_.notify_all();
        return all_here_.wait_for(lock, long_enough, [this] { return arrived_ >= size_; });
    }

  private:
    std::size_t size_;
    std::size_t arrived_ = 0;
    std::mutex mutex_;
    std::condition_variable all_here_;
};

} // namespace test
