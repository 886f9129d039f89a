// SPDX-License-Identifier: BSL-1.0
//
// What happens to the workers of a run, noticed by the threads that talk to them and to their launcher, for the thread that runs the
// job.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../launcher/launcher.hpp"
#include "messages.hpp"

namespace rios::net {
class connection;
}

namespace rios::remote {

struct event {
    enum class kind {
        message,    ///< of a worker that has joined; the first is its hello
        gone,       ///< the connection of a worker has ended: text says why
        launched,   ///< a job was submitted
        refused,    ///< a job could not be submitted: error says why
        status,     ///< what the launcher says of a job
        unanswered, ///< the launcher cannot say how the jobs are: text says why; empty: it can again
        input_read  ///< an input was read by this process, or could not be read (error)
    };

    kind what;
    std::size_t number = 0;   ///< of the connection; of the worker for those of the launcher; of the step for an input
    std::uint64_t of_job = 0; ///< number of the job that wanted an input
    message type = message::beat;
    net::message_body body{};
    std::string text{};
    std::exception_ptr error{};
    std::shared_ptr<net::connection> channel{};
    job_status job{};
};

/// Thread rule: push() from any thread, the others from one.
class event_queue {
  public:
    void push(event happened)
    {
        {
            std::lock_guard lock(mutex_);
            events_.push_back(std::move(happened));
        }
        arrived_.notify_one();
    }

    /// The next event; none if there is none for so long.
    [[nodiscard]] std::optional<event> pop(std::chrono::milliseconds patience)
    {
        std::unique_lock lock(mutex_);
        if (!arrived_.wait_for(lock, patience, [this] { return !events_.empty(); })) return std::nullopt;
        auto next = std::move(events_.front());
        events_.pop_front();
        return next;
    }

  private:
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<event> events_;
};

} // namespace rios::remote
