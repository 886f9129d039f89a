// SPDX-License-Identifier: BSL-1.0
//
// Runs the steps of a job on the cores of this machine. The threads live as long as the executor, so that short jobs
// (an iteration of k-means) do not pay for starting them.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif

#include "../concepts.hpp"
#include "../error.hpp"

namespace rios {

/// Cores that this process may run on: what the scheduler allows (taskset, SLURM, containers), at least 1.
[[nodiscard]] inline std::size_t available_cores() noexcept
{
#if defined(__linux__)
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
        if (auto const count = CPU_COUNT(&allowed); count > 0) return static_cast<std::size_t>(count);
    }
#endif
    auto const cores = std::thread::hardware_concurrency();
    return cores == 0 ? 1 : cores;
}

/// Options of thread_executor.
struct thread_options {
    /// Threads that read ahead for the workers, where there is something to read (rios::run); 0: each worker reads for
    /// itself, just before it computes.
    std::size_t readers = 0;
    std::size_t workers = 0; ///< compute threads; 0 means one for each core that this process may run on
};

namespace detail {

/// More threads than anybody means: a negative number, most likely. @throws options_error
inline std::size_t checked_threads(char const* what, std::size_t count)
{
    constexpr std::size_t most = 4096;
    if (count <= most) return count;
    throw options_error(std::string(what) + " " + std::to_string(count) + ": allowed are 0 to " + std::to_string(most));
}

} // namespace detail

namespace detail {

/// Threads that all run the same function when told to.
class thread_team {
  public:
    explicit thread_team(std::size_t size)
    {
        try {
            threads_.reserve(size);
            for (std::size_t i = 0; i < size; ++i) threads_.emplace_back([this] { serve(); });
        } catch (...) {
            stop(); // those that have started are joined when the members end
            throw;
        }
    }
    thread_team(thread_team const&) = delete;
    thread_team& operator=(thread_team const&) = delete;
    ~thread_team() { stop(); }

    [[nodiscard]] std::size_t size() const noexcept { return threads_.size(); }

    /// Lets `count` of the threads call `task` once each; returns at once. The others sleep on.
    /// @pre the last task has been waited for; count ≤ size(); task does not throw
    void start(std::size_t count, std::function<void()> task)
    {
        {
            std::lock_guard lock(mutex_);
            task_ = std::move(task);
            busy_ = calls_left_ = count;
        }
        for (std::size_t i = 0; i < count; ++i) wake_.notify_one();
    }

    /// Returns when all calls of the task have returned.
    void wait()
    {
        std::unique_lock lock(mutex_);
        idle_.wait(lock, [this] { return busy_ == 0; });
    }

  private:
    void stop() noexcept
    {
        {
            std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_all();
    }

    void serve()
    {
        std::unique_lock lock(mutex_);
        for (;;) {
            wake_.wait(lock, [this] { return stopping_ || calls_left_ > 0; });
            if (stopping_) return;
            --calls_left_;
            lock.unlock();
            task_();
            lock.lock();
            if (--busy_ == 0) idle_.notify_all();
        }
    }

    std::mutex mutex_;
    std::condition_variable wake_;
    std::condition_variable idle_;
    std::function<void()> task_;
    bool stopping_ = false;
    std::size_t calls_left_ = 0;        // of the task, to be begun
    std::size_t busy_ = 0;              // calls that have not returned
    std::vector<std::jthread> threads_; // last: joined before what they use is destroyed
};

/// The state of one run of one job, shared by the caller and the workers.
template <Job J>
class threaded_run {
  public:
    threaded_run(J& job, std::size_t undelivered_limit) : job_(job), size_(job.size()), limit_(undelivered_limit) {}

    /// What each worker does: take an index, compute it, hand over the result, until there is none left.
    void work() noexcept
    {
        std::unique_lock lock(mutex_);
        for (;;) {
            space_.wait(lock, [this] { return error_ || next_ == size_ || undelivered_ < limit_; });
            if (error_ || next_ == size_) return;
            auto const index = next_++;
            ++undelivered_;
            lock.unlock();
            try {
                auto result = job_.compute(index);
                lock.lock();
                if (!error_) ready_.emplace_back(index, std::move(result));
            } catch (...) {
                if (!lock.owns_lock()) lock.lock();
                fail(std::current_exception());
            }
            results_.notify_one();
        }
    }

    /// What the caller does: deliver results until all are delivered or something failed.
    void deliver_all()
    {
        std::unique_lock lock(mutex_);
        for (std::size_t delivered = 0; delivered < size_; ++delivered) {
            if (!wait_for_result(lock)) return;
            auto [index, result] = std::move(ready_.front());
            ready_.pop_front();
            lock.unlock();
            try {
                job_.deliver(index, std::move(result));
                lock.lock();
            } catch (...) {
                lock.lock();
                return fail(std::current_exception());
            }
            --undelivered_;
            space_.notify_one();
        }
        space_.notify_all(); // those that wait for room, though there is nothing left to take
    }

    /// The first error, or null. To be asked after the workers have returned.
    [[nodiscard]] std::exception_ptr const& first_error() const noexcept { return error_; }

  private:
    /// Returns true when there is a result, false when there is an error.
    bool wait_for_result(std::unique_lock<std::mutex>& lock)
    {
        auto const over = [this] { return error_ || !ready_.empty(); };
        if constexpr (PolledJob<J>) {
            while (!results_.wait_for(lock, std::chrono::milliseconds(100), over)) {
                lock.unlock();
                try {
                    job_.poll();
                    lock.lock();
                } catch (...) {
                    lock.lock();
                    fail(std::current_exception());
                }
            }
        } else {
            results_.wait(lock, over);
        }
        return !error_;
    }

    /// With the lock held. The first error stays, and what is ready is dropped.
    void fail(std::exception_ptr error) noexcept
    {
        if (!error_) {
            error_ = std::move(error);
            if constexpr (StoppableJob<J>) job_.stop();
        }
        ready_.clear();
        space_.notify_all();
    }

    J& job_;
    std::size_t const size_;
    std::size_t const limit_;
    std::mutex mutex_;
    std::condition_variable space_;   // room for another result, or the end
    std::condition_variable results_; // a result, or the end
    std::deque<std::pair<std::size_t, typename J::result>> ready_;
    std::size_t next_ = 0;
    std::size_t undelivered_ = 0; // being computed, ready, or being delivered
    std::exception_ptr error_;
};

/// One run of a job that has nothing to deliver: indexes are handed out without a lock, as its steps may be short.
template <Job J>
class silent_run {
  public:
    explicit silent_run(J& job) : job_(job), size_(job.size()) {}

    /// What each thread does: take an index and compute it, until there is none left or something failed.
    void work() noexcept
    {
        while (!failed_.load(std::memory_order_relaxed)) {
            auto const index = next_.fetch_add(1, std::memory_order_relaxed);
            if (index >= size_) return;
            try {
                static_cast<void>(job_.compute(index));
            } catch (...) {
                std::lock_guard lock(mutex_);
                if (!error_) error_ = std::current_exception();
                failed_ = true;
            }
        }
    }

    /// The first error, or null. To be asked after the workers have returned.
    [[nodiscard]] std::exception_ptr const& first_error() const noexcept { return error_; }

  private:
    J& job_;
    std::size_t const size_;
    std::atomic<std::size_t> next_ = 0;
    std::atomic<bool> failed_ = false;
    std::mutex mutex_;
    std::exception_ptr error_;
};

} // namespace detail

/// Computes on worker threads and delivers on the caller's. At most four results for each worker wait or are being
/// computed, so that a slow delivery does not fill the memory. A job with `poll()` has it called while the caller waits; one
/// with `stop()` when there is an error (detail::PolledJob, detail::StoppableJob in concepts.hpp). When a job has nothing to
/// deliver (detail::SilentJob), the caller computes as well, in the place of one worker.
///
/// Thread rule: one run at a time; `compute` must not call `run` on the same executor.
class thread_executor {
  public:
    /// @throws options_error for more than 4096 readers or workers
    /// @throws std::system_error if the threads cannot be started
    explicit thread_executor(thread_options options = {})
        : readers_(detail::checked_threads("readers", options.readers)),
          team_(std::make_unique<detail::thread_team>(
              options.workers == 0 ? available_cores() : detail::checked_threads("workers", options.workers)))
    {
    }

    /// @throws the first error of the job, after all steps under way have ended
    template <Job J>
    void run(J& job)
    {
        if constexpr (detail::SilentJob<J>) return run_silently(job);
        detail::threaded_run<J> state(job, 4 * concurrency());
        team_->start(std::min(job.size(), concurrency()), [&state] { state.work(); });
        state.deliver_all();
        team_->wait();
        if (state.first_error()) std::rethrow_exception(state.first_error());
    }

    /// Steps that can be under way at the same time.
    [[nodiscard]] std::size_t concurrency() const noexcept { return team_->size(); }

    /// Threads that read ahead, and threads that compute, when rios::run has a job with something to read.
    [[nodiscard]] std::size_t readers() const noexcept { return readers_; }
    [[nodiscard]] std::size_t workers() const noexcept { return team_->size(); }
    /// The threads that compute, for rios::run.
    [[nodiscard]] detail::thread_team& team() noexcept { return *team_; }

  private:
    /// The caller works as well, in the place of one of the threads: it has nothing else to do, and need not be woken.
    template <Job J>
    void run_silently(J& job)
    {
        detail::silent_run<J> state(job);
        auto const threads = std::min(job.size(), concurrency());
        if (threads == 0) return;
        team_->start(threads - 1, [&state] { state.work(); });
        state.work();
        team_->wait();
        if (state.first_error()) std::rethrow_exception(state.first_error());
    }

    std::size_t readers_;
    std::unique_ptr<detail::thread_team> team_;
};

} // namespace rios
