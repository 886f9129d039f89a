// SPDX-License-Identifier: BSL-1.0
//
// What a worker process does: it connects to the main process, does what it is told, and goes. Used by serve_if_worker.hpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <unistd.h>

#include "../archive.hpp"
#include "../error.hpp"
#include "../net/channel_address.hpp"
#include "../net/client.hpp"
#include "../net/connection.hpp"
#include "../net/local_addresses.hpp"
#include "../version.hpp"
#include "architecture.hpp"
#include "job_foreman.hpp"
#include "messages.hpp"
#include "worker_options.hpp"

namespace rios::remote {

/// A worker process. The thread that calls run() does the talking.
class worker_process {
  public:
    /// @param file that the address is from; empty if it is from elsewhere
    worker_process(net::channel_address address, std::string file, std::uint64_t number)
        : port_(address.port), file_(std::move(file)), number_(number), client_(std::move(address))
    {
    }

    /// @returns how the process should end
    [[nodiscard]] int run()
    {
        // The main process drops whoever it takes for a stranger, when many come at once; that may be after this end of the
        // channel is ready. Those that come again should not do so together.
        std::minstd_rand chance(std::random_device{}());
        for (int tries = 1; tries <= most_tries; ++tries) {
            auto const channel = client_.connect();
            if (!channel) return give_up();
            channel->start(
                {.ready = [&] { introduce(*channel); },
                 .message = [&](std::uint16_t type,
                                net::message_body body) { take(static_cast<message>(type), std::move(body), channel); },
                 .closed =
                     [&](std::string const& reason) {
                         if (joined() || parting_ || tries == most_tries) leave(reason);
                     }});
            client_.run();
            if (joined() || parting_) break;
            std::this_thread::sleep_for(
                std::chrono::milliseconds(std::uniform_int_distribution(100, 300 * tries)(chance)));
        }
        foreman_.reset(); // it holds the channel, which must not outlive the client
        return exit_;
    }

  private:
    static constexpr int most_tries = 6;

    [[nodiscard]] bool joined() const noexcept { return foreman_.has_value(); }

    void introduce(net::connection& channel) const
    {
        channel.send(frame(message::hello, hello{.version = std::string(version),
                                                 .architecture = architecture(),
                                                 .number = number_,
                                                 .host = net::host_name(),
                                                 .process = static_cast<std::uint64_t>(::getpid())}));
    }

    void take(message type, net::message_body body, std::shared_ptr<net::connection> const& channel)
    {
        byte_reader reader(body);
        switch (type) {
        case message::welcome: {
            auto const how = reader.take<welcome>();
            channel->set_packing(how.packing);
            channel->set_limits(
                {.silence = std::chrono::duration<double>(how.silence), .largest_body = how.largest_message});
            foreman_.emplace(how, channel);
            break;
        }
        case message::refused:
            complain("the main process refused it: " + reader.take<refused>().reason);
            exit_ = worker_failed;
            parting_ = true;
            channel->finish();
            break;
        case message::begin:
        case message::step:
        case message::may_read:
        case message::end:
            if (!foreman_) throw remote_error("the main process spoke of jobs before it had made this worker welcome");
            foreman_->take(type, std::move(body));
            break;
        case message::bye:
            exit_ = worker_done;
            parting_ = true;
            channel->finish();
            break;
        default: throw remote_error("the main process sent a message of unknown type");
        }
    }

    /// Nobody answers.
    int give_up() const
    {
        if (client_.is_gone()) tidy_up(); // seen from elsewhere, others may still reach it
        complain("the main process cannot be reached at port " + std::to_string(port_) + " of" + client_.trouble());
        return worker_unheard;
    }

    /// The channel has ended. Steps may run for hours, and nobody wants their results: the process ends here, whatever they do.
    void leave(std::string const& reason)
    {
        if (parting_) {
            if (foreman_ && foreman_->is_busy()) ::_exit(exit_);
            return;
        }
        complain((joined() ? "the main process is gone: " : "could not join: ") + reason);
        if (joined()) tidy_up();
        std::fflush(nullptr);
        ::_exit(joined() ? worker_deserted : worker_unheard);
    }

    /// A main process that was killed has left the file with its address, and what its workers wrote. It is gone if nobody listens
    /// there any more.
    void tidy_up() const
    {
        auto const* const logs = std::getenv(log_folder_variable);
        if ((file_.empty() && logs == nullptr) || !client_.nobody_listens()) return;
        if (!file_.empty()) ::unlink(file_.c_str());
        if (logs != nullptr) remove_logs(logs);
    }

    /// Removes the output of workers in a folder, and the folder if there is nothing else.
    static void remove_logs(std::string const& folder)
    {
        namespace fs = std::filesystem;
        std::error_code failure;
        for (fs::directory_iterator each(folder, failure); !failure && each != end(each); each.increment(failure)) {
            auto const name = each->path().filename().string();
            if (name.starts_with("RIOS_") && name.ends_with(".log")) ::unlink(each->path().c_str());
        }
        ::rmdir(folder.c_str());
    }

    void complain(std::string const& what) const
    {
        std::fprintf(stderr, "worker %llu of rios on %s: %s\n", static_cast<unsigned long long>(number_),
                     net::host_name().c_str(), what.c_str());
    }

    std::uint16_t const port_;
    std::string const file_;
    std::uint64_t const number_;
    net::client client_;
    std::optional<job_foreman> foreman_; // once the main process has made this worker welcome
    bool parting_ = false;
    int exit_ = worker_failed;
};

} // namespace rios::remote
