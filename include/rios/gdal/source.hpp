// SPDX-License-Identifier: BSL-1.0
//
// A raster file as a gdal_reader sees it, whatever the type that its pixels are read as: the selected bands, their null values,
// the pixels it is placed on, and a handle that is opened when it is needed.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../block.hpp"
#include "../error.hpp"
#include "../image.hpp"
#include "../image_view.hpp"
#include "../pixel_grid.hpp"
#include "../pixel_type.hpp"
#include "../read_block.hpp"
#include "../resampling.hpp"
#include "data_type.hpp"
#include "dataset.hpp"
#include "placement.hpp"
#include "raster_io.hpp"
#include "signed_bytes.hpp"
#include "warp.hpp"

namespace rios {

/// How a gdal_reader reads.
struct gdal_reader_options {
    /// Numbers of the bands to read, from 1, in this order; empty for all bands of the file.
    std::vector<int> bands{};
    /// How pixels are made where those of the working grid do not coincide with the file's.
    rios::resampling resampling = rios::resampling::near;
    /// Null values to go by instead of the file's: one for all bands, or one for each that is read, in that order; none in an
    /// element means that the band has no null value. Empty: those of the file.
    std::vector<std::optional<double>> null_values{};
    /// How far corners may be apart, in pixels, for the pixels of two grids to coincide.
    double alignment_tolerance = 1e-3;
    /// How far off a place in the file may be where pixels are resampled, in pixels of the file. 0: every pixel is transformed
    /// exactly. 0.125 is what gdalwarp and RIOS allow, and several times faster between two coordinate reference systems.
    double transform_error = 0;

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.bands, self.resampling, self.null_values, self.alignment_tolerance, self.transform_error);
    }
};

/// What a gdal_reader is made from in another process.
struct gdal_reader_description {
    std::string path{};
    gdal_reader_options options{};
    pixel_grid grid{}; ///< that it reads on
    std::ptrdiff_t margin = 0;

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.path, self.options, self.grid, self.margin);
    }
};

namespace detail {

/// The part of a reader that does not depend on the pixel type. A copy has no handle until it needs one.
class gdal_source {
  public:
    gdal_source(std::string const& path, gdal_reader_options options)
        : gdal_source(gdal_dataset::open(path), std::move(options))
    {
    }
    /// @param file is looked at here; a handle of its own reads
    gdal_source(gdal_dataset const& file, gdal_reader_options options)
        : path_(file.path()), options_(std::move(options))
    {
        placement_.grid = file_grid_ = file.grid();
        options_.bands = selected_bands(file, std::move(options_.bands));
        for (int const number : bands()) {
            types_.push_back(file.band_type(number));
            null_values_.push_back(file.null_value(number));
        }
        replace_null_values();
    }

    gdal_source(gdal_source const& other)
        : path_(other.path_), options_(other.options_), types_(other.types_), null_values_(other.null_values_),
          file_grid_(other.file_grid_), placement_(other.placement_)
    {
    }
    gdal_source& operator=(gdal_source const& other) { return *this = gdal_source(other); }
    gdal_source(gdal_source&&) = default;
    gdal_source& operator=(gdal_source&&) = default;
    ~gdal_source() = default;

    [[nodiscard]] gdal_reader_description description() const
    {
        return {.path = path_, .options = options_, .grid = placement_.grid, .margin = placement_.margin};
    }

    [[nodiscard]] std::string const& path() const noexcept { return path_; }
    [[nodiscard]] std::vector<int> const& bands() const noexcept { return options_.bands; }
    [[nodiscard]] std::vector<pixel_type> const& types() const noexcept { return types_; }
    [[nodiscard]] std::vector<std::optional<double>> const& null_values() const noexcept { return null_values_; }
    [[nodiscard]] pixel_grid const& grid() const noexcept { return placement_.grid; }
    [[nodiscard]] std::ptrdiff_t margin() const noexcept { return placement_.margin; }

    /// The same source on other pixels.
    [[nodiscard]] gdal_source on(pixel_grid const& grid, std::ptrdiff_t margin) const
    {
        auto result = *this;
        result.placement_ = place(path_, file_grid_, grid, margin, options_.alignment_tolerance, options_.resampling);
        // So that what is impossible is reported before anything is read.
        if (result.placement_.warped) static_cast<void>(result.open_warped());
        return result;
    }

    /// @pre the block lies inside the grid or its margin, the view has its shape
    template <typename T>
    void read(block const& where, image_view<T> into)
    {
        if constexpr (!gdal_has_int8 && std::same_as<T, std::int8_t>) {
            auto const is_int8 = [](pixel_type type) { return type == pixel_type::int8; };
            if (placement_.warped || !std::all_of(types_.begin(), types_.end(), is_int8)) {
                image<double> wide(into.bands(), into.rows(), into.cols());
                read(where, wide.view());
                narrow(wide, into);
                return;
            }
        }
        if (placement_.warped) warped().read(where, into);
        else read_file(where, into);
    }

  private:
    /// The options' null values instead of the file's. @throws options_error if their number is none of those allowed
    void replace_null_values()
    {
        auto const& given = options_.null_values;
        if (given.empty()) return;
        if (given.size() != 1 && given.size() != bands().size()) {
            throw options_error(path_ + ": " + std::to_string(given.size()) + " null values for " +
                                std::to_string(bands().size()) +
                                " bands; allowed: none, one for all, or one for each band that is read");
        }
        for (std::size_t band = 0; band < bands().size(); ++band) {
            auto& null = null_values_[band] = given.size() == 1 ? given.front() : given[band];
            if (!null || types_[band] != pixel_type::float32) continue;
            if (auto const rounded = to_pixel<float>(*null)) null = static_cast<double>(*rounded);
        }
    }

    [[nodiscard]] gdal_dataset open() const
    {
        auto opened = gdal_dataset::open(path_);
        auto const last = *std::max_element(bands().begin(), bands().end());
        if (opened.rows() != file_grid_.rows || opened.cols() != file_grid_.cols || opened.band_count() < last) {
            throw io_error(path_, "is not the raster any more that it was when reading began");
        }
        return opened;
    }

    gdal_dataset const& file()
    {
        if (!file_) file_.emplace(open());
        return *file_;
    }

    [[nodiscard]] std::unique_ptr<warped_raster> open_warped() const
    {
        warp_settings settings{.grid = grid(),
                               .method = placement_.method,
                               .transform_error = options_.transform_error,
                               .bands = bands(),
                               .types = types_,
                               .null_values = null_values_};
        auto opened = open();
        if (!gdal_has_int8 && std::count(types_.begin(), types_.end(), pixel_type::int8) > 0) {
            opened = widened_signed_bytes(opened, bands());
            std::iota(settings.bands.begin(), settings.bands.end(), 1);
            std::replace(settings.types.begin(), settings.types.end(), pixel_type::int8, pixel_type::int16);
        }
        return std::make_unique<warped_raster>(std::move(opened), settings);
    }

    warped_raster& warped()
    {
        if (!warped_) warped_ = open_warped();
        return *warped_;
    }

    template <typename T>
    void read_file(block const& where, image_view<T> into)
    {
        // In pixels of the file: what is asked for, and what there is of it.
        auto const row = where.row + placement_.first_row;
        auto const col = where.col + placement_.first_col;
        block there{
            .index = where.index, .row = std::max<std::ptrdiff_t>(0, row), .col = std::max<std::ptrdiff_t>(0, col)};
        there.rows = std::max<std::ptrdiff_t>(0, std::min(row + where.rows, file_grid_.rows) - there.row);
        there.cols = std::max<std::ptrdiff_t>(0, std::min(col + where.cols, file_grid_.cols) - there.col);
        if (there.rows == 0 || there.cols == 0) {
            fill_around(into, 0, 0, 0, 0, null_values_);
            return;
        }
        auto const part = into.window(there.row - row, there.col - col, there.rows, there.cols);
        transfer(file(), GF_Read, there, part, bands());
        if constexpr (!gdal_has_int8 && !std::same_as<T, std::int8_t>) restore_signs(part, types_);
        if (there.rows == where.rows && there.cols == where.cols) return;
        fill_around(into, there.row - row, there.col - col, there.rows, there.cols, null_values_);
    }

    std::string path_;
    gdal_reader_options options_;
    std::vector<pixel_type> types_;
    std::vector<std::optional<double>> null_values_;
    pixel_grid file_grid_;
    placement placement_;
    std::optional<gdal_dataset> file_;
    std::unique_ptr<warped_raster> warped_;
};

} // namespace detail

} // namespace rios
