// SPDX-License-Identifier: BSL-1.0
//
// Tile phase, second step: clumps of one pixel join the neighbour that is spectrally nearest. What the rounds of one tile
// cannot decide is left to late_pixels.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include <rios/image_view.hpp>
#include <rios/large_vector.hpp>

#include "detail/exact.hpp"
#include "neighbourhood.hpp"

namespace shepseg {

/// What became of the clumps of one pixel in a window. Pixels are named by their scan index in the window.
struct single_pixels {
    struct joining {
        std::uint32_t pixel;
        std::uint32_t neighbour; ///< number of the neighbouring pixel whose segment it joined (neighbourhood)
    };
    rios::large_vector<joining> joined;     ///< in the order of the rounds
    std::size_t rounds = 0;          ///< in which some joined
    std::size_t last_round = 0;      ///< where in `joined` those of the last round begin
    std::vector<std::uint32_t> left; ///< those that have not joined a segment, in ascending order
};

namespace detail {

/// The squared distance of two pixels: an exact integer for pixel types of up to 16 bits, double for the others.
/// @param a,b their first bands @param a_stride,b_stride from one band to the next
template <rios::Pixel T>
[[nodiscard]] auto pixel_distance(T const* a, std::ptrdiff_t a_stride, T const* b, std::ptrdiff_t b_stride,
                                  std::ptrdiff_t bands) noexcept
{
    std::conditional_t<(std::is_integral_v<T> && sizeof(T) <= 2), std::int64_t, double> sum = 0;
    for (std::ptrdiff_t band = 0; band < bands; ++band) {
        auto const difference =
            static_cast<decltype(sum)>(a[band * a_stride]) - static_cast<decltype(sum)>(b[band * b_stride]);
        if constexpr (std::is_same_v<decltype(sum), double>) sum += exact_product(difference, difference);
        else sum += difference * difference;
    }
    return sum;
}

enum class pixel_state : std::uint8_t {
    settled, ///< part of a segment of more than one pixel
    waiting, ///< a segment of its own
    queued,  ///< that, and to be asked in this round
    null
};

/// The state of every pixel before the first round: single are the pixels without a neighbour of equal cluster.
inline rios::large_vector<pixel_state> find_single_pixels(rios::image_view<std::uint16_t const> clusters,
                                                   connectivity neighbours)
{
    auto const rows = clusters.rows();
    auto const cols = clusters.cols();
    rios::large_vector<pixel_state> states(static_cast<std::size_t>(rows * cols));
    std::vector<std::uint16_t> const outside(static_cast<std::size_t>(cols)); // null equals no cluster
    for (std::ptrdiff_t row = 0; row < rows; ++row) {
        std::uint16_t const* const here = clusters.row(0, row).data();
        std::uint16_t const* const above = row > 0 ? clusters.row(0, row - 1).data() : outside.data();
        std::uint16_t const* const below = row + 1 < rows ? clusters.row(0, row + 1).data() : outside.data();
        pixel_state* const state = states.data() + row * cols;
        auto const touches = [&](std::ptrdiff_t col, std::ptrdiff_t other) {
            bool const diagonal = neighbours == connectivity::eight;
            return here[col] == here[other] || (diagonal && (here[col] == above[other] || here[col] == below[other]));
        };
        for (std::ptrdiff_t col = 0; col < cols; ++col) {
            bool const clumped = here[col] == above[col] || here[col] == below[col] ||
                                 (col > 0 && touches(col, col - 1)) || (col + 1 < cols && touches(col, col + 1));
            state[col] = here[col] == 0 ? pixel_state::null : clumped ? pixel_state::settled : pixel_state::waiting;
        }
    }
    return states;
}

} // namespace detail

/// Lets every clump of one pixel join the segment of the spectrally nearest of its neighbouring pixels that belonged to
/// a segment of more than one pixel at the start of the round (the first met wins ties), in synchronous rounds until
/// nothing changes or the limit is reached.
/// @param image,clusters the same window: pixels and their clusters, 0 where null; fewer than 2^32 - 1 pixels
/// @param max_rounds at least 1
template <rios::Pixel T>
[[nodiscard]] single_pixels join_single_pixels(rios::image_view<T const> image,
                                               rios::image_view<std::uint16_t const> clusters, connectivity neighbours,
                                               std::size_t max_rounds)
{
    using detail::pixel_state;
    auto const cols = image.cols();
    auto const stride = image.band_stride();
    neighbourhood const around(image.rows(), cols, neighbours);
    auto states = detail::find_single_pixels(clusters, neighbours);
    rios::large_vector<std::uint32_t> round;
    for (std::size_t at = 0; at < states.size(); ++at) {
        if (states[at] == pixel_state::waiting) round.push_back(static_cast<std::uint32_t>(at));
    }
    single_pixels result;
    auto const all = round;
    while (result.rounds < max_rounds && !round.empty()) {
        auto const begin = result.joined.size();
        for (auto const pixel : round) {
            auto const row = static_cast<std::ptrdiff_t>(pixel) / cols;
            auto const col = static_cast<std::ptrdiff_t>(pixel) % cols;
            T const* const own = &image(0, row, col);
            decltype(detail::pixel_distance(own, stride, own, stride, 1)) least{};
            auto nearest = around.count();
            around.for_each(row, col, [&](std::ptrdiff_t at, std::size_t neighbour) {
                if (states[static_cast<std::size_t>(at)] != pixel_state::settled) return;
                auto const& step = around.step(neighbour);
                T const* const other = &image(0, row + step.down, col + step.right);
                auto const distance = detail::pixel_distance(own, stride, other, stride, image.bands());
                if (nearest == around.count() || distance < least) {
                    least = distance;
                    nearest = neighbour;
                }
            });
            if (nearest != around.count()) result.joined.push_back({pixel, static_cast<std::uint32_t>(nearest)});
            else states[pixel] = pixel_state::waiting;
        }
        if (result.joined.size() == begin) break;
        ++result.rounds;
        result.last_round = begin;
        // Only now, so that all of the round saw the state at its start.
        for (auto i = begin; i < result.joined.size(); ++i) states[result.joined[i].pixel] = pixel_state::settled;
        round.clear();
        for (auto i = begin; i < result.joined.size(); ++i) {
            around.for_each(static_cast<std::ptrdiff_t>(result.joined[i].pixel), [&](std::ptrdiff_t at, std::size_t) {
                auto& state = states[static_cast<std::size_t>(at)];
                if (state != pixel_state::waiting) return;
                state = pixel_state::queued;
                round.push_back(static_cast<std::uint32_t>(at));
            });
        }
    }
    for (auto const pixel : all) {
        if (states[pixel] != pixel_state::settled) result.left.push_back(pixel);
    }
    return result;
}

} // namespace shepseg
