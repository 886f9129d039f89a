// SPDX-License-Identifier: BSL-1.0
//
// One block with its margin from any reader: what lies beyond the raster's edge is filled. Used by apply.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "block.hpp"
#include "block_info.hpp"
#include "concepts.hpp"
#include "error.hpp"
#include "image.hpp"
#include "image_view.hpp"
#include "pixel_grid.hpp"
#include "pixel_type.hpp"

namespace rios::detail {

template <typename T>
inline constexpr bool is_image = false;
template <typename T>
inline constexpr bool is_image<image<T>> = true;

/// A reader of images that can read into memory which it is given, whatever else surrounds that memory.
template <typename R>
concept ViewReader =
    Reader<R> && is_image<typename R::value_type> &&
    requires(R& reader, R const& constant, block const& where, image_view<typename R::value_type::value_type> into) {
        {
            constant.band_count()
        } -> std::same_as<std::ptrdiff_t>;
        reader.read_into(where, into);
    };

/// How many pixels beyond its grid a reader can read, on all sides.
template <Reader R>
std::ptrdiff_t margin_of(R const& reader)
{
    if constexpr (requires { reader.margin(); }) return reader.margin();
    else return 0;
}

/// The block and its margin, cut to the grid and what can be read beyond it.
/// @param beyond pixels on all sides of the grid
inline block padded_block(block const& where, pixel_grid const& grid, std::ptrdiff_t overlap, std::ptrdiff_t beyond = 0)
{
    auto const row = std::max(-beyond, where.row - overlap);
    auto const col = std::max(-beyond, where.col - overlap);
    return {.index = where.index,
            .row = row,
            .col = col,
            .rows = std::min(grid.rows + beyond, where.row + where.rows + overlap) - row,
            .cols = std::min(grid.cols + beyond, where.col + where.cols + overlap) - col};
}

/// Sets the pixels around a part of an image: to the null value of the band, or 0 where it has none.
/// @param null_values of the bands; may be fewer
template <typename T>
void fill_around(image_view<T> pixels, std::ptrdiff_t row, std::ptrdiff_t col, std::ptrdiff_t rows, std::ptrdiff_t cols,
                 std::vector<std::optional<double>> const& null_values)
{
    for (std::ptrdiff_t band = 0; band < pixels.bands(); ++band) {
        auto const index = static_cast<std::size_t>(band);
        auto const null = index < null_values.size() ? null_values[index] : std::nullopt;
        auto const fill = null ? to_pixel<T>(*null).value_or(T{}) : T{};
        for (std::ptrdiff_t r = 0; r < pixels.rows(); ++r) {
            auto const line = pixels.row(band, r);
            bool const outside = r < row || r >= row + rows;
            std::fill(line.begin(), outside ? line.end() : line.begin() + col, fill);
            if (!outside) std::fill(line.begin() + col + cols, line.end(), fill);
        }
    }
}

/// Reads a block with a margin of `overlap` pixels on all sides. What the reader cannot read of it, because it lies beyond
/// its grid and its margin(), holds the null value, or 0.
/// @param into receives it; its memory is used again if it suffices
/// @throws options_error if there is a margin, and the reader reads something else than images
/// @throws grid_error if the reader returns an image of another shape
template <Reader R>
void read_block(R& reader, block const& where, std::ptrdiff_t overlap, input_info const& input,
                typename R::value_type& into)
{
    if constexpr (requires { reader.read_with_margin(where, overlap, input); }) {
        into = reader.read_with_margin(where, overlap, input);
    } else if constexpr (is_image<typename R::value_type>) {
        auto const inside = padded_block(where, reader.grid(), overlap, margin_of(reader));
        auto const row = inside.row - (where.row - overlap);
        auto const col = inside.col - (where.col - overlap);
        auto const rows = where.rows + 2 * overlap;
        auto const cols = where.cols + 2 * overlap;
        bool const whole = inside.rows == rows && inside.cols == cols;
        if constexpr (ViewReader<R>) {
            into.reshape(reader.band_count(), rows, cols);
            reader.read_into(inside, into.view().window(row, col, inside.rows, inside.cols));
        } else {
            auto read = reader.read(inside);
            if (read.rows() != inside.rows || read.cols() != inside.cols) {
                throw grid_error((input.filename.empty() ? "" : input.filename + ": ") + block_text(inside) +
                                 ": the reader returned an image of " + std::to_string(read.rows()) + " rows, " +
                                 std::to_string(read.cols()) + " cols");
            }
            if (whole) {
                into = std::move(read);
                return;
            }
            into.reshape(read.bands(), rows, cols);
            for (std::ptrdiff_t band = 0; band < read.bands(); ++band) {
                for (std::ptrdiff_t r = 0; r < read.rows(); ++r) {
                    std::copy_n(read.row(band, r).begin(), read.cols(), into.row(band, row + r).begin() + col);
                }
            }
        }
        if (!whole) fill_around(into.view(), row, col, inside.rows, inside.cols, input.null_values);
    } else {
        if (overlap > 0) throw options_error("overlap: only readers of images can read a margin");
        into = reader.read(where);
    }
}

} // namespace rios::detail
