// SPDX-License-Identifier: BSL-1.0
//
// The call of a user's worker for one block. Used by apply_job.hpp and apply_worker.hpp.
#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "../block_info.hpp"
#include "../error.hpp"
#include "../timing.hpp"
#include "../typed_errors.hpp"
#include "inputs.hpp"
#include "prepare.hpp"

namespace rios::detail {

template <typename W, typename Tuple>
struct worker_result_of;
template <typename W, typename... In>
struct worker_result_of<W, std::tuple<In...>> {
    using type = std::remove_cvref_t<std::invoke_result_t<W&, block_info const&, In...>>;
};

/// What a worker returns for a block; `nothing` instead of void.
template <typename W, typename Tuple>
using worker_result = std::conditional_t<std::is_void_v<typename worker_result_of<W, Tuple>::type>, nothing,
                                         typename worker_result_of<W, Tuple>::type>;

/// @param number of the copy of the worker
/// @param in what the readers gave, a tuple
/// @throws a rios::error as the worker throws it; worker_error with whatever else it throws nested in it
template <typename W, typename In>
worker_result<W, In> compute_block(W& worker, std::size_t number, block_info const& where, run_info const& run, In& in,
                                   timing_log& log)
{
    using result = worker_result<W, In>;
    auto const timed = log.measure("userfunction");
    auto const invoke = [&](auto&... values) { return worker(where, std::move(values)...); };
    return with_typed_errors(
        [&]() -> result {
            if constexpr (std::same_as<result, nothing>) {
                std::apply(invoke, in);
                return {};
            } else {
                return std::apply(invoke, in);
            }
        },
        [&](std::string const& reason) {
            auto const& first = run.inputs.front().front().filename;
            return worker_error(name_of_input(first, 0) + ": " + block_text(where), where.index, number, reason);
        });
}

} // namespace rios::detail
