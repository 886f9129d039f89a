// SPDX-License-Identifier: BSL-1.0
//
// How a user's worker travels to another process: by its members (archive.hpp), or as its bytes.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <span>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "archive.hpp"
#include "archive_portability.hpp"
#include "error.hpp"

namespace rios {

/// A worker that can travel: one that is Archivable, or whose bytes are all there is to it. A function object that captures by value
/// numbers or structures of numbers is such a one. Pointers and references mean nothing elsewhere; the compiler cannot tell them
/// from numbers, so they are found out when the worker is to travel.
template <typename W>
concept Portable = Archivable<W> || (std::is_trivially_copyable_v<W> && !std::is_pointer_v<W>);

namespace detail {

/// Does any word of a value hold an address of this process's memory, as a captured reference does?
[[nodiscard]] inline bool holds_address(std::span<std::byte const> value)
{
    std::vector<std::uint64_t> words(value.size() / sizeof(std::uint64_t));
    if (words.empty()) return false;
    std::memcpy(words.data(), value.data(), words.size() * sizeof(std::uint64_t));
    std::ifstream map("/proc/self/maps"); // lines "begin-end permissions ...", in hexadecimal; no such file elsewhere
    for (std::string line; std::getline(map, line);) {
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
        auto const* const last = line.data() + line.size();
        auto const first = std::from_chars(line.data(), last, begin, 16);
        if (first.ec != std::errc() || first.ptr == last) continue;
        if (std::from_chars(first.ptr + 1, last, end, 16).ec != std::errc()) continue;
        if (std::any_of(words.begin(), words.end(), [&](auto word) { return word >= begin && word < end; }))
            return true;
    }
    return false;
}

/// Sets what lies between the members of a value to 0, where the compiler can: anything could be there, addresses, too.
template <typename T>
void clear_gaps([[maybe_unused]] T& value) noexcept
{
#if defined(__has_builtin)
#if __has_builtin(__builtin_clear_padding)
    __builtin_clear_padding(&value);
#endif
#endif
}

/// The state of a worker as a value that is Archivable.
template <Portable W>
class worker_state {
  public:
    using description_type = std::vector<std::byte>;

    /// @throws options_error for captured references and pointers
    explicit worker_state(W const& worker) : bytes_(bytes_of(worker)) {}
    explicit worker_state(description_type bytes) : bytes_(std::move(bytes)) {}

    [[nodiscard]] description_type const& description() const noexcept { return bytes_; }

    /// @throws damaged_data
    [[nodiscard]] W worker() const
    {
        if constexpr (Archivable<W>) {
            return from_bytes<W>(bytes_);
        } else {
            std::array<std::byte, sizeof(W)> raw{};
            if (bytes_.size() != raw.size())
                throw damaged_data("the state of a worker has another size: it is damaged");
            std::copy(bytes_.begin(), bytes_.end(), raw.begin());
            return std::bit_cast<W>(raw);
        }
    }

    /// Does it mean the same on another architecture?
    [[nodiscard]] static bool travels_anywhere()
    {
        if constexpr (Archivable<W>) return is_portable_archive<W>();
        else return false;
    }

  private:
    static description_type bytes_of(W const& worker)
    {
        if constexpr (Archivable<W>) {
            return to_bytes(worker);
        } else {
            auto copy = worker;
            clear_gaps(copy);
            auto const raw = std::as_bytes(std::span(&copy, 1));
            if (holds_address(raw)) {
                throw options_error(
                    "the state of the worker holds an address of this process, such as a captured reference or "
                    "pointer, which means nothing in another one; capture values, or list the members "
                    "(archive.hpp)");
            }
            return {raw.begin(), raw.end()};
        }
    }

    description_type bytes_;
};

/// In place of the state of a worker that cannot travel.
struct cannot_travel {
    void* not_empty = nullptr;
};

template <typename W>
struct state_or_nothing {
    using type = cannot_travel;
};
template <Portable W>
struct state_or_nothing<W> {
    using type = worker_state<W>;
};
template <typename W>
using state_of = typename state_or_nothing<W>::type;

} // namespace detail

} // namespace rios
