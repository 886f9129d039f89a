// SPDX-License-Identifier: BSL-1.0
//
// Which GDAL driver writes an output of vectors. Rasters: format.hpp.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <cpl_string.h>
#include <gdal_priv.h>

#include "../error.hpp"
#include "call.hpp"
#include "format.hpp"

namespace rios {

namespace detail {

/// Can a driver make files with layers of features?
inline bool makes_vectors(GDALDriver& driver)
{
    std::string_view const name = driver.GetDescription();
    return driver.GetMetadataItem(GDAL_DCAP_VECTOR) != nullptr && driver.GetMetadataItem(GDAL_DCAP_CREATE) != nullptr &&
           name != "Memory" && name != "MEM";
}

} // namespace detail

/// The driver that writes a vector file: that of the given name, or the first of this GDAL that makes vector files with the
/// path's extension (.gpkg GPKG, .geojson GeoJSON, .fgb FlatGeobuf, .shp ESRI Shapefile, .sqlite SQLite, ...).
/// @param format short name of a driver; empty for what the extension stands for
/// @throws options_error if there is no such driver, or it cannot make vector files
[[nodiscard]] inline GDALDriver& vector_driver(std::string const& path, std::string const& format = {})
{
    register_drivers();
    auto* const manager = GetGDALDriverManager();
    if (!format.empty()) {
        auto* const driver = manager->GetDriverByName(format.c_str());
        if (driver == nullptr) {
            throw options_error(path + ": unknown format '" + format +
                                "'; ogrinfo --formats lists those of this GDAL (" + GDALVersionInfo("RELEASE_NAME") +
                                ')');
        }
        if (!detail::makes_vectors(*driver)) {
            throw options_error(path + ": format '" + format +
                                "' cannot be written; those of ogrinfo --formats with 'rw+' can");
        }
        return *driver;
    }
    auto const extension = detail::extension_of(path);
    for (int i = 0; i < manager->GetDriverCount() && extension.size() > 1; ++i) {
        auto& driver = *manager->GetDriver(i);
        if (!detail::makes_vectors(driver)) continue;
        auto const* const listed = driver.GetMetadataItem(GDAL_DMD_EXTENSIONS);
        CPLStringList const extensions(CSLTokenizeString(listed == nullptr ? "" : listed));
        if (extensions.FindString(extension.c_str() + 1) >= 0) return driver;
    }
    throw options_error(path + ": " +
                        (extension.empty() ? "without an extension" : "for the extension '" + extension + "'") +
                        " no vector format is known (.gpkg, .geojson, .fgb, .shp, .sqlite and others of ogrinfo "
                        "--formats with 'rw+' are); give the format explicitly");
}

} // namespace rios
