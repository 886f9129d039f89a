// SPDX-License-Identifier: BSL-1.0
//
// Who does what: the steps of a job that are to be done, under way and done, and what becomes of them when a worker is lost.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "../error.hpp"

namespace rios::remote {

/// Hands out the steps of a job, the first ones first. Each is done once, but for those of a lost worker: they are done again by
/// others. Where workers accumulate, what a lost one had done goes with it, and is done again, too, though not delivered again.
///
/// Thread rule: one thread.
class work_ledger {
  public:
    /// @param size steps
    /// @param attempts how often a step may be begun, at least 1
    work_ledger(std::size_t size, std::size_t attempts, bool workers_accumulate)
        : attempts_(attempts), accumulate_(workers_accumulate), steps_(size), left_(size)
    {
    }

    [[nodiscard]] std::size_t size() const noexcept { return steps_.size(); }

    /// Are all steps done, and what was accumulated not lost?
    [[nodiscard]] bool complete() const noexcept { return left_ == 0; }
    /// Steps that are to be handed out, again or for the first time.
    [[nodiscard]] std::size_t waiting() const noexcept { return again_.size() + (steps_.size() - next_); }
    /// Steps that are with workers.
    [[nodiscard]] std::size_t under_way() const noexcept { return under_way_now_; }

    /// The step that would be handed out next, if there is one.
    [[nodiscard]] std::optional<std::size_t> next() const
    {
        if (!again_.empty()) return *again_.begin();
        if (next_ < steps_.size()) return next_;
        return std::nullopt;
    }

    /// Hands out next(). @pre there is one
    std::size_t give(std::size_t worker)
    {
        auto const index = next().value();
        if (!again_.empty()) again_.erase(again_.begin());
        else ++next_;
        ++steps_[index].begun;
        under_way_[worker].insert(index);
        ++under_way_now_;
        return index;
    }

    /// A result has come. @returns whether it is the first of that step, to be delivered
    /// @throws remote_error if the worker was not given it
    bool done(std::size_t worker, std::size_t index)
    {
        auto const mine = under_way_.find(worker);
        if (mine == under_way_.end() || mine->second.erase(index) == 0) {
            throw remote_error("a worker returned step " + std::to_string(index) + ", which it was not given");
        }
        --under_way_now_;
        if (accumulate_) done_by_[worker].push_back(index);
        --left_;
        return !std::exchange(steps_[index].delivered, true);
    }

    [[nodiscard]] std::size_t under_way(std::size_t worker) const
    {
        auto const mine = under_way_.find(worker);
        return mine == under_way_.end() ? 0 : mine->second.size();
    }

    /// The first step that a worker has not done yet.
    [[nodiscard]] std::optional<std::size_t> first_under_way(std::size_t worker) const
    {
        auto const mine = under_way_.find(worker);
        if (mine == under_way_.end() || mine->second.empty()) return std::nullopt;
        return *mine->second.begin();
    }

    /// What a worker accumulated has come: it cannot be lost any more.
    void accounted(std::size_t worker) { done_by_.erase(worker); }

    /// A worker is lost: what it had to do, and to bring, is to be done by others.
    /// @returns a step that has been begun too often, if there is one
    std::optional<std::size_t> lost(std::size_t worker)
    {
        std::optional<std::size_t> given_up;
        for (auto const index : under_way_[worker]) {
            if (steps_[index].begun >= attempts_ && !given_up) given_up = index;
            again_.insert(index);
        }
        for (auto const index : done_by_[worker]) {
            if (steps_[index].begun >= attempts_ && !given_up) given_up = index;
            again_.insert(index);
            ++left_;
        }
        under_way_now_ -= under_way_[worker].size();
        under_way_.erase(worker);
        done_by_.erase(worker);
        return given_up;
    }

  private:
    struct step_state {
        std::size_t begun = 0;
        bool delivered = false;
    };

    std::size_t const attempts_;
    bool const accumulate_;
    std::vector<step_state> steps_;
    std::size_t left_;
    std::size_t next_ = 0; // of those that were never handed out
    std::size_t under_way_now_ = 0;
    std::set<std::size_t> again_{}; // of lost workers
    std::map<std::size_t, std::set<std::size_t>> under_way_;
    std::map<std::size_t, std::vector<std::size_t>> done_by_;
};

} // namespace rios::remote
