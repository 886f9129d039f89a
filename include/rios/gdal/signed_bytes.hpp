// SPDX-License-Identifier: BSL-1.0
//
// Signed bytes with GDAL before 3.7, to which they are bytes with a mark: -1 is read as 255. With newer ones nothing here is
// needed. Used by reader.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <cpl_string.h>
#include <gdal_priv.h>

#include "../error.hpp"
#include "../image.hpp"
#include "../image_view.hpp"
#include "../pixel_type.hpp"
#include "call.hpp"
#include "data_type.hpp"
#include "dataset.hpp"

namespace rios::detail {

/// Makes pixels negative again that were read from signed bytes as 128 to 255; 0 in a type without negative numbers.
/// @param types of the bands in the file
template <typename T>
void restore_signs(image_view<T> pixels, std::vector<pixel_type> const& types)
{
    for (std::ptrdiff_t band = 0; band < pixels.bands(); ++band) {
        if (types[static_cast<std::size_t>(band)] != pixel_type::int8) continue;
        for (auto const [row, col] : pixels.pixels()) {
            auto& pixel = pixels(band, row, col);
            if (pixel <= T{127}) continue;
            if constexpr (std::is_unsigned_v<T>) pixel = 0;
            else pixel = static_cast<T>(pixel - T{127} - T{127} - T{2});
        }
    }
}

/// Rounds and clamps.
inline void narrow(image<double> const& wide, image_view<std::int8_t> into)
{
    for (std::ptrdiff_t band = 0; band < into.bands(); ++band) {
        for (auto const [row, col] : into.pixels()) {
            auto const value = wide(band, row, col);
            into(band, row, col) = std::isnan(value)
                                       ? std::int8_t{0}
                                       : static_cast<std::int8_t>(std::clamp(std::round(value), -128.0, 127.0));
        }
    }
}

/// Some bands of a file as bands 1, 2, ... of a virtual one, in which signed bytes are int16: for those who compute with what
/// GDAL reads.
inline gdal_dataset widened_signed_bytes(gdal_dataset const& file, std::vector<int> const& bands)
{
    gdal_errors const errors;
    auto* const driver = GetGDALDriverManager()->GetDriverByName("VRT");
    auto* const raw = driver == nullptr ? nullptr
                                        : driver->Create("", static_cast<int>(file.cols()),
                                                         static_cast<int>(file.rows()), 0, GDT_Byte, nullptr);
    if (raw == nullptr) errors.fail(file.path(), "cannot make a virtual raster of it");
    gdal_dataset result(raw, file.path());
    auto const grid = file.grid();
    if (auto place = grid.geotransform) raw->SetGeoTransform(place->data());
    raw->SetSpatialRef(file.raw()->GetSpatialRef());
    char* const escaped = CPLEscapeString(file.raw()->GetDescription(), -1, CPLES_XML);
    std::string const name = escaped;
    CPLFree(escaped);
    for (std::size_t i = 0; i < bands.size(); ++i) {
        bool const is_signed = file.band_type(bands[i]) == pixel_type::int8;
        raw->AddBand(is_signed ? GDT_Int16 : file.band(bands[i]).GetRasterDataType(), nullptr);
        auto const source = "<SourceFilename relativeToVRT=\"0\">" + name + "</SourceFilename><SourceBand>" +
                            std::to_string(bands[i]) + "</SourceBand>";
        auto const xml = is_signed
                             ? "<ComplexSource>" + source + "<LUT>0:0,127:127,128:-128,255:-1</LUT></ComplexSource>"
                             : "<SimpleSource>" + source + "</SimpleSource>";
        raw->GetRasterBand(static_cast<int>(i) + 1)->SetMetadataItem("source_0", xml.c_str(), "new_vrt_sources");
    }
    errors.check(true, file.path(), "cannot make a virtual raster of it");
    return result;
}

} // namespace rios::detail
