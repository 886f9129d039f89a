// SPDX-License-Identifier: BSL-1.0
//
// Puts messages together from bytes that come in pieces of any size: between TLS (tls_end.hpp) and who takes messages.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "frame.hpp"
#include "packing.hpp"

namespace rios::net {

/// Says where the next bytes belong, so that they are written where they stay.
///
/// Thread rule: one thread.
class frame_assembler {
  public:
    /// @param largest_body that is allowed, in bytes
    explicit frame_assembler(std::uint64_t largest_body) : largest_body_(largest_body) {}

    void set_largest(std::uint64_t largest_body) noexcept { largest_body_ = largest_body; }

    /// Where the next bytes belong; never empty. Memory is made as bytes come, so that a large number alone costs nothing.
    [[nodiscard]] std::span<std::byte> room()
    {
        if (!has_header()) return std::span(header_bytes_).subspan(filled_);
        auto const had = filled_ - frame_header::size;
        if (had == body_.size()) {
            auto const next = static_cast<std::size_t>(std::min<std::uint64_t>(left(), piece));
            if (body_.capacity() < had + next) {
                auto const more = std::max<std::uint64_t>(had, first_room); // of the address space
                body_.reserve(had + static_cast<std::size_t>(std::min(left(), more)));
            }
            body_.resize(had + next); // sets to 0 what the processor's cache holds when it is filled
        }
        return std::span(body_).subspan(had);
    }

    /// So many bytes of room() have been filled. @returns whether that completes a message @throws remote_error as header_from()
    bool filled(std::size_t bytes)
    {
        auto const had_header = has_header();
        filled_ += bytes;
        if (!had_header && has_header()) header_ = header_from(header_bytes_, largest_body_);
        return has_header() && left() == 0;
    }

    [[nodiscard]] std::uint16_t type() const noexcept { return header_.type; }

    /// The body of a message that is complete; the next one can begin.
    /// @throws remote_error if it was packed, and is damaged
    [[nodiscard]] message_body take_body()
    {
        filled_ = 0;
        auto body = std::exchange(body_, {});
        return header_.is_packed ? unpacked(body, largest_body_) : std::move(body);
    }

  private:
    static constexpr std::uint64_t piece = std::uint64_t{64} << 10;
    static constexpr std::uint64_t first_room = std::uint64_t{256} << 20;

    [[nodiscard]] bool has_header() const noexcept { return filled_ >= frame_header::size; }
    /// Bytes of the body to come.
    [[nodiscard]] std::uint64_t left() const noexcept { return header_.body_size - (filled_ - frame_header::size); }

    std::uint64_t largest_body_;
    std::size_t filled_ = 0; // of header and body
    std::array<std::byte, frame_header::size> header_bytes_{};
    frame_header header_{};
    message_body body_;
};

} // namespace rios::net
