// SPDX-License-Identifier: BSL-1.0
//
// Messages that are compressed on their way: pixels over a slow network. With zstd's fastest level, several hundred megabytes a
// second; whether that pays is the business of connection.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <zstd.h>

#include "../error.hpp"
#include "frame.hpp"

namespace rios::net {

/// Are large messages compressed?
enum class packing : std::uint8_t {
    automatic, ///< if the network is slower than that, and they become smaller
    never,
    always ///< whatever the network
};

namespace detail {

inline constexpr std::size_t size_field = sizeof(std::uint64_t); // before what is packed: the size that it had

/// Packs behind so many bytes that are left free. @returns nothing if it does not become smaller by an eighth at least
inline frame_bytes packed_body(std::span<std::byte const> body, std::size_t free)
{
    thread_local std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> const context(ZSTD_createCCtx(), &ZSTD_freeCCtx);
    auto const most = body.size() - body.size() / 8;
    frame_bytes result(free + most);
    auto const size =
        context ? ZSTD_compressCCtx(context.get(), result.data() + free, most, body.data(), body.size(), 1) : most;
    if (ZSTD_isError(size) != 0 || size >= most) return {};
    result.resize(free + size);
    return result;
}

} // namespace detail

/// The frame with its body packed, or the frame itself if that would hardly make it smaller, as a part of it shows.
[[nodiscard]] inline frame_bytes packed(frame_bytes frame)
{
    constexpr std::size_t sample = std::size_t{32} << 10;
    auto const body = std::span<std::byte const>(frame).subspan(frame_header::size);
    if (body.size() > 4 * sample) { // pixels in the middle: the beginning may be something else
        if (detail::packed_body(body.subspan((body.size() - sample) / 2, sample), 0).empty()) return frame;
    }
    auto result = detail::packed_body(body, frame_header::size + detail::size_field);
    if (result.empty()) return frame;
    detail::store(result.data() + frame_header::size, std::uint64_t{body.size()});
    set_header(result,
               header_from(std::span<std::byte const, frame_header::size>(frame.data(), frame_header::size)).type,
               true);
    return result;
}

/// The body that was packed. @param largest that it may be, in bytes
/// @throws remote_error if the bytes are damaged, or too many come out of them
[[nodiscard]] inline message_body unpacked(std::span<std::byte const> body, std::uint64_t largest)
{
    auto const fail = [](std::string const& why) { throw remote_error("a packed message is damaged: " + why); };
    if (body.size() < detail::size_field) fail("it ends too early");
    auto const size = detail::load<std::uint64_t>(body.data());
    auto const rest = body.subspan(detail::size_field);
    if (size > largest) {
        fail("it says that it was of " + std::to_string(size) + " bytes; allowed are " + std::to_string(largest));
    }
    if (ZSTD_getFrameContentSize(rest.data(), rest.size()) != size) fail("its sizes differ");
    message_body result(static_cast<std::size_t>(size));
    auto const got = ZSTD_decompress(result.data(), result.size(), rest.data(), rest.size());
    if (ZSTD_isError(got) != 0 || got != size) fail("its bytes do not go together");
    return result;
}

} // namespace rios::net
