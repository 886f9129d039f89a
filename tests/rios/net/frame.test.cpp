// SPDX-License-Identifier: BSL-1.0
#include <rios/net/frame.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>

#include <doctest/doctest.h>

#include <rios/error.hpp>

#include "support/message_of.hpp"

namespace {

using rios::net::frame_bytes;
using rios::net::frame_header;
using header_bytes = std::array<std::byte, frame_header::size>;

header_bytes header_of(std::uint16_t type, std::uint64_t body_size)
{
    header_bytes result{};
    rios::net::detail::store(result.data(), frame_header::magic);
    rios::net::detail::store(result.data() + 4, type);
    rios::net::detail::store(result.data() + 8, body_size);
    return result;
}

std::string refusal(header_bytes const& bytes, std::uint64_t largest = 1000)
{
    return test::message_of<rios::remote_error>([&] { static_cast<void>(rios::net::header_from(bytes, largest)); });
}

} // namespace

TEST_CASE("a header comes back, and its bytes are the same on every machine")
{
    frame_bytes frame(frame_header::size + 0x0201);
    rios::net::set_header(frame, 0x0a0b);
    char const expected[] = {'R', 'I', 'O', 'S', 0x0b, 0x0a, 0, 0, 0x01, 0x02, 0, 0, 0, 0, 0, 0};
    for (std::size_t i = 0; i < frame_header::size; ++i) CHECK(frame[i] == static_cast<std::byte>(expected[i]));
    auto const header = rios::net::header_from(std::span(frame).first<frame_header::size>());
    CHECK(header == frame_header{.type = 0x0a0b, .body_size = 0x0201});
    for (auto const size : {std::uint64_t{0}, std::uint64_t{1} << 32, std::numeric_limits<std::uint64_t>::max()}) {
        CHECK(rios::net::header_from(header_of(0xffff, size)) == frame_header{.type = 0xffff, .body_size = size});
    }
}

TEST_CASE("programs of another size of words speak another version, which those of 64 bits refuse")
{
    using rios::net::detail::wire_version_of;
    static_assert(wire_version_of(64) == 1);
    static_assert(wire_version_of(32) != wire_version_of(64));
    CHECK(rios::net::wire_version == wire_version_of(8 * sizeof(void*)));
}

TEST_CASE("bytes that are no header of ours are refused, whichever of them is wrong")
{
    CHECK(refusal(header_of(1, 5)) == "(nothing was thrown)");
    for (std::size_t const at : {0U, 1U, 2U, 3U, 6U, 7U}) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            if (at == 6 && bit == 0) continue; // says that it is packed
            auto damaged = header_of(1, 5);
            damaged[at] ^= static_cast<std::byte>(1U << bit);
            CHECK(refusal(damaged) == "what came over the channel is not a message of rios");
        }
    }
    CHECK(refusal({}) == "what came over the channel is not a message of rios");
}

TEST_CASE("a body is as large as allowed, and not a byte more")
{
    CHECK(rios::net::header_from(header_of(1, 1000), 1000).body_size == 1000);
    CHECK(refusal(header_of(1, 1001)) == "a message of 1001 bytes was announced; allowed are 1000");
    CHECK(refusal(header_of(1, std::numeric_limits<std::uint64_t>::max()), std::uint64_t{1} << 36) ==
          "a message of 18446744073709551615 bytes was announced; allowed are 68719476736");
}
