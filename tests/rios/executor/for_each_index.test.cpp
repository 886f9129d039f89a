// SPDX-License-Identifier: BSL-1.0
#include <rios/executor/for_each_index.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "support/executors.hpp"
#include "support/message_of.hpp"

namespace {

using runs = std::vector<std::pair<std::size_t, std::size_t>>;

/// The runs of indexes that an executor is given, in ascending order.
template <typename E>
runs chunks_of(E& executor, std::size_t count, std::size_t chunk)
{
    std::mutex mutex;
    runs result;
    rios::for_each_chunk(executor, count, chunk, [&](std::size_t begin, std::size_t end) {
        std::lock_guard const lock(mutex);
        result.emplace_back(begin, end);
    });
    std::sort(result.begin(), result.end());
    return result;
}

} // namespace

TEST_CASE_TEMPLATE_DEFINE("a parallel loop calls once for each index", E, each_index)
{
    E executor;
    for (std::size_t const count : {0U, 1U, 2U, 7U, 1000U}) {
        std::vector<std::atomic<int>> called(count);
        rios::for_each_index(executor, count, [&](std::size_t index) { ++called.at(index); });
        CHECK(std::all_of(called.begin(), called.end(), [](auto const& times) { return times == 1; }));
    }
}
TEST_CASE_TEMPLATE_APPLY(each_index, test::executors);

TEST_CASE_TEMPLATE_DEFINE("a parallel loop rethrows what a call threw, and the executor works on", E, loop_error)
{
    E executor;
    for (int round = 0; round < 20; ++round) {
        auto const fail_at_7 = [](std::size_t index) {
            if (index == 7) throw std::out_of_range("seven");
        };
        CHECK(test::message_of<std::out_of_range>([&] { rios::for_each_index(executor, 100, fail_at_7); }) == "seven");
    }
    std::atomic<int> calls = 0;
    rios::for_each_index(executor, 100, [&](std::size_t) { ++calls; });
    CHECK(calls == 100);
}
TEST_CASE_TEMPLATE_APPLY(loop_error, test::executors);

TEST_CASE_TEMPLATE_DEFINE("chunks are cut by count and size alone", E, chunks)
{
    E executor;
    CHECK(chunks_of(executor, 10, 4) == runs{{0, 4}, {4, 8}, {8, 10}});
    CHECK(chunks_of(executor, 8, 4) == runs{{0, 4}, {4, 8}});
    CHECK(chunks_of(executor, 3, 4) == runs{{0, 3}});
    CHECK(chunks_of(executor, 3, 1) == runs{{0, 1}, {1, 2}, {2, 3}});
    CHECK(chunks_of(executor, 0, 4).empty());
    rios::inline_executor oracle;
    for (std::size_t count = 0; count < 40; ++count) {
        for (std::size_t chunk = 1; chunk < 12; ++chunk) {
            REQUIRE(chunks_of(executor, count, chunk) == chunks_of(oracle, count, chunk));
        }
    }
}
TEST_CASE_TEMPLATE_APPLY(chunks, test::executors);

TEST_CASE_TEMPLATE_DEFINE("sums over chunks are the same bits on every executor", E, chunk_sums)
{
    std::vector<double> values(10000);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = 1.0 / static_cast<double>(i + 1);
    auto const sum = [&](auto& executor) {
        std::vector<double> parts((values.size() + 99) / 100);
        rios::for_each_chunk(executor, values.size(), 100, [&](std::size_t begin, std::size_t end) {
            for (auto i = begin; i < end; ++i) parts[begin / 100] += values[i];
        });
        return std::accumulate(parts.begin(), parts.end(), 0.0);
    };
    E executor;
    rios::inline_executor oracle;
    CHECK(sum(executor) == sum(oracle));
}
TEST_CASE_TEMPLATE_APPLY(chunk_sums, test::executors);
