// SPDX-License-Identifier: BSL-1.0
//
// Messages that are compressed on their way: pixels over a slow network. With zstd's fastest level, several hundred megabytes a
// second; whether that pays is the business of connection.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
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

/// May so many bytes come out of so few? Much larger ones are sent as they are, so that little is made of a small message.
[[nodiscard]] constexpr bool may_become(std::uint64_t size, std::uint64_t packed_size) noexcept
{
    constexpr std::uint64_t always = std::uint64_t{16} << 20;
    constexpr std::uint64_t times = 1000;
    return size <= always || size / times <= packed_size;
}

/// @throws remote_error unless just so many bytes come out
inline message_body unpacked_body(std::span<std::byte const> packed, std::size_t size)
{
    constexpr std::size_t piece = std::size_t{16} << 20;
    thread_local std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> const context(ZSTD_createDCtx(), &ZSTD_freeDCtx);
    if (!context) throw std::bad_alloc();
    ZSTD_DCtx_reset(context.get(), ZSTD_reset_session_only);
    message_body result;
    ZSTD_inBuffer in{packed.data(), packed.size(), 0};
    for (std::size_t left = 1, filled = 0; left != 0;) {
        if (filled == result.size()) result.resize(filled + std::min(piece, size - filled));
        auto const taken = in.pos;
        ZSTD_outBuffer out{result.data(), result.size(), filled};
        left = ZSTD_decompressStream(context.get(), &out, &in);
        bool const goes_on = in.pos > taken || out.pos > filled || left == 0;
        filled = out.pos;
        if (ZSTD_isError(left) != 0 || !goes_on || (left == 0 && (filled != size || in.pos != in.size))) {
            throw remote_error("a packed message is damaged: its bytes do not go together");
        }
    }
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
    if (result.empty() || !detail::may_become(body.size(), result.size() - frame_header::size - detail::size_field)) {
        return frame;
    }
    detail::store(result.data() + frame_header::size, std::uint64_t{body.size()});
    set_header(result,
               header_from(std::span<std::byte const, frame_header::size>(frame.data(), frame_header::size)).type,
               true);
    return result;
}

/// The body that was packed. Memory is made as bytes come out, so that a message which only says that it is large takes little.
/// @param largest that it may be, in bytes
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
    if (!detail::may_become(size, rest.size())) {
        fail("it says that it was of " + std::to_string(size) + " bytes, which are too many for its " +
             std::to_string(rest.size()));
    }
    if (ZSTD_getFrameContentSize(rest.data(), rest.size()) != size) fail("its sizes differ");
    return detail::unpacked_body(rest, static_cast<std::size_t>(size));
}

} // namespace rios::net
