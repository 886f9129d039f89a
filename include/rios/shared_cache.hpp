// SPDX-License-Identifier: BSL-1.0
//
// Values that several threads need and that are expensive to make: each is made once, by the thread that asks first, and
// the last few are kept. Used by gdal/vector_reader.hpp.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace rios {

/// Values by number. Holds at most `capacity` of them, those that were asked for last, and those that are being made.
///
/// Thread rule: everything may be called from any thread; different values are made at the same time.
template <typename Value>
class shared_cache {
  public:
    explicit shared_cache(std::size_t capacity) : capacity_(capacity) {}

    /// From now on keeps at least so many values.
    void keep(std::size_t values)
    {
        std::lock_guard lock(mutex_);
        capacity_ = std::max(capacity_, values);
    }

    /// The value of a number: `make()` if it is not here. Who asks while another thread makes it waits for that thread.
    /// @param make called on this thread without a lock; must not ask this cache for the same number
    /// @param fail called with the text of what make() threw on the thread that this one waited for; must throw. Each
    /// thread gets an exception of its own.
    /// @throws what make() or fail() throws; who asks afterwards tries again
    template <typename F, typename G>
    [[nodiscard]] std::shared_ptr<Value const> get(std::size_t number, F make, G fail)
    {
        std::unique_lock lock(mutex_);
        auto const found =
            std::find_if(entries_.begin(), entries_.end(), [&](auto const& each) { return each->number == number; });
        if (found != entries_.end()) {
            entries_.splice(entries_.begin(), entries_, found);
            auto const entry = *found; // shared, as a failure takes it from the list
            made_.wait(lock, [&] { return entry->value || entry->failure; });
            if (entry->failure) {
                auto const text = *entry->failure;
                lock.unlock();
                fail(text);
            }
            return entry->value;
        }
        auto const entry = std::make_shared<slot>(slot{number, {}, {}});
        entries_.push_front(entry);
        lock.unlock();
        auto const give_up = [&](std::string text) {
            if (!lock.owns_lock()) lock.lock();
            entry->failure = std::move(text);
            entries_.remove(entry);
            made_.notify_all();
        };
        try {
            auto value = std::make_shared<Value const>(make());
            lock.lock();
            entry->value = std::move(value);
        } catch (std::exception const& failure) {
            give_up(failure.what());
            throw;
        } catch (...) {
            give_up("an exception that is no std::exception");
            throw;
        }
        drop_oldest();
        made_.notify_all();
        return entry->value;
    }

  private:
    struct slot {
        std::size_t number;
        std::shared_ptr<Value const> value;
        std::optional<std::string> failure;
    };

    void drop_oldest()
    {
        std::size_t kept = 0;
        for (auto each = entries_.begin(); each != entries_.end();) {
            if ((*each)->value && ++kept > capacity_) each = entries_.erase(each);
            else ++each;
        }
    }

    std::mutex mutex_;
    std::condition_variable made_;
    std::list<std::shared_ptr<slot>> entries_; // what was asked for last comes first
    std::size_t capacity_;
};

} // namespace rios
