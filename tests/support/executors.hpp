// SPDX-License-Identifier: BSL-1.0
// The executors that typed tests run over; the inline one is the oracle.
#pragma once

#include <cstddef>
#include <tuple>

#include <doctest/doctest.h>

#include <rios/executor/inline.hpp>
#include <rios/executor/read_ahead.hpp>
#include <rios/executor/threads.hpp>

namespace test {

/// A thread_executor with a given number of workers, as a type.
template <std::size_t Workers>
struct threads : rios::thread_executor {
    threads() : thread_executor({.workers = Workers}) {}
};

/// A read_ahead with a given number of readers, as a type.
template <std::size_t Readers>
struct read_ahead : rios::read_ahead {
    read_ahead() : rios::read_ahead({.readers = Readers}) {}
};

/// A thread_executor that reads ahead, as a type.
template <std::size_t Readers, std::size_t Workers>
struct staged : rios::thread_executor {
    staged() : thread_executor({.readers = Readers, .workers = Workers}) {}
};

using thread_executors = std::tuple<threads<1>, threads<2>, threads<5>>;
using executors = std::tuple<rios::inline_executor, threads<1>, threads<2>, threads<5>>;

/// Those that have threads for reading or computing, in all the ways in which rios::run uses them.
using staging_executors = std::tuple<read_ahead<1>, read_ahead<3>, threads<1>, threads<2>, threads<5>, staged<1, 1>,
                                     staged<2, 2>, staged<3, 5>>;
using pipeline_executors = std::tuple<rios::inline_executor, read_ahead<1>, read_ahead<3>, threads<1>, threads<2>,
                                      threads<5>, staged<1, 1>, staged<2, 2>, staged<3, 5>>;

/// An executor without its numbers, so that what tests do with it is compiled once for each class.
inline rios::inline_executor& plain(rios::inline_executor& executor)
{
    return executor;
}
inline rios::read_ahead& plain(rios::read_ahead& executor)
{
    return executor;
}
inline rios::thread_executor& plain(rios::thread_executor& executor)
{
    return executor;
}

} // namespace test

TYPE_TO_STRING_AS("inline", rios::inline_executor);
TYPE_TO_STRING_AS("1 thread", test::threads<1>);
TYPE_TO_STRING_AS("2 threads", test::threads<2>);
TYPE_TO_STRING_AS("5 threads", test::threads<5>);
TYPE_TO_STRING_AS("1 reader ahead", test::read_ahead<1>);
TYPE_TO_STRING_AS("3 readers ahead", test::read_ahead<3>);
TYPE_TO_STRING_AS("1 reader and 1 worker", test::staged<1, 1>);
TYPE_TO_STRING_AS("2 readers and 2 workers", test::staged<2, 2>);
TYPE_TO_STRING_AS("3 readers and 5 workers", test::staged<3, 5>);
