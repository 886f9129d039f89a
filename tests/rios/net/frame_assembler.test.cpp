// SPDX-License-Identifier: BSL-1.0
#include <rios/net/frame_assembler.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/net/frame.hpp>

#include "support/message_of.hpp"

namespace {

using rios::net::frame_assembler;
using rios::net::frame_bytes;
using rios::net::frame_header;

frame_bytes frame_of(std::uint16_t type, std::size_t size)
{
    frame_bytes frame(frame_header::size + size);
    for (std::size_t i = 0; i < size; ++i) frame[frame_header::size + i] = static_cast<std::byte>(i * 7 + type);
    rios::net::set_header(frame, type);
    return frame;
}

/// Fills what there is room for, in pieces of a size at most, and takes what is complete.
std::vector<std::pair<std::uint16_t, rios::net::message_body>> taken(frame_assembler& assembler,
                                                                     frame_bytes const& sent, std::size_t piece)
{
    std::vector<std::pair<std::uint16_t, rios::net::message_body>> result;
    for (std::size_t done = 0; done < sent.size();) {
        auto const room = assembler.room();
        REQUIRE_FALSE(room.empty());
        auto const size = std::min({room.size(), piece, sent.size() - done});
        std::copy_n(sent.data() + done, size, room.begin());
        done += size;
        if (!assembler.filled(size)) continue;
        auto const type = assembler.type();
        result.emplace_back(type, assembler.take_body());
    }
    return result;
}

} // namespace

TEST_CASE("messages come out as they went in, whatever the pieces, the empty ones too")
{
    std::vector<frame_bytes> const frames{frame_of(1, 40), frame_of(2, 0), frame_of(3, 300'000), frame_of(4, 1)};
    frame_bytes sent;
    for (auto const& each : frames) sent.insert(sent.end(), each.begin(), each.end());
    for (std::size_t const piece : {1U, 7U, 16U, 16'384U, 10'000'000U}) {
        CAPTURE(piece);
        frame_assembler assembler(300'000);
        auto const messages = taken(assembler, sent, piece);
        REQUIRE(messages.size() == frames.size());
        for (std::size_t i = 0; i < frames.size(); ++i) {
            CHECK(messages[i].first == i + 1);
            CHECK(std::equal(messages[i].second.begin(), messages[i].second.end(),
                             frames[i].begin() + frame_header::size, frames[i].end()));
        }
    }
}

TEST_CASE("a header that is none, or announces too much, is refused as soon as it is there")
{
    frame_assembler assembler(99);
    CHECK(test::message_of<rios::remote_error>([&] { taken(assembler, frame_of(1, 100), 16); }) ==
          "a message of 100 bytes was announced; allowed are 99");
    auto damaged = frame_of(1, 10);
    damaged[0] ^= std::byte{1};
    frame_assembler other(99);
    CHECK_THROWS_AS(taken(other, damaged, 16), rios::remote_error);
}

TEST_CASE("what is announced takes no memory before it comes")
{
    frame_assembler assembler(std::uint64_t{1} << 50);
    frame_bytes header(frame_header::size);
    rios::net::set_header(header, 1);
    rios::net::detail::store(header.data() + 8, std::uint64_t{1} << 49);
    CHECK(taken(assembler, header, 16).empty());
    CHECK(assembler.room().size() <= 65'536);
}
