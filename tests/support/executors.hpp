// SPDX-License-Identifier: BSL-1.0
// The executors that typed tests run over; the inline one is the oracle.
#pragma once

#include <cstddef>
#include <tuple>

#include <doctest/doctest.h>

#include <rios/executor/inline.hpp>
#include <rios/executor/threads.hpp>

namespace test {

/// A thread_executor with a given number of workers, as a type.
template <std::size_t Workers>
struct threads : rios::thread_executor {
    threads() : thread_executor({.workers = Workers}) {}
};

using thread_executors = std::tuple<threads<1>, threads<2>, threads<5>>;
using executors = std::tuple<rios::inline_executor, threads<1>, threads<2>, threads<5>>;

} // namespace test

TYPE_TO_STRING_AS("inline", rios::inline_executor);
TYPE_TO_STRING_AS("1 thread", test::threads<1>);
TYPE_TO_STRING_AS("2 threads", test::threads<2>);
TYPE_TO_STRING_AS("5 threads", test::threads<5>);
