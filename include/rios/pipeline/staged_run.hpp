// SPDX-License-Identifier: BSL-1.0
//
// The three stages at work: readers fill input slots, workers turn them into results in output slots, the caller delivers
// those. Each stage waits only for room or for work, never for a lock that another holds while it works. Used by run.hpp.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../concepts.hpp"
#include "../error.hpp"
#include "../executor/threads.hpp"
#include "../timing.hpp"
#include "buffer.hpp"
#include "slot_queue.hpp"
#include "stage_options.hpp"
#include "staged_work.hpp"
#include "stall_watch.hpp"

namespace rios::detail {

/// What a staged_run is made of.
struct stages {
    std::size_t readers = 0; ///< 0: those who compute read for themselves
    std::size_t workers = 0; ///< 0: the caller computes, in the order of the indexes
    buffer_limit inputs{};
    buffer_limit results{};
    delivery_order order = delivery_order::any;
    stall_limits stalls{};
    timing_log* log = nullptr; ///< receives the waiting times, if there is one
    /// Keeps the job alive; without one, a thread is waited for however long it takes.
    std::shared_ptr<void> job_owner{};
    /// Computes, if all of its threads are waited for anyway (there is no job_owner); without one, threads of the run's own do.
    thread_team* team = nullptr;
};

/// One run of one job, whatever its type: what the job does is behind a staged_work, so that this is compiled once. Its
/// threads own it together with the caller, so that one that never returns from a step can be left behind.
///
/// How blocks come along: whoever reads takes a free input slot and the next index, and queues the parts to be read; who
/// reads the last part of a slot queues the slot for the workers; a worker takes a free output slot first, so that results
/// have room, then a filled input slot; the caller takes output slots. In order: no index is begun that is as far ahead of
/// the next one to be delivered as there are output slots, so the one that everybody waits for always has a slot to come
/// to.
class staged_run {
  public:
    /// @pre there are readers or workers; a team has as many threads as there are workers
    staged_run(std::unique_ptr<staged_work> work, stages const& plan)
        : plan_(plan), work_(std::move(work)), size_(work_->size()), parts_(work_->parts()),
          inputs_(plan.inputs, plan.readers, std::max<std::size_t>(1, plan.workers)),
          results_(plan.results, plan.workers), input_slots_(inputs_.slots()), output_indexes_(results_.slots()),
          tasks_(std::max<std::size_t>(1, inputs_.slots()) * parts_), ready_(inputs_.slots()),
          finished_(results_.slots()), watch_(plan.readers + plan.workers)
    {
        // Workers that read for themselves have an input slot each; a caller that computes has one for the result.
        work_->make_slots(inputs_.slots() + (plan.readers == 0 ? plan.workers : 0),
                          std::max<std::size_t>(1, results_.slots()));
    }

    /// Starts the threads, delivers all results on the calling thread, and waits for the threads.
    /// @throws the first error, timeout_error
    static void execute(std::shared_ptr<staged_run> const& run)
    {
        std::vector<std::thread> threads;
        run->start(run, threads);
        try {
            if (!run->failed_) run->deliver_all();
        } catch (...) {
            run->fail(std::current_exception());
        }
        bool const all_ended = run->wait_for_threads();
        if (run->plan_.team != nullptr) run->plan_.team->wait();
        for (auto& thread : threads) all_ended ? thread.join() : thread.detach();
        std::lock_guard lock(run->mutex_);
        if (run->error_) std::rethrow_exception(run->error_);
    }

  private:
    using clock = timing_log::clock;
    static constexpr auto tick = std::chrono::milliseconds(100);

    struct input_slot {
        std::size_t index = 0;
        std::atomic<std::size_t> parts_left = 0;
    };

    // Threads.

    void start(std::shared_ptr<staged_run> const& self, std::vector<std::thread>& threads)
    try {
        auto const begun = clock::now();
        threads.reserve(plan_.readers + plan_.workers);
        auto const add = [&](auto task) {
            change_living(1);
            try {
                threads.emplace_back([self, task, number = threads.size()] {
                    try {
                        task(*self, number);
                    } catch (...) {
                        self->fail(std::current_exception());
                    }
                    self->change_living(-1);
                });
            } catch (...) {
                change_living(-1);
                throw;
            }
        };
        for (std::size_t i = 0; i < plan_.readers; ++i) {
            add([](staged_run& run, std::size_t number) { run.read_ahead(number); });
        }
        if (plan_.team != nullptr) {
            plan_.team->start(plan_.workers, [this] { work(team_number_++); });
        } else {
            for (std::size_t i = 0; i < plan_.workers; ++i) {
                add([](staged_run& run, std::size_t number) { run.work(number); });
            }
        }
        note("startcomputeworkers", begun);
    } catch (...) {
        fail(std::current_exception());
    }

    /// What each worker does.
    void work(std::size_t number) noexcept
    try {
        plan_.readers == 0 ? read_and_compute(number) : compute_what_is_read(number);
    } catch (...) {
        fail(std::current_exception());
    }

    void change_living(int by) noexcept
    {
        std::lock_guard lock(mutex_);
        living_ += static_cast<std::size_t>(by);
        if (living_ == 0) all_ended_.notify_all();
    }

    /// False if some do not end: all that are left are in steps that have taken longer than they may. Others are waited
    /// for, as what they use may be the caller's.
    bool wait_for_threads()
    {
        std::unique_lock lock(mutex_);
        while (!all_ended_.wait_for(lock, tick, [this] { return living_ == 0; })) {
            if (watch_.stalled(plan_.stalls) && watch_.stalled_threads(plan_.stalls) == living_) return false;
        }
        return true;
    }

    // Readers.

    void read_ahead(std::size_t thread)
    {
        while (!failed_) {
            if (auto const task = tasks_.pop()) {
                if (++reads_begun_ == size_ * parts_) readers_bell_.ring(); // the others need not wait for more
                read(thread, *task / parts_, *task % parts_);
                continue;
            }
            auto const begun = clock::now();
            std::optional<std::size_t> slot;
            readers_bell_.wait([&] {
                return failed_ || reads_begun_ >= size_ * parts_ || !tasks_.empty() ||
                       (slot = begin_step()).has_value();
            });
            if (!slot && tasks_.empty() && reads_begun_ >= size_ * parts_) return;
            if (!slot) continue;
            note("insert_readbuffer", begun);
            for (std::size_t part = 0; part < parts_; ++part) {
                tasks_.push(static_cast<std::uint32_t>(*slot * parts_ + part));
            }
            if (parts_ > 1) readers_bell_.ring();
        }
    }

    /// Takes a free slot for the next index, if both are to be had.
    std::optional<std::size_t> begin_step()
    {
        auto const slot = inputs_.take();
        if (!slot) return std::nullopt;
        auto const index = take_index();
        if (!index) {
            inputs_.give_back(*slot);
            return std::nullopt;
        }
        input_slots_[*slot].index = *index;
        input_slots_[*slot].parts_left = parts_;
        return slot;
    }

    /// The next index, unless there is none or it must wait for its turn.
    std::optional<std::size_t> take_index()
    {
        auto index = next_.load();
        do {
            if (index >= size_) return std::nullopt;
            if (gated() && index >= delivered_ + results_.allowed()) return std::nullopt;
        } while (!next_.compare_exchange_weak(index, index + 1));
        if (index + 1 == size_) workers_bell_.ring(); // those that take indexes themselves need not wait for another
        return index;
    }

    void read(std::size_t thread, std::size_t slot_number, std::size_t part)
    {
        auto& slot = input_slots_[slot_number];
        {
            auto const watched = watch_.begin(thread, stage::reading, slot.index, part);
            work_->read(slot_number, slot.index, part);
        }
        if (slot.parts_left.fetch_sub(1) != 1) return;
        if (inputs_.measure(work_->input_memory(slot_number))) readers_bell_.ring();
        ready_.push(static_cast<std::uint32_t>(slot_number));
        (plan_.workers == 0 ? caller_bell_ : workers_bell_).ring();
    }

    void free_input(std::size_t slot)
    {
        inputs_.give_back(slot);
        readers_bell_.ring();
    }

    // Workers.

    void compute_what_is_read(std::size_t thread)
    {
        while (auto const output = wait_for_output()) {
            auto const begun = clock::now();
            std::optional<std::uint32_t> slot;
            workers_bell_.wait([&] { return failed_ || taken_ >= size_ || (slot = ready_.pop()).has_value(); });
            if (!slot) return;
            if (++taken_ == size_) workers_bell_.ring();
            note("pop_readbuffer", begun);
            compute(thread, *slot, *output, input_slots_[*slot].index);
            free_input(*slot);
        }
    }

    void read_and_compute(std::size_t thread)
    {
        auto const input = inputs_.slots() + thread;
        while (auto const output = wait_for_output()) {
            std::optional<std::size_t> index;
            workers_bell_.wait([&] { return failed_ || next_ >= size_ || (index = take_index()).has_value(); });
            if (!index) return;
            ++taken_;
            for (std::size_t part = 0; part < parts_; ++part) {
                auto const watched = watch_.begin(thread, stage::reading, *index, part);
                work_->read(input, *index, part);
            }
            compute(thread, input, *output, *index);
        }
    }

    /// Room for a result; none when there is nothing left to compute.
    std::optional<std::size_t> wait_for_output()
    {
        auto const begun = clock::now();
        std::optional<std::size_t> slot;
        workers_bell_.wait([&] { return failed_ || taken_ >= size_ || (slot = take_output()).has_value(); });
        if (failed_ || !slot) return std::nullopt;
        note("insert_computebuffer", begun);
        return slot;
    }

    /// Those that wait for their turn keep their slots, and must not keep the one whose turn it is from getting one; so the
    /// bytes that are allowed are minded where indexes are begun.
    std::optional<std::size_t> take_output() { return gated() ? results_.take_any() : results_.take(); }

    void compute(std::size_t thread, std::size_t input, std::size_t output, std::size_t index)
    {
        output_indexes_[output] = index;
        {
            auto const watched = watch_.begin(thread, stage::computing, index, 0);
            work_->compute(input, output, index);
        }
        if (results_.measure(work_->result_memory(output))) workers_bell_.ring();
        finished_.push(static_cast<std::uint32_t>(output));
        caller_bell_.ring();
    }

    // The caller.

    void deliver_all()
    {
        std::map<std::size_t, std::uint32_t> early; // slots of those whose turn has not come
        while (delivered_ < size_) {
            auto const begun = clock::now();
            auto const slot = wait_on_caller(plan_.workers == 0 ? ready_ : finished_);
            if (!slot) return;
            note(plan_.workers == 0 ? "pop_readbuffer" : "pop_computebuffer", begun);
            if (!in_order()) {
                deliver(*slot);
                continue;
            }
            early.emplace(plan_.workers == 0 ? input_slots_[*slot].index : output_indexes_[*slot], *slot);
            while (!early.empty() && early.begin()->first == delivered_) {
                auto const next = early.begin()->second;
                early.erase(early.begin());
                plan_.workers == 0 ? compute_and_deliver(next) : deliver(next);
            }
        }
    }

    std::optional<std::uint32_t> wait_on_caller(slot_queue& queue)
    {
        std::optional<std::uint32_t> slot;
        auto const over = [&] { return failed_ || (slot = queue.pop()).has_value(); };
        while (!caller_bell_.wait_for(tick, over)) {
            work_->poll();
            if (auto const stalled = stands_still()) throw timeout_error(*stalled);
        }
        if (failed_) return std::nullopt;
        return slot;
    }

    void deliver(std::uint32_t output)
    {
        work_->deliver(output, output_indexes_[output]);
        ++delivered_;
        results_.give_back(output);
        workers_bell_.ring();
        if (gated()) readers_bell_.ring();
    }

    void compute_and_deliver(std::uint32_t input)
    {
        auto const index = input_slots_[input].index;
        work_->compute(input, 0, index);
        free_input(input);
        work_->deliver(0, index);
        ++delivered_;
    }

    // All of them.

    [[nodiscard]] bool in_order() const noexcept { return plan_.order == delivery_order::index || plan_.workers == 0; }

    /// Must indexes wait to be begun until others have been delivered?
    [[nodiscard]] bool gated() const noexcept { return plan_.order == delivery_order::index && plan_.workers > 0; }

    /// The first error stays; everybody stops waiting.
    void fail(std::exception_ptr error) noexcept
    {
        {
            std::lock_guard lock(mutex_);
            if (error_) return;
            error_ = std::move(error);
        }
        failed_ = true;
        work_->stop();
        readers_bell_.ring();
        workers_bell_.ring();
        caller_bell_.ring();
    }

    /// To be asked at least every second, on the caller's thread. What to say of a step that takes too long, if there is one.
    std::optional<std::string> stands_still()
    {
        auto const found = watch_.stalled(plan_.stalls);
        if (!found) return std::nullopt;
        return found->message(work_->step_text(found->index, found->part));
    }

    void note(char const* name, clock::time_point begun) noexcept
    {
        if (plan_.log != nullptr) plan_.log->record(name, begun, clock::now());
    }

    stages const plan_; // first, as what it owns must outlive the rest
    std::unique_ptr<staged_work> work_;
    std::size_t const size_;
    std::size_t const parts_;

    buffer inputs_;
    buffer results_;
    std::deque<input_slot> input_slots_;
    std::vector<std::size_t> output_indexes_; // of each output slot
    slot_queue tasks_;                        // slot · parts + part: to be read
    slot_queue ready_;                        // input slots that are complete
    slot_queue finished_;
    bell readers_bell_;
    bell workers_bell_;
    bell caller_bell_;
    std::atomic<std::size_t> team_number_ = plan_.readers; // of the next thread of the team
    std::atomic<std::size_t> next_ = 0;                    // index to be begun
    std::atomic<std::size_t> reads_begun_ = 0;
    std::atomic<std::size_t> taken_ = 0;     // steps that a worker has taken
    std::atomic<std::size_t> delivered_ = 0; // steps

    stall_watch watch_;
    std::atomic<bool> failed_ = false;
    std::mutex mutex_; // guards the rest
    std::condition_variable all_ended_;
    std::exception_ptr error_;
    std::size_t living_ = 0; // threads
};

} // namespace rios::detail
