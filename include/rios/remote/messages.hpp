// SPDX-License-Identifier: BSL-1.0
//
// What the main process and its workers say to each other, as bodies of frames (net/frame.hpp). A worker says hello and is made
// welcome, or refused. Then, for each job: begin; any number of steps, each answered by a result or a failure; end, answered by
// finished. Bye lets the worker go.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../archive.hpp"
#include "../error.hpp"
#include "../net/frame.hpp"
#include "../net/packing.hpp"
#include "../pipeline/stage_options.hpp"
#include "../timing.hpp"

namespace rios::remote {

enum class message : std::uint16_t {
    beat, // net::connection's own: its sender lives
    hello,
    result,
    failed,
    finished,
    wants_read,
    has_read,
    stalled,
    welcome = 32,
    refused,
    begin,
    step,
    end,
    may_read,
    bye,
};

/// The first message of a worker. Its layout stays as it is, so that versions can be told apart.
struct hello {
    std::uint32_t wire = net::wire_version;
    std::string version{};      ///< of rios
    std::string architecture{}; ///< "x86-64"
    std::uint64_t number = 0;   ///< that the main process gave to the worker when it was launched
    std::string host{};
    std::uint64_t process = 0;

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.wire, self.version, self.architecture, self.number, self.host, self.process);
    }
};

struct welcome {
    std::uint64_t threads = 1;   ///< that compute
    std::uint64_t readers = 0;   ///< that read ahead for them
    bool asks_for_reads = false; ///< every read needs a permit of the main process
    net::packing packing = net::packing::automatic;
    double silence = 60;                                    ///< seconds, as of remote_timeouts
    std::uint64_t largest_message = std::uint64_t{1} << 36; ///< bytes

    [[nodiscard]] bool valid() const noexcept { return packing <= net::packing::always; }

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.threads, self.readers, self.asks_for_reads, self.packing, self.silence, self.largest_message);
    }
};

struct refused {
    std::string reason{};

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.reason);
    }
};

/// A step to be done, with its input behind if that is shipped; a result, with its value behind; a read.
struct step {
    std::uint64_t job = 0;
    std::uint64_t index = 0;

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.job, self.index);
    }
};

/// The worker of a job follows as bytes.
struct begin {
    std::uint64_t job = 0;      ///< number of the job in this session
    std::string type{};         ///< of the worker (registry.hpp)
    bool ships_input = false;   ///< the input of a step comes with it
    double longest_read = 0;    ///< seconds, as of stall_limits
    double longest_compute = 0; ///< likewise

    [[nodiscard]] stall_limits stalls() const
    {
        return {.reading = std::chrono::duration<double>(longest_read),
                .computing = std::chrono::duration<double>(longest_compute)};
    }

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.job, self.type, self.ships_input, self.longest_read, self.longest_compute);
    }
};

/// A step has not ended for longer than the job's limit on its stage.
struct stalled {
    step which{};
    bool reading = false; ///< or computing

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.which, self.reading);
    }
};

/// An error of a step, or of the job as a whole, as far as it can travel.
struct failure {
    enum class kind : std::uint8_t { other, io, grid, options, worker, timeout, remote };

    std::uint64_t job = 0;
    kind what = kind::other;
    std::string text{};
    std::string path{};       ///< of an io_error
    std::uint64_t block = 0;  ///< of a worker_error
    std::uint64_t worker = 0; ///< of a worker_error

    [[nodiscard]] bool valid() const noexcept { return what <= kind::remote; }

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.job, self.what, self.text, self.path, self.block, self.worker);
    }
};

/// The worker has ended a job. What it accumulated follows as bytes.
struct finished {
    std::uint64_t job = 0;
    timings times{};

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.job, self.times);
    }
};

struct job_end {
    std::uint64_t job = 0;

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.job);
    }
};

/// A frame of these values, with bytes behind.
template <Archivable... Ts>
[[nodiscard]] net::frame_bytes frame(message type, std::span<std::byte const> behind, Ts const&... values)
{
    basic_byte_writer<net::frame_bytes> writer(net::frame_header::size);
    writer(values...);
    writer.append(behind);
    auto bytes = std::move(writer).take();
    net::set_header(bytes, static_cast<std::uint16_t>(type));
    return bytes;
}

template <Archivable... Ts>
[[nodiscard]] net::frame_bytes frame(message type, Ts const&... values)
{
    return frame(type, std::span<std::byte const>(), values...);
}

} // namespace rios::remote
