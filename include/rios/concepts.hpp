// SPDX-License-Identifier: BSL-1.0
//
// What the parts of the pipeline promise each other. A model of a concept needs no base class; it only has to mean what
// the comment says. Pixels in, pixels out: the compute part knows no files, threads or clusters.
#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "archive.hpp"
#include "block.hpp"
#include "block_info.hpp"
#include "cancellation.hpp"
#include "pixel_grid.hpp"
#include "pixel_type.hpp"
#include "timing.hpp"

namespace rios {

/// Where blocks come from. Equal blocks give equal data. One thread uses one copy at a time; a copy is an independent
/// handle that opens its source when it is first read from.
template <typename R>
concept Reader = std::copyable<R> && requires(R& reader, R const& constant, block const& where) {
    typename R::value_type;
    {
        constant.grid()
    } -> std::same_as<pixel_grid const&>;
    {
        reader.read(where)
    } -> std::same_as<typename R::value_type>;
};

/// A reader that can lie on other pixels than those of its source: `on(grid, margin)` is a reader of the same source whose
/// grid() is `grid`, and whose blocks may reach up to margin() pixels beyond it. Where the source has nothing, there is the null
/// value, or 0. A reader that has no pixels of its own before (a vector) has a grid of 0 rows.
template <typename R>
concept PlaceableReader = Reader<R> && requires(R const& constant, pixel_grid const& grid, std::ptrdiff_t margin) {
    {
        constant.on(grid, margin)
    } -> std::same_as<R>;
    {
        constant.margin()
    } -> std::same_as<std::ptrdiff_t>;
};

/// What is done with a block: called with the block and the value of each reader, it returns what is to be written, or
/// void. Every thread has its own copy, so a worker may own scratch memory and accumulate. A parameter that is taken by
/// value holds what was read itself, not a copy.
template <typename W, typename... In>
concept ComputeWorker = std::copy_constructible<W> && std::invocable<W&, block_info const&, In...>;

/// Where blocks go: opened once, then blocks in any order from one thread, then closed. `close` reports late errors; an
/// output that was not closed leaves nothing that looks complete.
template <typename S, typename Out>
concept Writer = std::movable<S> && requires(S& sink, pixel_grid const& grid, block const& where, Out out) {
    sink.open(grid);
    sink.write(where, std::move(out));
    sink.close();
};

/// A number of independent steps. `compute` may run on any thread, in any order, several at once; `deliver` runs on the
/// thread that called the executor, once for each index, in any order.
template <typename J>
concept Job = requires(J& job, std::size_t index, typename J::result result) {
    {
        job.size()
    } -> std::same_as<std::size_t>;
    {
        job.compute(index)
    } -> std::same_as<typename J::result>;
    job.deliver(index, std::move(result));
};

namespace detail {

/// A job may have `poll()`: called on the thread that called the executor, every tenth of a second while it waits for
/// results that are computed elsewhere. What it throws ends the run.
template <typename J>
concept PolledJob = requires(J& job) { job.poll(); };

/// A job may have `stop() noexcept`: called once, from any thread, when the run is going to end by an error while steps are
/// under way. They may then end early by throwing what they like; it is not reported.
template <typename J>
concept StoppableJob = requires(J& job) { job.stop(); };

/// A job whose deliver() does nothing: it need not be called, and nothing need be kept for it.
template <typename J>
concept SilentJob = Job<J> && J::delivers_nothing;

} // namespace detail

/// A job whose steps need input that other threads may read ahead of them. `read` gets one part of a step's input; it may run
/// on any thread, and for different parts of one input at once. `compute(index, input)` follows when all parts are there;
/// the input is used again for another step afterwards. `compute(index)` does it all, for executors that read nothing ahead.
template <typename J>
concept ReadingJob =
    Job<J> && std::movable<typename J::input> &&
    requires(J& job, J const& constant, std::size_t index, std::size_t part, typename J::input& input) {
        {
            constant.parts() // of each input; at least 1
        } -> std::same_as<std::size_t>;
        {
            constant.make_input()
        } -> std::same_as<typename J::input>;
        job.read(index, part, input);
        {
            job.compute(index, input)
        } -> std::same_as<typename J::result>;
    };

namespace detail {

/// compute(index) of a ReadingJob.
template <typename J>
typename J::result read_and_compute(J& job, std::size_t index)
{
    auto input = job.make_input();
    for (std::size_t part = 0; part < job.parts(); ++part) job.read(index, part, input);
    return job.compute(index, input);
}

} // namespace detail

namespace detail {

template <typename J>
struct shipped_of {
    using type = typename J::result;
};
template <typename J>
    requires requires { typename J::shipped; }
struct shipped_of<J> {
    using type = typename J::shipped;
};

/// What comes back from another process for a step of a job.
template <typename J>
using shipped = typename shipped_of<J>::type;

} // namespace detail

/// A job whose steps another process can do: `compute(index)` is the same as calling `worker()` with the index, a log for
/// the times and a cancellation to look at. Worker and result travel as bytes. What comes back may be another type, `shipped`:
/// `receive(index, shipped)` makes a result of it, on the thread that delivers. A worker that reads should say so by
/// `read(index, log)` and `compute(index, input, log, cancelled)`, the two halves of a call: reads can be counted, and done
/// ahead, only then. remote_executor knows more that such a job may have (remote/remote_work.hpp).
template <typename J>
concept PortableJob = Job<J> && Archivable<typename J::worker_type> && Archivable<detail::shipped<J>> &&
                      requires(J const& job, typename J::worker_type const& worker, std::size_t index, timing_log& log,
                               cancellation& cancelled) {
                          {
                              job.worker()
                          } -> std::convertible_to<typename J::worker_type>;
                          {
                              worker(index, log, cancelled)
                          } -> std::same_as<detail::shipped<J>>;
                      };

/// Runs a job: every index computed and delivered exactly once, or the first error rethrown on the caller's thread after
/// all work under way has ended.
template <typename E, typename J>
concept Executor = Job<J> && std::movable<E> && requires(E& executor, J& job) { executor.run(job); };

namespace detail {

struct any_job {
    struct result {};
    [[nodiscard]] std::size_t size() const;
    result compute(std::size_t index);
    void deliver(std::size_t index, result value);
};

} // namespace detail

/// An executor that does not depend on the kind of job: what functions take that run jobs of their own. A reference to
/// one is welcome, too.
template <typename E>
concept AnyExecutor = Executor<std::remove_cvref_t<E>, detail::any_job>;

} // namespace rios
