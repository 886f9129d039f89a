// SPDX-License-Identifier: BSL-1.0
//
// Where most pipelines end: a rios::Writer for every raster format that GDAL can write block by block. The file appears
// under its name when it is complete (pending_output.hpp), and not before.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <cpl_string.h>
#include <gdal_priv.h>

#include "../block.hpp"
#include "../concepts.hpp"
#include "../error.hpp"
#include "../image.hpp"
#include "../image_view.hpp"
#include "../pending_output.hpp"
#include "../pixel_grid.hpp"
#include "../pixel_type.hpp"
#include "call.hpp"
#include "data_type.hpp"
#include "dataset.hpp"
#include "format.hpp"
#include "ground_control_points.hpp"
#include "raster_io.hpp"

namespace rios {

/// What a gdal_writer writes.
struct gdal_writer_options {
    /// Number of bands.
    int bands = 1;
    /// Short name of a GDAL driver that can create files; empty for what the extension stands for (driver_for).
    std::string format{};
    /// "KEY=VALUE" each, as the driver knows them. They replace single defaults, which are, for GTiff, TILED=YES
    /// COMPRESS=DEFLATE ZLEVEL=1 PREDICTOR=2 (integers only) BIGTIFF=IF_SAFER; for HFA, COMPRESSED=YES.
    std::vector<std::string> creation_options{};
    /// Value of pixels without data, the same in all bands; none if every value is data.
    std::optional<double> null_value{};
    /// Are the values names of things (segments, classes) rather than measures? Sets LAYER_TYPE=thematic.
    bool thematic = false;
    /// Place on the map of a raster whose grid has no geotransform; ignored if the grid has one.
    ground_control_points gcps{};
    /// Descriptions of the bands, from the first on; may be fewer than bands.
    std::vector<std::string> band_names{};
    /// Threads that compress blocks in the background, for formats that can (GTiff).
    int compression_threads = 1;
};

namespace detail {

/// The part of a writer that does not depend on the pixel type at compile time.
class gdal_output {
  public:
    gdal_output(std::string path, pixel_type type, gdal_writer_options options)
        : path_(std::move(path)), type_(type), options_(std::move(options))
    {
        if (path_.starts_with("/vsi")) {
            throw options_error(path_ + ": outputs must be real files, as they are renamed when complete; "
                                        "GDAL's virtual files (/vsi...) can only be read");
        }
        if (options_.bands < 1) {
            throw options_error(path_ + ": " + std::to_string(options_.bands) + " bands: must be at least 1");
        }
        if (options_.format.empty()) options_.format = driver_for(path_);
        driver_ = &writable_driver(path_, options_.format);
        require_type(path_, *driver_, type);
        creation_options_ =
            creation_options(path_, *driver_, type, options_.compression_threads, options_.creation_options);
        for (int number = 1; number <= options_.bands; ++number) bands_.push_back(number);
    }

    void open(pixel_grid const& grid)
    {
        constexpr std::ptrdiff_t largest = std::numeric_limits<int>::max();
        if (open_) throw io_error(path_, "is already open for writing");
        if (grid.rows < 1 || grid.cols < 1 || grid.rows > largest || grid.cols > largest) {
            throw grid_error(path_ + ": cannot write a raster of " + std::to_string(grid.rows) + " rows, " +
                             std::to_string(grid.cols) + " cols; each must be 1 to " + std::to_string(largest));
        }
        pending_output pending(path_);
        auto const actual = pending.path().string();
        // An .img holds everything itself but ground control points. Left alone, GDAL would write it all once more beside
        // the file: an .aux.xml.
        bool const alone = EQUAL(driver_->GetDescription(), "HFA") && options_.gcps.points.empty();
        CPLConfigOptionSetter const no_sidecar("GDAL_PAM_ENABLED", alone ? "NO" : "YES", true);
        gdal_errors const errors;
        auto* const handle = driver_->Create(actual.c_str(), static_cast<int>(grid.cols), static_cast<int>(grid.rows),
                                             options_.bands, gdal_type_of(type_), creation_options_.List());
        if (handle == nullptr) errors.fail(path_, "cannot create", actual);
        auto output = std::make_unique<open_output>(open_output{std::move(pending), {handle, path_}, grid});
        describe(output->file, grid);
        open_ = std::move(output);
    }

    [[nodiscard]] gdal_dataset& file()
    {
        if (!open_) throw io_error(path_, "is not open for writing");
        return open_->file;
    }

    [[nodiscard]] pixel_grid const& grid() const noexcept { return open_->grid; }
    [[nodiscard]] std::string const& path() const noexcept { return path_; }
    [[nodiscard]] std::vector<int> const& bands() const noexcept { return bands_; }

    void discard() noexcept { open_.reset(); }

    template <typename F>
    void close(F before_commit)
    {
        static_cast<void>(file());
        auto const output = std::move(open_); // gone whether or not the next steps succeed
        output->file.close();
        before_commit(output->pending.path().string());
        output->pending.commit();
    }

  private:
    // The dataset is closed before its directory goes: members end in reverse order.
    struct open_output {
        pending_output pending;
        gdal_dataset file;
        pixel_grid grid;
    };

    void describe(gdal_dataset const& file, pixel_grid const& grid) const
    {
        auto& dataset = *file.raw();
        auto const require = [&](auto&& call, char const* doing) {
            gdal_errors const errors;
            auto const result = call();
            errors.check(result == CE_None, path_, doing, dataset.GetDescription());
        };
        if (grid.geotransform) {
            auto geotransform = *grid.geotransform;
            require([&] { return GDALSetGeoTransform(&dataset, geotransform.data()); }, "cannot set the geotransform");
        } else if (!options_.gcps.points.empty()) {
            require([&] { return options_.gcps.write_to(dataset); }, "cannot set the ground control points");
        }
        if (!grid.projection.empty() && (grid.geotransform || options_.gcps.points.empty())) {
            require([&] { return dataset.SetProjection(grid.projection.c_str()); }, "cannot set the projection");
        }
        for (int const number : bands_) {
            auto& band = file.band(number);
            if (auto const null = options_.null_value) {
                require([&] { return band.SetNoDataValue(*null); }, "cannot set the null value");
            }
            if (options_.thematic) {
                require([&] { return band.SetMetadataItem("LAYER_TYPE", "thematic"); }, "cannot set the layer type");
            }
            if (auto const index = static_cast<std::size_t>(number - 1); index < options_.band_names.size()) {
                band.SetDescription(options_.band_names[index].c_str());
            }
        }
    }

    std::string path_;
    pixel_type type_;
    gdal_writer_options options_;
    GDALDriver* driver_ = nullptr;
    CPLStringList creation_options_;
    std::vector<int> bands_;
    std::unique_ptr<open_output> open_;
};

} // namespace detail

/// Writes blocks of T to a new raster file. Until close() has returned, an older file of that name stays as it was; a
/// writer that ends without close() leaves nothing behind. Real files only, not GDAL's /vsi paths.
///
/// Thread rule: one thread at a time.
template <Pixel T>
class gdal_writer {
  public:
    /// Creates nothing yet, but checks all options.
    /// @throws options_error for an unknown format or extension, a format that can only copy (PNG, COG) or has no pixels
    /// of type T, a bad creation option, a null value that no T has, or fewer than one band
    explicit gdal_writer(std::string const& path, gdal_writer_options options = {})
        : output_(path, pixel_type_of<T>, checked(path, std::move(options)))
    {
    }

    [[nodiscard]] std::string const& path() const noexcept { return output_.path(); }

    /// Creates the file under a temporary name.
    /// @throws io_error if it cannot be created: the reason is the operating system's or GDAL's
    /// @throws grid_error if the grid is empty
    void open(pixel_grid const& grid) { output_.open(grid); }

    /// Writes the pixels of a block; all bands, in any order of blocks.
    /// @throws grid_error if the block does not lie inside the grid, or pixels are not bands × rows × cols of the block
    /// @throws io_error naming the file and the block
    void write(block const& where, image_view<T const> pixels)
    {
        auto const& file = output_.file();
        detail::require_block_fits(path(), output_.grid(), file.band_count(), where, pixels.bands(), pixels.rows(),
                                   pixels.cols());
        detail::transfer(file, GF_Write, where, pixels, output_.bands());
    }
    void write(block const& where, image<T> const& pixels) { write(where, pixels.view()); }

    /// Leaves a block without data: its pixels hold the null value, or 0 if there is none.
    /// @throws grid_error if the block does not lie inside the grid
    /// @throws io_error naming the file and the block
    void skip(block const& where)
    {
        auto const& file = output_.file();
        detail::require_block_fits(path(), output_.grid(), 1, where, 1, where.rows, where.cols);
        // A new GTiff is filled with its null value, which is far cheaper than writing that.
        if (file.format() == "GTiff") return;
        image<T> nulls(file.band_count(), where.rows, where.cols);
        if (auto const null = file.null_value(1)) {
            std::fill_n(nulls.data(), nulls.bands() * nulls.pixel_count(), to_pixel<T>(*null).value_or(T{}));
        }
        write(where, nulls);
    }

    /// Gives up what was written since open(); nothing of it is left.
    void discard() noexcept { output_.discard(); }

    /// The file between open() and close(): for overviews, statistics, attribute tables and other metadata.
    /// @throws io_error if the writer is not open
    [[nodiscard]] gdal_dataset& dataset() { return output_.file(); }

    /// Writes what is still in memory, closes the file and gives it its name. After an error nothing is left of it.
    /// @throws io_error also for errors that only show now, such as a full disk
    void close()
    {
        output_.close([](std::string const&) {});
    }

    /// As close(), with a last chance to fail: when the file is complete, but before it gets its name, calls
    /// `before_commit` with the path that it can be read under. If that throws, nothing is left.
    template <std::invocable<std::string const&> F>
    void close(F before_commit)
    {
        output_.close(std::move(before_commit));
    }

  private:
    static gdal_writer_options checked(std::string const& path, gdal_writer_options options)
    {
        if (options.null_value && !to_pixel<T>(*options.null_value)) {
            throw options_error(path + ": null value " + detail::number_text(*options.null_value) + " is not a " +
                                std::string(name_of(pixel_type_of<T>)) + " value");
        }
        return options;
    }

    detail::gdal_output output_;
};

} // namespace rios
