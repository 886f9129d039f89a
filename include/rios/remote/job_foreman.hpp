// SPDX-License-Identifier: BSL-1.0
//
// The jobs of a worker process, one after the other. To begin one may take long (its state may be large), and so may to end one; the
// thread that talks to the main process must give signs of life meanwhile. Used by worker_process.hpp.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "../archive.hpp"
#include "../net/connection.hpp"
#include "failure.hpp"
#include "messages.hpp"
#include "registry.hpp"
#include "step_crew.hpp"

namespace rios::remote {

/// Does what messages of the main process say about jobs, in their order, on a thread of its own.
///
/// Thread rule: one thread.
class job_foreman {
  public:
    /// @param channel where results and failures go; it is aborted if a message makes no sense
    job_foreman(welcome const& how, std::shared_ptr<net::connection> channel)
        : how_(how), channel_(std::move(channel)), thread_([this] { work(); })
    {
    }
    job_foreman(job_foreman const&) = delete;
    job_foreman& operator=(job_foreman const&) = delete;
    ~job_foreman()
    {
        {
            std::lock_guard lock(mutex_);
            over_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }

    /// @param type begin, step, may_read or end
    void take(message type, net::message_body body)
    {
        {
            std::lock_guard lock(mutex_);
            orders_.push_back({type, std::move(body)});
        }
        changed_.notify_all();
    }

    /// Is there a job that has not been ended?
    [[nodiscard]] bool is_busy()
    {
        std::lock_guard lock(mutex_);
        return acts_ || has_job_ || !orders_.empty();
    }

  private:
    struct order {
        message type;
        net::message_body body;
    };
    static constexpr auto between_looks = std::chrono::milliseconds(250);

    void work()
    {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait_for(lock, between_looks, [this] { return over_ || !orders_.empty(); });
            if (over_) return;
            std::optional<order> next;
            if (!orders_.empty()) {
                next = std::move(orders_.front());
                orders_.pop_front();
            }
            acts_ = next.has_value();
            lock.unlock();
            if (next) carry_out(*std::move(next));
            else if (crew_) crew_->look();
            lock.lock();
            acts_ = false;
            has_job_ = crew_.has_value();
        }
    }

    void carry_out(order next)
    {
        try {
            byte_reader reader(next.body);
            switch (next.type) {
            case message::begin: {
                auto const job = reader.take<begin>();
                begin_job(job, reader.rest());
                break;
            }
            case message::step: {
                auto const which = reader.take<step>();
                auto const offset = next.body.size() - reader.left();
                if (crew_ && crew_->job() == which.job) crew_->add(which, std::move(next.body), offset);
                break;
            }
            case message::may_read:
                if (crew_ && crew_->job() == reader.take<job_end>().job) crew_->allow_read();
                break;
            default: end_job(reader.take<job_end>().job);
            }
        } catch (std::exception const& damaged) {
            channel_->abort(damaged.what());
        }
    }

    void begin_job(begin const& job, std::span<std::byte const> state)
    {
        crew_.reset();
        try {
            crew_.emplace(job.job, registry::instance().make(job.type, state), how_, job.stalls(),
                          [channel = channel_](net::frame_bytes bytes) { channel->send(std::move(bytes)); });
        } catch (...) {
            channel_->send(frame(message::failed, current_failure(job.job)));
        }
    }

    void end_job(std::uint64_t job)
    {
        if (!crew_ || crew_->job() != job) return;
        try {
            crew_->finish();
            auto const brought = crew_->work().accumulated();
            channel_->send(frame(message::finished, std::span<std::byte const>(brought),
                                 finished{.job = job, .times = crew_->work().times()}));
        } catch (...) {
            channel_->send(frame(message::failed, current_failure(job)));
        }
        crew_.reset();
    }

    welcome const how_;
    std::shared_ptr<net::connection> const channel_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<order> orders_;
    bool over_ = false;
    bool acts_ = false;
    bool has_job_ = false;
    std::optional<step_crew> crew_; // of the foreman's own thread
    std::thread thread_;
};

} // namespace rios::remote
