// SPDX-License-Identifier: BSL-1.0
//
// Global phase, first step: the rounds of joining single pixels that no tile could decide, in which a wave of joining
// pixels crosses whole tiles (checkerboards and the like; on images of the real world there is next to nothing to do).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <rios/memory.hpp>

#include "neighbourhood.hpp"
#include "single_pixels.hpp"
#include "tile.hpp"
#include "tile_regions.hpp"

namespace shepseg {

/// The late pixels of all tiles, and what becomes of them.
///
/// All that a tile could decide joined in rounds before those that are made here, and every undecided pixel touches, if
/// anything but undecided ones, only pixels of the last of those rounds (tiling::rounds): these are the late pixels that
/// have a region already. So nothing else needs to be known.
///
/// Thread rule: one thread at a time.
template <rios::Pixel T>
class late_joining {
  public:
    late_joining(tiling const& tiles, connectivity neighbours)
        : tiles_(tiles), around_(tiles.rows, tiles.cols, neighbours), late_(tiles.tiles())
    {
    }

    /// Takes in the late pixels of a tile. @param first_region number of its first region
    void add(std::size_t tile, late_pixels<T> pixels, std::uint32_t first_region)
    {
        auto& own = late_[tile];
        own.where = tiles_.tile(tile);
        own.states.reserve(pixels.labels.size());
        own.regions.reserve(pixels.labels.size());
        for (auto const label : pixels.labels) {
            own.states.push_back(label == 0 ? state::undecided : state::decided);
            own.regions.push_back(label == 0 ? 0 : first_region + label - 1);
        }
        own.pixels = std::move(pixels.pixels);
        own.values = std::move(pixels.values);
        bytes_ += own.pixels.size() * (2 * sizeof(std::uint32_t) + sizeof(state)) + own.values.size() * sizeof(T);
    }

    /// Bytes in use.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

    /// Makes the rounds.
    void join()
    {
        std::vector<place> front;
        for (std::uint32_t tile = 0; tile < late_.size(); ++tile) {
            for (std::uint32_t i = 0; i < late_[tile].pixels.size(); ++i) {
                if (late_[tile].states[i] == state::decided) front.push_back({tile, i});
            }
        }
        std::vector<std::uint32_t> regions;
        while (!front.empty()) {
            auto round = ask(front);
            regions.clear();
            for (auto const& each : round) regions.push_back(nearest_region(each));
            // Only now, so that all of the round saw the state at its start.
            for (std::size_t i = 0; i < round.size(); ++i) {
                auto& tile = late_[round[i].tile];
                tile.states[round[i].index] = state::joined;
                tile.regions[round[i].index] = regions[i];
            }
            front = std::move(round);
        }
    }

    /// Calls `f(region, values)` for each pixel that joined in these rounds: the number of a region of its segment, its
    /// values in all bands. Once, after join().
    template <typename F>
    void take_joined(F f)
    {
        for (auto& tile : late_) {
            for (std::uint32_t i = 0; i < tile.pixels.size(); ++i) {
                if (tile.states[i] == state::joined) f(tile.regions[i], tile.values_of(i));
            }
            rios::release(tile.values);
        }
    }

    /// Calls `met(position, region, other)` for each pair of neighbours of which at least one has joined: as `meeting`.
    /// To be called after join().
    template <typename F>
    void for_each_meeting(F met) const
    {
        for (std::uint32_t tile = 0; tile < late_.size(); ++tile) {
            auto const& own = late_[tile];
            for (std::uint32_t i = 0; i < own.pixels.size(); ++i) {
                if (own.states[i] == state::undecided) continue;
                auto const [row, col] = own.position(i);
                auto const scan_index = static_cast<std::uint64_t>(row * tiles_.cols + col);
                around_.for_each(row, col, [&, row = row, col = col](std::ptrdiff_t, std::size_t number) {
                    auto const& step = around_.step(number);
                    auto const other = find(row + step.down, col + step.right);
                    if (other.tile == nowhere_) return;
                    auto const other_state = late_[other.tile].states[other.index];
                    if (other_state == state::undecided) return;
                    if (own.states[i] == state::decided && other_state == state::decided) return;
                    met(8 * scan_index + number, own.regions[i], late_[other.tile].regions[other.index]);
                });
            }
        }
    }

    /// The next pixel of a tile that stays alone, at or after the `from`-th late one, as its index among those; or how many
    /// there are.
    [[nodiscard]] std::uint32_t next_alone(std::size_t tile, std::uint32_t from) const noexcept
    {
        auto const& states = late_[tile].states;
        while (from < states.size() && states[from] != state::undecided) ++from;
        return from;
    }
    /// The scan index in the tile of its index-th late pixel; 2^32 - 1 beyond the last.
    [[nodiscard]] std::uint32_t pixel(std::size_t tile, std::uint32_t index) const noexcept
    {
        return index < late_[tile].pixels.size() ? late_[tile].pixels[index] : nowhere_;
    }
    /// Gives a pixel that stays alone its number among those.
    void number_alone(std::size_t tile, std::uint32_t index, std::uint32_t number) noexcept
    {
        late_[tile].regions[index] = number;
    }

    /// Calls `f(pixel, alone, number)` for each pixel of the tile that it could not decide itself: scan index in the tile;
    /// whether it has stayed alone; the number of a region of its segment, or its number among those that stayed alone.
    template <typename F>
    void for_each_undecided(std::size_t tile, F f) const
    {
        auto const& own = late_[tile];
        for (std::size_t i = 0; i < own.pixels.size(); ++i) {
            if (own.states[i] == state::decided) continue;
            f(own.pixels[i], own.states[i] == state::undecided, own.regions[i]);
        }
    }

  private:
    static constexpr std::uint32_t nowhere_ = 0xffffffff;

    enum class state : std::uint8_t {
        decided, ///< by its tile: part of a region
        undecided,
        queued, ///< undecided, and to be asked in this round
        joined
    };

    struct place {
        std::uint32_t tile;
        std::uint32_t index;
    };

    struct late_tile {
        rios::block where;
        std::vector<std::uint32_t> pixels; // scan indexes in the tile, ascending
        std::vector<std::uint32_t> regions;
        std::vector<state> states;
        std::vector<T> values;

        [[nodiscard]] std::size_t bands() const noexcept { return values.size() / pixels.size(); }
        [[nodiscard]] T const* values_of(std::uint32_t index) const noexcept { return values.data() + index * bands(); }
        [[nodiscard]] std::pair<std::ptrdiff_t, std::ptrdiff_t> position(std::uint32_t index) const noexcept
        {
            auto const at = static_cast<std::ptrdiff_t>(pixels[index]);
            return {where.row + at / where.cols, where.col + at % where.cols};
        }
    };

    [[nodiscard]] place find(std::ptrdiff_t row, std::ptrdiff_t col) const noexcept
    {
        auto const number = tiles_.tile_at(row, col);
        auto const& tile = late_[number];
        if (tile.pixels.empty()) return {nowhere_, 0};
        auto const at = static_cast<std::uint32_t>((row - tile.where.row) * tile.where.cols + col - tile.where.col);
        // Of the pixels before it, no more can be missing from the list than are missing in all.
        auto const listed = static_cast<std::ptrdiff_t>(tile.pixels.size());
        auto const missing = tile.where.rows * tile.where.cols - listed;
        auto const begin = tile.pixels.begin() + std::clamp<std::ptrdiff_t>(at - missing, 0, listed);
        auto const end = tile.pixels.begin() + std::min<std::ptrdiff_t>(at + std::ptrdiff_t{1}, listed);
        auto const found = std::lower_bound(begin, end, at);
        if (found == end || *found != at) return {nowhere_, 0};
        return {static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(found - tile.pixels.begin())};
    }

    template <typename F>
    void for_each_neighbour(place const& pixel, F f) const
    {
        auto const [row, col] = late_[pixel.tile].position(pixel.index);
        around_.for_each(row, col, [&, row = row, col = col](std::ptrdiff_t, std::size_t number) {
            auto const& step = around_.step(number);
            auto const other = find(row + step.down, col + step.right);
            if (other.tile != nowhere_) f(other);
        });
    }

    /// The undecided neighbours of the pixels that joined in the round before.
    std::vector<place> ask(std::vector<place> const& front)
    {
        std::vector<place> round;
        for (auto const& each : front) {
            for_each_neighbour(each, [&](place const& other) {
                auto& other_state = late_[other.tile].states[other.index];
                if (other_state != state::undecided) return;
                other_state = state::queued;
                round.push_back(other);
            });
        }
        return round;
    }

    [[nodiscard]] std::uint32_t nearest_region(place const& pixel) const noexcept
    {
        auto const& own = late_[pixel.tile];
        auto const bands = static_cast<std::ptrdiff_t>(own.bands());
        decltype(detail::pixel_distance<T>(nullptr, 1, nullptr, 1, 0)) least{};
        auto nearest = nowhere_;
        for_each_neighbour(pixel, [&](place const& other) {
            auto const& tile = late_[other.tile];
            auto const other_state = tile.states[other.index];
            if (other_state == state::undecided || other_state == state::queued) return;
            auto const distance =
                detail::pixel_distance(own.values_of(pixel.index), 1, tile.values_of(other.index), 1, bands);
            if (nearest == nowhere_ || distance < least) {
                least = distance;
                nearest = tile.regions[other.index];
            }
        });
        return nearest;
    }

    tiling tiles_;
    neighbourhood around_;
    std::vector<late_tile> late_;
    std::size_t bytes_ = 0;
};

} // namespace shepseg
