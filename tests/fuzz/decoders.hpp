// SPDX-License-Identifier: BSL-1.0
// Everything that is made of bytes from outside. The first byte of an input of the fuzzer says which decoder gets the others.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rios/archive.hpp>
#include <rios/block_info.hpp>
#include <rios/error.hpp>
#include <rios/image.hpp>
#include <rios/net/channel_address.hpp>
#include <rios/net/frame.hpp>
#include <rios/net/frame_assembler.hpp>
#include <rios/net/packing.hpp>
#include <rios/remote/messages.hpp>
#include <rios/timing.hpp>
#include <shepseg/statistics_plan.hpp>
#include <shepseg/statistics_worker.hpp>
#include <shepseg/tile_regions.hpp>

namespace fuzz {

enum class decoder : std::uint8_t {
    frame_header,
    address,
    hello,
    welcome,
    begin,
    step,
    failure,
    finished,
    byte_image,
    double_image,
    timings,
    byte_regions,
    float_regions,
    packed,
    refused,
    job_end,
    run_info,
    byte_statistics,
    float_statistics,
    plan,
    frames,
    stalled,
    count
};

/// What must not happen.
[[noreturn]] inline void wrong()
{
    __builtin_trap();
}

/// Bytes are refused, or are those of the value that they make.
template <typename T>
void check_archive(std::span<std::byte const> bytes)
{
    try {
        auto const again = rios::to_bytes(rios::from_bytes<T>(bytes));
        if (!std::equal(again.begin(), again.end(), bytes.begin(), bytes.end())) wrong();
    } catch (rios::damaged_data const&) { // nothing else may be thrown
    }
}

inline void check_frame_header(std::span<std::byte const> bytes)
{
    using rios::net::frame_header;
    if (bytes.size() < frame_header::size) return;
    constexpr std::uint64_t largest = 1000;
    try {
        auto const header = rios::net::header_from(bytes.first<frame_header::size>(), largest);
        if (header.body_size > largest) wrong();
        rios::net::frame_bytes again(frame_header::size + header.body_size);
        rios::net::set_header(again, header.type, header.is_packed);
        if (!std::equal(again.begin(), again.begin() + frame_header::size, bytes.begin())) wrong();
    } catch (rios::remote_error const&) { // nothing else may be thrown
    }
}

inline void check_address(std::span<std::byte const> bytes)
{
    using rios::net::channel_address;
    auto const address = channel_address::from_text({reinterpret_cast<char const*>(bytes.data()), bytes.size()});
    if (!address) return;
    auto const again = channel_address::from_text(address->text());
    if (!again || again->hosts != address->hosts || again->port != address->port || !(again->key == address->key))
        wrong();
    if (address->port == 0 || address->hosts.empty()) wrong();
}

inline void check_packed(std::span<std::byte const> bytes)
{
    constexpr std::uint64_t largest = 1 << 20;
    try {
        if (rios::net::unpacked(bytes, largest).size() > largest) wrong();
    } catch (rios::remote_error const&) { // nothing else may be thrown
    }
}

/// The messages in a run of bytes that come in pieces of a size, and the error at its end if there is one.
inline std::pair<std::vector<std::pair<std::uint16_t, rios::net::message_body>>, std::string>
messages_in(std::span<std::byte const> bytes, std::size_t piece)
{
    constexpr std::uint64_t largest = 100'000;
    rios::net::frame_assembler assembler(largest);
    std::pair<std::vector<std::pair<std::uint16_t, rios::net::message_body>>, std::string> result;
    try {
        while (!bytes.empty()) {
            auto const room = assembler.room();
            if (room.empty()) wrong();
            auto const now = std::min({room.size(), bytes.size(), piece});
            std::copy_n(bytes.begin(), now, room.begin());
            bytes = bytes.subspan(now);
            if (!assembler.filled(now)) continue;
            auto body = assembler.take_body();
            if (body.size() > largest) wrong();
            result.first.emplace_back(assembler.type(), std::move(body));
        }
    } catch (rios::remote_error const& refused) { // nothing else may be thrown
        result.second = refused.what();
    }
    return result;
}

/// The same messages come out, however they come in.
inline void check_frames(std::span<std::byte const> bytes)
{
    if (bytes.empty()) return;
    auto const piece = static_cast<std::size_t>(bytes[0]) + 1;
    auto const stream = bytes.subspan(1);
    auto const at_once = messages_in(stream, stream.size());
    if (messages_in(stream, piece) != at_once || messages_in(stream, 1) != at_once) wrong();
}

inline void check(decoder which, std::span<std::byte const> bytes)
{
    namespace remote = rios::remote;
    switch (which) {
    case decoder::frame_header: return check_frame_header(bytes);
    case decoder::address: return check_address(bytes);
    case decoder::hello: return check_archive<remote::hello>(bytes);
    case decoder::welcome: return check_archive<remote::welcome>(bytes);
    case decoder::begin: return check_archive<remote::begin>(bytes);
    case decoder::step: return check_archive<remote::step>(bytes);
    case decoder::failure: return check_archive<remote::failure>(bytes);
    case decoder::finished: return check_archive<remote::finished>(bytes);
    case decoder::byte_image: return check_archive<rios::image<std::uint8_t>>(bytes);
    case decoder::double_image: return check_archive<rios::image<double>>(bytes);
    case decoder::timings: return check_archive<rios::timings>(bytes);
    case decoder::byte_regions: return check_archive<shepseg::tile_regions<std::uint8_t>>(bytes);
    case decoder::float_regions: return check_archive<shepseg::tile_regions<float>>(bytes);
    case decoder::packed: return check_packed(bytes);
    case decoder::refused: return check_archive<remote::refused>(bytes);
    case decoder::job_end: return check_archive<remote::job_end>(bytes);
    case decoder::run_info: return check_archive<rios::run_info>(bytes);
    case decoder::byte_statistics: return check_archive<shepseg::block_statistics<std::uint8_t>>(bytes);
    case decoder::float_statistics: return check_archive<shepseg::block_statistics<float>>(bytes);
    case decoder::plan: return check_archive<shepseg::statistics_plan_description>(bytes);
    case decoder::frames: return check_frames(bytes);
    case decoder::stalled: return check_archive<remote::stalled>(bytes);
    case decoder::count: return;
    }
}

} // namespace fuzz
