// SPDX-License-Identifier: BSL-1.0
#include <rios/net/packing.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <sys/resource.h>

#include <doctest/doctest.h>

#include <rios/error.hpp>

#include "support/message_of.hpp"
#include "support/random_numbers.hpp"
#include "support/sanitizers.hpp"

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

/// A packed body that says it was of so many bytes, and has blocks of 128 KB zeros as they are; the last of those that it says.
std::vector<std::byte> claim(std::uint64_t size, std::size_t blocks)
{
    constexpr std::size_t block = std::size_t{128} << 10;
    std::vector<std::byte> result;
    auto const add = [&](std::uint64_t value, int bytes) {
        for (int i = 0; i < bytes; ++i) result.push_back(static_cast<std::byte>(value >> (8 * i) & 0xff));
    };
    add(size, 8);
    add(0xfd2fb528, 4);     // RFC 8878, section 3.1.1: magic number,
    add(0xc0, 1);           // that a size of 8 bytes comes,
    add((19 - 10) << 3, 1); // a window of 2^19 bytes
    add(size, 8);           // and size
    for (std::size_t i = 0; i < blocks; ++i) {
        bool const is_last = (i + 1) * block == size;
        add(block << 3 | (is_last ? 1 : 0), 3);
        result.resize(result.size() + block);
    }
    return result;
}

/// Most memory that this process has had, in MB.
long most_memory()
{
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1000;
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

TEST_CASE("what would become a thousand times smaller is packed only where it is small anyhow")
{
    auto const medium = frame_of(16 << 20, 1);
    CHECK(header_of(packed(medium)).is_packed);
    CHECK(packed(medium).size() < 10'000);
    auto const large = frame_of((16 << 20) + 1, 1);
    CHECK(packed(large) == large);
    auto const less_even = frame_of(20 << 20, 2);
    auto const small = packed(less_even);
    CHECK(header_of(small).is_packed);
    CHECK(same(unpacked(body_of(small), 20 << 20), body_of(less_even)));
}

TEST_CASE("a message that only says that it was large takes no more memory than it brings")
{
    constexpr std::uint64_t huge = std::uint64_t{1} << 33;
    auto const refusal = [](std::vector<std::byte> const& body) {
        return test::message_of<rios::remote_error>([&] { static_cast<void>(unpacked(body, huge)); });
    };
    auto const lie = claim(huge, 150);
    auto const before = most_memory();
    CHECK(refusal(claim(huge, 1)) == "a packed message is damaged: it says that it was of 8589934592 bytes, which are "
                                     "too many for its 131089");
    CHECK(refusal(lie) == "a packed message is damaged: its bytes do not go together");
    CHECK((test::sanitized || most_memory() < before + 100));
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
