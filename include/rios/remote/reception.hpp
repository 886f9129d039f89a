// SPDX-License-Identifier: BSL-1.0
//
// Where workers are launched and received: the place where the main process listens, the address that they are told, and the threads
// that talk to them and to their launcher. All that happens becomes events for session.hpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "../error.hpp"
#include "../launcher/launcher.hpp"
#include "../net/channel_address.hpp"
#include "../net/connection.hpp"
#include "../net/listener.hpp"
#include "../net/local_addresses.hpp"
#include "../net/server.hpp"
#include "event_queue.hpp"
#include "job_watch.hpp"
#include "messages.hpp"
#include "remote_options.hpp"
#include "worker_options.hpp"

namespace rios::remote {

/// Open from its making to its end. Connections that its events bring must be let go of before that.
///
/// Thread rule: one thread, besides its own.
class reception {
  public:
    /// Listens. @param launcher,options,events must outlive it
    /// @throws remote_error if there is no port, io_error if the file with the address cannot be made
    reception(any_launcher& launcher, remote_options const& options, event_queue& events)
        : launcher_(launcher), options_(options), events_(events)
    {
        auto const local = launcher_.one_host() && options_.advertised.empty();
        auto const key = net::channel_key::make();
        net::connection_limits const limits{.silence = options_.timeouts.silence,
                                            .largest_body = options_.largest_message};
        server_.emplace(key, net::listener_options{.loopback_only = local, .ports = options_.ports, .limits = limits},
                        [this](std::size_t number, auto const& channel) { return report(number, channel); });
        net::channel_address address{.hosts = options_.advertised, .port = server_->port(), .key = key};
        if (address.hosts.empty()) {
            address.hosts = local ? std::vector<std::string>{"127.0.0.1"} : net::local_addresses();
        }
        address_text_ = address.text();
        if (!options_.address_in_environment) file_.emplace(path_of_address(), address);
        watch_.emplace(launcher_, events_);
    }
    reception(reception const&) = delete;
    reception& operator=(reception const&) = delete;
    /// Lets go of all workers at once.
    ~reception() { close({}, true); }

    /// Submits the job of a worker as soon as possible. @throws remote_error if this program's path is not known
    void launch(std::size_t number)
    {
        worker_command command{.number = number, .name = "RIOS_" + options_.job_name + '_' + std::to_string(number)};
        command.words = {program(), std::string(worker_argument), file_ ? file_->path() : std::string(in_environment),
                         std::to_string(number)};
        if (!file_) command.environment.emplace_back(address_variable, address_text_);
        watch_->submit(std::move(command));
    }

    /// Has the launcher asked how its jobs are, rather sooner than later.
    void look() { watch_->look(); }

    /// Has the launcher told to cancel the job of a worker.
    void cancel(std::size_t number) { watch_->cancel(number); }

    /// Lets all workers go, or drops them; cancels jobs that do not end by themselves.
    /// @param going numbers of the workers that will go when they are told to
    void close(std::set<std::size_t> going, bool at_once) noexcept
    {
        if (!watch_) return;
        if (at_once) server_->abort("the run has ended by an error", frame(message::bye));
        else server_->say_goodbye(frame(message::bye));
        watch_->end(std::move(going), at_once ? std::chrono::milliseconds(500) : std::chrono::milliseconds(5000));
        server_->close("the run has ended");
        watch_.reset();
        file_.reset();
    }

  private:
    [[nodiscard]] std::string path_of_address() const
    {
        namespace fs = std::filesystem;
        std::error_code failure;
        fs::path folder = options_.directory;
        if (folder.empty()) {
            folder = launcher_.one_host() ? fs::temp_directory_path(failure) : fs::current_path(failure);
        }
        if (failure) throw remote_error("no folder for the address of the run: " + failure.message());
        auto const chance = net::channel_key::make().text().substr(0, 16);
        return (fs::absolute(folder) / ("rios_" + options_.job_name + '_' + chance + ".channel")).string();
    }

    [[nodiscard]] std::string program() const
    {
        if (!options_.program.empty()) return options_.program;
        std::error_code failure;
        auto const self = std::filesystem::read_symlink("/proc/self/exe", failure);
        if (!failure) return self.string();
        throw remote_error("the path of this program is not known: " + failure.message() + "; give it (program)");
    }

    net::connection::handlers report(std::size_t number, std::shared_ptr<net::connection> const& channel)
    {
        return {.ready = {},
                .message =
                    [this, number, channel](std::uint16_t type, net::message_body body) {
                        events_.push({.what = event::kind::message,
                                      .number = number,
                                      .type = static_cast<message>(type),
                                      .body = std::move(body),
                                      .channel = channel});
                    },
                .closed =
                    [this, number](std::string const& reason) {
                        events_.push({.what = event::kind::gone, .number = number, .text = reason});
                    }};
    }

    any_launcher& launcher_;
    remote_options const& options_;
    event_queue& events_;
    std::optional<net::server> server_;
    std::string address_text_;
    std::optional<net::address_file> file_;
    std::optional<job_watch> watch_;
};

} // namespace rios::remote
