// SPDX-License-Identifier: BSL-1.0
//
// A raster file that is being made: the part of gdal_writer that does not depend on the pixel type at compile time.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <cpl_conv.h>
#include <cpl_string.h>
#include <gdal_priv.h>

#include "../error.hpp"
#include "../pending_output.hpp"
#include "../pixel_grid.hpp"
#include "../pixel_type.hpp"
#include "call.hpp"
#include "data_type.hpp"
#include "dataset.hpp"
#include "format.hpp"
#include "ground_control_points.hpp"
#include "output_summaries.hpp"

namespace rios {

/// What a gdal_writer writes.
struct gdal_writer_options {
    /// Number of bands.
    int bands = 1;
    /// Short name of a GDAL driver that can create files, or copy them (COG, PNG: they are made from a temporary GTiff beside
    /// the output when all is written); empty for default_format().
    std::string format{};
    /// "KEY=VALUE" each, as the driver knows them. They replace single defaults, which are, for GTiff, TILED=YES
    /// COMPRESS=DEFLATE ZLEVEL=1 PREDICTOR=2 (integers only) BIGTIFF=IF_SAFER; for COG, COMPRESS=DEFLATE PREDICTOR=STANDARD
    /// (integers only) BIGTIFF=IF_SAFER; for HFA, COMPRESSED=YES; those of RIOS_DFLT_CREOPT_<driver>, if that is set.
    std::vector<std::string> creation_options{};
    /// Value of pixels without data, the same in all bands; none if every value is data.
    std::optional<double> null_value{};
    /// Are the values names of things (segments, classes) rather than measures? Sets LAYER_TYPE=thematic.
    bool thematic = false;
    /// Place on the map of a raster whose grid has no geotransform; ignored if the grid has one.
    ground_control_points gcps{};
    /// Descriptions of the bands, from the first on; may be fewer than bands.
    std::vector<std::string> band_names{};
    /// Statistics, histogram and overviews; none of them by default (a COG has GDAL's overviews then), summary_options{} for
    /// all.
    std::optional<summary_options> summaries{};
    /// Called when all of that is there, before the file is closed, on the thread that closes: a last chance to add to it,
    /// or to fail.
    std::function<void(gdal_dataset&)> before_close{};
    /// Whether environment variables count where no format or no creation options are given.
    site_defaults site = site_defaults::used;
    /// Threads that compress blocks in the background, for formats that can (GTiff, COG).
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
        if (options_.format.empty()) options_.format = default_format(path_, options_.site);
        driver_ = &output_driver(path_, options_.format);
        require_type(path_, *driver_, type);
        creation_options_ = creation_options(path_, *driver_, type, options_.compression_threads,
                                             options_.creation_options, options_.site);
        if (options_.summaries) check(path_, *options_.summaries);
        for (int number = 1; number <= options_.bands; ++number) bands_.push_back(number);
    }

    [[nodiscard]] gdal_writer_options const& options() const noexcept { return options_; }

    void open(pixel_grid const& grid)
    {
        constexpr std::ptrdiff_t largest = std::numeric_limits<int>::max();
        if (open_) throw io_error(path_, "is already open for writing");
        if (grid.rows < 1 || grid.cols < 1 || grid.rows > largest || grid.cols > largest) {
            throw grid_error(path_ + ": cannot write a raster of " + std::to_string(grid.rows) + " rows, " +
                             std::to_string(grid.cols) + " cols; each must be 1 to " + std::to_string(largest));
        }
        pending_output pending(path_);
        bool const copied = !can(*driver_, GDAL_DCAP_CREATE);
        auto const actual = copied ? pending.path().string() + ".copied.tif" : pending.path().string();
        auto& driver = copied ? writable_driver(path_, "GTiff") : *driver_;
        CPLStringList temporary;
        temporary.SetNameValue("TILED", "YES");
        temporary.SetNameValue("BIGTIFF", "IF_SAFER");
        if (type_ == pixel_type::int8 && !gdal_has_int8) temporary.SetNameValue("PIXELTYPE", "SIGNEDBYTE");
        // An .img holds everything itself but ground control points, and what before_close may add (units, scales). Left alone,
        // GDAL would write it all once more beside the file: an .aux.xml.
        bool const alone =
            EQUAL(driver.GetDescription(), "HFA") && options_.gcps.points.empty() && !options_.before_close;
        CPLConfigOptionSetter const no_sidecar("GDAL_PAM_ENABLED", alone ? "NO" : "YES", true);
        gdal_errors const errors;
        auto* const handle =
            driver.Create(actual.c_str(), static_cast<int>(grid.cols), static_cast<int>(grid.rows), options_.bands,
                          gdal_type_of(type_), copied ? temporary.List() : creation_options_.List());
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
        if (can(*driver_, GDAL_DCAP_CREATE)) output->file.close();
        else copy(*output);
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

    /// The creation options of a copy. Where there are no overviews, GDAL's COG driver makes some of its own, and smooths what
    /// it takes for measures.
    [[nodiscard]] CPLStringList copy_options(gdal_dataset const& finished) const
    {
        auto result = creation_options_;
        if (!EQUAL(driver_->GetDescription(), "COG")) return result;
        bool const none = options_.summaries && finished.band(1).GetOverviewCount() == 0;
        if (none && result.FetchNameValue("OVERVIEWS") == nullptr) result.SetNameValue("OVERVIEWS", "NONE");
        if (options_.thematic && result.FetchNameValue("OVERVIEW_RESAMPLING") == nullptr) {
            result.SetNameValue("OVERVIEW_RESAMPLING", "NEAREST");
        }
        return result;
    }

    /// Makes the output of a driver that only copies.
    void copy(open_output& output) const
    {
        auto const options = copy_options(output.file);
        std::string const temporary = output.file.raw()->GetDescription();
        output.file.flush();
        {
            gdal_errors const errors;
            gdal_dataset result(driver_->CreateCopy(output.pending.path().string().c_str(), output.file.raw(), FALSE,
                                                    options.List(), nullptr, nullptr),
                                path_);
            errors.check(result.raw() != nullptr, path_, "cannot create", output.pending.path().string());
            result.close();
        }
        output.file.close();
        gdal_errors const quiet;
        GDALDriver::QuietDelete(temporary.c_str());
    }

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

} // namespace rios
