// SPDX-License-Identifier: BSL-1.0
//
// Tile phase, second step: clumps of one pixel join the neighbour that is spectrally nearest. What the rounds of one tile
// cannot decide is left to late_pixels.hpp.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
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
    rios::large_vector<joining> joined; ///< in the order of the rounds
    std::size_t rounds = 0;             ///< in which some joined
    std::size_t last_round = 0;         ///< where in `joined` those of the last round begin
    std::vector<std::uint32_t> left;    ///< those that have not joined a segment, in ascending order
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
    settled = 0, ///< part of a segment of more than one pixel
    waiting = 1, ///< a segment of its own
    queued = 2,  ///< that, and to be asked in this round
    null = 4
};

/// The states of a row before the first round: single are the pixels without a neighbour of equal cluster. Without
/// branches, so that compilers vectorise it.
/// @param here,above,below rows of clusters @param first,last columns, neither at the edge of the row
template <bool Diagonal>
void find_singles_of_row(std::uint16_t const* here, std::uint16_t const* above, std::uint16_t const* below,
                         std::ptrdiff_t first, std::ptrdiff_t last, std::uint8_t* states) noexcept
{
    for (auto col = first; col < last; ++col) {
        auto const own = here[col];
        unsigned clumped = static_cast<unsigned>(own == above[col]) | static_cast<unsigned>(own == below[col]) |
                           static_cast<unsigned>(own == here[col - 1]) | static_cast<unsigned>(own == here[col + 1]);
        if constexpr (Diagonal) {
            clumped |= static_cast<unsigned>(own == above[col - 1]) | static_cast<unsigned>(own == above[col + 1]) |
                       static_cast<unsigned>(own == below[col - 1]) | static_cast<unsigned>(own == below[col + 1]);
        }
        auto const null = static_cast<unsigned>(own == 0) * static_cast<unsigned>(pixel_state::null);
        states[col] = static_cast<std::uint8_t>(null != 0 ? null : clumped ^ 1U);
    }
}

/// The state of every pixel before the first round.
inline rios::large_vector<std::uint8_t> find_single_pixels(rios::image_view<std::uint16_t const> clusters,
                                                           connectivity neighbours)
{
    auto const rows = clusters.rows();
    auto const cols = clusters.cols();
    rios::large_vector<std::uint8_t> states(static_cast<std::size_t>(rows * cols));
    std::vector<std::uint16_t> const outside(static_cast<std::size_t>(cols)); // null equals no cluster
    if (cols == 0) return states;
    auto* const find = neighbours == connectivity::eight ? find_singles_of_row<true> : find_singles_of_row<false>;
    // The first and the last column as the middle of three, of which one or two lie outside.
    auto const find_at_edge = [&](std::uint16_t const* const(&lines)[3], std::ptrdiff_t col,
                                  std::uint8_t* states_of_row) {
        std::uint16_t around[3][3] = {};
        for (int line = 0; line < 3; ++line) {
            for (std::ptrdiff_t step = -1; step <= 1; ++step) {
                if (col + step >= 0 && col + step < cols) around[line][step + 1] = lines[line][col + step];
            }
        }
        std::uint8_t found[3];
        find(around[1], around[0], around[2], 1, 2, found);
        states_of_row[col] = found[1];
    };
    for (std::ptrdiff_t row = 0; row < rows; ++row) {
        std::uint16_t const* const here = clusters.row(0, row).data();
        std::uint16_t const* const above = row > 0 ? clusters.row(0, row - 1).data() : outside.data();
        std::uint16_t const* const below = row + 1 < rows ? clusters.row(0, row + 1).data() : outside.data();
        std::uint8_t* const state = states.data() + row * cols;
        find(here, above, below, 1, cols - 1, state);
        std::uint16_t const* const lines[3] = {above, here, below};
        find_at_edge(lines, 0, state);
        find_at_edge(lines, cols - 1, state);
    }
    return states;
}

/// Calls `f(index)` for each pixel that waits, in ascending order.
template <typename F>
void for_each_waiting(rios::large_vector<std::uint8_t> const& states, F f)
{
    // Most are settled or null: eight at a time, by the one bit that those that wait have and these have not.
    static_assert(static_cast<int>(pixel_state::waiting) == 1 && static_cast<int>(pixel_state::null) == 4);
    constexpr std::uint64_t waiting = 0x0101'0101'0101'0101;
    std::size_t at = 0;
    if constexpr (std::endian::native == std::endian::little) {
        for (; at + sizeof waiting <= states.size(); at += sizeof waiting) {
            std::uint64_t some = 0;
            std::memcpy(&some, states.data() + at, sizeof some);
            for (some &= waiting; some != 0; some &= some - 1) {
                f(at + static_cast<std::size_t>(std::countr_zero(some)) / 8);
            }
        }
    }
    for (; at < states.size(); ++at) {
        if (states[at] == static_cast<std::uint8_t>(pixel_state::waiting)) f(at);
    }
}

/// The nearest of the neighbours that were offered, of equally near ones the first. Which are nearer cannot be predicted: so there
/// are no branches.
template <typename Distance>
class nearest_neighbour {
  public:
    void offer(std::uint32_t number, Distance distance, bool allowed) noexcept
    {
        bool const nearer = allowed & (!any() | (distance < least_));
        least_ = nearer ? distance : least_;
        number_ = nearer ? number : number_;
    }
    [[nodiscard]] bool any() const noexcept { return number_ != none; }
    [[nodiscard]] std::uint32_t number() const noexcept { return number_; }

  private:
    static constexpr std::uint32_t none = 8;

    Distance least_{};
    std::uint32_t number_ = none;
};

/// Of whole numbers: distance and number as one, whose least is both the nearest and the first.
template <>
class nearest_neighbour<std::int64_t> {
  public:
    /// @param distance less than 2^60: of fewer than 2^28 bands
    void offer(std::uint32_t number, std::int64_t distance, bool allowed) noexcept
    {
        auto const own = static_cast<std::uint64_t>(distance) * 8 + number;
        auto const offered = allowed ? own : none;
        least_ = offered < least_ ? offered : least_;
    }
    [[nodiscard]] bool any() const noexcept { return least_ != none; }
    [[nodiscard]] std::uint32_t number() const noexcept { return static_cast<std::uint32_t>(least_ % 8); }

  private:
    static constexpr auto none = std::numeric_limits<std::uint64_t>::max();

    std::uint64_t least_ = none;
};

/// Has each pixel of a round choose the nearest of its settled neighbours; what finds none waits.
/// @tparam Count of neighbours that a pixel has @param joined each that found one is added
template <std::size_t Count, rios::Pixel T>
void choose_neighbours(rios::image_view<T const> image, neighbourhood const& around,
                       rios::large_vector<std::uint32_t> const& round, rios::large_vector<std::uint8_t>& states,
                       rios::large_vector<single_pixels::joining>& joined)
{
    using distance = decltype(pixel_distance<T>(nullptr, 0, nullptr, 0, 0));
    auto const rows = static_cast<std::uint32_t>(image.rows());
    auto const cols = static_cast<std::uint32_t>(image.cols());
    auto const stride = image.band_stride();
    std::array<std::ptrdiff_t, Count> steps;  // in the image
    std::array<std::ptrdiff_t, Count> places; // in the states
    for (std::size_t number = 0; number < Count; ++number) {
        auto const& step = around.step(number);
        steps[number] = step.down * image.row_stride() + step.right;
        places[number] = step.down * image.cols() + step.right;
    }
    for (auto const pixel : round) {
        auto const row = pixel / cols;
        auto const col = pixel % cols;
        T const* const own = &image(0, row, col);
        std::uint8_t* const state = states.data() + pixel;
        nearest_neighbour<distance> nearest;
        auto const offer = [&](std::size_t number) {
            auto const away = pixel_distance(own, stride, own + steps[number], stride, image.bands());
            nearest.offer(static_cast<std::uint32_t>(number), away,
                          state[places[number]] == static_cast<std::uint8_t>(pixel_state::settled));
        };
        if (row > 0 && row + 1 < rows && col > 0 && col + 1 < cols) {
#pragma GCC unroll 8
            for (std::size_t number = 0; number < Count; ++number) offer(number);
        } else {
            around.for_each(row, col, [&](std::ptrdiff_t, std::size_t number) { offer(number); });
        }
        if (nearest.any()) joined.push_back({pixel, nearest.number()});
        else *state = static_cast<std::uint8_t>(pixel_state::waiting);
    }
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
    constexpr auto settled = static_cast<std::uint8_t>(detail::pixel_state::settled);
    constexpr auto waiting = static_cast<std::uint8_t>(detail::pixel_state::waiting);
    constexpr auto queued = static_cast<std::uint8_t>(detail::pixel_state::queued);
    neighbourhood const around(image.rows(), image.cols(), neighbours);
    auto states = detail::find_single_pixels(clusters, neighbours);
    rios::large_vector<std::uint32_t> round;
    detail::for_each_waiting(states, [&](std::size_t at) { round.push_back(static_cast<std::uint32_t>(at)); });
    single_pixels result;
    auto const all = round;
    while (result.rounds < max_rounds && !round.empty()) {
        auto const begin = result.joined.size();
        if (neighbours == connectivity::eight)
            detail::choose_neighbours<8>(image, around, round, states, result.joined);
        else detail::choose_neighbours<4>(image, around, round, states, result.joined);
        if (result.joined.size() == begin) break;
        ++result.rounds;
        result.last_round = begin;
        // Only now, so that all of the round saw the state at its start.
        for (auto i = begin; i < result.joined.size(); ++i) states[result.joined[i].pixel] = settled;
        round.clear();
        for (auto i = begin; i < result.joined.size(); ++i) {
            around.for_each(static_cast<std::ptrdiff_t>(result.joined[i].pixel), [&](std::ptrdiff_t at, std::size_t) {
                auto& state = states[static_cast<std::size_t>(at)];
                if (state != waiting) return;
                state = queued;
                round.push_back(static_cast<std::uint32_t>(at));
            });
        }
    }
    for (auto const pixel : all) {
        if (states[pixel] != settled) result.left.push_back(pixel);
    }
    return result;
}

} // namespace shepseg
