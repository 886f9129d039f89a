// SPDX-License-Identifier: BSL-1.0
//
// A PNG of a finished segmentation (preview.hpp), made from the image file and the file of segments.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <cpl_conv.h>
#include <cpl_vsi.h>
#include <gdal_priv.h>

#include <rios/block.hpp>
#include <rios/error.hpp>
#include <rios/gdal/call.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/gdal/reader.hpp>
#include <rios/image.hpp>
#include <rios/pixel_grid.hpp>
#include <rios/text_file.hpp>

#include "../preview.hpp"

namespace shepseg {

/// The part of a raster that a preview shows: all of it up to 3000 × 3000 pixels, else 1500 × 1500 in its middle, so
/// that segments can still be told apart.
[[nodiscard]] inline rios::block preview_window(rios::pixel_grid const& grid)
{
    if (std::max(grid.rows, grid.cols) <= 3000) return grid.whole();
    auto const rows = std::min<std::ptrdiff_t>(grid.rows, 1500);
    auto const cols = std::min<std::ptrdiff_t>(grid.cols, 1500);
    return {.index = 0, .row = (grid.rows - rows) / 2, .col = (grid.cols - cols) / 2, .rows = rows, .cols = cols};
}

/// The bands to show as red, green and blue: those that the file calls so; else the fourth, third and second of the
/// bands used (near infrared, red and green for most sensors); of three, the last to the first; else the first alone.
/// @param used band numbers, from 1; at least one
[[nodiscard]] inline std::vector<int> composite_bands(rios::gdal_dataset const& file, std::vector<int> const& used)
{
    std::vector<int> named;
    for (auto const colour : {GCI_RedBand, GCI_GreenBand, GCI_BlueBand}) {
        for (int band = 1; band <= file.band_count(); ++band) {
            if (file.band(band).GetColorInterpretation() != colour) continue;
            named.push_back(band);
            break;
        }
    }
    if (named.size() == 3) return named;
    if (used.size() > 3) return {used[3], used[2], used[1]};
    if (used.size() == 3) return {used[2], used[1], used[0]};
    return {used.front()};
}

/// The bytes of an 8-bit RGB PNG. @pre the picture has three bands  @throws rios::error if this GDAL cannot make PNGs
[[nodiscard]] inline std::string png_of(rios::image<std::uint8_t> const& picture)
{
    rios::register_drivers();
    rios::gdal_errors const errors;
    auto* const memory = GetGDALDriverManager()->GetDriverByName("MEM");
    auto* const png = GetGDALDriverManager()->GetDriverByName("PNG");
    if (memory == nullptr || png == nullptr) throw rios::error("this GDAL cannot write PNG");
    auto const rows = static_cast<int>(picture.rows());
    auto const cols = static_cast<int>(picture.cols());
    std::unique_ptr<GDALDataset> const pixels(memory->Create("", cols, rows, 3, GDT_Byte, nullptr));
    auto* const data = const_cast<std::uint8_t*>(picture.data()); // GDAL's one function reads and writes
    if (!pixels || pixels->RasterIO(GF_Write, 0, 0, cols, rows, data, cols, rows, GDT_Byte, 3, nullptr, 0, 0, 0,
                                    nullptr) != CE_None) {
        errors.fail("PNG", "cannot draw");
    }
    // Into memory first: GDAL's PNG driver does not notice a full disk.
    auto const name = "/vsimem/shepseg-" + std::to_string(reinterpret_cast<std::uintptr_t>(pixels.get())) + ".png";
    std::unique_ptr<GDALDataset>(png->CreateCopy(name.c_str(), pixels.get(), FALSE, nullptr, nullptr, nullptr)).reset();
    vsi_l_offset size = 0;
    std::unique_ptr<GByte, decltype(&VSIFree)> const bytes(VSIGetMemFileBuffer(name.c_str(), &size, TRUE), &VSIFree);
    if (!bytes) errors.fail("PNG", "cannot draw");
    return {reinterpret_cast<char const*>(bytes.get()), static_cast<std::size_t>(size)};
}

/// Draws the segments of a file over its image, enlarged up to four times where the image is small.
/// @param image the file that was segmented
/// @param bands shown as red, green and blue, from 1; the first alone in grey, if there are fewer than three
/// @param segments the file of labels, of the same size
/// @param part of the image that the labels are of; none for all of it
/// @return the bytes of a PNG
/// @throws rios::io_error, rios::grid_error, rios::options_error
[[nodiscard]] inline std::string preview_png(std::string const& image, std::vector<int> const& bands,
                                             std::string const& segments, std::optional<rios::block> part = {})
{
    rios::gdal_reader<float> pixels(image, {.bands = bands});
    rios::gdal_reader<std::uint32_t> labels(segments);
    auto const shown_part = part.value_or(pixels.grid().whole());
    if (shown_part.rows != labels.grid().rows || shown_part.cols != labels.grid().cols) {
        throw rios::grid_error(image + " and " + segments + " differ in size");
    }
    auto const window = preview_window(labels.grid());
    constexpr std::ptrdiff_t largest = 3000;
    preview_options options;
    options.scale = std::clamp<std::ptrdiff_t>(largest / std::max(window.rows, window.cols), 1, 4);
    auto in_image = window;
    in_image.row += shown_part.row;
    in_image.col += shown_part.col;
    auto const shown = pixels.read(in_image);
    auto const drawn = labels.read(window);
    return png_of(draw_preview(shown.view(), drawn.view(), options));
}

/// As above, into a file; an older one is replaced only when the new one is complete.
inline void write_preview(std::string const& image, std::vector<int> const& bands, std::string const& segments,
                          std::string const& png)
{
    rios::write_text_file(png, preview_png(image, bands, segments));
}

} // namespace shepseg
