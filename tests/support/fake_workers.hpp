// SPDX-License-Identifier: BSL-1.0
// Workers that are no processes but threads of the test, which have the key and say what the test wants.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <rios/launcher/launcher.hpp>
#include <rios/net/channel_address.hpp>
#include <rios/remote/architecture.hpp>
#include <rios/remote/messages.hpp>
#include <rios/version.hpp>

#include "channel_ends.hpp"

namespace test {

/// The channel of a fake worker, and what has come over it.
class fake_worker {
  public:
    using answer = std::function<void(fake_worker&, rios::remote::message, rios::net::message_body const&)>;

    fake_worker(rios::worker_command const& command, answer does)
        : number_(command.number), address_(rios::net::read_address_file(command.words.at(2))),
          end_(address_.port, address_.key, {}, [this, does = std::move(does)](channel_log::message const& arrived) {
              rios::net::message_body body;
              for (char const c : arrived.text) body.push_back(static_cast<std::byte>(c));
              auto const type = static_cast<rios::remote::message>(arrived.type);
              if (does) does(*this, type, body);
              if (type == rios::remote::message::bye) end_.channel().finish();
          })
    {
    }

    [[nodiscard]] rios::remote::hello hello() const
    {
        return {.version = std::string(rios::version),
                .architecture = rios::remote::architecture(),
                .number = number_,
                .host = "fake",
                .process = 1};
    }
    template <typename... Ts>
    void send(rios::remote::message type, Ts const&... values)
    {
        end_.send(rios::remote::frame(type, values...));
    }
    void send_raw(rios::net::frame_bytes frame) { end_.send(std::move(frame)); }

    /// Ends the connection without a word.
    void vanish() { end_.channel().abort("it has vanished"); }

    /// Waits until the main process lets it go. @returns why: nothing if it has been told to go
    [[nodiscard]] std::string end() { return end_.log().end(); }
    [[nodiscard]] channel_log& log() noexcept { return end_.log(); }

  private:
    std::uint64_t number_;
    rios::net::channel_address address_;
    channel_end end_;
};

/// Does what a worker does, with `square` of each index as result, unless one of these says otherwise.
[[nodiscard]] inline fake_worker::answer squares(fake_worker::answer first = {})
{
    return
        [first = std::move(first)](fake_worker& self, rios::remote::message type, rios::net::message_body const& body) {
            if (first) first(self, type, body);
            rios::byte_reader reader(body);
            if (type == rios::remote::message::step) {
                auto const step = reader.take<rios::remote::step>();
                self.send(rios::remote::message::result, step, step.index * step.index);
            } else if (type == rios::remote::message::end) {
                self.send(rios::remote::message::finished,
                          rios::remote::finished{.job = reader.take<rios::remote::job_end>().job});
            }
        };
}

/// Launches threads that play workers.
class fake_launcher {
  public:
    [[nodiscard]] static constexpr bool one_host() noexcept { return true; }
    /// What a worker does from beginning to end, on a thread of its own.
    using play = std::function<void(rios::worker_command const&)>;

    explicit fake_launcher(play script) : script_(std::make_shared<play>(std::move(script))) {}
    fake_launcher(fake_launcher&&) = default;
    fake_launcher& operator=(fake_launcher&&) = default;
    ~fake_launcher() = default;

    [[nodiscard]] rios::job_id submit(rios::worker_command const& command)
    {
        auto made = std::make_unique<player>();
        made->thread = std::jthread([script = script_, command, over = made->over] {
            try {
                (*script)(command);
            } catch (std::exception const&) { // of a main process that has gone
            }
            *over = true;
        });
        players_.push_back(std::move(made));
        return std::to_string(players_.size() - 1);
    }
    [[nodiscard]] std::vector<rios::job_status> status(std::span<rios::job_id const> jobs) const
    {
        std::vector<rios::job_status> result;
        for (auto const& job : jobs) {
            result.push_back(
                {.state = *players_.at(std::stoul(job))->over ? rios::job_state::ended : rios::job_state::running});
        }
        return result;
    }
    void cancel(std::span<rios::job_id const>) {}
    [[nodiscard]] static std::chrono::milliseconds poll_interval() { return std::chrono::milliseconds(20); }

  private:
    struct player {
        std::shared_ptr<std::atomic<bool>> over = std::make_shared<std::atomic<bool>>(false);
        std::jthread thread;
    };

    std::shared_ptr<play> script_;
    std::vector<std::unique_ptr<player>> players_;
};

} // namespace test
