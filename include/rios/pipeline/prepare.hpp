// SPDX-License-Identifier: BSL-1.0
//
// What writers want to know of a block besides its pixels, taken from it by the thread that computes it: statistics of an
// output, its overviews. Used by outputs.hpp and apply_job.hpp.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "../block_info.hpp"
#include "../error.hpp"
#include "../image.hpp"
#include "../image_view.hpp"
#include "../lists.hpp"
#include "../read_block.hpp"
#include "../timing.hpp"
#include "../typed_errors.hpp"
#include "inputs.hpp"

namespace rios::detail {

/// Stands for what is not there: a worker's result, what a writer prepares.
struct nothing {};

template <typename T>
inline constexpr bool is_tuple = false;
template <typename... Ts>
inline constexpr bool is_tuple<std::tuple<Ts...>> = true;
template <typename T>
inline constexpr bool is_writer_list = false;
template <typename S>
inline constexpr bool is_writer_list<writer_list<S>> = true;
template <typename T>
inline constexpr bool is_some = false; // std::optional
template <typename T>
inline constexpr bool is_some<std::optional<T>> = true;

/// A Writer that looks at blocks before they reach it. `preparer()` returns, once the writer is open, what does so: called as
/// `preparer(block, pixels, timing_log)` on any thread, by each with a copy of its own, it returns a digest, which comes to
/// `write(block, pixels, digest)`. In the end `absorb(preparer)` is called for each copy, then `finish(timing_log)`.
template <typename S>
concept PreparingWriter = requires(S& writer, S const& constant, timing_log& log) {
    writer.absorb(std::declval<std::add_lvalue_reference_t<std::remove_cvref_t<decltype(constant.preparer())>>>());
    writer.finish(log);
};

template <typename S>
std::string name_of_output(S const& writer, std::size_t number)
{
    auto const path = path_of(writer);
    return path.empty() ? "output " + std::to_string(number + 1) : path;
}

/// A preparer, and what messages call its output: the writer itself belongs to another thread.
template <typename P>
struct named_preparer {
    P prepare;
    std::string output;
};

template <typename S>
struct preparer_of {
    using type = nothing;
};
template <PreparingWriter S>
struct preparer_of<S> {
    using type = named_preparer<std::remove_cvref_t<decltype(std::declval<S const&>().preparer())>>;
};
template <typename S>
struct preparer_of<writer_list<S>> {
    using type = std::vector<typename preparer_of<S>::type>;
};

/// @param number of the output, from 0; of a list, of its first member
template <typename S>
typename preparer_of<S>::type make_preparer(S& writer, std::size_t number)
{
    if constexpr (is_writer_list<S>) {
        typename preparer_of<S>::type all;
        for (auto& member : writer.members()) all.push_back(make_preparer(member, number++));
        return all;
    } else if constexpr (PreparingWriter<S>) {
        return {std::as_const(writer).preparer(), name_of_output(writer, number)};
    } else {
        return {};
    }
}

/// The part of an output image that is the block; none if the image has another shape.
template <typename T>
std::optional<image_view<T const>> block_of(image<T> const& pixels, block_info const& where)
{
    if (pixels.rows() == where.rows && pixels.cols() == where.cols) return pixels.view();
    if (pixels.rows() == where.padded_rows() && pixels.cols() == where.padded_cols()) {
        return pixels.view().window(where.overlap(), where.overlap(), where.rows, where.cols);
    }
    return {};
}

/// Calls a preparer with what a worker returned for its writer: a digest of the same structure, a vector for a list, and one
/// without content where there are no pixels, or not those of the block (which the writer will refuse).
/// @throws a rios::error as the preparer throws it; an io_error that names the output and the block, with whatever else it
/// throws nested in it
template <typename P, typename Out>
auto prepare(P& preparer, block_info const& where, Out const& out, timing_log& log)
{
    if constexpr (is_some<Out>) {
        using digest = decltype(prepare(preparer, where, *out, log));
        return out ? prepare(preparer, where, *out, log) : digest{};
    } else if constexpr (requires { preparer.begin(); }) {
        std::vector<decltype(prepare(preparer[0], where, out[0], log))> digests(out.size());
        if (out.size() != preparer.size()) return digests;
        for (std::size_t i = 0; i < out.size(); ++i) digests[i] = prepare(preparer[i], where, out[i], log);
        return digests;
    } else if constexpr (is_image<Out> && !std::is_same_v<P, nothing>) {
        decltype(preparer.prepare(where, out.view(), log)) digest{};
        if (auto const pixels = block_of(out, where)) {
            with_typed_errors([&] { digest = preparer.prepare(where, *pixels, log); },
                              [&](std::string const& reason) {
                                  return io_error(preparer.output,
                                                  "cannot prepare " + block_text(where) + ": " + reason);
                              });
        }
        return digest;
    } else {
        return nothing{};
    }
}

/// A digest for each writer of a run.
template <typename Preparers, typename Result>
auto prepare_all(Preparers& preparers, block_info const& where, Result const& result, timing_log& log)
{
    if constexpr (std::tuple_size_v<Preparers> == 0) {
        return std::tuple<>{};
    } else if constexpr (is_tuple<Result>) {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            return std::tuple{prepare(std::get<I>(preparers), where, std::get<I>(result), log)...};
        }(std::make_index_sequence<std::tuple_size_v<Preparers>>{});
    } else {
        return std::tuple{prepare(std::get<0>(preparers), where, result, log)};
    }
}

} // namespace rios::detail
