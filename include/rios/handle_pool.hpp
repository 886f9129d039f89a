// SPDX-License-Identifier: BSL-1.0
//
// Lends copies of a reader to threads, so that each thread reads through a handle of its own and no more handles are
// opened than are in use at the same time.
#pragma once

#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace rios {

/// Copies of one value, each used by one thread at a time.
///
/// Thread rule: `lend` may be called from any thread.
template <typename T>
class handle_pool {
  public:
    /// A copy on loan; goes back to the pool at its end.
    class loan {
      public:
        loan(handle_pool& pool, T handle) : pool_(pool), handle_(std::move(handle)) {}
        loan(loan const&) = delete;
        loan& operator=(loan const&) = delete;
        ~loan() { pool_.take_back(std::move(handle_)); }

        [[nodiscard]] T& operator*() noexcept { return handle_; }
        [[nodiscard]] T* operator->() noexcept { return &handle_; }

      private:
        handle_pool& pool_;
        T handle_;
    };

    explicit handle_pool(T original) : original_(std::move(original)) {}

    /// A copy that nobody else uses.
    [[nodiscard]] loan lend()
    {
        auto idle = take_idle();
        return {*this, idle ? std::move(*idle) : T(original_)};
    }

  private:
    std::optional<T> take_idle()
    {
        std::lock_guard lock(mutex_);
        if (idle_.empty()) return std::nullopt;
        std::optional<T> handle(std::move(idle_.back()));
        idle_.pop_back();
        return handle;
    }

    void take_back(T&& handle) noexcept
    try {
        std::lock_guard lock(mutex_);
        idle_.push_back(std::move(handle));
    } catch (...) {
        // Without memory to keep the handle it is closed; the next borrower opens another.
    }

    std::mutex mutex_;
    std::vector<T> idle_;
    T const original_;
};

} // namespace rios
