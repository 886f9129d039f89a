// SPDX-License-Identifier: BSL-1.0
//
// Where workers are launched and received: the place where the main process listens, the address that they are told, and the threads
// that talk to them and to their launcher. All that happens becomes events for session.hpp.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <utility> // before asio, which forgets it
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "../error.hpp"
#include "../launcher/launcher.hpp"
#include "../net/channel_address.hpp"
#include "../net/connection.hpp"
#include "../net/listener.hpp"
#include "../net/local_addresses.hpp"
#include "event_queue.hpp"
#include "job_watch.hpp"
#include "messages.hpp"
#include "remote_options.hpp"
#include "worker_options.hpp"

namespace rios::remote {

/// Open from its making to its end.
///
/// Thread rule: one thread, besides its own.
class reception {
  public:
    /// Listens. @param launcher,options,events must outlive it
    /// @throws remote_error if there is no port, io_error if the file with the address cannot be made
    reception(any_launcher& launcher, remote_options const& options, event_queue& events)
        : launcher_(launcher), options_(options), events_(events), guard_(io_.get_executor())
    {
        auto const local = launcher_.one_host() && options_.advertised.empty();
        auto const key = net::channel_key::make();
        net::connection_limits const limits{.silence = options_.timeouts.silence,
                                            .largest_body = options_.largest_message};
        listener_ = std::make_unique<net::listener>(
            io_, key, net::listener_options{.loopback_only = local, .ports = options_.ports, .limits = limits},
            [this](std::shared_ptr<net::connection> const& channel) { return welcome_connection(channel); });
        net::channel_address address{.hosts = options_.advertised, .port = listener_->port(), .key = key};
        if (address.hosts.empty()) {
            address.hosts = local ? std::vector<std::string>{"127.0.0.1"} : net::local_addresses();
        }
        address_text_ = address.text();
        if (!options_.address_in_environment) file_.emplace(path_of_address(), address);
        watch_.emplace(launcher_, events_);
        thread_ = std::thread([this] { io_.run(); });
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

    /// Lets all workers go, or drops them; cancels jobs that do not end by themselves.
    /// @param going numbers of the workers that will go when they are told to
    void close(std::set<std::size_t> going, bool at_once) noexcept
    {
        if (!thread_.joinable()) return;
        boost::asio::post(io_, [this, at_once] {
            parting_ = true;
            for (auto const& each : channels_) {
                auto const channel = each.lock();
                if (channel && at_once) channel->abort("the run has ended by an error");
                else if (channel) channel->send(frame(message::bye));
            }
        });
        watch_->end(std::move(going), at_once ? std::chrono::milliseconds(500) : std::chrono::milliseconds(5000));
        boost::asio::post(io_, [this] {
            listener_->close();
            for (auto const& each : channels_) {
                if (auto const channel = each.lock()) channel->abort("the run has ended");
            }
            guard_.reset();
        });
        thread_.join();
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

    /// On the thread of the io_context.
    net::connection::handlers welcome_connection(std::shared_ptr<net::connection> const& channel)
    {
        auto const number = next_connection_++;
        std::erase_if(channels_, [](auto const& each) { return each.expired(); });
        channels_.push_back(channel);
        if (parting_) channel->send(frame(message::bye)); // rather than let it wait until it is cancelled
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
    boost::asio::io_context io_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
    std::unique_ptr<net::listener> listener_;
    std::size_t next_connection_ = 0; // of the io_context's thread, like the next two
    bool parting_ = false;            // all go, and whoever comes is sent home
    std::vector<std::weak_ptr<net::connection>> channels_;
    std::string address_text_;
    std::optional<net::address_file> file_;
    std::optional<job_watch> watch_;
    std::thread thread_; // runs the io_context
};

} // namespace rios::remote
