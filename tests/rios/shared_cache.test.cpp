// SPDX-License-Identifier: BSL-1.0
#include <rios/shared_cache.hpp>

#include <atomic>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "support/message_of.hpp"

using rios::shared_cache;

namespace {

void fail(std::string const& text)
{
    throw std::runtime_error("elsewhere: " + text);
}

} // namespace

TEST_CASE("a cache makes each value once and keeps those that were asked for last")
{
    shared_cache<std::string> cache(2);
    std::vector<std::size_t> made;
    auto const get = [&](std::size_t number) {
        return *cache.get(
            number,
            [&] {
                made.push_back(number);
                return std::to_string(number);
            },
            fail);
    };
    CHECK(get(1) == "1");
    CHECK(get(2) == "2");
    CHECK(get(1) == "1");
    CHECK(get(3) == "3"); // 2 goes
    CHECK(get(1) == "1");
    CHECK(made == std::vector<std::size_t>{1, 2, 3});
    CHECK(get(2) == "2"); // 3 goes
    CHECK(made == std::vector<std::size_t>{1, 2, 3, 2});
    cache.keep(3);
    cache.keep(1); // never fewer
    CHECK(get(3) == "3");
    for (auto const number : std::vector<std::size_t>{1, 2, 3}) CHECK(get(number) == std::to_string(number));
    CHECK(made == std::vector<std::size_t>{1, 2, 3, 2, 3});
}

TEST_CASE("a value outlives its place in the cache")
{
    shared_cache<int> cache(1);
    auto const first = cache.get(
        1, [] { return 10; }, fail);
    auto const second = cache.get(
        2, [] { return 20; }, fail);
    CHECK(*first == 10);
    CHECK(cache.get(
              1, [] { return 11; }, fail) != first);
}

TEST_CASE("threads that need the same value wait for the one that makes it, others go on")
{
    shared_cache<int> cache(4);
    std::atomic<int> made = 0;
    std::atomic<bool> other_is_made = false;
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i) {
        threads.emplace_back([&] {
            wrong += *cache.get(
                         7,
                         [&] {
                             ++made;
                             while (!other_is_made)
                                 std::this_thread::yield(); // needs another value to be made at the same time
                             return 70;
                         },
                         fail) != 70;
        });
    }
    threads.emplace_back([&] {
        wrong += *cache.get(
                     8, [&] { return 80; }, fail) != 80;
        other_is_made = true;
    });
    for (auto& thread : threads) thread.join();
    CHECK(made == 1);
    CHECK(wrong == 0);
}

TEST_CASE("a failure reaches everyone who waits, and who asks afterwards tries again")
{
    shared_cache<int> cache(4);
    constexpr int count = 5;
    std::atomic<int> waiting = 0;
    std::atomic<int> failed = 0;
    std::atomic<int> told = 0;
    std::atomic<int> tried = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) {
        threads.emplace_back([&] {
            ++waiting;
            auto const message = test::message_of<std::runtime_error>([&] {
                static_cast<void>(cache.get(
                    1,
                    [&]() -> int {
                        ++tried;
                        while (waiting < count) std::this_thread::yield();
                        throw std::runtime_error("no such thing");
                    },
                    fail));
            });
            failed += message == "no such thing" ? 1 : 0;
            told += message == "elsewhere: no such thing" ? 1 : 0;
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(failed + told == count);
    CHECK(failed == tried); // by those who came when the first had failed already
    CHECK(failed >= 1);
    CHECK(*cache.get(
              1, [] { return 5; }, fail) == 5);
    CHECK_THROWS_AS(static_cast<void>(cache.get(
                        2, []() -> int { throw 1; }, fail)),
                    int);
    CHECK(*cache.get(
              2, [] { return 6; }, fail) == 6);
}
