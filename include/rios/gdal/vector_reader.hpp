// SPDX-License-Identifier: BSL-1.0
//
// A layer of vectors as the input of a pipeline: a rios::Reader that burns points, lines and polygons into the pixels of the
// grid that it is laid on. See docs/vectors.md.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "../block.hpp"
#include "../error.hpp"
#include "../image.hpp"
#include "../image_view.hpp"
#include "../pixel_grid.hpp"
#include "../pixel_type.hpp"
#include "burned_layer.hpp"
#include "crs.hpp"
#include "data_type.hpp"
#include "rasterize.hpp"
#include "vector_source.hpp"

namespace rios {

/// Reads blocks of a layer of vectors as pixels of type T, one band. It has no grid of its own: on() lays it on one.
///
/// Shapes are transformed to the grid's coordinate reference system (if the layer and the grid have one) and burned into the
/// grid's own pixels, as gdal_rasterize does it for the whole grid: features in the order of the file, later over earlier.
/// What has no place in the grid's coordinate reference system is left out. Nothing is written anywhere.
///
/// Memory: strips of `strip_bytes`, as many as the largest block so far spans and two more, and two for each thread that burns
/// one; besides, what GDAL holds of the source.
///
/// Thread rule: one thread at a time. Copies share strips and handles: each strip is burned once, by one thread, for all
/// of them, and each thread that burns has a handle of its own.
template <Pixel T>
class vector_reader {
  public:
    using value_type = image<T>;

    /// Opens the source for a moment, so that what is wrong is reported here.
    /// @throws io_error if it cannot be opened as a source of vectors
    /// @throws options_error if there is no such layer or attribute, the attribute is no number, WHERE is refused, or T has no
    /// such burn value or null value
    explicit vector_reader(std::string path, vector_reader_options options = {})
        : source_(std::make_shared<detail::vector_source const>(checked(path, options), options))
    {
    }

    /// How it travels to another process, which must know the file by the same path; with the grid and the margin, if it lies on
    /// one.
    using description_type = std::tuple<std::string, vector_reader_options, std::optional<pixel_grid>, std::ptrdiff_t>;
    [[nodiscard]] description_type description() const
    {
        return {path(), options(), burned_ ? std::optional(grid()) : std::nullopt, margin()};
    }
    /// @throws as the other, and as on()
    explicit vector_reader(description_type const& what) : vector_reader(std::get<0>(what), std::get<1>(what))
    {
        if (auto const& place = std::get<2>(what)) *this = on(*place, std::get<3>(what));
    }

    /// The same layer on a grid. @param margin how many pixels blocks may reach beyond the grid, on all sides
    /// @throws options_error if the margin is negative
    /// @throws grid_error if the grid is empty or has no geotransform, or the layer's coordinate reference system cannot be
    /// transformed to that of the grid
    /// @throws io_error
    [[nodiscard]] vector_reader on(pixel_grid const& grid, std::ptrdiff_t margin = 0) const
    {
        if (margin < 0) {
            throw options_error(path() + ": a margin of " + std::to_string(margin) + " pixels; must be at least 0");
        }
        constexpr std::ptrdiff_t most = std::numeric_limits<int>::max();
        auto const longest = std::max(grid.rows, grid.cols);
        if (grid.rows < 1 || grid.cols < 1 || longest > most || margin > (most - longest) / 2) {
            throw grid_error(path() + ": vectors cannot be laid on a grid of " + detail::size_text(grid) +
                             " with a margin of " + std::to_string(margin) + "; each must be 1 to " +
                             std::to_string(most));
        }
        static_cast<void>(detail::part_of_grid(path(), grid, grid.whole()));
        auto result = *this;
        result.burned_ = std::make_shared<detail::burned_layer<T>>(*source_, grid, margin);
        return result;
    }

    [[nodiscard]] std::string const& path() const noexcept { return source_->path(); }
    [[nodiscard]] vector_reader_options const& options() const noexcept { return source_->options(); }

    /// The grid that the layer lies on; one of 0 rows if it lies on none.
    [[nodiscard]] pixel_grid const& grid() const noexcept
    {
        static pixel_grid const nowhere{};
        return burned_ ? burned_->grid() : nowhere;
    }

    /// How many pixels blocks may reach beyond the grid, on all sides: rows and columns may be negative there.
    [[nodiscard]] std::ptrdiff_t margin() const noexcept { return burned_ ? burned_->margin() : 0; }

    [[nodiscard]] std::ptrdiff_t band_count() const noexcept { return 1; }

    /// The value of pixels that no feature covers.
    [[nodiscard]] std::optional<double> null_value(std::size_t /*band*/) const noexcept { return options().null_value; }

    /// Do two texts (WKT) stand for the same coordinate reference system?
    [[nodiscard]] static bool same_crs(std::string const& one, std::string const& other)
    {
        return rios::same_crs(one, other);
    }

    /// The pixels of a block.
    /// @throws grid_error if the block does not lie inside the grid and its margin, or there is no grid
    /// @throws io_error naming the source
    [[nodiscard]] image<T> read(block const& where)
    {
        require_fits(where, 1, where.rows, where.cols);
        image<T> pixels(1, where.rows, where.cols);
        burned_->read_into(where, pixels.view());
        return pixels;
    }

    /// As read(), into memory of the caller.
    /// @throws grid_error also if the view is not 1 × rows × cols of the block
    void read_into(block const& where, image_view<T> into)
    {
        require_fits(where, into.bands(), into.rows(), into.cols());
        burned_->read_into(where, into);
    }

  private:
    static std::string const& checked(std::string const& path, vector_reader_options const& options)
    {
        auto const require = [&](char const* what, double value) {
            if (to_pixel<T>(value)) return;
            using limits = std::numeric_limits<T>;
            throw options_error(path + ": " + what + ' ' + detail::number_text(value) + " is not a " +
                                std::string(name_of(pixel_type_of<T>)) +
                                " value; allowed: " + (limits::is_integer ? "whole numbers from " : "numbers from ") +
                                detail::number_text(static_cast<double>(limits::lowest())) + " to " +
                                detail::number_text(static_cast<double>(limits::max())));
        };
        if (options.attribute.empty()) require("burn value", options.burn_value);
        require("null value", options.null_value);
        return path;
    }

    void require_fits(block const& where, std::ptrdiff_t bands, std::ptrdiff_t rows, std::ptrdiff_t cols) const
    {
        if (!burned_) throw grid_error(path() + ": does not lie on a grid yet, so it has no pixels; see on()");
        auto const more = margin();
        auto const is_inside = [more](std::ptrdiff_t begin, std::ptrdiff_t count, std::ptrdiff_t size) {
            return begin >= -more && count >= 0 && count <= size + more - begin;
        };
        if (!is_inside(where.row, where.rows, grid().rows) || !is_inside(where.col, where.cols, grid().cols)) {
            throw grid_error(path() + ": block " + std::to_string(where.index) + " (at row " +
                             std::to_string(where.row) + ", col " + std::to_string(where.col) + ": " +
                             std::to_string(where.rows) + " rows, " + std::to_string(where.cols) +
                             " cols) is not inside the grid of " + detail::size_text(grid()) + " with its margin of " +
                             std::to_string(more) + " pixels");
        }
        if (bands != 1 || rows != where.rows || cols != where.cols) {
            throw grid_error(path() + ": block " + std::to_string(where.index) + " has 1 × " +
                             std::to_string(where.rows) + " × " + std::to_string(where.cols) +
                             " pixels (bands × rows × cols); those given for it are " + std::to_string(bands) + " × " +
                             std::to_string(rows) + " × " + std::to_string(cols));
        }
    }

    std::shared_ptr<detail::vector_source const> source_;
    std::shared_ptr<detail::burned_layer<T>> burned_;
};

} // namespace rios
