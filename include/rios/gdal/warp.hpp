// SPDX-License-Identifier: BSL-1.0
//
// Pixels of a raster file on any other grid, made by GDAL's warper while they are read. Every pixel is the same whatever block
// it is read with: coordinates are transformed in the same way, and how far a kernel reaches is decided for the whole grid.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gdal_priv.h>
#include <gdalwarper.h>

#include "../block.hpp"
#include "../error.hpp"
#include "../image.hpp"
#include "../image_view.hpp"
#include "../pixel_grid.hpp"
#include "../pixel_type.hpp"
#include "../resampling.hpp"
#include "call.hpp"
#include "data_type.hpp"
#include "dataset.hpp"
#include "pixel_transform.hpp"
#include "stepped_transform.hpp"

namespace rios::detail {

inline GDALResampleAlg gdal_resampling(resampling method)
{
    switch (method) {
    case resampling::near: return GRA_NearestNeighbour;
    case resampling::bilinear: return GRA_Bilinear;
    case resampling::cubic: return GRA_Cubic;
    case resampling::cubicspline: return GRA_CubicSpline;
    case resampling::lanczos: return GRA_Lanczos;
    case resampling::average: return GRA_Average;
    case resampling::rms: return GRA_RMS;
    case resampling::mode: return GRA_Mode;
    case resampling::max: return GRA_Max;
    case resampling::min: return GRA_Min;
    case resampling::med: return GRA_Med;
    case resampling::q1: return GRA_Q1;
    case resampling::q3: return GRA_Q3;
    case resampling::sum: return GRA_Sum;
    }
    return GRA_NearestNeighbour;
}

/// How a source is warped.
struct warp_settings {
    pixel_grid grid; ///< where its pixels shall be
    resampling method = resampling::near;
    double transform_error = 0;                     ///< allowed, in pixels of the source
    std::vector<int> bands;                         ///< of the source, from 1
    std::vector<pixel_type> types;                  ///< of each
    std::vector<std::optional<double>> null_values; ///< of each
};

/// An open raster on another grid. Stays where it is made, as GDAL has its address.
///
/// Thread rule: one thread at a time.
class warped_raster {
  public:
    /// @throws grid_error if there is no transformation between their coordinate reference systems
    warped_raster(gdal_dataset source, warp_settings const& settings)
        : source_(std::move(source)), transform_(source_, settings.grid), steps_(transform_, settings.transform_error),
          by_tiles_(settings.method == resampling::sum)
    {
        auto const span = span_of_pixels(transform_, source_.grid(), settings.grid);
        constexpr double radius = 3; // of the largest kernel, lanczos
        extra_rows_ = radius * std::max(1.0, span.rows) + 2;
        extra_cols_ = radius * std::max(1.0, span.cols) + 2;
        for (std::size_t band = 0; band < settings.bands.size(); ++band) add(settings, band);
        for (auto& each : groups_) start(each, settings, span);
    }

    warped_raster(warped_raster const&) = delete;
    warped_raster& operator=(warped_raster const&) = delete;
    ~warped_raster() = default;

    [[nodiscard]] std::string const& path() const noexcept { return source_.path(); }

    /// Pixels of the grid, or beyond its edges. Where the source has nothing or null, they are null, or 0.
    /// @throws io_error naming the file and the block
    template <typename T>
    void read(block const& where, image_view<T> into)
    {
        if (where.rows == 0 || where.cols == 0) return;
        if (by_tiles_) read_tiles(where, into);
        else read_whole(where, into);
    }

  private:
    /// A sum of parts of pixels is rounded differently for each block that is warped. So these are always the same.
    template <typename T>
    void read_tiles(block const& where, image_view<T> into)
    {
        constexpr std::ptrdiff_t size = 256;
        auto const first = [](std::ptrdiff_t pixel) { return pixel - (pixel % size + size) % size; };
        image<T> pixels(into.bands(), size, size);
        for (auto row = first(where.row); row < where.row + where.rows; row += size) {
            for (auto col = first(where.col); col < where.col + where.cols; col += size) {
                read_whole({.index = where.index, .row = row, .col = col, .rows = size, .cols = size}, pixels.view());
                auto const top = std::max(row, where.row);
                auto const left = std::max(col, where.col);
                auto const count = std::min(col + size, where.col + where.cols) - left;
                for (std::ptrdiff_t band = 0; band < into.bands(); ++band) {
                    for (auto r = top; r < std::min(row + size, where.row + where.rows); ++r) {
                        std::copy_n(pixels.row(band, r - row).begin() + (left - col), count,
                                    into.row(band, r - where.row).begin() + (left - where.col));
                    }
                }
            }
        }
    }

    template <typename T>
    void read_whole(block const& where, image_view<T> into)
    {
        auto const [window, is_whole] = source_window(where);
        // Blocks that need a lot of the source, or lie at the end of a projection, are done in parts. It makes no difference to
        // the pixels.
        constexpr double most_bytes = 1 << 26;
        auto const pixels = std::max(static_cast<double>(window.rows) * static_cast<double>(window.cols),
                                     static_cast<double>(where.rows) * static_cast<double>(where.cols));
        bool const divisible = where.rows > 1 || where.cols > 1;
        bool const in_parts = !is_whole && std::max(where.rows, where.cols) > looked_at_whole;
        if ((pixels * pixel_bytes_ > most_bytes && divisible) || in_parts) {
            auto one = where;
            auto other = where;
            if (where.rows >= where.cols) {
                one.rows = where.rows / 2;
                other.rows -= one.rows;
                other.row += one.rows;
                read_whole(one, into.window(0, 0, one.rows, one.cols));
                read_whole(other, into.window(one.rows, 0, other.rows, other.cols));
            } else {
                one.cols = where.cols / 2;
                other.cols -= one.cols;
                other.col += one.cols;
                read_whole(one, into.window(0, 0, one.rows, one.cols));
                read_whole(other, into.window(0, one.cols, other.rows, other.cols));
            }
            return;
        }
        for (auto& each : groups_) warp(each, where, window, into);
    }

    /// Bands that are warped together: those of one type without a null value, or one that has one. With several of these
    /// GDAL would let the others decide whether a pixel is null.
    struct band_group {
        pixel_type type;
        std::optional<double> null_value;
        std::vector<std::size_t> bands; ///< of the result, from 0
        std::unique_ptr<GDALWarpOperation> operation;
    };

    void add(warp_settings const& settings, std::size_t band)
    {
        auto const type = settings.types[band];
        auto null = settings.null_values[band];
        // One that no pixel of the band can have marks none.
        bool const possible =
            null && dispatch(type, [&]<typename T>(std::type_identity<T>) { return to_pixel<T>(*null).has_value(); });
        if (!possible) null.reset();
        auto group = null ? groups_.end() : std::find_if(groups_.begin(), groups_.end(), [&](band_group const& each) {
            return each.type == type && !each.null_value;
        });
        if (group == groups_.end()) {
            groups_.push_back({type, null, {}, nullptr});
            group = groups_.end() - 1;
        }
        group->bands.push_back(band);
        pixel_bytes_ += GDALGetDataTypeSizeBytes(gdal_type_of(type));
    }

    void start(band_group& group, warp_settings const& settings, pixel_span const& span)
    {
        struct deleter {
            void operator()(GDALWarpOptions* options) const { GDALDestroyWarpOptions(options); }
        };
        std::unique_ptr<GDALWarpOptions, deleter> const options(GDALCreateWarpOptions());
        auto const count = static_cast<int>(group.bands.size());
        options->hSrcDS = source_.raw();
        options->eResampleAlg = gdal_resampling(settings.method);
        options->eWorkingDataType = gdal_type_of(group.type);
        options->pfnTransformer = stepped_transform::transform;
        options->pTransformerArg = &steps_;
        options->nBandCount = count;
        // Freed by GDAL.
        auto const numbers = [&] { return static_cast<int*>(CPLMalloc(sizeof(int) * group.bands.size())); };
        options->panSrcBands = numbers();
        options->panDstBands = numbers();
        for (int i = 0; i < count; ++i) {
            options->panSrcBands[i] = settings.bands[group.bands[static_cast<std::size_t>(i)]];
            options->panDstBands[i] = i + 1;
        }
        if (group.null_value) {
            for (auto** const values : {&options->padfSrcNoDataReal, &options->padfDstNoDataReal}) {
                *values = static_cast<double*>(CPLMalloc(sizeof(double)));
                **values = *group.null_value;
            }
        }
        auto const set = [&](char const* name, std::string const& value) {
            options->papszWarpOptions = CSLSetNameValue(options->papszWarpOptions, name, value.c_str());
        };
        set("NUM_THREADS", "1");
        set("XSCALE", number_text(1 / span.cols));
        set("YSCALE", number_text(1 / span.rows));
        group.operation = std::make_unique<GDALWarpOperation>();
        gdal_errors const errors;
        errors.check(group.operation->Initialize(options.get()) == CE_None, path(), "cannot be warped",
                     source_.raw()->GetDescription());
    }

    static constexpr std::ptrdiff_t steps = 20;
    /// Rows and cols of a block of which all pixels may be looked at.
    static constexpr std::ptrdiff_t looked_at_whole = 64;

    /// A part of the source.
    struct needed_window {
        block window;
        bool is_whole = false; ///< is it certain that nothing is missing?
    };

    /// What pixels of a block can depend on; empty if there is nothing.
    [[nodiscard]] needed_window source_window(block const& where) const
    {
        auto places = lattice(where, steps, steps, 0);
        transform_.to_source(places);
        auto const done = count_done(places);
        if (done == places.row.size()) return {window_of(where, places), true};
        if (std::max(where.rows, where.cols) > looked_at_whole || done == 0) return {window_of(where, places), false};
        // The projection ends here, where the last pixels may be far from those beside them.
        auto all = lattice(where, where.rows, where.cols, 0);
        auto const centres = lattice(where, where.rows, where.cols, 0.5);
        all.row.insert(all.row.end(), centres.row.begin(), centres.row.end());
        all.col.insert(all.col.end(), centres.col.begin(), centres.col.end());
        transform_.to_source(all);
        return {window_of(where, all), true};
    }

    /// Places on the grid: the corners of the parts of a block, down × across of them, or places inside these.
    static pixel_transform::points lattice(block const& where, std::ptrdiff_t down, std::ptrdiff_t across,
                                           double inside)
    {
        pixel_transform::points places;
        auto const at = [](std::ptrdiff_t first, std::ptrdiff_t size, double part, std::ptrdiff_t parts) {
            return static_cast<double>(first) + static_cast<double>(size) * part / static_cast<double>(parts);
        };
        auto const last = inside > 0 ? 1 : 0;
        for (std::ptrdiff_t r = 0; r <= down - last; ++r) {
            for (std::ptrdiff_t c = 0; c <= across - last; ++c) {
                places.add(at(where.row, where.rows, static_cast<double>(r) + inside, down),
                           at(where.col, where.cols, static_cast<double>(c) + inside, across));
            }
        }
        return places;
    }

    static std::size_t count_done(pixel_transform::points const& places)
    {
        std::size_t count = 0;
        for (std::size_t i = 0; i < places.row.size(); ++i) count += places.is_done(i) ? 1 : 0;
        return count;
    }

    /// The part of the source around places in it that pixels there can depend on.
    [[nodiscard]] block window_of(block const& where, pixel_transform::points const& places) const
    {
        constexpr auto none = std::numeric_limits<double>::infinity();
        double top = none;
        double left = none;
        double bottom = -none;
        double right = -none;
        for (std::size_t i = 0; i < places.row.size(); ++i) {
            if (!places.is_done(i)) continue;
            top = std::min(top, places.row[i]);
            bottom = std::max(bottom, places.row[i]);
            left = std::min(left, places.col[i]);
            right = std::max(right, places.col[i]);
        }
        // What lies between the places may reach a step further.
        auto const between = [](double first, double last, double extra, std::ptrdiff_t size) {
            auto const reach = extra + (last - first) / steps;
            auto const most = static_cast<double>(size);
            return std::pair(static_cast<std::ptrdiff_t>(std::clamp(std::floor(first - reach), 0.0, most)),
                             static_cast<std::ptrdiff_t>(std::clamp(std::ceil(last + reach), 0.0, most)));
        };
        if (!(top <= bottom)) return {};
        auto const [row, end_row] = between(top, bottom, extra_rows_, source_.rows());
        auto const [col, end_col] = between(left, right, extra_cols_, source_.cols());
        if (row == end_row || col == end_col) return {};
        return {.index = where.index, .row = row, .col = col, .rows = end_row - row, .cols = end_col - col};
    }

    template <typename T>
    void warp(band_group& group, block const& where, block const& window, image_view<T> into)
    {
        auto const type = gdal_type_of(group.type);
        auto const size = GDALGetDataTypeSizeBytes(type);
        auto const rows = static_cast<int>(where.rows);
        auto const cols = static_cast<int>(where.cols);
        auto const row_bytes = static_cast<std::size_t>(cols) * static_cast<std::size_t>(size);
        buffer_.resize(group.bands.size() * static_cast<std::size_t>(rows) * row_bytes);
        auto const row_of = [&](std::size_t band, int row) {
            return buffer_.data() + (band * static_cast<std::size_t>(rows) + static_cast<std::size_t>(row)) * row_bytes;
        };
        auto const fill = group.null_value.value_or(0.0);
        for (std::size_t i = 0; i < group.bands.size(); ++i) {
            for (int row = 0; row < rows; ++row) {
                GDALCopyWords(&fill, GDT_Float64, 0, row_of(i, row), type, size, cols);
            }
        }
        if (window.rows > 0) {
            gdal_errors const errors;
            auto const result = group.operation->WarpRegionToBuffer(
                static_cast<int>(where.col), static_cast<int>(where.row), cols, rows, buffer_.data(), type,
                static_cast<int>(window.col), static_cast<int>(window.row), static_cast<int>(window.cols),
                static_cast<int>(window.rows));
            if (result != CE_None) {
                errors.fail(path(), "cannot read " + extent_text(where), source_.raw()->GetDescription());
            }
        }
        for (std::size_t i = 0; i < group.bands.size(); ++i) {
            auto const band = static_cast<std::ptrdiff_t>(group.bands[i]);
            for (int row = 0; row < rows; ++row) {
                GDALCopyWords(row_of(i, row), type, size, &into(band, row, 0), gdal_type_of(pixel_type_of<T>),
                              static_cast<int>(sizeof(T)), cols);
            }
        }
    }

    gdal_dataset source_;
    pixel_transform transform_;
    stepped_transform steps_;
    bool by_tiles_;
    std::vector<band_group> groups_;
    double pixel_bytes_ = 0;
    double extra_rows_ = 0; // beyond a pixel that its value may depend on, in pixels of the source
    double extra_cols_ = 0;
    std::vector<unsigned char> buffer_;
};

} // namespace rios::detail
