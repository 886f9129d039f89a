// SPDX-License-Identifier: BSL-1.0
//
// Errors on their way from a worker to the main process.
#pragma once

#include <exception>
#include <string>

#include "../error.hpp"
#include "messages.hpp"

namespace rios::remote {

/// The exception that is being handled, as a message.
[[nodiscard]] inline failure current_failure(std::uint64_t job)
{
    failure result{.job = job};
    auto const take = [&](failure::kind kind, std::exception const& thrown) {
        result.what = kind;
        result.text = thrown.what();
    };
    try {
        throw;
    } catch (io_error const& thrown) {
        take(failure::kind::io, thrown);
        result.path = thrown.path();
    } catch (worker_error const& thrown) {
        take(failure::kind::worker, thrown);
        result.block = thrown.block();
        result.worker = thrown.worker();
    } catch (grid_error const& thrown) {
        take(failure::kind::grid, thrown);
    } catch (options_error const& thrown) {
        take(failure::kind::options, thrown);
    } catch (timeout_error const& thrown) {
        take(failure::kind::timeout, thrown);
    } catch (remote_error const& thrown) {
        take(failure::kind::remote, thrown);
    } catch (std::exception const& thrown) {
        take(failure::kind::other, thrown);
    } catch (...) {
        result.text = "an exception that is no std::exception";
    }
    return result;
}

/// Throws what a worker threw, with the same text and the place where it happened.
/// @param where "worker 3 on host n1, job 1234"
[[noreturn]] inline void throw_failure(failure const& from, std::string const& where)
{
    auto const text = from.text + " (" + where + ")";
    switch (from.what) {
    case failure::kind::io:
        if (auto const begin = from.path + ": "; text.starts_with(begin)) {
            throw io_error(from.path, text.substr(begin.size()));
        }
        break;
    case failure::kind::worker: {
        auto const number = static_cast<std::size_t>(from.worker);
        auto const between = ", worker " + std::to_string(number) + ": ";
        if (auto const at = text.find(between); at != std::string::npos) {
            throw worker_error(text.substr(0, at), static_cast<std::size_t>(from.block), number,
                               text.substr(at + between.size()));
        }
        break;
    }
    case failure::kind::grid: throw grid_error(text);
    case failure::kind::options: throw options_error(text);
    case failure::kind::timeout: throw timeout_error(text);
    case failure::kind::remote: throw remote_error(text);
    case failure::kind::other: break;
    }
    throw error(text);
}

} // namespace rios::remote
