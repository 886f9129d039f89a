// SPDX-License-Identifier: BSL-1.0
//
// Where most pipelines begin: a rios::Reader for every raster that GDAL can open.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <ogr_spatialref.h>

#include "../block.hpp"
#include "../concepts.hpp"
#include "../error.hpp"
#include "../image.hpp"
#include "../image_view.hpp"
#include "../pixel_grid.hpp"
#include "../pixel_type.hpp"
#include "call.hpp"
#include "data_type.hpp"
#include "dataset.hpp"
#include "raster_io.hpp"

namespace rios {

/// How a gdal_reader reads.
struct gdal_reader_options {
    /// Numbers of the bands to read, from 1, in this order; empty for all bands of the file.
    std::vector<int> bands{};
};

namespace detail {

/// The part of a reader that does not depend on the pixel type. A copy has no handle until it needs one.
class gdal_source {
  public:
    gdal_source(std::string path, std::vector<int> bands) : path_(std::move(path))
    {
        auto const file = gdal_dataset::open(path_);
        grid_ = file.grid();
        bands_ = selected_bands(file, std::move(bands));
        for (int const number : bands_) {
            types_.push_back(file.band_type(number));
            null_values_.push_back(file.null_value(number));
        }
    }

    gdal_source(gdal_source const& other)
        : path_(other.path_), bands_(other.bands_), types_(other.types_), null_values_(other.null_values_),
          grid_(other.grid_)
    {
    }
    gdal_source& operator=(gdal_source const& other) { return *this = gdal_source(other); }
    gdal_source(gdal_source&&) = default;
    gdal_source& operator=(gdal_source&&) = default;
    ~gdal_source() = default;

    [[nodiscard]] std::string const& path() const noexcept { return path_; }
    [[nodiscard]] std::vector<int> const& bands() const noexcept { return bands_; }
    [[nodiscard]] std::vector<pixel_type> const& types() const noexcept { return types_; }
    [[nodiscard]] std::vector<std::optional<double>> const& null_values() const noexcept { return null_values_; }
    [[nodiscard]] pixel_grid const& grid() const noexcept { return grid_; }

    gdal_dataset const& file()
    {
        if (!file_) {
            auto opened = gdal_dataset::open(path_);
            auto const last = *std::max_element(bands_.begin(), bands_.end());
            if (opened.rows() != grid_.rows || opened.cols() != grid_.cols || opened.band_count() < last) {
                throw io_error(path_, "is not the raster any more that it was when reading began");
            }
            file_.emplace(std::move(opened));
        }
        return *file_;
    }

  private:
    std::string path_;
    std::vector<int> bands_;
    std::vector<pixel_type> types_;
    std::vector<std::optional<double>> null_values_;
    pixel_grid grid_;
    std::optional<gdal_dataset> file_;
};

} // namespace detail

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
    /// @throws options_error if a band does not exist
    /// @throws grid_error if a band has complex pixels or another type that rios does not have
    explicit gdal_reader(std::string path, gdal_reader_options options = {})
        : source_(std::move(path), std::move(options.bands))
    {
    }

    [[nodiscard]] std::string const& path() const noexcept { return source_.path(); }
    [[nodiscard]] pixel_grid const& grid() const noexcept { return source_.grid(); }

    /// Numbers of the bands that are read, from 1, in the order of the image's bands.
    [[nodiscard]] std::vector<int> const& bands() const noexcept { return source_.bands(); }
    [[nodiscard]] std::ptrdiff_t band_count() const noexcept { return static_cast<std::ptrdiff_t>(bands().size()); }

    /// The file's null value for a band of the image, if it has one.
    /// @param band its number in the image, from 0
    [[nodiscard]] std::optional<double> null_value(std::size_t band) const noexcept
    {
        return source_.null_values()[band];
    }

    /// Do two texts (WKT) stand for the same coordinate reference system?
    [[nodiscard]] static bool same_crs(std::string const& one, std::string const& other)
    {
        gdal_errors const quiet;
        OGRSpatialReference first;
        OGRSpatialReference second;
        if (first.importFromWkt(one.c_str()) != OGRERR_NONE || second.importFromWkt(other.c_str()) != OGRERR_NONE) {
            return one == other;
        }
        // Formats leave out or rename what does not matter here: names, and how axes are written down.
        char const* const options[] = {"IGNORE_DATA_AXIS_TO_SRS_AXIS_MAPPING=YES", "CRITERION=EQUIVALENT", nullptr};
        return first.IsSame(&second, options) != FALSE;
    }

    /// The pixels of a block, all selected bands.
    /// @throws grid_error if the block does not lie inside the grid
    /// @throws io_error naming the file and the block
    [[nodiscard]] image<T> read(block const& where)
    {
        // Checked before there is memory for it.
        auto const band_count = static_cast<std::ptrdiff_t>(bands().size());
        detail::require_block_fits(path(), grid(), band_count, where, band_count, where.rows, where.cols);
        image<T> pixels(band_count, where.rows, where.cols);
        read_into(where, pixels.view());
        return pixels;
    }

    /// As read(), into memory of the caller.
    /// @throws grid_error if the block does not lie inside the grid, or the view is not bands × rows × cols of the block
    /// @throws io_error naming the file and the block
    void read_into(block const& where, image_view<T> into)
    {
        detail::require_block_fits(path(), grid(), static_cast<std::ptrdiff_t>(bands().size()), where, into.bands(),
                                   into.rows(), into.cols());
        if constexpr (gdal_has_int8) {
            detail::transfer(source_.file(), GF_Read, where, into, bands());
        } else if constexpr (std::same_as<T, std::int8_t>) {
            read_as_signed_bytes(where, into);
        } else {
            detail::transfer(source_.file(), GF_Read, where, into, bands());
            restore_signs(into);
        }
    }

  private:
    // The rest is for GDAL before 3.7, to which signed bytes are bytes: -1 arrives as 255.

    template <typename U>
    void restore_signs(image_view<U> pixels) const
    {
        for (std::ptrdiff_t band = 0; band < pixels.bands(); ++band) {
            if (source_.types()[static_cast<std::size_t>(band)] != pixel_type::int8) continue;
            for (auto const [row, col] : pixels.pixels()) {
                auto& pixel = pixels(band, row, col);
                if (pixel <= U{127}) continue;
                if constexpr (std::is_unsigned_v<U>) pixel = 0;
                else pixel = static_cast<U>(pixel - U{127} - U{127} - U{2});
            }
        }
    }

    void read_as_signed_bytes(block const& where, image_view<std::int8_t> into)
    {
        auto const is_int8 = [](pixel_type type) { return type == pixel_type::int8; };
        if (std::all_of(source_.types().begin(), source_.types().end(), is_int8)) {
            detail::transfer(source_.file(), GF_Read, where, into, bands());
            return;
        }
        image<double> wide(into.bands(), into.rows(), into.cols());
        detail::transfer(source_.file(), GF_Read, where, wide.view(), bands());
        restore_signs(wide.view());
        for (std::ptrdiff_t band = 0; band < into.bands(); ++band) {
            for (auto const [row, col] : into.pixels()) {
                auto const value = wide(band, row, col);
                into(band, row, col) = std::isnan(value)
                                           ? std::int8_t{0}
                                           : static_cast<std::int8_t>(std::clamp(std::round(value), -128.0, 127.0));
            }
        }
    }

    detail::gdal_source source_;
};

} // namespace rios
