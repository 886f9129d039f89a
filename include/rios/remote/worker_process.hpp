// SPDX-License-Identifier: BSL-1.0
//
// What a worker process does: it connects to the main process, does what it is told, and goes. Used by serve_if_worker.hpp.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility> // before asio, which forgets it
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <unistd.h>

#include "../archive.hpp"
#include "../error.hpp"
#include "../net/channel_address.hpp"
#include "../net/connection.hpp"
#include "../net/local_addresses.hpp"
#include "../net/tls.hpp"
#include "../version.hpp"
#include "architecture.hpp"
#include "failure.hpp"
#include "messages.hpp"
#include "registry.hpp"
#include "served_work.hpp"
#include "worker_options.hpp"

namespace rios::remote {

/// The steps of one job in a worker process: threads that read, threads that compute, and what waits between them.
///
/// Thread rule: all from any thread; finish() from one that does no steps.
class step_crew {
  public:
    using sender = std::function<void(net::frame_bytes)>;

    step_crew(std::uint64_t job, std::shared_ptr<served_work> work, welcome const& how, sender send)
        : job_(job), work_(std::move(work)), how_(how), send_(std::move(send))
    {
        auto const threads = std::max<std::uint64_t>(1, how.threads);
        for (std::uint64_t i = 0; i < how.readers; ++i) threads_.emplace_back([this] { read_ahead(); });
        for (std::uint64_t i = 0; i < threads; ++i) threads_.emplace_back([this] { compute(); });
    }
    step_crew(step_crew const&) = delete;
    step_crew& operator=(step_crew const&) = delete;
    ~step_crew() { stop(); }

    [[nodiscard]] std::uint64_t job() const noexcept { return job_; }

    /// @param shipped the message that the input comes in, behind `offset`
    void add(step const& which, net::message_body shipped, std::size_t offset)
    {
        {
            std::lock_guard lock(mutex_);
            steps_.push_back({.which = which, .shipped = std::move(shipped), .offset = offset});
        }
        changed_.notify_all();
    }

    /// One more read may begin.
    void allow_read()
    {
        {
            std::lock_guard lock(mutex_);
            ++permits_;
        }
        changed_.notify_all();
    }

    /// Waits for the steps under way. No more may be added.
    void finish()
    {
        {
            std::lock_guard lock(mutex_);
            finishing_ = true;
        }
        changed_.notify_all();
        threads_.clear();
    }

    void stop() noexcept
    {
        {
            std::lock_guard lock(mutex_);
            stopped_ = true;
        }
        work_->stop();
        changed_.notify_all();
        threads_.clear();
    }

    [[nodiscard]] served_work& work() noexcept { return *work_; }

  private:
    struct waiting_step {
        step which;
        net::message_body shipped;
        std::size_t offset;
    };
    struct ready_step {
        step which;
        std::unique_ptr<held_input> input;
    };

    /// Reads the input of the next step; none when there is no more.
    std::optional<ready_step> read_next(std::unique_lock<std::mutex>& lock)
    {
        auto next = std::move(steps_.front());
        steps_.pop_front();
        ++reading_;
        lock.unlock();
        std::optional<ready_step> result;
        try {
            auto const permit = get_permit(next.which);
            if (permit) {
                auto const input = std::span<std::byte const>(next.shipped).subspan(next.offset);
                result = ready_step{next.which, work_->read(static_cast<std::size_t>(next.which.index), input)};
                give_back_permit(next.which);
            }
        } catch (...) {
            give_back_permit(next.which);
            fail();
        }
        lock.lock();
        --reading_;
        return result;
    }

    bool get_permit(step const& which)
    {
        if (!how_.asks_for_reads) return true;
        send_(frame(message::wants_read, which));
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return stopped_ || permits_ > 0; });
        if (stopped_) return false;
        --permits_;
        return true;
    }

    void give_back_permit(step const& which)
    {
        if (how_.asks_for_reads) send_(frame(message::has_read, which));
    }

    void read_ahead()
    {
        std::unique_lock lock(mutex_);
        for (;;) {
            auto const room = [this] { return ready_.size() + reading_ < how_.threads + how_.readers; };
            changed_.wait(lock,
                          [&] { return stopped_ || (finishing_ && steps_.empty()) || (!steps_.empty() && room()); });
            if (stopped_ || steps_.empty()) return;
            if (auto read = read_next(lock)) ready_.push_back(*std::move(read));
            changed_.notify_all();
        }
    }

    void compute()
    {
        std::unique_lock lock(mutex_);
        bool const reads = how_.readers == 0;
        for (;;) {
            auto const over = [&] { return finishing_ && steps_.empty() && (reads || reading_ == 0); };
            changed_.wait(lock, [&] { return stopped_ || !ready_.empty() || (reads && !steps_.empty()) || over(); });
            if (stopped_) return;
            if (ready_.empty() && !reads) return;
            if (ready_.empty() && steps_.empty()) return;
            std::optional<ready_step> next;
            if (reads) {
                next = read_next(lock);
            } else {
                next = std::move(ready_.front());
                ready_.pop_front();
                changed_.notify_all(); // there is room for another
            }
            if (!next) continue;
            lock.unlock();
            try {
                auto result = work_->compute(next->which, *next->input);
                next->input.reset();
                send_(std::move(result));
            } catch (...) {
                fail();
            }
            lock.lock();
        }
    }

    /// With an exception being handled.
    void fail()
    {
        {
            std::lock_guard lock(mutex_);
            if (stopped_) return; // then steps end by throwing
        }
        send_(frame(message::failed, current_failure(job_)));
    }

    std::uint64_t const job_;
    std::shared_ptr<served_work> const work_;
    welcome const how_;
    sender const send_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<waiting_step> steps_;
    std::deque<ready_step> ready_;
    std::size_t reading_ = 0;
    std::uint64_t permits_ = 0;
    bool finishing_ = false;
    bool stopped_ = false;
    std::vector<std::jthread> threads_; // last: joined before what they use is destroyed
};

/// A worker process. The thread that calls run() does the talking.
class worker_process {
  public:
    /// @param file that the address is from; empty if it is from elsewhere
    worker_process(net::channel_address address, std::string file, std::uint64_t number)
        : address_(std::move(address)), file_(std::move(file)), number_(number),
          tls_(net::channel_role::client, address_.key)
    {
    }

    /// @returns how the process should end
    [[nodiscard]] int run()
    {
        // The main process drops whoever it takes for a stranger, when many of them come at once; that may be after this end
        // of the channel is ready.
        for (int tries = 1; tries <= most_tries; ++tries) {
            auto socket = connect();
            if (!socket) return worker_unheard;
            boost::system::error_code gone;
            main_process_ = socket->remote_endpoint(gone);
            auto const channel = std::make_shared<net::connection>(*std::move(socket), tls_, net::channel_role::client,
                                                                   net::connection_limits{});
            channel->start({.ready = [&] { introduce(*channel); },
                            .message =
                                [&](std::uint16_t type, net::message_body body) {
                                    take(static_cast<message>(type), std::move(body), *channel);
                                },
                            .closed =
                                [&](std::string const& reason) {
                                    if (joined_ || parting_ || tries == most_tries) leave(reason);
                                }});
            io_.run();
            if (joined_ || parting_) break;
            io_.restart();
            std::this_thread::sleep_for(std::chrono::milliseconds(500));
        }
        return exit_;
    }

  private:
    using tcp = boost::asio::ip::tcp;
    static constexpr int most_tries = 3;
    static constexpr auto patience = std::chrono::milliseconds(10000); // until an address answers

    void introduce(net::connection& channel) const
    {
        channel.send(frame(message::hello, hello{.version = std::string(version),
                                                 .architecture = architecture(),
                                                 .number = number_,
                                                 .host = net::host_name(),
                                                 .process = static_cast<std::uint64_t>(::getpid())}));
    }

    /// Tries every address of the main process; it may need a moment, and so may the network. Some addresses may lead nowhere
    /// from here, without a word: the others must get their turn. The main process listens before it launches anybody, so where
    /// nobody listens at any of them, it is gone.
    std::optional<tcp::socket> connect()
    {
        using clock = std::chrono::steady_clock;
        auto const begun = clock::now();
        auto const turn = patience / static_cast<int>(std::clamp<std::size_t>(address_.hosts.size(), 2, 20));
        std::string reasons;
        bool nobody_listens = false;
        do {
            reasons.clear();
            nobody_listens = true;
            for (auto const& host : address_.hosts) {
                boost::system::error_code failure;
                tcp::resolver resolver(io_);
                auto const found =
                    resolver.resolve(host, std::to_string(address_.port), tcp::resolver::numeric_service, failure);
                if (failure) {
                    nobody_listens = false;
                    reasons += "\n  " + host + ": " + failure.message();
                    continue;
                }
                for (auto const& each : found) {
                    if (clock::now() - begun > patience) break;
                    if (auto socket = connect_to(each.endpoint(), turn, failure)) return socket;
                    nobody_listens = nobody_listens && failure == boost::asio::error::connection_refused;
                    main_process_ = each.endpoint();
                    reasons += "\n  " + each.endpoint().address().to_string() + ": " + failure.message();
                }
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(200));
        } while (clock::now() - begun < (nobody_listens ? patience / 5 : patience));
        // Elsewhere, others may still reach it.
        if (nobody_listens && main_process_.address().is_loopback()) tidy_up();
        complain("the main process cannot be reached at port " + std::to_string(address_.port) + " of" + reasons);
        return std::nullopt;
    }

    std::optional<tcp::socket> connect_to(tcp::endpoint const& where, std::chrono::milliseconds time,
                                          boost::system::error_code& failure)
    {
        tcp::socket socket(io_);
        failure = boost::asio::error::timed_out;
        bool done = false;
        socket.async_connect(where, [&](boost::system::error_code const& result) {
            failure = result;
            done = true;
        });
        io_.restart();
        io_.run_for(time);
        if (!done) {
            boost::system::error_code ignored;
            socket.close(ignored);
            io_.restart();
            io_.run();
            failure = boost::asio::error::timed_out;
        }
        io_.restart();
        if (failure) return std::nullopt;
        return socket;
    }

    void take(message type, net::message_body body, net::connection& channel)
    {
        byte_reader reader(body);
        switch (type) {
        case message::welcome:
            how_ = reader.take<welcome>();
            channel.set_packing(how_.packing);
            joined_ = true;
            break;
        case message::refused:
            complain("the main process refused it: " + reader.take<refused>().reason);
            exit_ = worker_failed;
            parting_ = true;
            channel.finish();
            break;
        case message::begin: {
            auto const job = reader.take<begin>();
            begin_job(job, reader.rest(), channel);
            break;
        }
        case message::step: {
            auto const which = reader.take<step>();
            auto const offset = body.size() - reader.left();
            if (crew_ && crew_->job() == which.job) crew_->add(which, std::move(body), offset);
            break;
        }
        case message::may_read:
            if (crew_ && crew_->job() == reader.take<job_end>().job) crew_->allow_read();
            break;
        case message::end: end_job(reader.take<job_end>().job, channel); break;
        case message::bye:
            exit_ = worker_done;
            parting_ = true;
            channel.finish();
            break;
        default: throw remote_error("the main process sent a message of unknown type");
        }
    }

    void begin_job(begin const& job, std::span<std::byte const> state, net::connection& channel)
    {
        crew_.reset();
        try {
            std::shared_ptr<served_work> const work = registry::instance().make(job.type, state);
            crew_.emplace(job.job, work, how_, [&channel](net::frame_bytes bytes) { channel.send(std::move(bytes)); });
        } catch (...) {
            channel.send(frame(message::failed, current_failure(job.job)));
        }
    }

    void end_job(std::uint64_t job, net::connection& channel)
    {
        if (!crew_ || crew_->job() != job) return;
        try {
            crew_->finish();
            auto const brought = crew_->work().accumulated();
            channel.send(frame(message::finished, std::span<std::byte const>(brought),
                               finished{.job = job, .times = crew_->work().times()}));
        } catch (...) {
            channel.send(frame(message::failed, current_failure(job)));
        }
        crew_.reset();
    }

    /// The channel has ended. Steps may run for hours, and nobody wants their results: the process ends here, whatever they do.
    void leave(std::string const& reason)
    {
        if (parting_) {
            if (crew_) ::_exit(exit_);
            return;
        }
        complain((joined_ ? "the main process is gone: " : "could not join: ") + reason);
        if (joined_) tidy_up();
        std::fflush(nullptr);
        ::_exit(joined_ ? worker_deserted : worker_unheard);
    }

    /// A main process that was killed has left the file with its address. It is gone if nobody listens there any more.
    void tidy_up() const noexcept
    {
        if (file_.empty()) return;
        // A process that is killed may lose its connections before the place where it listens.
        for (int tries = 0; tries < 20; ++tries) {
            boost::asio::io_context io;
            tcp::socket socket(io);
            bool nobody_listens = false;
            socket.async_connect(main_process_, [&](boost::system::error_code const& failure) {
                nobody_listens = failure == boost::asio::error::connection_refused;
            });
            io.run_for(std::chrono::seconds(1));
            if (nobody_listens) {
                ::unlink(file_.c_str());
                return;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
    }

    void complain(std::string const& what) const
    {
        std::fprintf(stderr, "worker %llu of rios on %s: %s\n", static_cast<unsigned long long>(number_),
                     net::host_name().c_str(), what.c_str());
    }

    net::channel_address const address_;
    std::string const file_;
    std::uint64_t const number_;
    boost::asio::io_context io_;
    net::tls_context tls_;
    tcp::endpoint main_process_;
    welcome how_;
    std::optional<step_crew> crew_;
    bool joined_ = false;
    bool parting_ = false;
    int exit_ = worker_failed;
};

} // namespace rios::remote
