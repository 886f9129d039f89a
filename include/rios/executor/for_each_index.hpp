// SPDX-License-Identifier: BSL-1.0
//
// Parallel loops over an executor, for phases that have nothing to deliver.
#pragma once

#include <algorithm>
#include <cstddef>

#include "../concepts.hpp"

namespace rios {

namespace detail {

template <typename F>
struct index_job {
    struct result {};
    static constexpr bool delivers_nothing = true;
    std::size_t count;
    F& function;

    [[nodiscard]] std::size_t size() const noexcept { return count; }
    result compute(std::size_t index)
    {
        function(index);
        return {};
    }
    void deliver(std::size_t, result) const noexcept {}
};

} // namespace detail

/// Calls `function(index)` once for each index in [0, count), on any thread of the executor, in any order.
///
/// @throws the first error that a call threw
/// Thread rule: several calls run at once on the one `function`.
template <AnyExecutor E, typename F>
void for_each_index(E& executor, std::size_t count, F function)
{
    detail::index_job<F> job{count, function};
    executor.run(job);
}

/// Cuts [0, count) into runs of `chunk` indexes (the last may be shorter) and calls `function(begin, end)` for each.
///
/// The cut depends on count and chunk alone, never on the number of threads, so that partial results which are added up
/// in the order of the chunks are the same bits on every machine.
/// @pre chunk > 0
template <AnyExecutor E, typename F>
void for_each_chunk(E& executor, std::size_t count, std::size_t chunk, F function)
{
    for_each_index(executor, (count + chunk - 1) / chunk,
                   [&](std::size_t index) { function(index * chunk, std::min(count, (index + 1) * chunk)); });
}

} // namespace rios
