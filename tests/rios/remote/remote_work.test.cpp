// SPDX-License-Identifier: BSL-1.0
#include <rios/remote/remote_work.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/archive.hpp>
#include <rios/cancellation.hpp>
#include <rios/error.hpp>
#include <rios/remote/registry.hpp>
#include <rios/timing.hpp>

#include "support/message_of.hpp"

namespace {

namespace remote = rios::remote;
using rios::remote::detail::remote_work_of;

/// Multiplies, and counts what it has done.
struct multiplying {
    std::uint64_t factor = 1;

    std::uint64_t operator()(std::size_t index, rios::timing_log&, rios::cancellation&) const { return factor * index; }
    [[nodiscard]] std::uint64_t accumulated() const { return factor; }

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.factor);
    }
};

/// A job that cannot send what it reads.
struct multiplied {
    using result = std::uint64_t;
    using worker_type = multiplying;

    [[nodiscard]] static std::size_t size() { return 4; }
    [[nodiscard]] static result compute(std::size_t index) { return 3 * index; }
    void deliver(std::size_t index, result value) { delivered[index] = value; }
    [[nodiscard]] static worker_type worker() { return {.factor = 3}; }
    void absorb(std::uint64_t more) { gathered += more; }
    void absorb_times(rios::timings const& more) { times.merge(more); }
    void poll() { ++polls; }
    void stop() noexcept { stopped = true; }

    std::map<std::size_t, std::uint64_t> delivered{};
    std::uint64_t gathered = 0;
    rios::timings times{};
    int polls = 0;
    bool stopped = false;
};

/// A state whose bytes mean something on one architecture only.
struct raw {
    static constexpr bool archive_as_bytes = true;
    std::uint64_t operator()(std::size_t index, rios::timing_log&, rios::cancellation&) const { return index + offset; }
    std::uint64_t offset = 5;
};
struct raw_job : multiplied {
    using worker_type = raw;
    [[nodiscard]] static worker_type worker() { return {}; }
};

} // namespace

TEST_CASE("a job is handed to workers by the name of their type and their state, and does not ship what it cannot")
{
    multiplied job;
    remote_work_of work(job);
    CHECK(work.size() == 4);
    CHECK(work.accumulates());
    CHECK(work.is_portable(false));
    auto const served = remote::registry::instance().make(work.type(false), work.state(false));
    auto const input = served->read(2, {});
    auto const frame = served->compute({.job = 1, .index = 2}, *input);
    auto const body = std::span<std::byte const>(frame).subspan(rios::net::frame_header::size);
    rios::byte_reader reader(body);
    static_cast<void>(reader.take<remote::step>());
    work.deliver(2, reader.rest());
    CHECK(job.delivered == std::map<std::size_t, std::uint64_t>{{2, 6}});
    CHECK(test::message_of<rios::options_error>([&] { static_cast<void>(work.type(true)); }) ==
          "workers_read false: the input of this job cannot be sent to its workers; allowed: true");
    CHECK(work.step_text(2) == "step 2");
}

TEST_CASE("what workers bring home reaches the job, and so do polls and the end")
{
    multiplied job;
    remote_work_of work(job);
    work.absorb(rios::to_bytes(std::uint64_t{40}), {.walltime = 2});
    work.absorb(rios::to_bytes(std::uint64_t{2}), {.walltime = 1});
    CHECK(job.gathered == 42);
    CHECK(job.times.walltime == 2);
    work.poll();
    work.stop();
    CHECK(job.polls == 1);
    CHECK(job.stopped);
}

TEST_CASE("a result that is damaged, or of another type, is refused before it reaches the job")
{
    multiplied job;
    remote_work_of work(job);
    for (std::size_t const size : {0U, 7U, 9U}) {
        CHECK_THROWS_AS(work.deliver(1, std::vector<std::byte>(size)), rios::damaged_data);
    }
    CHECK_THROWS_AS(work.absorb(std::vector<std::byte>(3), {}), rios::damaged_data);
    CHECK(job.delivered.empty());
    CHECK(job.gathered == 0);
}

TEST_CASE("a state of raw bytes is told from one that means the same everywhere")
{
    raw_job job;
    remote_work_of const work(job);
    CHECK_FALSE(work.is_portable(false));
    CHECK_FALSE(work.accumulates());
}
