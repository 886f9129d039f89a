// SPDX-License-Identifier: BSL-1.0
//
// The thread that talks to a launcher: submits the jobs of the workers one after the other, looks now and then how they are, and
// cancels them in the end. A launcher may take its time without anybody waiting for it.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../launcher/launcher.hpp"
#include "event_queue.hpp"
#include "failure.hpp"

namespace rios::remote {

/// Thread rule: all members from one thread, that is not the watch's own. @param launcher is used by the watch's thread alone
class job_watch {
  public:
    job_watch(any_launcher& launcher, event_queue& events)
        : launcher_(launcher), events_(events), thread_([this] { work(); })
    {
    }
    job_watch(job_watch const&) = delete;
    job_watch& operator=(job_watch const&) = delete;
    ~job_watch() { end({}, std::chrono::milliseconds(0)); }

    /// Submits a job as soon as possible.
    void submit(worker_command command)
    {
        {
            std::lock_guard lock(mutex_);
            to_submit_.push_back(std::move(command));
        }
        changed_.notify_all();
    }

    /// Looks how all are as soon as possible, rather than when it is time to.
    void look()
    {
        {
            std::lock_guard lock(mutex_);
            look_now_ = true;
        }
        changed_.notify_all();
    }

    /// Cancels the job of a worker as soon as possible.
    void cancel(std::size_t number)
    {
        {
            std::lock_guard lock(mutex_);
            to_cancel_.insert(number);
            look_now_ = true;
        }
        changed_.notify_all();
    }

    /// Cancels all jobs but those that end by themselves, which get some time for that, and returns when all have ended.
    /// @param going numbers of the workers that have been told to go
    void end(std::set<std::size_t> going, std::chrono::milliseconds patience) noexcept
    {
        {
            std::lock_guard lock(mutex_);
            ending_ = true;
            going_ = std::move(going);
            patience_ = patience;
        }
        changed_.notify_all();
        if (thread_.joinable()) thread_.join();
    }

  private:
    struct job {
        job_id id;
        job_status last{};
    };

    void work() noexcept
    {
        std::unique_lock lock(mutex_);
        auto const interval = launcher_.poll_interval();
        auto next_look = std::chrono::steady_clock::now() + interval;
        while (!ending_) {
            bool const is_time = std::chrono::steady_clock::now() >= next_look || !to_cancel_.empty();
            if (!to_submit_.empty() && !is_time) {
                auto const command = std::move(to_submit_.front());
                to_submit_.pop_front();
                lock.unlock();
                submit_one(command);
                lock.lock();
                continue;
            }
            changed_.wait_until(lock, next_look, [this] { return ending_ || !to_submit_.empty() || look_now_; });
            if (ending_) break;
            if (!to_submit_.empty() && !is_time) continue;
            if (!look_now_ && std::chrono::steady_clock::now() < next_look) continue;
            look_now_ = false;
            auto const unwanted = std::exchange(to_cancel_, {});
            lock.unlock();
            cancel_all([&](std::size_t number) { return unwanted.contains(number); });
            look_at_all();
            next_look = std::chrono::steady_clock::now() + interval;
            lock.lock();
        }
        auto const deadline = std::chrono::steady_clock::now() + patience_;
        lock.unlock();
        bool const answers = cancel_all([this](std::size_t number) { return !going_.contains(number); });
        auto pause = std::max(std::chrono::milliseconds(1), interval / 50); // a batch system is asked gently
        while (answers && look_at_all() > 0 && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_until(std::min(deadline, std::chrono::steady_clock::now() + pause));
            pause = std::min(interval, 2 * pause);
        }
        cancel_all([](std::size_t) { return true; });
    }

    void submit_one(worker_command const& command)
    {
        event happened{.what = event::kind::launched, .number = command.number};
        try {
            auto id = launcher_.submit(command);
            happened.text = id;
            jobs_.insert_or_assign(command.number, job{.id = std::move(id)});
        } catch (...) {
            happened.what = event::kind::refused;
            happened.error = std::current_exception();
        }
        events_.push(std::move(happened));
    }

    /// @returns how many have not ended
    std::size_t look_at_all()
    {
        std::vector<std::size_t> numbers;
        std::vector<job_id> ids;
        for (auto const& [number, each] : jobs_) {
            if (each.last.state == job_state::ended) continue;
            numbers.push_back(number);
            ids.push_back(each.id);
        }
        if (ids.empty()) return 0;
        std::vector<job_status> found;
        try {
            found = launcher_.status(ids);
            say_whether_it_answers("");
        } catch (...) {
            say_whether_it_answers(current_failure(0).text);
            return ids.size(); // asked again later
        }
        std::size_t alive = 0;
        for (std::size_t i = 0; i < found.size() && i < ids.size(); ++i) {
            auto& each = jobs_.at(numbers[i]);
            bool const is_new = found[i].state != each.last.state || found[i].reason != each.last.reason;
            each.last = found[i];
            if (is_new) events_.push({.what = event::kind::status, .number = numbers[i], .job = std::move(found[i])});
            if (each.last.state != job_state::ended) ++alive;
        }
        return alive;
    }

    /// Once for each change.
    void say_whether_it_answers(std::string const& trouble)
    {
        if (std::exchange(trouble_, trouble) == trouble) return;
        events_.push({.what = event::kind::unanswered, .text = trouble});
    }

    /// @param chosen tells of the number of a worker whether its job is meant
    /// @returns false if the launcher fails to
    template <typename F>
    bool cancel_all(F chosen) noexcept
    {
        try {
            std::vector<job_id> ids;
            for (auto const& [number, each] : jobs_) {
                if (each.last.state != job_state::ended && chosen(number)) ids.push_back(each.id);
            }
            if (!ids.empty()) launcher_.cancel(ids);
            return true;
        } catch (...) { // nobody is left to be told
            return false;
        }
    }

    any_launcher& launcher_;
    event_queue& events_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<worker_command> to_submit_;
    bool look_now_ = false;
    bool ending_ = false;
    std::set<std::size_t> to_cancel_;
    std::set<std::size_t> going_;
    std::chrono::milliseconds patience_{0};
    std::map<std::size_t, job> jobs_; // of the watch's own thread, like the next
    std::string trouble_;             // of the launcher, when it was asked last
    std::thread thread_;
};

} // namespace rios::remote
