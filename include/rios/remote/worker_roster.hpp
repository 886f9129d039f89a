// SPDX-License-Identifier: BSL-1.0
//
// The workers that were launched, and what is known of each: from its job, and from itself once it has joined. Used by session.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "../launcher/launcher.hpp"
#include "../net/connection.hpp"
#include "messages.hpp"

namespace rios::remote {

/// Thread rule: one thread.
class worker_roster {
  public:
    struct worker {
        job_id id{};
        job_status status{};
        bool joined = false;
        std::string gone{}; ///< why its connection ended, or it was turned away
    };

    std::string trouble{}; ///< why the launcher cannot say how the jobs are, if it cannot

    static constexpr std::string_view told_to_go = "it was told to go";

    /// A worker is launched; they are numbered from 0.
    std::size_t add()
    {
        auto const number = workers_.size();
        workers_.try_emplace(number);
        return number;
    }

    [[nodiscard]] bool contains(std::size_t number) const { return workers_.contains(number); }
    /// @pre contains(number)
    [[nodiscard]] worker& operator[](std::size_t number) { return workers_.at(number); }

    /// How many have joined; and how many have ended without, since one did.
    [[nodiscard]] std::size_t joined() const noexcept { return joined_; }
    [[nodiscard]] std::size_t never_joined() const noexcept { return never_joined_; }

    void join(std::size_t number)
    {
        auto& one = workers_.at(number);
        one.gone.clear(); // it may have come before, and been cut off
        if (!std::exchange(one.joined, true)) ++joined_;
        never_joined_ = 0;
    }

    /// What the launcher says. @returns whether the job has ended
    bool set_status(std::size_t number, job_status status)
    {
        auto& one = workers_.at(number);
        one.status = std::move(status);
        if (one.status.state != job_state::ended) return false;
        if (!one.joined) ++never_joined_;
        return true;
    }

    /// Those whose jobs have not ended, and that have not gone.
    [[nodiscard]] std::size_t alive() const
    {
        return static_cast<std::size_t>(std::count_if(workers_.begin(), workers_.end(), [](auto const& each) {
            return each.second.status.state != job_state::ended && each.second.gone.empty();
        }));
    }

    [[nodiscard]] bool all_have_ended() const
    {
        return std::all_of(workers_.begin(), workers_.end(),
                           [](auto const& each) { return each.second.status.state == job_state::ended; });
    }

    /// Those that may join yet.
    [[nodiscard]] std::size_t expected() const
    {
        return static_cast<std::size_t>(std::count_if(workers_.begin(), workers_.end(), [](auto const& each) {
            return !each.second.joined && each.second.status.state != job_state::ended;
        }));
    }

    /// What messages call a worker that has said hello.
    [[nodiscard]] std::string name_of(hello const& said) const
    {
        auto text = "worker " + std::to_string(said.number) + " on host " + (said.host.empty() ? "unknown" : said.host);
        auto const found = workers_.find(static_cast<std::size_t>(said.number));
        if (found != workers_.end() && !found->second.id.empty()) text += ", job " + found->second.id;
        return text;
    }

    /// What is known about a worker that does not work, or not any more.
    [[nodiscard]] std::string story_of(std::size_t number) const
    {
        auto const& each = workers_.at(number);
        auto text = "worker " + std::to_string(number);
        if (!each.id.empty()) text += ", job " + each.id;
        switch (each.status.state) {
        case job_state::waiting: text += ", waits to be started"; break;
        case job_state::running: text += each.joined ? ", runs" : ", runs and has not joined"; break;
        case job_state::ended: text += each.joined ? "" : ", never joined"; break;
        }
        if (!each.status.reason.empty()) text += ": " + each.status.reason;
        bool const tells_more = each.status.reason.empty() || each.gone != net::closed_by_other_end;
        if (!each.gone.empty() && tells_more) text += (each.status.reason.empty() ? ": " : "; ") + each.gone;
        if (!each.status.log.empty()) text += "; its output ends:\n" + each.status.log;
        return text;
    }

    /// Of the first few of those that did not go because they were told to; each on a line of its own.
    [[nodiscard]] std::string stories() const
    {
        constexpr std::size_t most = 3;
        std::string text;
        std::size_t shown = 0;
        for (auto const& [number, each] : workers_) {
            if (each.joined && each.gone == told_to_go) continue;
            if (++shown > most) break;
            text += "\n" + story_of(number);
        }
        if (!trouble.empty()) text += "\nhow the jobs are cannot be found out: " + trouble;
        return text;
    }

    /// Of the first that has not joined, on a line of its own; empty if all have.
    [[nodiscard]] std::string story_of_missing() const
    {
        auto const found =
            std::find_if(workers_.begin(), workers_.end(), [](auto const& each) { return !each.second.joined; });
        return found == workers_.end() ? "" : "\n" + story_of(found->first);
    }

  private:
    std::map<std::size_t, worker> workers_;
    std::size_t joined_ = 0;
    std::size_t never_joined_ = 0;
};

} // namespace rios::remote
