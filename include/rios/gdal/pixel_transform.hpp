// SPDX-License-Identifier: BSL-1.0
//
// Where the pixels of a grid lie in a raster of another place, size or coordinate reference system. Used by warp.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <vector>

#include <cpl_string.h>
#include <gdal_alg.h>

#include "../error.hpp"
#include "../grid_difference.hpp"
#include "../pixel_grid.hpp"
#include "call.hpp"
#include "crs.hpp"
#include "dataset.hpp"

namespace rios::detail {

/// From positions (col, row) on a grid to those in a raster, in pixels, and back.
///
/// Thread rule: one thread at a time.
class pixel_transform {
  public:
    struct points {
        std::vector<double> col;
        std::vector<double> row;
        std::vector<int> done; ///< 0 where the transformation has no result

        void add(double at_row, double at_col)
        {
            row.push_back(at_row);
            col.push_back(at_col);
        }
        [[nodiscard]] bool is_done(std::size_t i) const
        {
            return done[i] != 0 && std::isfinite(row[i]) && std::isfinite(col[i]);
        }
    };

    /// @throws grid_error if there is no transformation between their coordinate reference systems
    pixel_transform(gdal_dataset const& source, pixel_grid const& grid)
    {
        auto const own = source.grid();
        CPLStringList options;
        bool const reproject = !same_crs(own, grid);
        if (reproject) {
            options.SetNameValue("SRC_SRS", own.projection.c_str());
            options.SetNameValue("DST_SRS", grid.projection.c_str());
        }
        auto place = *grid.geotransform;
        auto const& from = *own.geotransform;
        bool const numbered = from[0] == 0 && from[1] == 1 && from[3] == 0 && std::abs(from[5]) == 1;
        if (!reproject && numbered) {
            // GDAL takes this for a raster without a place.
            options.SetNameValue("SRC_METHOD", "NO_GEOTRANSFORM");
            place[3] *= from[5];
            place[5] *= from[5];
        } else {
            options.SetNameValue("SRC_METHOD", "GEOTRANSFORM");
        }
        gdal_errors const errors;
        handle_.reset(GDALCreateGenImgProjTransformer2(source.raw(), nullptr, options.List()));
        if (!handle_) {
            throw grid_error(source.path() + ": has " + crs_text(own) + "; the working grid has " + crs_text(grid) +
                             "; there is no transformation between them: " +
                             gdal_reason(errors.message(), source.path(), source.raw()->GetDescription()));
        }
        GDALSetGenImgProjTransformerDstGeoTransform(handle_.get(), place.data());
    }

    [[nodiscard]] void* raw() const noexcept { return handle_.get(); }

    void to_source(points& all) const { apply(all, TRUE); }
    void from_source(points& all) const { apply(all, FALSE); }

  private:
    struct closer {
        void operator()(void* handle) const { GDALDestroyGenImgProjTransformer(handle); }
    };

    void apply(points& all, int to_source) const
    {
        gdal_errors const quiet; // points that have no counterpart
        std::vector<double> heights(all.col.size());
        all.done.assign(all.col.size(), FALSE);
        GDALGenImgProjTransform(handle_.get(), to_source, static_cast<int>(all.col.size()), all.col.data(),
                                all.row.data(), heights.data(), all.done.data());
    }

    std::unique_ptr<void, closer> handle_;
};

/// Rows and columns of the source that one pixel of the grid spans, at least 1: the median over a lattice of places that both
/// have. GDAL would decide that for each block by itself, and its larger kernels would then differ from block to block.
struct pixel_span {
    double rows = 1;
    double cols = 1;
};
inline pixel_span span_of_pixels(pixel_transform const& transform, pixel_grid const& source, pixel_grid const& grid)
{
    constexpr int steps = 9;
    auto const lattice = [](pixel_grid const& of) {
        pixel_transform::points result;
        for (int i = 0; i < steps * steps; ++i) {
            result.add((i / steps + 0.5) / steps * static_cast<double>(of.rows),
                       (i % steps + 0.5) / steps * static_cast<double>(of.cols));
        }
        return result;
    };
    auto const inside = [](pixel_grid const& of, double row, double col) {
        return row >= 0 && col >= 0 && row <= static_cast<double>(of.rows) && col <= static_cast<double>(of.cols);
    };
    auto places = lattice(grid); // on the grid
    auto back = lattice(source);
    transform.from_source(back);
    for (std::size_t i = 0; i < back.row.size(); ++i) {
        if (back.is_done(i) && inside(grid, back.row[i], back.col[i])) places.add(back.row[i], back.col[i]);
    }
    pixel_transform::points corners; // the place, the one below, the one to the right
    for (std::size_t i = 0; i < places.row.size(); ++i) {
        corners.add(places.row[i], places.col[i]);
        corners.add(places.row[i] + 1, places.col[i]);
        corners.add(places.row[i], places.col[i] + 1);
    }
    transform.to_source(corners);
    std::vector<double> rows[2]; // of the places outside the source and of those inside
    std::vector<double> cols[2];
    for (std::size_t i = 0; i < corners.row.size(); i += 3) {
        if (!corners.is_done(i) || !corners.is_done(i + 1) || !corners.is_done(i + 2)) continue;
        auto const which = inside(source, corners.row[i], corners.col[i]) ? 1 : 0;
        rows[which].push_back(std::hypot(corners.row[i + 1] - corners.row[i], corners.row[i + 2] - corners.row[i]));
        cols[which].push_back(std::hypot(corners.col[i + 1] - corners.col[i], corners.col[i + 2] - corners.col[i]));
    }
    auto const median = [](std::vector<double>* spans) {
        auto& some = spans[1].empty() ? spans[0] : spans[1];
        if (some.empty()) return 1.0;
        auto const middle = some.begin() + static_cast<std::ptrdiff_t>(some.size() / 2);
        std::nth_element(some.begin(), middle, some.end());
        auto const whole = std::round(*middle);
        // As GDAL does; otherwise without the noise of large coordinates.
        return std::max(1.0, std::abs(*middle - whole) < 0.05 ? whole : std::round(*middle * 1e6) / 1e6);
    };
    return {.rows = median(rows), .cols = median(cols)};
}

} // namespace rios::detail
