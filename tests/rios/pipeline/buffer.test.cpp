// SPDX-License-Identifier: BSL-1.0
#include <rios/pipeline/buffer.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <thread>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include <rios/image.hpp>

using rios::image;
using rios::detail::buffer;
using rios::detail::memory_of;

namespace {

struct self_measured {
    [[nodiscard]] static std::size_t memory() { return 123; }
};

/// How many slots it lends.
std::size_t lend_all(buffer& from)
{
    std::set<std::size_t> slots;
    while (auto const slot = from.take()) CHECK(slots.insert(*slot).second);
    for (auto const slot : slots) from.give_back(slot);
    return slots.size();
}

} // namespace

TEST_CASE("the memory of a value is that of its pixels")
{
    CHECK(memory_of(image<float>(2, 3, 5)) == 120);
    CHECK(memory_of(image<std::uint8_t>()) == 0);
    CHECK(memory_of(std::optional<image<float>>()) == 0);
    CHECK(memory_of(std::optional(image<float>(1, 1, 1))) == 4);
    CHECK(memory_of(std::vector(3, image<double>(1, 2, 2))) == 96);
    CHECK(memory_of(std::tuple(image<std::uint8_t>(1, 4, 4), std::vector(2, image<std::int16_t>(1, 2, 2)))) == 32);
    CHECK(memory_of(self_measured()) == 123);
    CHECK(memory_of(std::uint64_t{7}) == 8);
}

TEST_CASE("there are two slots for each thread, or as many as are asked for, but never fewer than threads")
{
    CHECK(buffer({}, 3).slots() == 6);
    CHECK(buffer({}, 3, 4).slots() == 10);
    CHECK(buffer({.blocks = 1}, 3).slots() == 3);
    CHECK(buffer({.blocks = 1}, 3, 4).slots() == 3);
    CHECK(buffer({.blocks = 17}, 3).slots() == 17);
    CHECK(buffer({.blocks = 17}, 0).slots() == 0);
    CHECK(!buffer({.blocks = 17}, 0).take());
}

TEST_CASE("as long as nobody knows how large a block is there is one slot for each thread")
{
    buffer slots({.blocks = 10}, 2);
    CHECK(slots.allowed() == 2);
    CHECK(lend_all(slots) == 2);
    CHECK(slots.measure(1000));
    CHECK(slots.allowed() == 10);
    CHECK(lend_all(slots) == 10);
    CHECK(!slots.measure(1000));
    CHECK(!slots.measure(10));
}

TEST_CASE("the bytes of the largest block limit the number of slots")
{
    buffer slots({.blocks = 10, .bytes = 100}, 2);
    CHECK(slots.measure(20));
    CHECK(lend_all(slots) == 5);
    CHECK(!slots.measure(33));
    CHECK(lend_all(slots) == 3);
    CHECK(!slots.measure(1000));
    CHECK(lend_all(slots) == 2);
    CHECK(!slots.measure(1));
    CHECK(lend_all(slots) == 2);
    buffer of_nothing({.blocks = 10, .bytes = 0}, 2);
    CHECK(!of_nothing.measure(0));
    CHECK(lend_all(of_nothing) == 2);
    buffer of_empty_blocks({.blocks = 10, .bytes = 100}, 2);
    CHECK(of_empty_blocks.measure(0));
    CHECK(lend_all(of_empty_blocks) == 10);
}

TEST_CASE("those who must get on get any slot, whatever the bytes")
{
    buffer slots({.blocks = 4, .bytes = 1}, 1);
    slots.measure(1000);
    CHECK(slots.take());
    CHECK(!slots.take());
    for (int i = 0; i < 3; ++i) CHECK(slots.take_any());
    CHECK(!slots.take_any());
}

TEST_CASE("threads that lend and measure at once get slots of their own, and the largest block counts")
{
    for (int round = 0; round < 20; ++round) {
        buffer slots({.blocks = 6, .bytes = 600}, 1);
        std::vector<std::atomic<int>> holders(6);
        std::atomic<int> clashes = 0;
        {
            std::vector<std::jthread> threads;
            for (std::size_t i = 0; i < 4; ++i) {
                threads.emplace_back([&, i] {
                    for (std::size_t n = 0; n < 500; ++n) {
                        slots.measure(100 + (n + i) % 101);
                        auto const slot = slots.take();
                        if (!slot) continue;
                        if (holders.at(*slot)++ != 0) ++clashes;
                        --holders.at(*slot);
                        slots.give_back(*slot);
                    }
                });
            }
        }
        CHECK(clashes == 0);
        CHECK(lend_all(slots) == 3); // 600 / 200
    }
}
