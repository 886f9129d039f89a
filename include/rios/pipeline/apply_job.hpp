// SPDX-License-Identifier: BSL-1.0
//
// A run of rios::apply as a job for rios::run: the inputs of a block are read, a copy of the worker computes it, the
// caller's thread writes it. Used by apply.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "../block_info.hpp"
#include "../cancellation.hpp"
#include "../concepts.hpp"
#include "../error.hpp"
#include "../handle_pool.hpp"
#include "../pixel_grid.hpp"
#include "../progress.hpp"
#include "../timing.hpp"
#include "../worker_state.hpp"
#include "apply_worker.hpp"
#include "compute_block.hpp"
#include "inputs.hpp"
#include "outputs.hpp"
#include "prepare.hpp"

namespace rios::detail {

/// Everything but the writers, which belong to the caller's thread, is here: a reader that never returns can be left
/// behind together with it.
template <typename W, typename Inputs, typename Outputs>
class apply_job {
  public:
    using input = typename Inputs::value_type;
    using worker_value = worker_result<W, input>;
    using preparers = typename Outputs::preparers;
    using digests = decltype(prepare_all(std::declval<preparers&>(), std::declval<block_info const&>(),
                                         std::declval<worker_value const&>(), std::declval<timing_log&>()));
    /// What the worker returned for a block, and what writers want to know of it besides.
    using result = std::tuple<worker_value, digests>;
    /// What another process can do, and what comes back from it.
    using worker_type = typename apply_workers<W, Inputs>::worker;
    using computer_type = typename apply_workers<W, Inputs>::computer;
    using shipped = worker_value;

    template <typename Readers>
    apply_job(Readers readers, W function, Outputs& outputs, progress_function progress)
        : inputs_(std::move(readers)), workers_(std::move(function)), outputs_(&outputs),
          cancellation_(std::move(progress)), log_(rios_timer_order())
    {
    }

    /// What is computed, and the size of the blocks. @pre all readers have the pixels of the grid
    void plan(pixel_grid const& grid, std::ptrdiff_t window_rows, std::ptrdiff_t window_cols, std::ptrdiff_t overlap)
    {
        run_ = {.grid = grid,
                .window_rows = std::min(window_rows, std::max<std::ptrdiff_t>(1, grid.rows)),
                .window_cols = std::min(window_cols, std::max<std::ptrdiff_t>(1, grid.cols)),
                .overlap = overlap,
                .inputs = inputs_.describe()};
        size_ = run_.blocks();
    }

    /// To be called when the writers are open, before the run.
    void prepare_results() { preparers_.emplace(outputs_->make_preparers()); }

    /// Completes the outputs but for closing them. @pre the run has ended well
    void finish_outputs()
    {
        preparers_->for_each([&](preparers& each) { outputs_->absorb(each); });
        outputs_->finish(log_);
    }

    [[nodiscard]] run_info const& run() const noexcept { return run_; }
    [[nodiscard]] timing_log& log() noexcept { return log_; }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t parts() const noexcept { return inputs_.parts(); }
    [[nodiscard]] input make_input() const { return inputs_.make_value(); }

    void read(std::size_t index, std::size_t part, input& into)
    {
        cancellation_.check();
        auto const timed = log_.measure("reading");
        inputs_.read(part, run_.block_at(index), run_, into);
    }

    result compute(std::size_t index, input& in)
    {
        cancellation_.check();
        auto worker = workers_.lend();
        auto value = compute_block(*worker, worker.number(), block_info(run_.block_at(index), run_), run_, in, log_);
        inputs_.restore(in);
        return receive(index, std::move(value));
    }

    /// What the worker returned, here or elsewhere, as a result.
    result receive(std::size_t index, worker_value value)
    {
        auto beside = prepare_all(*preparers_->lend(), block_info(run_.block_at(index), run_), value, log_);
        return {std::move(value), std::move(beside)};
    }

    result compute(std::size_t index) { return read_and_compute(*this, index); }

    void deliver(std::size_t index, result computed)
    {
        if constexpr (!std::same_as<worker_value, nothing>) {
            auto const timed = log_.measure("writing");
            outputs_->write(block_info(run_.block_at(index), run_), std::move(std::get<0>(computed)),
                            std::move(std::get<1>(computed)));
        }
        cancellation_.report("blocks", static_cast<double>(++delivered_) / static_cast<double>(size_));
    }

    void poll() { cancellation_.poll(); }
    void stop() noexcept { cancellation_.stop(); }

    /// What a step that does not end is called.
    [[nodiscard]] std::string step_text(std::size_t index, std::size_t part) const
    {
        return inputs_.part_name(part, run_) + ": " + block_text(run_.block_at(index));
    }

    [[nodiscard]] worker_type worker() const
        requires Portable<W>
    {
        return worker_type(std::tuple_cat(std::tuple(computer()), inputs_.readers()));
    }
    [[nodiscard]] computer_type computer() const
        requires Portable<W>
    {
        return computer_type({run_, worker_state<W>(workers_.original())});
    }

    /// Takes over what copies of the worker have gathered in another process.
    void absorb(std::optional<state_of<W>> const& gathered)
        requires Portable<W> && Mergeable<W>
    {
        if (gathered) from_elsewhere_.push_back(gathered->worker());
    }
    void absorb_times(timings const& times) { log_.merge(times); }

    /// The copies of the worker as one. @pre nothing is under way
    [[nodiscard]] W merged()
        requires Mergeable<W>
    {
        auto all = merged_copies(workers_);
        for (auto& each : from_elsewhere_) {
            if (all) all->merge(each);
            else all.emplace(each);
        }
        if (!all) all.emplace(workers_.original());
        return std::move(*all);
    }

  private:
    Inputs inputs_;
    handle_pool<W> workers_;
    std::vector<W> from_elsewhere_;
    std::optional<handle_pool<preparers>> preparers_;
    Outputs* outputs_;
    cancellation cancellation_;
    timing_log log_;
    run_info run_;
    std::size_t size_ = 0;
    std::size_t delivered_ = 0;
};

} // namespace rios::detail
