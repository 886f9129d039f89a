// SPDX-License-Identifier: BSL-1.0
#include <rios/net/packing.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <doctest/doctest.h>

#include <rios/error.hpp>

#include "support/message_of.hpp"
#include "support/random_numbers.hpp"

using rios::net::frame_bytes;
using rios::net::frame_header;
using rios::net::header_from;
using rios::net::packed;
using rios::net::unpacked;

namespace {

/// A frame with bytes of so many values.
frame_bytes frame_of(std::size_t size, std::uint64_t values)
{
    test::random_numbers random(size + values);
    frame_bytes frame(frame_header::size + size);
    for (std::size_t i = 0; i < size; ++i) frame[frame_header::size + i] = static_cast<std::byte>(random.below(values));
    rios::net::set_header(frame, 77);
    return frame;
}

frame_header header_of(frame_bytes const& frame)
{
    return header_from(std::span<std::byte const, frame_header::size>(frame.data(), frame_header::size));
}

std::span<std::byte const> body_of(frame_bytes const& frame)
{
    return std::span<std::byte const>(frame).subspan(frame_header::size);
}

bool same(std::span<std::byte const> a, std::span<std::byte const> b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

} // namespace

TEST_CASE("what is packed becomes smaller and comes back, of any size")
{
    for (std::size_t const size : {1000U, 20'000U, 131'072U, 131'073U, 3'000'000U}) {
        CAPTURE(size);
        auto const plain = frame_of(size, 5);
        auto const small = packed(plain);
        auto const header = header_of(small);
        CHECK(header.type == 77);
        CHECK(header.is_packed);
        CHECK(header.body_size == small.size() - frame_header::size);
        CHECK(small.size() < plain.size() / 2);
        CHECK(same(unpacked(body_of(small), size), body_of(plain)));
    }
}

TEST_CASE("what would hardly become smaller stays as it is")
{
    for (std::size_t const size : {0U, 1U, 100U, 100'000U, 1'000'000U}) {
        CAPTURE(size);
        auto const plain = frame_of(size, 256);
        auto const same_one = packed(plain);
        CHECK(same_one == plain);
        CHECK_FALSE(header_of(same_one).is_packed);
    }
}

TEST_CASE("packed bytes that are damaged are refused, and so is what would become too large")
{
    auto const plain = frame_of(50'000, 5);
    auto const small = packed(plain);
    auto const refusal = [](std::span<std::byte const> body, std::uint64_t largest = 1 << 20) {
        return test::message_of<rios::remote_error>([&] { static_cast<void>(unpacked(body, largest)); });
    };
    CHECK(refusal(body_of(small), 49'999) ==
          "a packed message is damaged: it says that it was of 50000 bytes; allowed are 49999");
    CHECK(refusal({}) == "a packed message is damaged: it ends too early");
    CHECK(refusal(body_of(small).first(7)) == "a packed message is damaged: it ends too early");
    CHECK(refusal(body_of(small).first(100)) == "a packed message is damaged: its bytes do not go together");
    CHECK(refusal(body_of(small).first(8)) == "a packed message is damaged: its sizes differ");
    auto other_size = small;
    other_size[frame_header::size] ^= std::byte{1};
    CHECK(refusal(body_of(other_size)) == "a packed message is damaged: its sizes differ");
    test::random_numbers random(3);
    for (int i = 0; i < 300; ++i) { // an error, or other bytes of that size
        auto damaged = small;
        damaged[frame_header::size + 8 + random.below(damaged.size() - frame_header::size - 8)] ^= std::byte{0x10};
        std::size_t size = 50'000;
        try {
            size = unpacked(body_of(damaged), 1 << 20).size();
        } catch (rios::remote_error const&) {
        }
        CHECK(size == 50'000);
    }
}
