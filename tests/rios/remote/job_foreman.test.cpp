// SPDX-License-Identifier: BSL-1.0
#include <rios/remote/job_foreman.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/archive.hpp>
#include <rios/net/channel_key.hpp>
#include <rios/net/frame.hpp>
#include <rios/remote/messages.hpp>
#include <rios/remote/registry.hpp>
#include <rios/remote/served_work.hpp>

#include "support/channel_ends.hpp"
#include "support/squares_job.hpp"

namespace {

using rios::remote::message;

using work = rios::remote::detail::reading_work<test::square>;

/// A foreman, and the end of the channel that hears from him.
struct office {
    rios::net::channel_key key = rios::net::channel_key::make();
    test::channel_server server{key};
    test::channel_end main{server.port(), key};
    rios::remote::job_foreman foreman{rios::remote::welcome(), server[0].channel};

    template <typename... Ts>
    void order(message type, Ts const&... values)
    {
        rios::byte_writer writer;
        writer(values...);
        auto const bytes = std::move(writer).take();
        foreman.take(type, {bytes.begin(), bytes.end()});
    }
    void begin(std::string const& type)
    {
        order(message::begin, rios::remote::begin{.job = 4, .type = type}, test::square());
    }
    static message type_of(test::channel_log::message const& each) { return static_cast<message>(each.type); }
};

} // namespace

TEST_CASE("a job is begun, its steps are done, and it is ended, as it is ordered")
{
    office place;
    CHECK_FALSE(place.foreman.is_busy());
    place.begin(rios::remote::detail::registration<work>::name());
    for (std::uint64_t i = 0; i < 3; ++i) place.order(message::step, rios::remote::step{.job = 4, .index = i});
    place.order(message::step, rios::remote::step{.job = 3, .index = 9}); // of a job that is over
    auto found = place.main.log().messages(3);
    CHECK(place.foreman.is_busy());
    place.order(message::end, rios::remote::job_end{.job = 4});
    found = place.main.log().messages(4);
    REQUIRE(found.size() == 4);
    for (std::size_t i = 0; i < 3; ++i) CHECK(office::type_of(found[i]) == message::result);
    CHECK(office::type_of(found[3]) == message::finished);
    CHECK(test::soon([&] { return !place.foreman.is_busy(); }));
}

TEST_CASE("a job that cannot be begun is a failure of the job")
{
    office place;
    place.begin("no such type");
    auto const found = place.main.log().messages(1);
    REQUIRE(found.size() == 1);
    CHECK(office::type_of(found[0]) == message::failed);
    CHECK(found[0].text.find("this program has no worker of type no such type") != std::string::npos);
    CHECK(test::soon([&] { return !place.foreman.is_busy(); }));
}

TEST_CASE("an order that makes no sense ends the channel")
{
    office place;
    place.order(message::begin, std::uint8_t{1});
    CHECK(place.server[0].log.end() == "the data of a worker are damaged, or end too early");
}
