// SPDX-License-Identifier: BSL-1.0
// Raster files made and read with plain GDAL, so that the tests of our layer do not rest on that layer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include <cpl_error.h>
#include <cpl_string.h>
#include <gdal_priv.h>

#include <rios/image.hpp>
#include <rios/pixel_type.hpp>

namespace test {

struct gdal_close {
    void operator()(GDALDataset* dataset) const { GDALClose(dataset); }
};
using gdal_handle = std::unique_ptr<GDALDataset, gdal_close>;

inline gdal_handle create_raster(std::string const& path, std::string const& format, int rows, int cols, int bands,
                                 GDALDataType type, std::vector<std::string> const& options = {})
{
    GDALAllRegister();
    CPLStringList list;
    for (auto const& option : options) list.AddString(option.c_str());
    auto* const driver = GetGDALDriverManager()->GetDriverByName(format.c_str());
    gdal_handle result(driver->Create(path.c_str(), cols, rows, bands, type, list.List()));
    if (!result) throw std::runtime_error("cannot create " + path);
    return result;
}

inline gdal_handle open_raster(std::string const& path, unsigned flags = GDAL_OF_READONLY)
{
    GDALAllRegister();
    gdal_handle result(GDALDataset::Open(path.c_str(), flags | GDAL_OF_RASTER));
    if (!result) throw std::runtime_error("cannot open " + path);
    return result;
}

#if GDAL_VERSION_NUM >= GDAL_COMPUTE_VERSION(3, 7, 0)
inline constexpr GDALDataType raw_signed_byte = GDT_Int8;
#else
inline constexpr GDALDataType raw_signed_byte = GDT_Byte; // with PIXELTYPE=SIGNEDBYTE
#endif

template <typename T>
constexpr GDALDataType raw_type()
{
    if constexpr (std::is_same_v<T, std::uint8_t>) return GDT_Byte;
    else if constexpr (std::is_same_v<T, std::uint16_t>) return GDT_UInt16;
    else if constexpr (std::is_same_v<T, std::int16_t>) return GDT_Int16;
    else if constexpr (std::is_same_v<T, std::uint32_t>) return GDT_UInt32;
    else if constexpr (std::is_same_v<T, std::int32_t>) return GDT_Int32;
    else if constexpr (std::is_same_v<T, float>) return GDT_Float32;
    else if constexpr (std::is_same_v<T, double>) return GDT_Float64;
    else return raw_signed_byte;
}

/// Creation options that make a file of T in GTiff and HFA.
template <typename T>
std::vector<std::string> raw_options()
{
#if GDAL_VERSION_NUM < GDAL_COMPUTE_VERSION(3, 7, 0)
    if (std::is_same_v<T, std::int8_t>) return {"PIXELTYPE=SIGNEDBYTE"};
#endif
    return {};
}

template <typename T>
void write_pixels(GDALDataset& dataset, rios::image<T> pixels) // a copy, as GDAL has no const pixels
{
    for (int band = 0; band < dataset.GetRasterCount(); ++band) {
        auto const cols = dataset.GetRasterXSize();
        auto const rows = dataset.GetRasterYSize();
        auto const result = dataset.GetRasterBand(band + 1)->RasterIO(GF_Write, 0, 0, cols, rows, &pixels(band, 0, 0),
                                                                      cols, rows, raw_type<T>(), 0, 0, nullptr);
        if (result != CE_None) throw std::runtime_error("cannot write pixels");
    }
}

template <typename T>
rios::image<T> read_pixels(std::string const& path)
{
    auto const dataset = open_raster(path);
    auto const cols = dataset->GetRasterXSize();
    auto const rows = dataset->GetRasterYSize();
    rios::image<T> pixels(dataset->GetRasterCount(), rows, cols);
    for (int band = 0; band < dataset->GetRasterCount(); ++band) {
        auto const result = dataset->GetRasterBand(band + 1)->RasterIO(GF_Read, 0, 0, cols, rows, &pixels(band, 0, 0),
                                                                       cols, rows, raw_type<T>(), 0, 0, nullptr);
        if (result != CE_None) throw std::runtime_error("cannot read pixels of " + path);
    }
    return pixels;
}

/// A file whose bands hold the image.
template <typename T>
void make_raster(std::string const& path, std::string const& format, rios::image<T> const& pixels,
                 std::vector<std::string> options = {})
{
    for (auto const& option : raw_options<T>()) options.push_back(option);
    auto const dataset = create_raster(path, format, static_cast<int>(pixels.rows()), static_cast<int>(pixels.cols()),
                                       static_cast<int>(pixels.bands()), raw_type<T>(), options);
    write_pixels(*dataset, pixels);
}

/// GDAL, in the test itself, prints no warnings while this object lives.
class quiet_gdal {
  public:
    quiet_gdal() { CPLPushErrorHandler(CPLQuietErrorHandler); }
    quiet_gdal(quiet_gdal const&) = delete;
    quiet_gdal& operator=(quiet_gdal const&) = delete;
    ~quiet_gdal() { CPLPopErrorHandler(); }
};

/// Sets the null value of all bands.
inline void set_null(std::string const& path, double value)
{
    auto const file = open_raster(path, GDAL_OF_UPDATE);
    quiet_gdal const quiet; // GTiff warns that all bands get the same
    for (int band = 1; band <= file->GetRasterCount(); ++band) {
        if (file->GetRasterBand(band)->SetNoDataValue(value) != CE_None) throw std::runtime_error("no null in " + path);
    }
}

/// Noise over the whole range of T, its ends included.
template <typename T>
rios::image<T> noise(std::ptrdiff_t bands, std::ptrdiff_t rows, std::ptrdiff_t cols, unsigned seed = 1)
{
    rios::image<T> pixels(bands, rows, cols);
    std::mt19937 random(seed);
    using limits = std::numeric_limits<T>;
    for (std::ptrdiff_t band = 0; band < bands; ++band) {
        for (auto const [row, col] : pixels.pixels()) {
            if constexpr (std::is_integral_v<T>) pixels(band, row, col) = static_cast<T>(random());
            else pixels(band, row, col) = static_cast<T>(random()) / T{16} - T{100};
        }
        pixels(band, 0, 0) = limits::lowest();
        pixels(band, rows - 1, cols - 1) = limits::max();
    }
    return pixels;
}

} // namespace test
