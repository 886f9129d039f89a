// SPDX-License-Identifier: BSL-1.0
//
// The features of a layer as pixels of a part of a grid: GDAL's rasteriser, fed a few features at a time. Used by
// vector_reader.hpp.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <cpl_string.h>
#include <gdal_alg.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>

#include "../block.hpp"
#include "../error.hpp"
#include "../image.hpp"
#include "../pixel_grid.hpp"
#include "../pixel_type.hpp"
#include "call.hpp"
#include "data_type.hpp"
#include "layer_transform.hpp"
#include "near_parts.hpp"
#include "vector_dataset.hpp"

namespace rios::detail {

/// From map units to the rows and columns of a part of a grid: those of the grid less whole numbers, so that a shape has
/// the same pixels in whatever parts it is burned.
class part_of_grid {
  public:
    /// @param part may reach beyond the grid
    /// @throws grid_error if the grid has no geotransform, or one that cannot be inverted
    part_of_grid(std::string const& path, pixel_grid const& grid, block const& part)
        : row_(static_cast<double>(part.row)), col_(static_cast<double>(part.col)),
          bottom_(static_cast<double>(part.rows)), right_(static_cast<double>(part.cols))
    {
        if (!grid.geotransform) throw grid_error(path + ": vectors need a grid that has a place on the map");
        auto place = *grid.geotransform;
        if (GDALInvGeoTransform(place.data(), to_pixels_.data()) == FALSE) {
            throw grid_error(path + ": vectors cannot be laid on a grid with " + place_text(grid));
        }
    }

    /// Map units to pixels, in place.
    void transform(double& x, double& y) const
    {
        double col = 0;
        double row = 0;
        // GDAL's own arithmetic; it changes nothing, but older ones do not say so.
        GDALApplyGeoTransform(const_cast<double*>(to_pixels_.data()), x, y, &col, &row); // NOLINT(*-const-cast)
        x = col - col_;
        y = row - row_;
    }

    /// Might a shape within this extent touch a pixel?
    [[nodiscard]] bool may_touch(OGREnvelope const& extent) const
    {
        if (!(extent.MinX <= extent.MaxX)) return false;
        constexpr double infinity = std::numeric_limits<double>::infinity();
        double left = infinity;
        double top = infinity;
        double right = -infinity;
        double bottom = -infinity;
        for (auto [x, y] : std::array<std::array<double, 2>, 4>{{{extent.MinX, extent.MinY},
                                                                 {extent.MinX, extent.MaxY},
                                                                 {extent.MaxX, extent.MinY},
                                                                 {extent.MaxX, extent.MaxY}}}) {
            transform(x, y);
            left = std::min(left, x);
            top = std::min(top, y);
            right = std::max(right, x);
            bottom = std::max(bottom, y);
        }
        // A pixel more on all sides costs little. False for NaN.
        return left <= right_ + 1 && right >= -1 && top <= bottom_ + 1 && bottom >= -1;
    }

    /// As GDAL calls it.
    static int callback(void* self, int /*back*/, int points, double* x, double* y, double* /*z*/, int* succeeded)
    {
        auto const& part = *static_cast<part_of_grid const*>(self);
        for (int i = 0; i < points; ++i) {
            part.transform(x[i], y[i]);
            succeeded[i] = TRUE;
        }
        return TRUE;
    }

  private:
    std::array<double, 6> to_pixels_{};
    double row_;
    double col_;
    double bottom_;
    double right_;
};

/// A shape as GDAL's rasteriser knows it: curves as lines, surfaces as polygons.
inline std::unique_ptr<OGRGeometry> plain_shape(std::unique_ptr<OGRGeometry> shape)
{
    if (shape->hasCurveGeometry() != FALSE) shape.reset(shape->getLinearGeometry());
    switch (wkbFlatten(shape->getGeometryType())) {
    case wkbTriangle:
    case wkbPolyhedralSurface:
    case wkbTIN: return std::unique_ptr<OGRGeometry>(OGRGeometryFactory::forceToMultiPolygon(shape.release()));
    default: return shape;
    }
}

/// How features become pixels.
struct burning {
    double null_value = 0;        ///< where no feature is
    double burn_value = 1;        ///< where one is,
    std::optional<int> attribute; ///< unless this field has its value
    bool all_touched = false;     ///< all pixels that are touched, not only those whose centre is inside
};

/// A layer in memory, with shapes that wait to be burned and their values.
class shape_batch {
  public:
    explicit shape_batch(std::string const& path) : path_(path)
    {
        gdal_errors const errors;
        auto* const manager = GetGDALDriverManager();
        // From 3.11 on, MEM holds vectors as well as rasters.
        auto* const old_driver = manager->GetDriverByName("Memory");
        auto* const driver = old_driver != nullptr ? old_driver : manager->GetDriverByName("MEM");
        memory_.reset(driver->Create("", 0, 0, 0, GDT_Unknown, nullptr));
        errors.check(memory_ != nullptr, path_, "cannot rasterise");
        start();
    }

    void add(std::unique_ptr<OGRGeometry> shape, double value)
    {
        bytes_ += shape->WkbSize();
        OGRFeature feature(layer_->GetLayerDefn());
        feature.SetGeometryDirectly(shape.release());
        feature.SetField(0, value);
        gdal_errors const errors;
        errors.check(layer_->CreateFeature(&feature) == OGRERR_NONE, path_, "cannot rasterise");
    }

    /// Is it time to burn them?
    [[nodiscard]] bool is_full() const noexcept { return bytes_ >= most_bytes; }

    /// Burns the shapes, in the order in which they were added, and forgets them.
    /// @param pixels with a row more than the part: GDAL (3.6 at least) writes one pixel too far where a line leaves through
    /// the lower right corner and all pixels that are touched are wanted
    template <typename T>
    void burn_into(image<T>& pixels, part_of_grid& place, bool all_touched)
    {
        CPLStringList options;
        options.SetNameValue("ATTRIBUTE", "value");
        if (all_touched) options.SetNameValue("ALL_TOUCHED", "TRUE");
        auto* layer = OGRLayer::ToHandle(layer_);
        gdal_errors const errors;
        auto const result =
            GDALRasterizeLayersBuf(pixels.data(), static_cast<int>(pixels.cols()), static_cast<int>(pixels.rows() - 1),
                                   gdal_type_of(pixel_type_of<T>), 0, 0, 1, &layer, nullptr, nullptr,
                                   part_of_grid::callback, &place, 0.0, options.List(), nullptr, nullptr);
        errors.check(result == CE_None, path_, "cannot rasterise");
        memory_->DeleteLayer(0);
        start();
    }

  private:
    static constexpr std::size_t most_bytes = std::size_t{1} << 24;

    void start()
    {
        gdal_errors const errors;
        layer_ = memory_->CreateLayer("shapes", nullptr, wkbUnknown, nullptr);
        OGRFieldDefn field("value", OFTReal);
        errors.check(layer_ != nullptr && layer_->CreateField(&field) == OGRERR_NONE, path_, "cannot rasterise");
        bytes_ = 0;
    }

    std::string const& path_;
    std::unique_ptr<GDALDataset> memory_;
    OGRLayer* layer_ = nullptr;
    std::size_t bytes_ = 0;
};

/// The pixels of a part of a grid, one band. Features are burned in the layer's order, later over earlier.
/// @param path what messages call the source
/// @throws io_error if the layer cannot be read to its end
template <Pixel T>
image<T> rasterize(std::string const& path, OGRLayer& layer, layer_transform& to_grid, pixel_grid const& grid,
                   block const& part, burning const& how)
{
    part_of_grid place(path, grid, part);
    // GDAL before 3.7 has no signed bytes.
    using burned_type = std::conditional_t<std::same_as<T, std::int8_t>, std::int16_t, T>;
    image<burned_type> burned(1, part.rows + 1, part.cols);
    std::fill_n(burned.data(), burned.pixel_count(), to_pixel<burned_type>(how.null_value).value_or(burned_type{}));
    shape_batch shapes(path);
    near_parts const near_by(grid);

    layer.ResetReading();
    for (;;) {
        std::unique_ptr<OGRFeature> feature;
        {
            gdal_errors const errors;
            feature.reset(layer.GetNextFeature());
            errors.check(true, path, "cannot read layer '" + std::string(layer.GetName()) + '\'');
        }
        if (!feature) break;
        std::unique_ptr<OGRGeometry> shape(feature->StealGeometry());
        if (!shape) continue;
        OGREnvelope extent;
        shape->getEnvelope(&extent);
        if (to_grid.is_identity() && !place.may_touch(extent)) continue;
        shape = plain_shape(std::move(shape));
        if (!to_grid.is_identity()) {
            shape = to_grid(std::move(shape));
            shape->getEnvelope(&extent);
            if (shape->IsEmpty() != FALSE || !place.may_touch(extent)) continue;
        }
        if (!near_by.holds(extent)) shape = near_by(*shape);
        if (shape->IsEmpty() != FALSE) continue;
        shapes.add(std::move(shape), how.attribute ? feature->GetFieldAsDouble(*how.attribute) : how.burn_value);
        if (shapes.is_full()) shapes.burn_into(burned, place, how.all_touched);
    }
    shapes.burn_into(burned, place, how.all_touched);

    image<T> result;
    if constexpr (std::same_as<T, burned_type>) {
        result = std::move(burned);
        result.reshape(1, part.rows, part.cols); // the same pixels: only the row at the end goes
    } else {
        result.reshape(1, part.rows, part.cols);
        std::transform(burned.data(), burned.data() + result.pixel_count(), result.data(), [](auto value) {
            return static_cast<T>(std::clamp<int>(value, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
        });
    }
    return result;
}

} // namespace rios::detail
