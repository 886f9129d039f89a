// SPDX-License-Identifier: BSL-1.0
//
// Lends copies of a reader or a worker to threads, so that each thread has one of its own and no more exist than are in
// use at the same time.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

namespace rios {

/// Copies of one value, each used by one thread at a time.
///
/// Thread rule: `lend` may be called from any thread.
template <typename T>
class handle_pool {
    struct handle {
        T value;
        std::size_t number;
    };

  public:
    /// A copy on loan; goes back to the pool at its end.
    class loan {
      public:
        loan(handle_pool& pool, handle& lent) : pool_(pool), lent_(lent) {}
        loan(loan const&) = delete;
        loan& operator=(loan const&) = delete;
        ~loan() { pool_.take_back(lent_); }

        [[nodiscard]] T& operator*() noexcept { return lent_.value; }
        [[nodiscard]] T* operator->() noexcept { return &lent_.value; }
        /// Number of the copy, from 0 in the order in which they were made.
        [[nodiscard]] std::size_t number() const noexcept { return lent_.number; }

      private:
        handle_pool& pool_;
        handle& lent_;
    };

    explicit handle_pool(T value) : original_(std::move(value)) {}

    [[nodiscard]] T const& original() const noexcept { return original_; }

    /// A copy that nobody else uses.
    [[nodiscard]] loan lend()
    {
        std::lock_guard lock(mutex_);
        if (idle_.empty()) {
            idle_.reserve(handles_.size() + 1); // so that taking back cannot fail
            handles_.push_back({T(original_), handles_.size()});
            return {*this, handles_.back()};
        }
        auto& last = *idle_.back();
        idle_.pop_back();
        return {*this, last};
    }

    /// Calls `f(T&)` for every copy that was made, in that order. @pre none is on loan
    template <typename F>
    void for_each(F f)
    {
        for (auto& each : handles_) f(each.value);
    }

  private:
    void take_back(handle& lent) noexcept
    {
        std::lock_guard lock(mutex_);
        idle_.push_back(&lent);
    }

    std::mutex mutex_;
    std::deque<handle> handles_; // whose elements stay where they are
    std::vector<handle*> idle_;
    T const original_;
};

} // namespace rios
