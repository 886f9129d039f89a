// SPDX-License-Identifier: BSL-1.0
//
// The secret that the processes of one run share: whoever has it may join, and nobody else gets past the handshake (tls.hpp).
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <sys/random.h>

namespace rios::net {

/// 256 random bits. Never printed; text() is for the one file or variable that carries it to the workers.
class channel_key {
  public:
    static constexpr std::size_t size = 32;

    /// A new key from the operating system's generator. @throws std::system_error
    [[nodiscard]] static channel_key make()
    {
        channel_key key;
        for (std::size_t filled = 0; filled < size;) {
            auto const got = ::getrandom(key.bytes_.data() + filled, size - filled, 0);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) throw std::system_error(errno, std::generic_category(), "no random bytes for a key");
            filled += static_cast<std::size_t>(got);
        }
        return key;
    }

    /// The key of a text() of before; none if it is not one.
    [[nodiscard]] static std::optional<channel_key> from_text(std::string_view text)
    {
        if (text.size() != 2 * size) return std::nullopt;
        channel_key key;
        for (std::size_t i = 0; i < text.size(); ++i) {
            auto const digit = digits.find(text[i]);
            if (digit == std::string_view::npos) return std::nullopt;
            auto& byte = key.bytes_[i / 2];
            byte = static_cast<std::uint8_t>(static_cast<unsigned>(byte) << 4U | static_cast<unsigned>(digit));
        }
        return key;
    }

    [[nodiscard]] std::string text() const
    {
        std::string result;
        result.reserve(2 * size);
        for (auto const byte : bytes_) {
            result += digits[byte >> 4U];
            result += digits[byte & 15U];
        }
        return result;
    }

    [[nodiscard]] std::array<std::uint8_t, size> const& bytes() const noexcept { return bytes_; }

    friend bool operator==(channel_key const&, channel_key const&) = default;

  private:
    static constexpr std::string_view digits = "0123456789abcdef";

    channel_key() = default;

    std::array<std::uint8_t, size> bytes_{};
};

} // namespace rios::net
