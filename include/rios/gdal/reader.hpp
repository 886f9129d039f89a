// SPDX-License-Identifier: BSL-1.0
//
// Where most pipelines begin: a rios::Reader for every raster that GDAL can open.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../block.hpp"
#include "../image.hpp"
#include "../image_view.hpp"
#include "../pixel_grid.hpp"
#include "../pixel_type.hpp"
#include "crs.hpp"
#include "dataset.hpp"
#include "raster_io.hpp"
#include "source.hpp"

namespace rios {

/// Reads blocks of a raster file as pixels of type T, whatever the file's own pixel type. Values that T does not have
/// are rounded and clamped to its range; dispatch() on common_pixel_type() of the bands avoids that. Null values are
/// ordinary values here.
///
/// Always reads at full resolution, never from overviews, and never writes anything beside the file.
///
/// Thread rule: one thread at a time. A copy shares nothing with its original and opens the file when it first reads, so
/// that each thread can have its own.
template <Pixel T>
class gdal_reader {
  public:
    using value_type = image<T>;

    /// Opens the file for a moment, so that a bad one is reported here.
    /// @throws io_error if it cannot be opened as a raster
    /// @throws options_error if a band does not exist, or there are neither one null value nor one for each band
    /// @throws grid_error if a band has complex pixels or another type that rios does not have
    explicit gdal_reader(std::string const& path, gdal_reader_options options = {}) : source_(path, std::move(options))
    {
    }
    /// A file that is open already, as opening takes long on some stores and in some formats. It is only looked at, and need not
    /// stay open: reading opens it by its path.
    /// @throws as the other
    explicit gdal_reader(gdal_dataset const& file, gdal_reader_options options = {}) : source_(file, std::move(options))
    {
    }

    /// How the reader travels to another process, which must know the file by the same path.
    using description_type = gdal_reader_description;
    [[nodiscard]] gdal_reader_description description() const { return source_.description(); }
    /// @throws as the other, and grid_error if the file is not what it was
    explicit gdal_reader(gdal_reader_description const& what)
        : source_(detail::gdal_source(what.path, what.options).on(what.grid, what.margin))
    {
    }

    [[nodiscard]] std::string const& path() const noexcept { return source_.path(); }
    [[nodiscard]] pixel_grid const& grid() const noexcept { return source_.grid(); }

    /// Numbers of the bands that are read, from 1, in the order of the image's bands.
    [[nodiscard]] std::vector<int> const& bands() const noexcept { return source_.bands(); }
    [[nodiscard]] std::ptrdiff_t band_count() const noexcept { return static_cast<std::ptrdiff_t>(bands().size()); }

    /// The pixel type that a band of the image has in the file. @param band its number in the image, from 0
    [[nodiscard]] pixel_type type_in_file(std::size_t band) const noexcept { return source_.types()[band]; }

    /// The null value of a band of the image, if it has one: the file's, unless the options say otherwise.
    /// @param band its number in the image, from 0
    [[nodiscard]] std::optional<double> null_value(std::size_t band) const noexcept
    {
        return source_.null_values()[band];
    }

    /// Do two texts (WKT) stand for the same coordinate reference system?
    [[nodiscard]] static bool same_crs(std::string const& one, std::string const& other)
    {
        return rios::same_crs(one, other);
    }

    /// A reader of the same bands on other pixels. Where they coincide with the file's, they are the file's, otherwise GDAL's
    /// warper makes them by options.resampling, exactly and from full resolution, of band after band by itself. Where the file
    /// has nothing, or null only, they are null, or 0. Values are rounded to the type of the file's band first.
    /// @param margin how far blocks may reach beyond the grid, in pixels
    /// @throws grid_error if one of the grids is rotated, or without a place on the map, unless they have the same pixels; if
    ///         there is no transformation between their coordinate reference systems (having none goes with any)
    /// @throws io_error if the file cannot be opened any more
    [[nodiscard]] gdal_reader on(pixel_grid const& grid, std::ptrdiff_t margin) const
    {
        return gdal_reader(source_.on(grid, margin));
    }

    /// How many pixels beyond its grid blocks may reach.
    [[nodiscard]] std::ptrdiff_t margin() const noexcept { return source_.margin(); }

    /// The pixels of a block, all selected bands.
    /// @throws grid_error if the block does not lie inside the grid and its margin
    /// @throws io_error naming the file and the block
    [[nodiscard]] image<T> read(block const& where)
    {
        // Checked before there is memory for it.
        detail::require_block_fits(path(), grid(), band_count(), where, band_count(), where.rows, where.cols, margin());
        image<T> pixels(band_count(), where.rows, where.cols);
        read_into(where, pixels.view());
        return pixels;
    }

    /// As read(), into memory of the caller.
    /// @throws grid_error if the block does not lie inside the grid and its margin, or the view is not bands × rows × cols of the block
    /// @throws io_error naming the file and the block
    void read_into(block const& where, image_view<T> into)
    {
        detail::require_block_fits(path(), grid(), band_count(), where, into.bands(), into.rows(), into.cols(),
                                   margin());
        source_.read(where, into);
    }

  private:
    explicit gdal_reader(detail::gdal_source source) : source_(std::move(source)) {}

    detail::gdal_source source_;
};

} // namespace rios
