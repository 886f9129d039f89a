// SPDX-License-Identifier: BSL-1.0
//
// The first line of main() in every program that has its work done by other processes: they are this program, too.
#pragma once

#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include <unistd.h>

#include "error.hpp"
#include "net/channel_address.hpp"
#include "remote/lifetime.hpp"
#include "remote/worker_options.hpp"
#include "remote/worker_process.hpp"

namespace rios {

namespace detail {

/// The address that a worker was given. @throws error
inline net::channel_address worker_address(std::string_view from)
{
    if (from != remote::in_environment) return net::read_address_file(std::string(from));
    auto const* const text = std::getenv(remote::address_variable);
    if (text == nullptr) throw remote_error(std::string(remote::address_variable) + " is not set");
    auto address = net::channel_address::from_text(text);
    ::unsetenv(remote::address_variable); // processes that it starts have no business with it
    if (!address) throw remote_error(std::string(remote::address_variable) + " does not hold the address of a run");
    return *std::move(address);
}

} // namespace detail

/// If this process was launched as a worker of a remote_executor, does all that a worker does and returns the status to exit with;
/// otherwise returns nothing, at once:
///
///     if (auto const status = rios::serve_if_worker(argc, argv)) return *status;
///
/// To be called before anything that a worker should not do. A worker says what goes wrong on standard error, which its launcher
/// keeps, and ends as soon as it loses the main process; SIGTERM and SIGINT end it, also where it is the first process of a
/// container, and so does the time of RIOS_WORKER_LIFETIME, in seconds, if that is set. It does not throw.
[[nodiscard]] inline std::optional<int> serve_if_worker(int argc, char const* const* argv) noexcept
{
    if (argc < 2 || argv[1] != remote::worker_argument) return std::nullopt;
    std::uint64_t number = 0;
    std::string_view const last = argc == 4 ? argv[3] : "";
    auto const parsed = std::from_chars(last.data(), last.data() + last.size(), number);
    if (last.empty() || parsed.ec != std::errc() || parsed.ptr != last.data() + last.size()) {
        std::fprintf(stderr, "usage of a worker: %s %s FILE|%s NUMBER\n", argv[0], remote::worker_argument.data(),
                     remote::in_environment.data());
        return remote::worker_misused;
    }
    // The first process of a container ignores signals that it has not asked for.
    for (int const signal : {SIGTERM, SIGINT}) {
        std::signal(signal, [](int received) { ::_exit(128 + received); });
    }
    std::signal(SIGPIPE, SIG_IGN);
    try {
        remote::lifetime const limit(argv[3]);
        auto const file = argv[2] == remote::in_environment ? std::string() : std::string(argv[2]);
        return remote::worker_process(detail::worker_address(argv[2]), file, number).run();
    } catch (std::exception const& failure) {
        std::fprintf(stderr, "worker %s of rios: %s\n", argv[3], failure.what());
        return remote::worker_failed;
    }
}

} // namespace rios
