// SPDX-License-Identifier: BSL-1.0
//
// How messages follow each other on a channel: each has a header of 16 bytes, then its body. The header is judged before there
// is any memory for the body.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>

#include "../error.hpp"
#include "../large_vector.hpp"

namespace rios::net {

namespace detail {

/// Numbers of the size of a word are in messages and archives, so programs of 32 and of 64 bits do not understand each other.
constexpr std::uint32_t wire_version_of(std::size_t bits_of_word) noexcept
{
    constexpr std::uint32_t version = 1;
    return bits_of_word == 64 ? version : static_cast<std::uint32_t>(bits_of_word) << 16 | version;
}

} // namespace detail

/// The version of everything that goes over a channel: frames, messages (remote/messages.hpp) and archives (archive.hpp).
inline constexpr std::uint32_t wire_version = detail::wire_version_of(8 * sizeof(std::size_t));

/// Bytes of a message: room for the header, then the body.
using frame_bytes = large_vector<std::byte>;
/// Bytes of a message that has arrived, without its header.
using message_body = large_vector<std::byte>;

struct frame_header {
    static constexpr std::size_t size = 16;
    static constexpr std::uint32_t magic = 0x534f4952; // "RIOS", lowest byte first

    std::uint16_t type = 0;
    bool is_packed = false; ///< is the body compressed (packing.hpp)?
    std::uint64_t body_size = 0;

    friend bool operator==(frame_header const&, frame_header const&) = default;
};

namespace detail {

/// Numbers go with the lowest byte first, whatever the machine.
template <typename T>
void store(std::byte* to, T value)
{
    for (std::size_t i = 0; i < sizeof value; ++i) to[i] = static_cast<std::byte>(value >> (8 * i) & 0xff);
}

template <typename T>
T load(std::byte const* from)
{
    T value = 0;
    for (std::size_t i = 0; i < sizeof value; ++i) value = static_cast<T>(value | static_cast<T>(from[i]) << (8 * i));
    return value;
}

} // namespace detail

/// Sets the header of a frame. @pre it has room for one
inline void set_header(frame_bytes& frame, std::uint16_t type, bool is_packed = false)
{
    detail::store(frame.data(), frame_header::magic);
    detail::store(frame.data() + 4, type);
    detail::store(frame.data() + 6, static_cast<std::uint16_t>(is_packed ? 1 : 0));
    detail::store(frame.data() + 8, std::uint64_t{frame.size() - frame_header::size});
}

/// What a header says.
/// @param largest body that is allowed, in bytes
/// @throws remote_error if it is no header, or the body is larger
[[nodiscard]] inline frame_header header_from(std::span<std::byte const, frame_header::size> bytes,
                                              std::uint64_t largest = std::numeric_limits<std::uint64_t>::max())
{
    if (detail::load<std::uint32_t>(bytes.data()) != frame_header::magic ||
        detail::load<std::uint16_t>(bytes.data() + 6) > 1) {
        throw remote_error("what came over the channel is not a message of rios");
    }
    frame_header const header{.type = detail::load<std::uint16_t>(bytes.data() + 4),
                              .is_packed = detail::load<std::uint16_t>(bytes.data() + 6) == 1,
                              .body_size = detail::load<std::uint64_t>(bytes.data() + 8)};
    if (header.body_size > largest) {
        throw remote_error("a message of " + std::to_string(header.body_size) + " bytes was announced; allowed are " +
                           std::to_string(largest));
    }
    return header;
}

} // namespace rios::net
