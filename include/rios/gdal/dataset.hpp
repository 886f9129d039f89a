// SPDX-License-Identifier: BSL-1.0
//
// An open raster file. What the readers, the writer and everything that looks at a file's properties hold on to.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <gdal_priv.h>

#include "../error.hpp"
#include "../pixel_grid.hpp"
#include "../pixel_type.hpp"
#include "call.hpp"
#include "data_type.hpp"
#include "ground_control_points.hpp"

namespace rios {

/// Rows and columns of the blocks that a raster comes in, in pixels.
struct block_shape {
    std::ptrdiff_t rows;
    std::ptrdiff_t cols;
};

/// Owns an open GDAL dataset. Bands are numbered from 1, as in GDAL.
///
/// Thread rule: one thread at a time; open the file once more for another thread.
class gdal_dataset {
  public:
    /// Opens a raster for reading. Nothing is ever written to the file or beside it.
    /// @throws io_error if there is no such file, GDAL does not recognise it, or it has no bands of its own
    [[nodiscard]] static gdal_dataset open(std::string path) { return open_as(std::move(path), GDAL_OF_READONLY); }

    /// Opens a raster to change it in place: attribute tables, metadata, pixels. (New rasters are made by gdal_writer.) What
    /// has been changed stays so, whatever happens next. Call close() to hear of errors that only show then.
    /// @throws io_error as open() does, and if the file is read-only, or its format can only be read
    [[nodiscard]] static gdal_dataset open_for_update(std::string path)
    {
        namespace fs = std::filesystem;
        std::error_code ignored;
        constexpr auto writable = fs::perms::owner_write | fs::perms::group_write | fs::perms::others_write;
        auto const status = fs::status(path, ignored);
        // The superuser may write to read-only files, but does not mean to.
        if (fs::is_regular_file(status) && (status.permissions() & writable) == fs::perms::none) {
            throw io_error(path, "cannot be changed: is read-only");
        }
        return open_as(std::move(path), GDAL_OF_UPDATE);
    }

    /// Takes over a handle that GDAL made.
    /// @param path what messages call the file; need not be the path that GDAL knows
    gdal_dataset(GDALDataset* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

    /// The same file, which messages call so.
    [[nodiscard]] gdal_dataset shown_as(std::string path) &&
    {
        path_ = std::move(path);
        return std::move(*this);
    }

    /// The file as messages name it.
    [[nodiscard]] std::string const& path() const noexcept { return path_; }

    /// The handle, for what rios does not wrap; stays owned by this object.
    [[nodiscard]] GDALDataset* raw() const noexcept { return handle_.get(); }

    /// Short name of the format's driver: GTiff, HFA, ...
    [[nodiscard]] std::string format() const
    {
        auto* const driver = handle_->GetDriver();
        return driver == nullptr ? "" : driver->GetDescription();
    }

    [[nodiscard]] std::ptrdiff_t rows() const { return handle_->GetRasterYSize(); }
    [[nodiscard]] std::ptrdiff_t cols() const { return handle_->GetRasterXSize(); }
    [[nodiscard]] int band_count() const { return handle_->GetRasterCount(); }

    /// @throws options_error if there is no such band
    [[nodiscard]] GDALRasterBand& band(int number) const
    {
        if (number < 1 || number > band_count()) {
            throw options_error(path_ + ": no band " + std::to_string(number) + "; allowed: 1 to " +
                                std::to_string(band_count()));
        }
        return *handle_->GetRasterBand(number);
    }

    /// Size and place. There is no geotransform if the file has none.
    [[nodiscard]] pixel_grid grid() const
    {
        gdal_errors const quiet;
        pixel_grid grid{.rows = rows(), .cols = cols(), .geotransform = {}, .projection = {}};
        std::array<double, 6> geotransform{};
        if (GDALGetGeoTransform(handle_.get(), geotransform.data()) == CE_None) grid.geotransform = geotransform;
        grid.projection = detail::wkt_of(handle_->GetSpatialRef());
        return grid;
    }

    /// @throws options_error if there is no such band
    /// @throws grid_error if its pixels are of a type that rios does not have
    [[nodiscard]] pixel_type band_type(int number) const
    {
        auto& checked = band(number);
        if (auto const type = type_of_band(checked)) return *type;
        throw grid_error(path_ + ": band " + std::to_string(number) + " has pixels of type " +
                         GDALGetDataTypeName(checked.GetRasterDataType()) +
                         "; allowed: " + std::string(pixel_type_names));
    }

    /// The size of the blocks that a band is stored in, in pixels: at least 1. @throws options_error if there is no such band
    [[nodiscard]] block_shape stored_blocks(int number = 1) const
    {
        int rows = 1;
        int cols = 1;
        band(number).GetBlockSize(&cols, &rows);
        return {std::max(1, rows), std::max(1, cols)};
    }

    /// Are the band's values names of things (LAYER_TYPE) rather than measures? @throws options_error if there is no such band
    [[nodiscard]] bool is_thematic(int number) const
    {
        auto const* const layer_type = band(number).GetMetadataItem("LAYER_TYPE");
        return layer_type != nullptr && EQUAL(layer_type, "thematic");
    }

    /// The value that marks pixels without data, if the band has one. For a float32 band, the float that pixels are
    /// compared with. It may be a value that no pixel of the band's type can have (to_pixel() tells).
    /// @throws options_error if there is no such band
    [[nodiscard]] std::optional<double> null_value(int number) const
    {
        int has_value = FALSE;
        auto& checked = band(number);
        auto const value = checked.GetNoDataValue(&has_value);
        if (has_value == FALSE) return {};
        if (checked.GetRasterDataType() == GDT_Float32) {
            if (auto const rounded = to_pixel<float>(value)) return static_cast<double>(*rounded);
        }
        return value;
    }

    /// Ground control points; none for most files.
    [[nodiscard]] ground_control_points gcps() const { return ground_control_points::of(*handle_); }

    /// One line for people: "a.tif: GTiff, 718 rows, 791 cols, 3 bands of uint8".
    [[nodiscard]] std::string describe() const
    {
        auto text = path_ + ": " + format() + ", " + std::to_string(rows()) + " rows, " + std::to_string(cols()) +
                    " cols, " + std::to_string(band_count()) + (band_count() == 1 ? " band of " : " bands of ");
        for (int number = 1, last = GDT_Unknown; number <= band_count(); ++number) {
            auto const type = band(number).GetRasterDataType();
            if (type == last) continue;
            if (number > 1) text += '/';
            text += type_of_band(band(number)) ? name_of(*type_of_band(band(number))) : GDALGetDataTypeName(type);
            last = type;
        }
        return text;
    }

    /// Writes what is still in memory, for a file that is open for writing.
    /// @throws io_error
    void flush()
    {
        gdal_errors const errors;
#if GDAL_VERSION_NUM >= GDAL_COMPUTE_VERSION(3, 7, 0)
        bool const flushed = GDALFlushCache(handle_.get()) == CE_None;
#else
        bool const flushed = true; // as far as it says; failures were reported
        GDALFlushCache(handle_.get());
#endif
        errors.check(flushed, path_, "cannot write", handle_->GetDescription());
    }

    /// Writes the blocks of a band that are still in memory, and forgets all of them.
    /// @throws io_error
    void flush_band(int number)
    {
        gdal_errors const errors;
        bool const flushed = GDALFlushRasterCache(&band(number)) == CE_None;
        errors.check(flushed, path_, "cannot write", handle_->GetDescription());
    }

    /// Closes the file, and reports what only shows then (a full disk). Afterwards there is no handle, whatever happened.
    /// The destructor closes too, but cannot report anything.
    /// @throws io_error
    void close()
    {
        if (!handle_) return;
        gdal_errors const errors;
        std::string const actual = handle_->GetDescription();
#if GDAL_VERSION_NUM >= GDAL_COMPUTE_VERSION(3, 7, 0)
        bool const flushed = GDALFlushCache(handle_.get()) == CE_None;
        bool const closed = GDALClose(handle_.release()) == CE_None;
        errors.check(flushed && closed, path_, "cannot write", actual);
#else
        GDALFlushCache(handle_.get());
        GDALClose(handle_.release());
        errors.check(true, path_, "cannot write", actual);
#endif
    }

  private:
    /// @param access GDAL_OF_READONLY or GDAL_OF_UPDATE
    [[nodiscard]] static gdal_dataset open_as(std::string path, unsigned access)
    {
        register_drivers();
        std::error_code ignored;
        auto const kind = std::filesystem::status(path, ignored).type();
        using std::filesystem::file_type;
        if (kind == file_type::fifo || kind == file_type::socket || kind == file_type::character) {
            throw io_error(path, "is a pipe or a device; rasters must be files, as they are read in any order");
        }
        gdal_errors const errors;
        auto* const handle = GDALDataset::Open(path.c_str(), GDAL_OF_RASTER | access | GDAL_OF_VERBOSE_ERROR, nullptr);
        if (handle == nullptr) errors.fail(path);
        gdal_dataset result(handle, path);
        errors.check(true, path, "cannot be opened whole"); // GDAL opens what is left of a damaged file
        if (result.band_count() == 0) {
            char** const subdatasets = handle->GetMetadata("SUBDATASETS");
            auto const* const first = CSLFetchNameValue(subdatasets, "SUBDATASET_1_NAME");
            throw io_error(result.path_, first == nullptr
                                             ? std::string("has no raster bands")
                                             : "has no raster bands of its own; name one of the rasters in it, "
                                               "such as " +
                                                   std::string(first));
        }
        return result;
    }

    struct closer {
        void operator()(GDALDataset* handle) const
        {
            gdal_errors const quiet;
            GDALClose(handle);
        }
    };

    std::unique_ptr<GDALDataset, closer> handle_;
    std::string path_;
};

/// The band numbers that a selection means: all bands of the file if it is empty.
/// @throws options_error if one of them does not exist
[[nodiscard]] inline std::vector<int> selected_bands(gdal_dataset const& file, std::vector<int> bands)
{
    if (bands.empty()) {
        bands.resize(static_cast<std::size_t>(file.band_count()));
        std::iota(bands.begin(), bands.end(), 1);
    }
    for (int const number : bands) static_cast<void>(file.band(number));
    return bands;
}

/// The null value that the given bands (all if there are none) have in common; having none counts as a value too.
/// @throws options_error naming the bands and their null values if they differ
[[nodiscard]] inline std::optional<double> common_null_value(gdal_dataset const& file,
                                                             std::vector<int> const& bands = {})
{
    auto const text = [](std::optional<double> value) { return value ? detail::number_text(*value) : "none"; };
    auto const selection = selected_bands(file, bands);
    auto const first = file.null_value(selection.front());
    bool same = true;
    std::string list;
    for (int const number : selection) {
        auto const value = file.null_value(number);
        // As text, so that NaN equals NaN: the text of a number is exact.
        same = same && text(value) == text(first);
        list += (list.empty() ? "band " : ", band ") + std::to_string(number) + ": " + text(value);
    }
    if (same) return first;
    throw options_error(file.path() + ": the bands have different null values (" + list +
                        "); select bands with the same one, or give the null value");
}

} // namespace rios
