// SPDX-License-Identifier: BSL-1.0
//
// The block pipeline: read, compute, write, overlapping in time as the executor allows. What RIOS calls applier.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "apply_options.hpp"
#include "block_info.hpp"
#include "concepts.hpp"
#include "error.hpp"
#include "executor/inline.hpp"
#include "lists.hpp"
#include "pipeline/apply_job.hpp"
#include "pipeline/inputs.hpp"
#include "pipeline/outputs.hpp"
#include "pipeline/place_inputs.hpp"
#include "pipeline/run.hpp"
#include "progress.hpp"
#include "timing.hpp"

namespace rios {

namespace detail {

template <typename... Rs>
std::tuple<Rs...> as_readers(std::tuple<Rs...> readers)
{
    return readers;
}
template <Reader R>
std::tuple<R> as_readers(R reader)
{
    return std::tuple<R>(std::move(reader));
}

inline std::tuple<> as_writers(no_output&)
{
    return {};
}
template <typename... Ss>
std::tuple<Ss&...> as_writers(std::tuple<Ss...>& writers)
{
    return std::apply([](auto&... each) { return std::tuple<Ss&...>(each...); }, writers);
}
template <typename S>
std::tuple<S&> as_writers(S& writer)
{
    return std::tuple<S&>(writer);
}

template <typename Readers>
inline constexpr bool all_readers = false;
template <typename... Rs>
inline constexpr bool all_readers<std::tuple<Rs...>> = sizeof...(Rs) > 0 && (Reader<Rs> && ...);

template <typename W, typename Values>
inline constexpr bool works_on = false;
template <typename W, typename... Vs>
inline constexpr bool works_on<W, std::tuple<Vs...>> = ComputeWorker<W, Vs...>;

template <typename Readers>
struct inputs_of;
template <typename... Rs>
struct inputs_of<std::tuple<Rs...>> {
    using type = inputs<Rs...>;
};

template <typename Writers>
struct outputs_of;
template <typename... Ss>
struct outputs_of<std::tuple<Ss&...>> {
    using type = outputs<std::remove_const_t<Ss>...>;
};

/// Does each value that a worker returns have a writer that takes it?
template <typename Result, typename Writers>
inline constexpr bool goes_to = false;
template <typename Result, typename S>
inline constexpr bool goes_to<Result, std::tuple<S&>> = is_writable<S, Result>;
template <>
inline constexpr bool goes_to<nothing, std::tuple<>> = true;
template <typename... Rs, typename... Ss>
    requires(sizeof...(Rs) == sizeof...(Ss))
inline constexpr bool goes_to<std::tuple<Rs...>, std::tuple<Ss&...>> = (is_writable<Ss, Rs> && ...);

} // namespace detail

/// Reads rasters block by block, computes each block by the worker, and writes what that returns.
///
/// @param readers one reader, or a std::tuple of them: the worker gets one value for each. A reader_list is one input of
///        many files; a lazy_reader is read only when the worker asks. All must have the same pixels (grid_difference());
///        a reader of memory without a place on the map goes with any of the same size.
/// @param worker called as `worker(block_info, value...)`, on any thread, each with a copy of its own. It returns a value
///        for the writer; a std::tuple with one for each of several writers; a std::vector for a writer_list; void without
///        a writer. A std::optional may be empty: the block stays null. Images have the shape of the block, with or without
///        its margin. If it has `merge(worker&)`, the copies are merged in the end and returned; copies begin as the worker
///        that was given, so that should begin empty.
/// @param writers one writer or a std::tuple of them, as a temporary or to be kept by the caller; no_output for none. They
///        are opened here, written by the calling thread, and closed here: files appear under their names when all outputs
///        are complete, and not at all if anything fails.
/// @param executor inline_executor, read_ahead, thread_executor, or any Executor
/// @returns timings, the working grid, and the merged worker, if it can be merged
///
/// @throws options_error, grid_error, io_error before anything is written: windows and margins out of range, inputs with
///         different pixels, outputs that are inputs
/// @throws the first error of any stage, when everything under way has ended: io_error of a reader or writer and grid_error for
///         a result of the wrong shape, with the file and the block; a rios::error of the worker as it is; worker_error
///         for whatever else the worker throws, nested in it; timeout_error; cancelled if the progress function or
///         the stop token say so. Exceptions of other types from readers and writers are nested in an io_error.
///
/// Thread rule: any thread, several calls at once. Leaves signal handlers and GDAL's error handlers as they are.
/// The result does not depend on the executor, but for the order in which blocks are written and workers are merged.
template <typename Readers, typename W, typename Writers = no_output, typename E = inline_executor>
auto apply(Readers readers, W worker, Writers&& writers = Writers{}, E&& executor = E{},
           apply_options const& options = {})
{
    using readers_type = decltype(detail::as_readers(std::move(readers)));
    static_assert(detail::all_readers<readers_type>,
                  "apply: the first argument must be a rios::Reader or a tuple of them");
    using inputs = typename detail::inputs_of<readers_type>::type;
    static_assert(
        detail::works_on<W, typename inputs::value_type>,
        "apply: the worker must be copyable, and callable with a rios::block_info const& (or rios::block const&) "
        "and one value for each reader");
    using writers_type = decltype(detail::as_writers(writers));
    using outputs = typename detail::outputs_of<writers_type>::type;
    using result = detail::worker_result<W, typename inputs::value_type>;
    constexpr bool returns = !std::same_as<result, detail::nothing>;
    constexpr bool writes = std::tuple_size_v<writers_type> > 0;
    static_assert(returns == writes,
                  "apply: a worker that returns something needs a writer, and one that returns void must have none: "
                  "rios::no_output");
    static_assert(
        returns != writes || detail::goes_to<result, writers_type>,
        "apply: the worker must return what the writers take: an image of the writer's pixel type, or a tuple with "
        "one value for each of several writers");
    using job_type = detail::apply_job<W, inputs, outputs>;

    detail::check(options);
    outputs to(detail::as_writers(writers));
    auto const progress = [asked = options.progress, stop = options.stop](std::string_view phase, double done) {
        return !stop.stop_requested() && (!asked || asked(phase, done));
    };
    auto placed = detail::place_inputs(detail::as_readers(std::move(readers)), options.grid, options.overlap);
    auto const job = std::make_shared<job_type>(std::move(placed.readers), std::move(worker), to, progress);
    job->plan(placed.grid, options.window.rows, options.window.cols, options.overlap);
    to.require_own_files(job->run());
    try {
        to.open(job->run().grid);
        job->prepare_results();
        rios::run(executor, *job,
                  {.inputs = options.input_buffer,
                   .results = options.output_buffer,
                   .order = options.order,
                   .stalls = options.stalls,
                   .log = &job->log(),
                   .job_owner = job});
        job->finish_outputs();
        auto const timed = job->log().measure("writing");
        to.close();
    } catch (...) {
        to.discard();
        throw;
    }
    apply_result finished{.timings = job->log().snapshot(), .grid = job->run().grid};
    if constexpr (requires { job->merged(); }) return accumulated_result<W>{std::move(finished), job->merged()};
    else return finished;
}

} // namespace rios
