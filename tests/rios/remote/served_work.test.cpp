// SPDX-License-Identifier: BSL-1.0
#include <rios/remote/served_work.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <rios/archive.hpp>
#include <rios/cancellation.hpp>
#include <rios/error.hpp>
#include <rios/timing.hpp>

#include "support/message_of.hpp"

namespace {

namespace remote = rios::remote;
using rios::remote::detail::computing_work;
using rios::remote::detail::reading_work;

struct scaled {
    std::uint64_t factor = 1;

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.factor);
    }
};

/// Does a step at once.
struct at_once : scaled {
    std::uint64_t operator()(std::size_t index, rios::timing_log& log, rios::cancellation& cancelled) const
    {
        auto const timed = log.measure("userfunction");
        cancelled.check();
        return factor * index;
    }
};

/// Reads, then computes, and brings something home.
struct in_two : scaled {
    std::uint32_t read(std::size_t index, rios::timing_log& log) const
    {
        auto const timed = log.measure("reading");
        return static_cast<std::uint32_t>(index + 1);
    }
    std::uint64_t compute(std::size_t index, std::uint32_t in, rios::timing_log&, rios::cancellation&) const
    {
        return factor * in + index;
    }
    [[nodiscard]] std::uint64_t accumulated() const { return 100 + factor; }
};

/// Counts how often one is made of a description, as files are opened then.
class opens {
  public:
    using description_type = std::uint64_t;
    static inline std::atomic<int> times = 0;

    explicit opens(std::uint64_t factor) : factor_(factor) { ++times; }
    [[nodiscard]] std::uint64_t description() const { return factor_; }
    std::uint64_t operator()(std::size_t index, rios::timing_log&, rios::cancellation&) const
    {
        return factor_ * index;
    }
    [[nodiscard]] std::uint64_t accumulated() const { return factor_; }

  private:
    std::uint64_t factor_;
};

/// The value of a result, which must be that of a step.
std::uint64_t result_of(rios::net::frame_bytes const& frame, remote::step const& which)
{
    using rios::net::frame_header;
    auto const header = rios::net::header_from(std::span(frame).first<frame_header::size>());
    CHECK(header.type == static_cast<std::uint16_t>(remote::message::result));
    auto const body = std::span<std::byte const>(frame).subspan(frame_header::size);
    rios::byte_reader reader(body);
    auto const about = reader.take<remote::step>();
    CHECK(about.job == which.job);
    CHECK(about.index == which.index);
    return rios::from_bytes<std::uint64_t>(reader.rest());
}

template <typename Work>
std::uint64_t done(Work& work, remote::step const& which, std::span<std::byte const> shipped = {})
{
    auto const input = work.read(static_cast<std::size_t>(which.index), shipped);
    return result_of(work.compute(which, *input), which);
}

} // namespace

TEST_CASE("a worker that was made of its bytes does steps, whichever way it gets their input")
{
    reading_work<at_once> one(rios::to_bytes(at_once{{.factor = 7}}));
    CHECK(done(one, {.job = 2, .index = 5}) == 35);
    CHECK(one.accumulated().empty());
    CHECK(one.times().summary("userfunction")->count == 1);

    reading_work<in_two> two(rios::to_bytes(in_two{{.factor = 7}}));
    CHECK(done(two, {.job = 2, .index = 5}) == 47);
    CHECK(two.times().summary("reading")->count == 1);
    CHECK(rios::from_bytes<std::uint64_t>(two.accumulated()) == 107);

    computing_work<in_two, std::uint32_t> three(rios::to_bytes(in_two{{.factor = 7}}));
    CHECK(done(three, {.job = 2, .index = 5}, rios::to_bytes(std::uint32_t{10})) == 75);
    CHECK_FALSE(three.times().summary("reading"));
}

TEST_CASE("a worker is made by the first step that needs it, and has gathered nothing before")
{
    reading_work<opens> work(rios::to_bytes(opens(7)));
    CHECK(work.accumulated().empty());
    opens::times = 0;
    std::vector<std::thread> threads;
    std::atomic<std::uint64_t> sum = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] { sum += done(work, {.job = 1, .index = i}); });
    }
    for (auto& each : threads) each.join();
    CHECK(sum == 7 * 6);
    CHECK(opens::times == 1);
    CHECK(rios::from_bytes<std::uint64_t>(work.accumulated()) == 7);
}

TEST_CASE("inputs are of their own steps, in whatever order they are used")
{
    reading_work<in_two> work(rios::to_bytes(in_two{{.factor = 10}}));
    auto const first = work.read(1, {});
    auto const second = work.read(2, {});
    CHECK(result_of(work.compute({.job = 1, .index = 2}, *second), {.job = 1, .index = 2}) == 32);
    CHECK(result_of(work.compute({.job = 1, .index = 1}, *first), {.job = 1, .index = 1}) == 21);
}

TEST_CASE("a state or an input that is damaged is an error, and a worker that was stopped does no more")
{
    auto const text = [](auto f) { return test::message_of<rios::damaged_data>(f); };
    auto state = rios::to_bytes(at_once{{.factor = 7}});
    auto const first_read = [&] {
        reading_work<at_once> work(state);
        static_cast<void>(work.read(0, {}));
    };
    state.pop_back();
    CHECK(text(first_read) == "the data of a worker are damaged, or end too early");
    state.resize(state.size() + 2);
    CHECK(text(first_read) == "the data of a worker do not end where they should: they are damaged");
    computing_work<in_two, std::uint32_t> work(rios::to_bytes(in_two()));
    CHECK(text([&] { static_cast<void>(work.read(0, rios::to_bytes(std::uint16_t{1}))); }) ==
          "the data of a worker are damaged, or end too early");

    reading_work<at_once> stopped(rios::to_bytes(at_once()));
    stopped.stop();
    auto const input = stopped.read(0, {});
    CHECK_THROWS(static_cast<void>(stopped.compute({.job = 1, .index = 0}, *input)));
}
