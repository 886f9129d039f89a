// SPDX-License-Identifier: BSL-1.0
//
// A raster that says which pixels of a window of a segmentation count: a rios::Reader whose pixels are those of the window.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <rios/block.hpp>
#include <rios/error.hpp>
#include <rios/gdal/crs.hpp>
#include <rios/gdal/data_type.hpp>
#include <rios/gdal/reader.hpp>
#include <rios/grid_difference.hpp>
#include <rios/grid_extent.hpp>
#include <rios/image.hpp>
#include <rios/image_view.hpp>
#include <rios/null_test.hpp>
#include <rios/pixel_grid.hpp>

namespace shepseg {

namespace detail {

/// "3 rows at its top, 1 col at its left": what a part lacks in a raster; empty if it lies inside.
inline std::string missing_text(rios::pixel_grid const& raster, rios::pixel_shift const& first,
                                rios::pixel_grid const& part)
{
    std::string text;
    auto const add = [&](std::ptrdiff_t count, std::ptrdiff_t all, char const* what, char const* side) {
        count = std::min(count, all);
        if (count <= 0) return;
        text += (text.empty() ? "" : ", ") + std::to_string(count) + what + (count == 1 ? "" : "s") + " at its " + side;
    };
    add(-first.row, part.rows, " row", "top");
    add(first.row + part.rows - raster.rows, part.rows, " row", "bottom");
    add(-first.col, part.cols, " col", "left");
    add(first.col + part.cols - raster.cols, part.cols, " col", "right");
    return text;
}

/// How far pixels of the same size lie from those of another grid, or which sizes differ.
inline std::string misalignment_text(rios::pixel_grid const& mask, rios::pixel_grid const& part,
                                     std::string const& name)
{
    using rios::detail::number_text;
    auto const x = rios::detail::x_axis(mask);
    auto const y = rios::detail::y_axis(mask);
    auto const part_x = rios::detail::x_axis(part);
    auto const part_y = rios::detail::y_axis(part);
    constexpr double tolerance = 1e-3; // pixels, over the whole part
    auto const drifts = [](auto const& one, auto const& other) {
        return !(std::abs(one.size / other.size - 1) * other.count <= tolerance);
    };
    if (drifts(x, part_x) || drifts(y, part_y)) {
        return "has pixels of " + number_text(x.size) + " x " + number_text(y.size) + " map units; those of " + name +
               " are " + number_text(part_x.size) + " x " + number_text(part_y.size);
    }
    auto const off = [](double pixel) { return number_text(std::round((pixel - std::round(pixel)) * 1e6) / 1e6); };
    return "its pixels lie " + off(part_x.pixel_at(x.origin)) + " cols and " + off(part_y.pixel_at(y.origin)) +
           " rows beside those of " + name;
}

/// The pixel of a mask that is the first of a window of a raster.
/// @param path, mask the mask and its grid
/// @param name, raster the raster and its grid
/// @throws rios::grid_error saying how they differ
inline rios::pixel_shift place_mask(std::string const& path, rios::pixel_grid const& mask, std::string const& name,
                                    rios::pixel_grid const& raster, rios::block const& window)
{
    auto const part = raster.window(window);
    auto const refuse = [&](std::string const& difference) {
        throw rios::grid_error(path + ": " + difference + "; a mask must have the same pixels");
    };
    if (!rios::same_crs(mask, raster)) {
        refuse("has " + rios::detail::crs_text(mask, raster) + "; " + name + " has " +
               rios::detail::crs_text(raster, mask));
    }
    bool const in_pixels = !mask.geotransform || !raster.geotransform;
    if (in_pixels || rios::is_rotated(mask) || rios::is_rotated(raster)) {
        // There is nothing but being the same to go by.
        auto const same_crs = [](auto const&, auto const&) { return true; };
        auto const difference = rios::grid_difference(mask, part, "the subset", same_crs);
        if (difference.empty()) return {};
        if (rios::grid_difference(mask, raster, name, same_crs).empty()) return {.row = window.row, .col = window.col};
        refuse(difference + (in_pixels ? ", and one of the two files has no place on the map"
                                       : ", and one of the two files is rotated"));
    }
    auto const shift = rios::shift_between(mask, part, 1e-3);
    if (!shift) refuse(misalignment_text(mask, part, name));
    if (shift->rows_reversed || shift->cols_reversed) {
        refuse("its rows or columns run in the opposite direction to those of " + name);
    }
    if (auto const missing = missing_text(mask, *shift, part); !missing.empty()) {
        throw rios::grid_error(path + ": covers the subset but for " + missing + "; it must cover all of it");
    }
    return *shift;
}

} // namespace detail

/// Reads for each pixel of a window 1 where the mask holds something, and 0 where it holds 0, its null value, or what is not
/// a finite number.
///
/// Thread rule: one thread at a time. A copy shares nothing with its original.
class mask_reader {
  public:
    using value_type = rios::image<std::uint8_t>;

    /// @param name, raster what the window is a part of
    /// @throws rios::io_error if the file cannot be opened as a raster
    /// @throws rios::grid_error if its pixels are not those of the raster, it does not cover the window, or it has several bands
    mask_reader(std::string path, std::string const& name, rios::pixel_grid const& raster, rios::block const& window)
        : file_(std::move(path)), grid_(raster.window(window))
    {
        if (file_.band_count() != 1) {
            throw rios::grid_error(file_.path() + ": has " + std::to_string(file_.band_count()) +
                                   " bands; a mask has one");
        }
        first_ = detail::place_mask(file_.path(), file_.grid(), name, raster, window);
    }

    [[nodiscard]] std::string const& path() const noexcept { return file_.path(); }
    [[nodiscard]] rios::pixel_grid const& grid() const noexcept { return grid_; }

    /// @throws rios::io_error naming the file and the block
    [[nodiscard]] rios::image<std::uint8_t> read(rios::block where)
    {
        where.row += first_.row;
        where.col += first_.col;
        auto const values = file_.read(where);
        rios::null_test<double> const is_null(file_.null_value(0));
        rios::image<std::uint8_t> mask(1, where.rows, where.cols);
        std::transform(values.data(), values.data() + values.pixel_count(), mask.data(),
                       [&](double value) { return static_cast<std::uint8_t>(value != 0 && !is_null(value)); });
        return mask;
    }

  private:
    rios::gdal_reader<double> file_; // which holds the values of all types
    rios::pixel_grid grid_;
    rios::pixel_shift first_;
};

namespace detail {

/// Makes pixels null that do not count. @returns how many were not null before
inline std::uint64_t apply_mask(rios::image_view<std::uint32_t> labels, rios::image_view<std::uint8_t const> mask)
{
    std::uint64_t changed = 0;
    for (std::ptrdiff_t row = 0; row < labels.rows(); ++row) {
        auto const to = labels.row(0, row);
        auto const counts = mask.row(0, row);
        for (std::size_t col = 0; col < to.size(); ++col) {
            if (counts[col] != 0 || to[col] == 0) continue;
            to[col] = 0;
            ++changed;
        }
    }
    return changed;
}

} // namespace detail

} // namespace shepseg
