// SPDX-License-Identifier: BSL-1.0
//
// Tile phase, third step: clumps of one pixel join the neighbour that is spectrally nearest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include <rios/image_view.hpp>

#include "clumps.hpp"
#include "detail/exact.hpp"
#include "neighbourhood.hpp"

namespace shepseg {

namespace detail {

/// The squared distance of two pixels: an exact integer for pixel types of up to 16 bits, double for the others.
template <rios::Pixel T>
[[nodiscard]] inline auto pixel_distance(rios::image_view<T const> const& image, std::ptrdiff_t row_a,
                                         std::ptrdiff_t col_a, std::ptrdiff_t row_b, std::ptrdiff_t col_b) noexcept
{
    T const* a = &image(0, row_a, col_a);
    T const* b = &image(0, row_b, col_b);
    auto const stride = image.band_stride();
    std::conditional_t<(std::is_integral_v<T> && sizeof(T) <= 2), std::int64_t, double> sum = 0;
    for (std::ptrdiff_t band = 0; band < image.bands(); ++band) {
        auto const difference = static_cast<decltype(sum)>(*a) - static_cast<decltype(sum)>(*b);
        if constexpr (std::is_same_v<decltype(sum), double>) sum += exact_product(difference, difference);
        else sum += difference * difference;
        // A step past the last band may leave the image, so none is made.
        if (band + 1 < image.bands()) {
            a += stride;
            b += stride;
        }
    }
    return sum;
}

} // namespace detail

/// Lets every clump of one pixel join the segment of the spectrally nearest of its neighbouring pixels that belonged to
/// a segment of more than one pixel at the start of the round (the first met wins ties), in synchronous rounds until
/// nothing changes. Pixels that joined take their segment's label; the size of the clump they leave becomes 0, the size
/// of the one they join grows.
/// @return how many joined
template <rios::Pixel T>
std::uint64_t absorb_single_pixels(rios::image_view<T const> image, clump_map& map, connectivity neighbours)
{
    auto const cols = image.cols();
    neighbourhood const around(image.rows(), cols, neighbours);
    std::uint32_t* const label = map.labels.data();
    enum : std::uint8_t { fixed, waiting, queued };

    std::vector<std::uint8_t> state(static_cast<std::size_t>(image.pixel_count()), fixed);
    std::vector<std::uint32_t> round;
    for (std::uint32_t number = 0; number < map.root.size(); ++number) {
        if (map.size[number] != 1) continue;
        state[map.first[number]] = waiting;
        round.push_back(map.first[number]);
    }

    struct joining {
        std::uint32_t pixel;
        std::uint32_t label;
    };
    std::vector<joining> joined;
    std::uint64_t total = 0;
    while (!round.empty()) {
        joined.clear();
        for (auto const pixel : round) {
            auto const row = static_cast<std::ptrdiff_t>(pixel) / cols;
            auto const col = static_cast<std::ptrdiff_t>(pixel) % cols;
            decltype(detail::pixel_distance(image, 0, 0, 0, 0)) least{};
            std::uint32_t nearest = 0;
            around.for_each(static_cast<std::ptrdiff_t>(pixel), [&](std::ptrdiff_t at) {
                if (label[at] == 0 || state[static_cast<std::size_t>(at)] != fixed) return;
                auto const distance = detail::pixel_distance(image, row, col, at / cols, at % cols);
                if (nearest == 0 || distance < least) {
                    least = distance;
                    nearest = label[at];
                }
            });
            if (nearest != 0) joined.push_back({pixel, nearest});
        }
        // Only now, so that all of the round saw the state at its start.
        for (auto const& each : joined) {
            map.size[label[each.pixel] - 1] = 0;
            ++map.size[each.label - 1];
            label[each.pixel] = each.label;
            state[each.pixel] = fixed;
        }
        total += joined.size();
        for (auto const pixel : round) {
            if (state[pixel] != fixed) state[pixel] = waiting;
        }
        round.clear();
        for (auto const& each : joined) {
            around.for_each(static_cast<std::ptrdiff_t>(each.pixel), [&](std::ptrdiff_t at) {
                if (state[static_cast<std::size_t>(at)] != waiting) return;
                state[static_cast<std::size_t>(at)] = queued;
                round.push_back(static_cast<std::uint32_t>(at));
            });
        }
    }
    return total;
}

} // namespace shepseg
