// SPDX-License-Identifier: BSL-1.0
// Rasters of segments with a place on the map, and the polygons that were made of them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <doctest/doctest.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>

#include <rios/gdal/vector_dataset.hpp>
#include <rios/image.hpp>

#include "raster_files.hpp"
#include "vector_files.hpp"

namespace test {

/// Geotransform of make_labels(): square pixels, north up.
inline constexpr std::array<double, 6> labels_place{500000, 20, 0, 6000000, 0, -20};

inline void make_labels(std::string const& path, rios::image<std::uint32_t> const& image,
                        std::string const& format = "GTiff")
{
    make_raster(path, format, image);
    auto const file = open_raster(path, GDAL_OF_UPDATE);
    auto geotransform = labels_place;
    file->SetGeoTransform(geotransform.data());
    file->SetProjection(wkt_of("EPSG:32755").c_str());
}

/// All features of a file, by their number.
inline std::map<std::uint32_t, std::unique_ptr<OGRFeature>> features_of(std::string const& path)
{
    std::map<std::uint32_t, std::unique_ptr<OGRFeature>> result;
    auto const file = rios::vector_dataset::open(path);
    auto& layer = file.layer(0);
    while (auto* const next = layer.GetNextFeature()) {
        std::unique_ptr<OGRFeature> feature(next);
        auto const id = static_cast<std::uint32_t>(feature->GetFieldAsInteger64("id"));
        CHECK(result.try_emplace(id, std::move(feature)).second);
    }
    return result;
}

} // namespace test
