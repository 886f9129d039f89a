// SPDX-License-Identifier: BSL-1.0
#include <rios/pipeline/slot_queue.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "support/own_threads.hpp"

using rios::detail::bell;
using rios::detail::slot_queue;
using namespace std::chrono_literals;

TEST_CASE("slots come out as they went in")
{
    slot_queue queue(3);
    CHECK(queue.empty());
    CHECK(!queue.pop());
    for (std::uint32_t round = 0; round < 5; ++round) {
        for (std::uint32_t slot = 0; slot < 3; ++slot) queue.push(10 * round + slot);
        CHECK(!queue.empty());
        for (std::uint32_t slot = 0; slot < 3; ++slot) CHECK(queue.pop() == 10 * round + slot);
        CHECK(queue.empty());
    }
}

TEST_CASE("a queue that is as large as the number of slots never loses one, whoever pushes and pops")
{
    constexpr std::uint32_t slots = 3;
    slot_queue queue(slots);
    for (std::uint32_t slot = 0; slot < slots; ++slot) queue.push(slot);
    std::vector<std::atomic<int>> holders(slots);
    std::atomic<int> clashes = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                for (int n = 0; n < 5000;) {
                    auto const slot = queue.pop();
                    if (!slot) {
                        std::this_thread::yield();
                        continue;
                    }
                    if (holders.at(*slot)++ != 0) ++clashes;
                    --holders.at(*slot);
                    queue.push(*slot);
                    ++n;
                }
            });
        }
    }
    CHECK(clashes == 0);
    int left = 0;
    while (queue.pop()) ++left;
    CHECK(left == static_cast<int>(slots));
}

TEST_CASE("who waits for a bell is woken by what happened before it rang")
{
    // Two threads throw a ball to and fro: a ring that is missed would stop them.
    bell there;
    bell back;
    std::atomic<int> ball = 0;
    constexpr int throws = 5000;
    {
        std::jthread const other([&] {
            for (int n = 1; n < 2 * throws; n += 2) {
                there.wait([&] { return ball == n; });
                ++ball;
                back.ring();
            }
        });
        for (int n = 0; n < 2 * throws; n += 2) {
            back.wait([&] { return ball == n; });
            ++ball;
            there.ring();
        }
    }
    CHECK(ball == 2 * throws);
}

TEST_CASE("one ring wakes all who wait")
{
    bell rung;
    std::atomic<bool> ready = false;
    std::atomic<int> asleep = 0;
    std::atomic<int> awake = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                ++asleep;
                rung.wait([&] { return ready.load(); });
                ++awake;
            });
        }
        while (asleep < 4) std::this_thread::sleep_for(1ms);
        CHECK(awake == 0);
        ready = true;
        rung.ring();
    }
    CHECK(awake == 4);
}

TEST_CASE("a wait with an end says whether what it waited for is there")
{
    bell silent;
    CHECK(silent.wait_for(0ms, [] { return true; }));
    auto const begun = std::chrono::steady_clock::now();
    CHECK(!silent.wait_for(20ms, [] { return false; }));
    CHECK(std::chrono::steady_clock::now() - begun >= 20ms);
    std::atomic<bool> ready = false;
    std::jthread const ringer([&] {
        std::this_thread::sleep_for(5ms);
        silent.ring(); // for nothing
        ready = true;
        silent.ring();
    });
    CHECK(silent.wait_for(test::long_enough, [&] { return ready.load(); }));
}
