// SPDX-License-Identifier: BSL-1.0
//
// Pictures as the bytes of files: PNG, JPEG, GTiff.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <cpl_conv.h>
#include <cpl_string.h>
#include <cpl_vsi.h>
#include <gdal_priv.h>

#include <rios/error.hpp>
#include <rios/gdal/call.hpp>
#include <rios/gdal/format.hpp>
#include <rios/image.hpp>
#include <rios/pixel_grid.hpp>

namespace shepseg {

/// The GDAL driver of a picture by its extension. @throws rios::options_error naming what is allowed
[[nodiscard]] inline std::string picture_format(std::string const& path)
{
    auto const extension = rios::detail::extension_of(path);
    if (extension == ".png") return "PNG";
    if (extension == ".jpg" || extension == ".jpeg") return "JPEG";
    if (extension == ".tif" || extension == ".tiff") return "GTiff";
    throw rios::options_error(path + ": a picture must be a .png, .jpg, .jpeg, .tif or .tiff");
}

/// The bytes of an 8-bit RGB picture.
/// @param format PNG, JPEG or GTiff
/// @param place of the picture on the map, for GTiff
/// @pre the picture has three bands  @throws rios::error if this GDAL cannot make it
[[nodiscard]] inline std::string picture_bytes(rios::image<std::uint8_t> const& picture, std::string const& format,
                                               rios::pixel_grid const& place = {})
{
    rios::register_drivers();
    rios::gdal_errors const errors;
    auto* const memory = GetGDALDriverManager()->GetDriverByName("MEM");
    auto* const driver = GetGDALDriverManager()->GetDriverByName(format.c_str());
    if (memory == nullptr || driver == nullptr) throw rios::error("this GDAL cannot write " + format);
    auto const rows = static_cast<int>(picture.rows());
    auto const cols = static_cast<int>(picture.cols());
    std::unique_ptr<GDALDataset> const pixels(memory->Create("", cols, rows, 3, GDT_Byte, nullptr));
    auto* const data = const_cast<std::uint8_t*>(picture.data()); // GDAL's one function reads and writes
    if (!pixels || pixels->RasterIO(GF_Write, 0, 0, cols, rows, data, cols, rows, GDT_Byte, 3, nullptr, 0, 0, 0,
                                    nullptr) != CE_None) {
        errors.fail(format, "cannot draw");
    }
    CPLStringList options;
    if (format == "JPEG") options.SetNameValue("QUALITY", "92");
    if (format == "GTiff") {
        options.SetNameValue("COMPRESS", "DEFLATE");
        options.SetNameValue("PHOTOMETRIC", "RGB");
        auto geotransform = place.geotransform;
        if (geotransform) pixels->SetGeoTransform(geotransform->data());
        if (geotransform && !place.projection.empty()) pixels->SetProjection(place.projection.c_str());
    }
    // Into memory first: GDAL's PNG driver does not notice a full disk.
    auto const name = "/vsimem/shepseg-" + std::to_string(reinterpret_cast<std::uintptr_t>(pixels.get()));
    std::unique_ptr<GDALDataset>(
        driver->CreateCopy(name.c_str(), pixels.get(), FALSE, options.List(), nullptr, nullptr))
        .reset();
    vsi_l_offset size = 0;
    std::unique_ptr<GByte, decltype(&VSIFree)> const bytes(VSIGetMemFileBuffer(name.c_str(), &size, TRUE), &VSIFree);
    if (!bytes) errors.fail(format, "cannot draw");
    return {reinterpret_cast<char const*>(bytes.get()), static_cast<std::size_t>(size)};
}

/// The bytes of an 8-bit RGB PNG. @pre the picture has three bands  @throws rios::error if this GDAL cannot make PNGs
[[nodiscard]] inline std::string png_of(rios::image<std::uint8_t> const& picture)
{
    return picture_bytes(picture, "PNG");
}

} // namespace shepseg
