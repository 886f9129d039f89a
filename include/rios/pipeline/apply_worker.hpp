// SPDX-License-Identifier: BSL-1.0
//
// The part of a run of rios::apply that can be done in another process: the reading and computing of blocks. Used by apply_job.hpp.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "../archive.hpp"
#include "../archive_portability.hpp"
#include "../block_info.hpp"
#include "../cancellation.hpp"
#include "../concepts.hpp"
#include "../handle_pool.hpp"
#include "../timing.hpp"
#include "../worker_state.hpp"
#include "compute_block.hpp"
#include "inputs.hpp"

namespace rios::detail {

/// The copies of a worker as one; none if none was made. @pre nothing is under way
template <typename W>
std::optional<W> merged_copies(handle_pool<W>& workers)
{
    std::optional<W> all;
    workers.for_each([&](W& each) {
        if (all) all->merge(each);
        else all.emplace(each);
    });
    return all;
}

template <typename W>
concept Mergeable = requires(W& worker, W& other) { worker.merge(other); };

/// Computes blocks whose input comes from elsewhere.
///
/// Thread rule: all but accumulated() from several threads at once.
template <Portable W, typename In>
class apply_computer {
  public:
    using description_type = std::tuple<run_info, worker_state<W>>;

    explicit apply_computer(description_type what)
        : state_(std::make_shared<state>(std::get<0>(what), std::get<1>(what)))
    {
    }

    [[nodiscard]] description_type description() const { return {state_->run, state_->sent}; }

    [[nodiscard]] worker_result<W, In> compute(std::size_t index, In& in, timing_log& log,
                                               cancellation& cancelled) const
    {
        cancelled.check();
        block_info const where(state_->run.block_at(index), state_->run);
        auto worker = state_->workers.lend();
        return compute_block(*worker, worker.number(), where, state_->run, in, log);
    }

    /// What the copies of the worker have gathered; none if there was nothing to do.
    [[nodiscard]] std::optional<worker_state<W>> accumulated() const
        requires Mergeable<W>
    {
        auto const all = merged_copies(state_->workers);
        if (!all) return std::nullopt;
        return worker_state<W>(*all);
    }

    [[nodiscard]] run_info const& run() const noexcept { return state_->run; }

  private:
    struct state {
        state(run_info info, worker_state<W> worker)
            : run(std::move(info)), sent(std::move(worker)), workers(sent.worker())
        {
        }
        run_info run;
        worker_state<W> sent;
        handle_pool<W> workers;
    };

    std::shared_ptr<state> state_;
};

/// Reads blocks and computes them.
///
/// Thread rule: as apply_computer.
template <Portable W, Reader... Rs>
class apply_worker {
  public:
    using input = typename inputs<Rs...>::value_type;
    using computer = apply_computer<W, input>;
    using description_type = std::tuple<computer, Rs...>;

    explicit apply_worker(description_type what)
        : computer_(std::get<0>(what)), sent_(what),
          inputs_(std::make_shared<inputs<Rs...>>(
              std::apply([](auto&, auto&... readers) { return std::tuple<Rs...>(std::move(readers)...); }, what)))
    {
    }

    [[nodiscard]] description_type const& description() const noexcept { return sent_; }

    [[nodiscard]] input read(std::size_t index, timing_log& log) const
    {
        auto const timed = log.measure("reading");
        auto value = inputs_->make_value();
        auto const& run = computer_.run();
        for (std::size_t part = 0; part < inputs_->parts(); ++part)
            inputs_->read(part, run.block_at(index), run, value);
        return value;
    }

    [[nodiscard]] auto compute(std::size_t index, input& in, timing_log& log, cancellation& cancelled) const
    {
        return computer_.compute(index, in, log, cancelled);
    }

    [[nodiscard]] auto operator()(std::size_t index, timing_log& log, cancellation& cancelled) const
    {
        auto in = read(index, log);
        return compute(index, in, log, cancelled);
    }

    [[nodiscard]] auto accumulated() const
        requires Mergeable<W>
    {
        return computer_.accumulated();
    }

  private:
    computer computer_;
    description_type sent_;
    std::shared_ptr<inputs<Rs...>> inputs_;
};

template <typename W, typename Inputs>
struct apply_workers {
    using worker = cannot_travel;
    using computer = cannot_travel;
};
template <Portable W, Reader... Rs>
struct apply_workers<W, inputs<Rs...>> {
    using worker = apply_worker<W, Rs...>;
    using computer = typename worker::computer;
};

} // namespace rios::detail
