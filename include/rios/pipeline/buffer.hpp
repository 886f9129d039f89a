// SPDX-License-Identifier: BSL-1.0
//
// The slots between two stages: how many there are, and which are free.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "../image.hpp"
#include "slot_queue.hpp"
#include "stage_options.hpp"

namespace rios::detail {

/// Bytes that a value holds: pixels, where it is made of images or says so itself (`memory()`); else its own size.
template <typename T>
struct held_memory {
    static std::size_t of(T const& value)
    {
        if constexpr (requires { value.memory(); }) return value.memory();
        else return sizeof value;
    }
};
template <typename T>
struct held_memory<image<T>> {
    static std::size_t of(image<T> const& pixels)
    {
        return static_cast<std::size_t>(pixels.bands() * pixels.pixel_count()) * sizeof(T);
    }
};
template <typename T>
struct held_memory<std::optional<T>> {
    static std::size_t of(std::optional<T> const& value) { return value ? held_memory<T>::of(*value) : 0; }
};
template <typename T>
struct held_memory<std::vector<T>> {
    static std::size_t of(std::vector<T> const& values)
    {
        std::size_t sum = 0;
        for (auto const& each : values) sum += held_memory<T>::of(each);
        return sum;
    }
};
template <typename... Ts>
struct held_memory<std::tuple<Ts...>> {
    static std::size_t of(std::tuple<Ts...> const& values)
    {
        return std::apply([](Ts const&... each) { return (std::size_t{0} + ... + held_memory<Ts>::of(each)); }, values);
    }
};

template <typename T>
std::size_t memory_of(T const& value)
{
    return held_memory<T>::of(value);
}

/// Slots that are lent to the stage that fills them. Their number is the limit in blocks at most; at first there is one for
/// each thread, and as many as the bytes allow once it is known how large a block is.
///
/// Thread rule: everything may be called from any thread.
class buffer {
  public:
    /// @param threads that fill it; none means that it is not used
    /// @param users that keep a slot while they use what it holds
    buffer(buffer_limit limit, std::size_t threads, std::size_t users = 0)
        : bytes_(limit.bytes), least_(threads),
          slots_(threads == 0 ? 0 : std::max(threads, limit.blocks == 0 ? 2 * threads + users : limit.blocks)),
          allowed_(least_), lent_(0), free_(std::max<std::size_t>(1, slots_))
    {
        for (std::size_t slot = 0; slot < slots_; ++slot) free_.push(static_cast<std::uint32_t>(slot));
    }

    /// All there can ever be.
    [[nodiscard]] std::size_t slots() const noexcept { return slots_; }
    /// Those that may be in use at once, as far as is known.
    [[nodiscard]] std::size_t allowed() const noexcept { return allowed_; }

    /// A free slot, if another may be used.
    [[nodiscard]] std::optional<std::size_t> take() { return take_one_of(allowed_); }

    /// A free slot, whatever the bytes.
    [[nodiscard]] std::optional<std::size_t> take_any() { return take_one_of(slots_); }

    void give_back(std::size_t slot)
    {
        free_.push(static_cast<std::uint32_t>(slot));
        --lent_;
    }

    /// Learns how many bytes a block has. Returns whether more slots may be used now.
    bool measure(std::size_t block_bytes)
    {
        auto largest = largest_.load();
        do {
            if (known_ && block_bytes <= largest) return false;
        } while (!largest_.compare_exchange_weak(largest, std::max(block_bytes, largest)));
        known_ = true;
        auto const before = allowed_.load();
        std::size_t seen = 0;
        do { // until what is allowed follows from the largest block, though others measure at the same time
            seen = largest_;
            auto const fitting = static_cast<std::size_t>(bytes_ / std::max<std::uint64_t>(1, seen));
            allowed_ = std::clamp(fitting, least_, slots_);
        } while (largest_ != seen);
        return allowed_ > before;
    }

  private:
    std::optional<std::size_t> take_one_of(std::size_t limit)
    {
        auto lent = lent_.load();
        do {
            if (lent >= limit) return std::nullopt;
        } while (!lent_.compare_exchange_weak(lent, lent + 1));
        return *free_.pop(); // there are as many free ones as are not lent
    }

    std::uint64_t const bytes_;
    std::size_t const least_;
    std::size_t const slots_;
    std::atomic<std::size_t> allowed_;
    std::atomic<std::size_t> lent_;
    std::atomic<std::size_t> largest_ = 0;
    std::atomic<bool> known_ = false;
    slot_queue free_;
};

} // namespace rios::detail
