// SPDX-License-Identifier: BSL-1.0
//
// The workers of a remote_executor, from the first job to the last: launched once, they stay for all of them. Everything is decided on
// the thread that runs a job; other threads talk to the workers and to the launcher (reception.hpp), and read (reading_pool.hpp).
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../error.hpp"
#include "../launcher/launcher.hpp"
#include "../net/connection.hpp"
#include "../version.hpp"
#include "architecture.hpp"
#include "event_queue.hpp"
#include "failure.hpp"
#include "job_run.hpp"
#include "messages.hpp"
#include "reading_pool.hpp"
#include "reception.hpp"
#include "remote_options.hpp"
#include "remote_work.hpp"
#include "worker_roster.hpp"

namespace rios::remote {

/// Thread rule: one thread at a time.
class session {
  public:
    /// @throws options_error
    session(any_launcher launcher, remote_options options)
        : launcher_(std::move(launcher)), options_(std::move(options))
    {
        check(options_);
    }
    session(session const&) = delete;
    session& operator=(session const&) = delete;
    ~session() { close(false); }

    [[nodiscard]] remote_options const& options() const noexcept { return options_; }

    /// Has all steps of a job done. @throws the first error, after which all workers are gone
    void run(remote_work& work, job_rules const& rules)
    {
        if (work.size() == 0) return;
        try {
            open();
            job_run job(work, rules, options_.attempts);
            auto const ships = !options_.workers_read;
            job.ships_input = ships;
            job.type = work.type(ships);
            job.state = work.state(ships);
            job.portable = work.is_portable(ships);
            job.number = ++jobs_;
            if (ships) {
                auto const most = options_.max_concurrent_reads == 0 ? options_.readers : options_.max_concurrent_reads;
                job.readers = std::make_unique<reading_pool>(
                    work, events_, std::max<std::size_t>(1, std::min(options_.readers, most)));
            }
            job_ = &job;
            auto const forget =
                std::unique_ptr<job_run*, std::function<void(job_run**)>>(&job_, [](job_run** at) { *at = nullptr; });
            work_until_done();
        } catch (...) {
            work.stop();
            close(true);
            throw;
        }
    }

    /// Lets all workers go, or drops them; cancels jobs that do not end by themselves.
    void close(bool at_once) noexcept
    {
        if (!reception_) return;
        std::set<std::size_t> going;
        for (auto const& [number, each] : members_) {
            if (each.said) going.insert(static_cast<std::size_t>(each.said->number));
        }
        reception_->close(std::move(going), at_once);
        reception_.reset();
        members_.clear();
        roster_ = {};
        while (events_.pop(std::chrono::milliseconds(0))) {}
    }

  private:
    using clock = std::chrono::steady_clock;
    static constexpr auto tick = std::chrono::milliseconds(100);

    /// A worker that has joined.
    struct member {
        std::shared_ptr<net::connection> channel;
        std::optional<hello> said;
        bool works = false;                     ///< on the job of the moment
        bool ending = false;                    ///< has been told that it is over
        bool leaving = false;                   ///< has been told to go
        std::size_t reads = 0;                  ///< permits that it has
        clock::time_point given = clock::now(); ///< when it was given something, or returned something
    };

    void open()
    {
        if (reception_) return;
        reception_.emplace(launcher_, options_, events_);
        begun_ = clock::now();
        if (options_.single_block_workers) return; // those are launched as there are blocks
        for (std::size_t i = 0; i < options_.workers; ++i) launch();
    }

    void launch() { reception_->launch(roster_.add()); }

    // The loop.

    void work_until_done()
    {
        for (auto& [number, each] : members_) begin_job(each);
        auto last_poll = clock::now();
        while (!is_over()) {
            if (options_.single_block_workers) top_up();
            hand_out();
            if (auto happened = events_.pop(tick)) handle(*std::move(happened));
            if (clock::now() - last_poll >= tick) {
                job_->work.poll();
                check_times();
                last_poll = clock::now();
            }
        }
    }

    /// All is delivered, and all workers have brought what they had; if not, what must be done for that is.
    bool is_over()
    {
        auto& job = *job_;
        if (!job.ledger.complete()) {
            for (auto& [number, each] : members_) begin_job(each); // those that had ended, until others were lost
            return false;
        }
        bool over = true;
        for (auto& [number, each] : members_) {
            if (!each.works) continue;
            over = false;
            end_job(each);
        }
        return over;
    }

    void begin_job(member& each)
    {
        auto& job = *job_;
        if (!each.said || each.works || each.leaving) return;
        if (!job.portable && each.said->architecture != architecture()) {
            throw remote_error(
                name_of(each) + " runs on " + each.said->architecture + ", this process on " + architecture() +
                ": the worker's state travels as bytes that mean something on one architecture only; list its "
                "members (archive.hpp), or use hosts of one architecture");
        }
        each.channel->send(frame(message::begin, std::span<std::byte const>(job.state),
                                 begin{.job = job.number, .type = job.type, .ships_input = job.ships_input}));
        each.works = true;
        each.ending = false;
        each.reads = 0;
    }

    void end_job(member& each)
    {
        if (std::exchange(each.ending, true)) return;
        each.channel->send(frame(message::end, job_end{.job = job_->number}));
    }

    [[nodiscard]] std::size_t credit() const noexcept
    {
        return options_.single_block_workers ? 1 : 2 * options_.threads + options_.readers;
    }

    /// Gives every worker something to do, those first that have the least.
    void hand_out()
    {
        auto& job = *job_;
        if (roster_.joined() < options_.min_workers) return;
        for (std::size_t level = 0; level < credit(); ++level) {
            for (auto& [number, each] : members_) {
                if (!each.works || each.ending || job.ledger.under_way(number) != level) continue;
                auto const next = job.ledger.next();
                if (!next || !has_room(*next, level)) return;
                auto const index = job.ledger.give(number);
                each.given = clock::now();
                if (job.ships_input) {
                    job.reader_for[index] = number;
                    job.readers->read({.job = job.number, .index = index});
                } else {
                    each.channel->send(frame(message::step, step{.job = job.number, .index = index}));
                }
                if (options_.single_block_workers) each.leaving = true;
            }
        }
    }

    [[nodiscard]] bool has_room(std::size_t index, std::size_t has_already) const
    {
        auto const& job = *job_;
        auto const most = std::max<std::size_t>(job.rules.results.blocks, members_.size() * credit());
        if (job.rules.order == delivery_order::index && index >= job.delivered + most) return false;
        if (has_already == 0) return true;
        std::size_t under_way = job.early.size();
        for (auto const& [number, each] : members_) under_way += job.ledger.under_way(number);
        return (under_way + 1) * job.largest_result <= job.rules.results.bytes;
    }

    /// One worker for each block: as many as may be at a time.
    void top_up()
    {
        auto const& ledger = job_->ledger;
        auto alive = roster_.alive();
        auto const open = ledger.size() - std::min(ledger.size(), job_->delivered);
        auto const wanted = ledger.nothing_waits() ? std::size_t{0} : std::min(options_.workers, open);
        for (; alive < wanted; ++alive) launch();
    }

    // Events.

    void handle(event happened)
    {
        switch (happened.what) {
        case event::kind::message: take_undamaged(happened); break;
        case event::kind::gone: lose(happened.number, happened.text); break;
        case event::kind::launched: roster_[happened.number].id = happened.text; break;
        case event::kind::refused: std::rethrow_exception(happened.error);
        case event::kind::status: take_status(happened.number, std::move(happened.job)); break;
        case event::kind::input_read: send_input(happened.number, std::move(happened)); break;
        }
    }

    void take_undamaged(event& happened)
    {
        try {
            take_message(happened);
        } catch (damaged_data const& damaged) {
            auto const from = members_.find(happened.number);
            throw remote_error((from == members_.end() ? "a worker that was about to join" : name_of(from->second)) +
                               ": " + damaged.what());
        }
    }

    void take_message(event& happened)
    {
        byte_reader reader(happened.body);
        if (happened.type == message::hello) return greet(happened.number, happened.channel, reader);
        auto const found = members_.find(happened.number);
        if (found == members_.end() || !found->second.said) return;
        auto& from = found->second;
        auto& job = *job_;
        switch (happened.type) {
        case message::result: {
            auto const which = reader.take<step>();
            auto const offset = happened.body.size() - reader.left();
            if (which.job == job.number)
                take_result(happened.number, from, static_cast<std::size_t>(which.index), std::move(happened.body),
                            offset);
            break;
        }
        case message::failed: {
            auto const what = reader.take<failure>();
            if (what.job == job.number) throw_failure(what, name_of(from));
            break;
        }
        case message::finished: {
            auto const what = reader.take<finished>();
            if (what.job != job.number || !from.works) break;
            if (!from.ending) throw remote_error(name_of(from) + " ended a job without having been told to");
            from.works = false;
            job.ledger.accounted(happened.number);
            job.work.absorb(reader.rest(), what.times);
            if (from.leaving) from.channel->send(frame(message::bye));
            break;
        }
        case message::wants_read:
            job.reads_wanted.push_back(happened.number);
            allow_reads();
            break;
        case message::has_read:
            if (from.reads > 0) {
                --from.reads;
                --job.reads_allowed;
            }
            allow_reads();
            break;
        default: throw remote_error(name_of(from) + " sent a message of unknown type");
        }
    }

    void greet(std::size_t number, std::shared_ptr<net::connection> const& channel, byte_reader& reader)
    {
        if (auto const found = members_.find(number); found != members_.end()) {
            throw remote_error(name_of(found->second) + " said hello twice");
        }
        hello said;
        said.wire = reader.take<std::uint32_t>();
        std::string refusal;
        if (said.wire == net::wire_version) {
            reader(said.version, said.architecture, said.number, said.host, said.process);
            if (said.version != rios::version) {
                refusal = "it is of version " + said.version + " of rios, and the main process of " +
                          std::string(rios::version);
            } else if (!roster_.contains(static_cast<std::size_t>(said.number))) {
                refusal = "there is no worker " + std::to_string(said.number);
            }
        } else {
            refusal = "it speaks version " + std::to_string(said.wire) +
                      " of the wire format, and the main process version " + std::to_string(net::wire_version);
        }
        auto& joined = members_[number];
        joined.channel = channel;
        joined.said = said;
        if (!refusal.empty()) {
            channel->send(frame(message::refused, refused{.reason = refusal}));
            channel->finish();
            auto const name = name_of(joined);
            members_.erase(number);
            throw remote_error(name + " does not fit: " + refusal);
        }
        roster_.join(static_cast<std::size_t>(said.number));
        channel->send(frame(message::welcome,
                            welcome{.threads = options_.threads,
                                    .readers = options_.workers_read ? options_.readers : 0,
                                    .asks_for_reads = options_.workers_read && options_.max_concurrent_reads > 0,
                                    .packing = options_.packing}));
        channel->set_packing(options_.packing);
        begin_job(joined);
    }

    /// @param offset of the result in the body
    void take_result(std::size_t number, member& from, std::size_t index, net::message_body body, std::size_t offset)
    {
        auto const bytes = std::span<std::byte const>(body).subspan(offset);
        auto& job = *job_;
        job.last_result = from.given = clock::now();
        job.largest_result = std::max(job.largest_result, bytes.size());
        bool deliver = false;
        try {
            deliver = job.ledger.done(number, index);
        } catch (remote_error const& wrong) {
            throw remote_error(name_of(from) + ": " + wrong.what());
        }
        if (from.leaving) end_job(from);
        if (!deliver) return;
        if (job.rules.order == delivery_order::any) {
            job.work.deliver(index, bytes);
            ++job.delivered;
            job.last_result = clock::now(); // which may have taken long
            return;
        }
        job.early.emplace(index, early_result{std::move(body), offset});
        while (!job.early.empty() && job.early.begin()->first == job.delivered) {
            auto const next = std::move(job.early.begin()->second);
            job.early.erase(job.early.begin());
            job.work.deliver(job.delivered, std::span<std::byte const>(next.body).subspan(next.offset));
            ++job.delivered;
        }
        job.last_result = clock::now();
    }

    void send_input(std::size_t index, event happened)
    {
        auto& job = *job_;
        auto const found = job.reader_for.find(index);
        if (found == job.reader_for.end()) return;
        auto const number = found->second;
        job.reader_for.erase(found);
        if (happened.error) std::rethrow_exception(happened.error);
        auto const to = members_.find(number);
        if (to == members_.end()) return;
        to->second.channel->send(std::move(happened.body));
    }

    void allow_reads()
    {
        auto& job = *job_;
        while (!job.reads_wanted.empty() && job.reads_allowed < options_.max_concurrent_reads) {
            auto const to = members_.find(job.reads_wanted.front());
            job.reads_wanted.pop_front();
            if (to == members_.end()) continue;
            ++job.reads_allowed;
            ++to->second.reads;
            to->second.channel->send(frame(message::may_read, job_end{.job = job.number}));
        }
    }

    void take_status(std::size_t number, job_status status)
    {
        if (!roster_.set_status(number, std::move(status))) return;
        if (options_.single_block_workers ? roster_.never_joined() >= options_.attempts : nobody_is_left()) give_up();
    }

    /// A worker is lost, or has gone as it was told to.
    void lose(std::size_t number, std::string const& reason)
    {
        auto const found = members_.find(number);
        if (found == members_.end()) return;
        auto const left = std::move(found->second);
        members_.erase(found);
        if (!left.said) return;
        auto const worker = static_cast<std::size_t>(left.said->number);
        roster_[worker].gone = reason.empty() ? std::string(worker_roster::told_to_go) : reason;
        if (job_ == nullptr || (left.leaving && !left.works)) return;
        job_->reads_allowed -= left.reads;
        auto const first = job_->ledger.first_under_way(number);
        auto const given_up = job_->ledger.lost(number);
        reception_->look();
        if (options_.max_concurrent_reads > 0) allow_reads();
        if (!given_up) {
            if (!options_.single_block_workers && nobody_is_left()) give_up();
            return;
        }
        wait_for_status(worker);
        throw remote_error(job_->work.step_text(first.value_or(*given_up)) + ": has been begun " +
                           std::to_string(options_.attempts) +
                           " times, and its worker was lost each time; the last was " + roster_.story_of(worker));
    }

    /// Has every worker ended, or never begun?
    [[nodiscard]] bool nobody_is_left() const { return members_.empty() && roster_.all_have_ended(); }

    [[noreturn]] void give_up() const { throw remote_error("no worker is left to go on:" + roster_.stories()); }

    /// Gives a launcher a moment to say what became of a worker.
    void wait_for_status(std::size_t worker)
    {
        auto const deadline = clock::now() + std::chrono::seconds(2);
        while (roster_[worker].status.state != job_state::ended && clock::now() < deadline) {
            auto happened = events_.pop(tick);
            if (happened && happened->what == event::kind::status) {
                roster_.set_status(happened->number, std::move(happened->job));
            } else if (!happened) {
                reception_->look();
            }
        }
    }

    void check_times()
    {
        auto const now = clock::now();
        auto const& limits = options_.timeouts;
        auto const seconds = [](auto limit) { return std::to_string(static_cast<long>(limit.count())); };
        auto const least = std::max<std::size_t>(1, options_.min_workers);
        if (roster_.joined() < least && limits.joining.count() > 0 && now - begun_ > limits.joining) {
            throw timeout_error(std::to_string(roster_.joined()) + " of the " + std::to_string(least) +
                                " workers that are needed to begin have joined within " + seconds(limits.joining) +
                                " seconds (timeouts.joining; 0 switches it off)" + roster_.story_of_missing());
        }
        if (limits.progress.count() == 0) return;
        for (auto const& [number, each] : members_) {
            auto const oldest = job_->ledger.first_under_way(number);
            if (!oldest || now - std::max(job_->last_result, each.given) <= limits.progress) continue;
            throw timeout_error(job_->work.step_text(*oldest) + ": has not been done by " + name_of(each) +
                                ", and nothing else has by any worker, for " + seconds(limits.progress) +
                                " seconds (timeouts.progress; 0 switches it off)");
        }
    }

    [[nodiscard]] std::string name_of(member const& each) const { return roster_.name_of(*each.said); }

    any_launcher launcher_;
    remote_options const options_;
    event_queue events_;
    std::optional<reception> reception_;
    std::map<std::size_t, member> members_; // by connection
    worker_roster roster_;
    clock::time_point begun_;
    std::uint64_t jobs_ = 0;
    job_run* job_ = nullptr;
};

} // namespace rios::remote
