// SPDX-License-Identifier: BSL-1.0
#include <rios/remote/messages.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/archive.hpp>
#include <rios/remote/architecture.hpp>

namespace {

namespace remote = rios::remote;

} // namespace

TEST_CASE("a message is its header, its values and what follows them")
{
    std::array const behind{std::byte{7}, std::byte{8}, std::byte{9}};
    auto const frame =
        remote::frame(remote::message::result, std::span<std::byte const>(behind), remote::step{.job = 5, .index = 77});
    using rios::net::frame_header;
    auto const header = rios::net::header_from(std::span(frame).first<frame_header::size>());
    CHECK(header == frame_header{.type = 2, .body_size = 19});
    auto const body = std::span(frame).subspan(frame_header::size);
    rios::byte_reader reader(body);
    auto const step = reader.take<remote::step>();
    CHECK(step.job == 5);
    CHECK(step.index == 77);
    CHECK(std::vector(reader.rest().begin(), reader.rest().end()) == std::vector(behind.begin(), behind.end()));
    CHECK(remote::frame(remote::message::bye).size() == frame_header::size);
}

TEST_CASE("the first message begins with the version of the wire in every version")
{
    auto const bytes = rios::to_bytes(
        remote::hello{.wire = 0x04030201, .version = "1.2", .architecture = "a", .number = 3, .host = "h"});
    for (unsigned i = 0; i < 4; ++i) CHECK(bytes[i] == static_cast<std::byte>(i + 1));
    auto const again = rios::from_bytes<remote::hello>(bytes);
    CHECK(again.version == "1.2");
    CHECK(again.number == 3);
    CHECK(again.host == "h");
    CHECK(remote::hello().wire == rios::net::wire_version);
    CHECK_FALSE(remote::architecture().empty());
}
