// SPDX-License-Identifier: BSL-1.0
//
// How a user's worker travels to another process: by its members (archive.hpp), or as its bytes.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "archive.hpp"
#include "archive_portability.hpp"
#include "error.hpp"

namespace rios {

/// A worker that can travel: one that is Archivable, or whose bytes are all there is to it. A function object that captures by value
/// numbers or structures of numbers is such a one. Pointers and references mean nothing elsewhere: they must not be captured, which
/// the compiler cannot tell.
template <typename W>
concept Portable = Archivable<W> || std::is_trivially_copyable_v<W>;

namespace detail {

/// The state of a worker as a value that is Archivable.
template <Portable W>
class worker_state {
  public:
    using description_type = std::vector<std::byte>;

    explicit worker_state(W const& worker) : bytes_(bytes_of(worker)) {}
    explicit worker_state(description_type bytes) : bytes_(std::move(bytes)) {}

    [[nodiscard]] description_type const& description() const noexcept { return bytes_; }

    /// @throws error if the bytes are damaged
    [[nodiscard]] W worker() const
    {
        if constexpr (Archivable<W>) {
            return from_bytes<W>(bytes_);
        } else {
            std::array<std::byte, sizeof(W)> raw{};
            if (bytes_.size() != raw.size()) throw error("the state of a worker has another size: it is damaged");
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
            auto const raw = std::as_bytes(std::span(&worker, 1));
            return {raw.begin(), raw.end()};
        }
    }

    description_type bytes_;
};

/// In place of the state of a worker that cannot travel.
class cannot_travel {
    void* not_empty_ = nullptr;
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
