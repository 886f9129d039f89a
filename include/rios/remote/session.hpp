// SPDX-License-Identifier: BSL-1.0
//
// The workers of a remote_executor, from the first job to the last: launched once, they stay for all of them. Everything is decided on
// the thread that runs a job; other threads talk to the workers and to the launcher (reception.hpp), and read (reading_pool.hpp).
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
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
#include "architecture.hpp"
#include "event_queue.hpp"
#include "failure.hpp"
#include "greeting.hpp"
#include "job_run.hpp"
#include "joined_worker.hpp"
#include "messages.hpp"
#include "reading_pool.hpp"
#include "reception.hpp"
#include "remote_options.hpp"
#include "remote_work.hpp"
#include "time_limits.hpp"
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
    void run(std::shared_ptr<remote_work> const& work, job_rules const& rules)
    {
        if (work->size() == 0) return;
        try {
            // May refuse the work, before anybody is launched for it.
            job_run job(*work, rules, ++jobs_, options_);
            open();
            if (job.ships_input) {
                auto const most = options_.max_concurrent_reads == 0 ? options_.readers : options_.max_concurrent_reads;
                job.readers = std::make_unique<reading_pool>(
                    work, events_, job.number, std::max<std::size_t>(1, std::min(options_.readers, most)));
            }
            job_ = &job;
            auto const forget =
                std::unique_ptr<job_run*, std::function<void(job_run**)>>(&job_, [](job_run** at) { *at = nullptr; });
            try {
                work_until_done();
            } catch (...) { // before reads are waited for, which may take long
                work->stop();
                close(true);
                if (job.readers && rules.has_owner) job.readers->leave_behind();
                throw;
            }
        } catch (...) {
            work->stop();
            close(true);
            throw;
        }
    }

    /// Lets all workers go, or drops them; cancels jobs that do not end by themselves.
    void close(bool at_once) noexcept
    {
        if (!reception_) return;
        std::set<std::size_t> going;
        for (auto const& [number, each] : members_) going.insert(static_cast<std::size_t>(each.said.number));
        reception_->close(std::move(going), at_once);
        members_.clear();
        while (events_->pop(std::chrono::milliseconds(0))) {}
        reception_.reset(); // after its connections
        roster_ = {};
        lost_.clear();
        refusal_ = nullptr;
    }

  private:
    using clock = std::chrono::steady_clock;
    static constexpr auto tick = std::chrono::milliseconds(100);
    static constexpr auto time_to_end = std::chrono::seconds(2); // by itself, for a worker that was lost

    void open()
    {
        limits_.wait_from_now();
        if (reception_) return;
        reception_.emplace(launcher_, options_, *events_);
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
            if (auto happened = events_->pop(tick)) handle(*std::move(happened));
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

    void begin_job(joined_worker& each)
    {
        auto& job = *job_;
        if (each.works || each.leaving) return;
        if (!job.portable && each.said.architecture != architecture()) {
            throw remote_error(
                name_of(each) + " runs on " + each.said.architecture + ", this process on " + architecture() +
                ": the worker's state travels as bytes that mean something on one architecture only; list its "
                "members (archive.hpp), or use hosts of one architecture");
        }
        each.channel->send(frame(message::begin, std::span<std::byte const>(job.state),
                                 begin{.job = job.number,
                                       .type = job.type,
                                       .ships_input = job.ships_input,
                                       .longest_read = job.rules.stalls.reading.count(),
                                       .longest_compute = job.rules.stalls.computing.count()}));
        each.works = true;
        each.ending = false;
        each.reads = 0;
    }

    void end_job(joined_worker& each)
    {
        if (std::exchange(each.ending, true)) return;
        each.given = clock::now();
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
                    job.readers->read(index);
                } else {
                    each.channel->send(frame(message::step, step{.job = job.number, .index = index}));
                }
                if (options_.single_block_workers) each.leaving = true;
            }
        }
    }

    /// May a step be begun, as far as memory is concerned? What is under way may all come at once, and wait for its turn. A
    /// step whose turn it is always may, and so may one in each worker where none waits.
    [[nodiscard]] bool has_room(std::size_t index, std::size_t has_already) const
    {
        auto const& job = *job_;
        bool const in_order = job.rules.order == delivery_order::index;
        if (in_order && index <= job.delivered) return true;
        auto const most = std::max<std::size_t>(job.rules.results.blocks, members_.size() * credit());
        if (in_order && index >= job.delivered + most) return false;
        if (has_already == 0 && job.early.empty()) return true;
        return (job.early.size() + job.ledger.under_way() + 1) * job.largest_result <= job.rules.results.bytes;
    }

    /// One worker for each block: as many as may be at a time.
    void top_up()
    {
        if (roster_.never_joined() >= options_.attempts) return; // until one joins after all
        auto const waiting = job_->ledger.waiting();
        if (waiting == 0) return;
        auto const wanted = std::min(options_.workers, waiting + job_->ledger.under_way());
        for (auto alive = roster_.alive(); alive < wanted; ++alive) launch();
    }

    // Events.

    void handle(event happened)
    {
        switch (happened.what) {
        case event::kind::message: take_undamaged(happened); break;
        case event::kind::gone: lose(happened.number, happened.text); break;
        case event::kind::launched: roster_[happened.number].id = happened.text; break;
        case event::kind::refused: take_refusal(happened.number, happened.error); break;
        case event::kind::status: take_status(happened.number, std::move(happened.job)); break;
        case event::kind::unanswered: roster_.trouble = happened.text; break;
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
        if (found == members_.end()) return;
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
            job.last_result = clock::now();
            job.ledger.accounted(happened.number);
            job.work.absorb(reader.rest(), what.times);
            if (from.leaving) from.channel->send(frame(message::bye));
            break;
        }
        case message::wants_read:
            if (reader.take<step>().job == job.number) job.permits.ask(happened.number, members_);
            break;
        case message::has_read:
            if (reader.take<step>().job == job.number) job.permits.give_back(from, members_);
            break;
        case message::stalled: {
            auto const what = reader.take<stalled>();
            if (what.which.job == job.number) time_limits::refuse(what, job, name_of(from));
            break;
        }
        default: throw remote_error(name_of(from) + " sent a message of unknown type");
        }
    }

    void greet(std::size_t number, std::shared_ptr<net::connection> const& channel, byte_reader& reader)
    {
        if (auto const found = members_.find(number); found != members_.end()) {
            throw remote_error(name_of(found->second) + " said hello twice");
        }
        auto const said = reader.take<hello>();
        if (auto const reason = misfit(said, roster_); !reason.empty()) {
            channel->send(frame(message::refused, refused{.reason = reason}));
            channel->finish();
            return turn_away(static_cast<std::size_t>(said.number), "it does not fit: " + reason);
        }
        roster_.join(static_cast<std::size_t>(said.number));
        std::erase_if(lost_, [&](auto const& each) { return each.first == said.number; });
        channel->send(frame(message::welcome, welcome_by(options_)));
        channel->set_packing(options_.packing);
        auto& joined = members_[number];
        joined.channel = channel;
        joined.said = said;
        begin_job(joined);
    }

    /// @param offset of the result in the body
    void take_result(std::size_t number, joined_worker& from, std::size_t index, net::message_body body,
                     std::size_t offset)
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
        if (happened.of_job != job.number) return; // of one that had failed
        auto const found = job.reader_for.find(index);
        if (found == job.reader_for.end()) return;
        auto const number = found->second;
        job.reader_for.erase(found);
        if (happened.error) std::rethrow_exception(happened.error);
        auto const to = members_.find(number);
        if (to == members_.end()) return;
        to->second.channel->send(std::move(happened.body));
    }

    void take_status(std::size_t number, job_status status)
    {
        if (roster_.set_status(number, std::move(status))) check_hope();
    }

    /// The launcher does not submit the job of a worker.
    void take_refusal(std::size_t number, std::exception_ptr const& error)
    {
        if (!refusal_) refusal_ = error;
        job_status status{.state = job_state::ended};
        try {
            std::rethrow_exception(error);
        } catch (...) {
            status.reason = current_failure(0).text;
        }
        take_status(number, std::move(status));
    }

    /// A worker that cannot work for this process. Others may fit.
    void turn_away(std::size_t worker, std::string const& reason)
    {
        if (!roster_.contains(worker)) return;
        roster_[worker].gone = reason;
        lost_.emplace_back(worker, clock::now());
        reception_->look();
    }

    /// A worker is lost, or has gone as it was told to.
    void lose(std::size_t number, std::string const& reason)
    {
        auto const found = members_.find(number);
        if (found == members_.end()) return;
        auto const left = std::move(found->second);
        members_.erase(found);
        limits_.wait_from_now();
        auto const worker = static_cast<std::size_t>(left.said.number);
        roster_[worker].gone = reason.empty() ? std::string(worker_roster::told_to_go) : reason;
        if (left.leaving && !left.works) return;
        lost_.emplace_back(worker, clock::now());
        job_->permits.lost(left, members_);
        auto const first = job_->ledger.first_under_way(number);
        auto const given_up = job_->ledger.lost(number);
        reception_->look();
        if (!given_up) return check_hope();
        wait_for_status(worker);
        throw remote_error(job_->work.step_text(first.value_or(*given_up)) + ": has been begun " +
                           std::to_string(options_.attempts) +
                           " times, and its worker was lost each time; the last was " + roster_.story_of(worker));
    }

    /// Gives up when nobody works, and nobody will.
    void check_hope() const
    {
        if (options_.single_block_workers) {
            if (!members_.empty() || roster_.expected() > 0 || roster_.never_joined() < options_.attempts) return;
        } else if (roster_.joined() < options_.min_workers) {
            if (roster_.joined() + roster_.expected() >= options_.min_workers) return;
        } else if (!members_.empty() || !roster_.all_have_ended()) {
            return;
        }
        if (refusal_ && roster_.joined() + roster_.expected() == 0) std::rethrow_exception(refusal_);
        bool const begun = options_.min_workers <= 1 || roster_.joined() >= options_.min_workers;
        throw remote_error((begun ? std::string("no worker is left to go on:")
                                  : "of the " + std::to_string(options_.min_workers) +
                                        " workers that are needed to begin, too few can join:") +
                           roster_.stories());
    }

    /// Gives a launcher a moment to say what became of a worker.
    void wait_for_status(std::size_t worker)
    {
        auto const deadline = clock::now() + std::chrono::seconds(2);
        while (roster_[worker].status.state != job_state::ended && clock::now() < deadline) {
            auto happened = events_->pop(tick);
            if (happened && happened->what == event::kind::status) {
                roster_.set_status(happened->number, std::move(happened->job));
            } else if (!happened) {
                reception_->look();
            }
        }
    }

    void check_times()
    {
        cancel_lost();
        limits_.check(*job_);
    }

    /// A worker that has lost the channel ends by itself, if it can; one that is only cut off must not go on for ever.
    void cancel_lost()
    {
        auto const before = clock::now() - time_to_end;
        while (!lost_.empty() && lost_.front().second < before) {
            auto const worker = lost_.front().first;
            lost_.pop_front();
            if (roster_[worker].status.state != job_state::ended) reception_->cancel(worker);
        }
    }

    [[nodiscard]] std::string name_of(joined_worker const& each) const { return roster_.name_of(each.said); }

    any_launcher launcher_;
    remote_options const options_;
    std::shared_ptr<event_queue> events_ = std::make_shared<event_queue>(); // of threads that read, too
    std::optional<reception> reception_;
    joined_workers members_;
    worker_roster roster_;
    std::deque<std::pair<std::size_t, clock::time_point>> lost_; // workers, and since when
    std::exception_ptr refusal_;                                 // the first of a launcher
    time_limits limits_{options_, roster_, members_};
    std::uint64_t jobs_ = 0;
    job_run* job_ = nullptr;
};

} // namespace rios::remote
