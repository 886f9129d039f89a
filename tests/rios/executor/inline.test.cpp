// SPDX-License-Identifier: BSL-1.0
#include <rios/executor/inline.hpp>

#include <concepts>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "support/message_of.hpp"

using rios::inline_executor;

static_assert(std::movable<inline_executor>);
static_assert(inline_executor::concurrency() == 1);

namespace {

struct recording_job {
    using result = std::size_t;
    std::size_t count;
    std::size_t fail_to_compute = -1UL;
    std::size_t fail_to_deliver = -1UL;
    std::vector<std::string> events;

    [[nodiscard]] std::size_t size() const { return count; }
    result compute(std::size_t index)
    {
        events.push_back("compute " + std::to_string(index));
        if (index == fail_to_compute) throw std::runtime_error("compute failed");
        return 10 * index;
    }
    void deliver(std::size_t index, result value)
    {
        events.push_back("deliver " + std::to_string(index) + ": " + std::to_string(value));
        if (index == fail_to_deliver) throw std::logic_error("deliver failed");
    }
};

} // namespace

TEST_CASE("the inline executor computes and delivers one index after the other")
{
    inline_executor executor;
    recording_job job{.count = 3, .events = {}};
    executor.run(job);
    CHECK(job.events == std::vector<std::string>{"compute 0", "deliver 0: 0", "compute 1", "deliver 1: 10", "compute 2",
                                                 "deliver 2: 20"});
    recording_job nothing{.count = 0, .events = {}};
    executor.run(nothing);
    CHECK(nothing.events.empty());
}

TEST_CASE("the inline executor stops at the first error")
{
    inline_executor executor;
    recording_job in_compute{.count = 5, .fail_to_compute = 1, .events = {}};
    CHECK(test::message_of<std::runtime_error>([&] { executor.run(in_compute); }) == "compute failed");
    CHECK(in_compute.events == std::vector<std::string>{"compute 0", "deliver 0: 0", "compute 1"});
    recording_job in_deliver{.count = 5, .fail_to_deliver = 0, .events = {}};
    CHECK(test::message_of<std::logic_error>([&] { executor.run(in_deliver); }) == "deliver failed");
    CHECK(in_deliver.events == std::vector<std::string>{"compute 0", "deliver 0: 0"});
}
