// SPDX-License-Identifier: BSL-1.0
//
// Pictures of a finished segmentation (preview.hpp), made from the image file and the file of segments.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gdal_priv.h>

#include <rios/block.hpp>
#include <rios/error.hpp>
#include <rios/existing.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/gdal/reader.hpp>
#include <rios/grid_difference.hpp>
#include <rios/image.hpp>
#include <rios/pixel_grid.hpp>
#include <rios/progress.hpp>
#include <rios/text_file.hpp>
#include <rios/window_reader.hpp>

#include "../mean_colours.hpp"
#include "../preview.hpp"
#include "label_reader.hpp"
#include "picture_file.hpp"
#include "same_pixels.hpp"

namespace shepseg {

/// The part of a raster that `shepseg segment --preview` shows: all of it up to 3000 × 3000 pixels, else 1500 × 1500 in its
/// middle, so that segments can still be told apart.
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

/// What a picture shows, and how.
struct picture_request {
    /// Shown as red, green and blue, or one in grey, from 1; empty for composite_bands() of all bands.
    std::vector<int> bands{};
    /// The part to show, in pixels of the raster; none for all of it, or, if it is larger than `size`, that much in its middle.
    std::optional<rios::block> window{};
    /// The part of the image that the segments are of, whatever place on the map their file has; none if it must be that of the
    /// image.
    std::optional<rios::block> segmented{};
    enum class style {
        boundaries,   ///< of segments, over the image
        mean_colours, ///< each segment in the mean of its pixels inside the window
    };
    style shown = style::boundaries;
    /// Largest number of rows and columns of the picture: larger windows are reduced, by a whole number, and small ones
    /// enlarged, four times at most.
    std::ptrdiff_t size = 1024;
    rios::progress_function progress{};
};

/// A picture, and what it shows.
struct segment_picture {
    rios::image<std::uint8_t> pixels; ///< red, green, blue
    rios::block window;               ///< in pixels of the raster
    std::vector<int> bands;           ///< that are shown
    std::ptrdiff_t scale = 1;         ///< pixels of the picture for one of the raster
    std::ptrdiff_t reduction = 1;     ///< pixels of the raster for one of the picture
    rios::pixel_grid grid;            ///< of the picture
};

namespace detail {

/// The window that is asked for, or the usual one. @throws rios::grid_error if it does not lie inside
inline rios::block shown_window(std::string const& segments, rios::pixel_grid const& grid,
                                picture_request const& request)
{
    if (request.window) {
        static_cast<void>(grid.window(*request.window, segments));
        return *request.window;
    }
    auto const rows = std::min(grid.rows, request.size);
    auto const cols = std::min(grid.cols, request.size);
    return {.index = 0, .row = (grid.rows - rows) / 2, .col = (grid.cols - cols) / 2, .rows = rows, .cols = cols};
}

using image_part = rios::window_reader<rios::gdal_reader<float>>;

/// The part of an image that segments are of. @throws rios::grid_error if that cannot be
inline image_part segmented_pixels(rios::gdal_reader<float> const& image, label_reader const& segments,
                                   picture_request const& request)
{
    image_part part(image, request.segmented.value_or(image.grid().whole()));
    if (!request.segmented) {
        require_same_pixels(segments.path(), segments.grid(), image.path(), image.grid());
    } else if (part.grid().rows != segments.grid().rows || part.grid().cols != segments.grid().cols) {
        throw rios::grid_error(segments.path() + ": has " + rios::detail::size_text(segments.grid()) +
                               "; the part of " + image.path() + " that was segmented has " +
                               rios::detail::size_text(part.grid()));
    }
    return part;
}

/// What to read of two files at a time: whole blocks of both, for about a million pixels; 16 million (250 MB, with three bands)
/// at most. Of larger blocks a half, a quarter, ..., and of rows that are longer a part: these are read as many times.
/// @param cols of the window
inline rios::block_shape picture_part(std::ptrdiff_t cols, rios::block_shape const& image,
                                      rios::block_shape const& labels)
{
    constexpr std::ptrdiff_t enough = std::ptrdiff_t{1} << 20;
    constexpr std::ptrdiff_t most = std::ptrdiff_t{1} << 24;
    constexpr std::ptrdiff_t side = 1024;
    auto const of_both = [](std::ptrdiff_t a, std::ptrdiff_t b) {
        auto const both = std::lcm(a, b);
        return both <= side ? both : std::max(a, b);
    };
    rios::block_shape const both{of_both(image.rows, labels.rows), of_both(image.cols, labels.cols)};
    rios::block_shape part = both;
    part.cols *= std::max<std::ptrdiff_t>(1, enough / both.rows / both.cols);
    if (part.cols >= cols) part.rows *= std::max<std::ptrdiff_t>(1, enough / both.rows / cols);
    while (part.rows > 1 && part.rows > most / std::min(part.cols, cols)) part.rows = (part.rows + 1) / 2;
    part.cols = std::min(part.cols, most); // of rows longer than that
    return part;
}

/// Calls `f(part, image, labels)` for parts of a window, as drawing takes them. The part is in rows and columns of the window.
/// No pixel is read twice.
/// @param size of parts; they end where as many rows or columns of the raster end
template <typename F>
void each_part(image_part& image, label_reader& labels, rios::block const& window, rios::block_shape const& size,
               rios::progress_function const& progress, std::string_view phase, F f)
{
    auto const end_after = [](std::ptrdiff_t at, std::ptrdiff_t begin, std::ptrdiff_t length, std::ptrdiff_t step) {
        return std::min(length, ((begin + at) / step + 1) * step - begin);
    };
    auto const pixels = static_cast<double>(window.rows) * static_cast<double>(window.cols);
    rios::block part;
    rios::report(progress, phase, 0);
    for (part.row = 0; part.row < window.rows; part.row += part.rows) {
        part.rows = end_after(part.row, window.row, window.rows, size.rows) - part.row;
        for (part.col = 0; part.col < window.cols; part.col += part.cols) {
            part.cols = end_after(part.col, window.col, window.cols, size.cols) - part.col;
            auto in_raster = part;
            in_raster.row += window.row;
            in_raster.col += window.col;
            auto const values = image.read(in_raster);
            auto const numbers = labels.read(in_raster);
            f(part, values.view(), numbers.view());
            auto const done = static_cast<double>(part.row) * static_cast<double>(window.cols) +
                              static_cast<double>(part.rows) * static_cast<double>(part.col + part.cols);
            rios::report(progress, phase, done / pixels);
        }
    }
}

} // namespace detail

/// Draws a part of a segmentation. Reads the window twice, in whole blocks of the files, a million pixels at a time if these are
/// not larger, 16 million at most.
/// @param image the file that was segmented
/// @param segments the file of labels, on the same pixels, or request.segmented of them
/// @throws rios::io_error, rios::options_error, rios::grid_error if the rasters do not have the same pixels, or the window is
///         not inside; rios::cancelled
[[nodiscard]] inline segment_picture draw_picture(std::string const& image, std::string const& segments,
                                                  picture_request const& request = {})
{
    constexpr std::ptrdiff_t largest = 20000;
    if (request.size < 1 || request.size > largest) {
        throw rios::options_error("size of a picture " + std::to_string(request.size) + ": allowed: 1 to " +
                                  std::to_string(largest) + " pixels");
    }
    segment_picture result;
    auto const file = rios::gdal_dataset::open(image);
    result.bands = request.bands.empty() ? composite_bands(file, rios::selected_bands(file, {})) : request.bands;
    if (result.bands.size() != 1 && result.bands.size() != 3) {
        throw rios::options_error(image + ": " + std::to_string(result.bands.size()) +
                                  " bands to be shown; allowed: one, or three for red, green and blue");
    }
    label_reader labels(segments);
    auto pixels = detail::segmented_pixels(rios::gdal_reader<float>(image, {.bands = result.bands}), labels, request);
    auto const window = result.window = detail::shown_window(segments, labels.grid(), request);

    auto const side = std::max(window.rows, window.cols);
    preview_options options;
    bool const means = request.shown == picture_request::style::mean_colours;
    options.boundaries = !means;
    options.scale = result.scale = std::clamp<std::ptrdiff_t>(request.size / side, 1, 4);
    options.reduction = result.reduction = (side + request.size - 1) / request.size;

    auto const size =
        detail::picture_part(window.cols, file.stored_blocks(), rios::gdal_dataset::open(segments).stored_blocks());
    detail::stretch_sample sample(pixels.band_count(), window.rows, window.cols);
    mean_colours colours;
    detail::each_part(pixels, labels, window, size, request.progress, "looking",
                      [&](auto const& part, auto const& values, auto const& numbers) {
                          sample.add(part, values, numbers);
                          if (means) colours.add(values, numbers);
                      });
    auto const stretches = sample.stretches(options);
    colours.finish(stretches, result.bands.size() == 1, options);

    detail::drawing picture(window.rows, window.cols, options);
    detail::each_part(pixels, labels, window, size, request.progress, "drawing",
                      [&](auto const& part, auto const& values, auto const& numbers) {
                          auto const mean = [&](std::ptrdiff_t colour, std::ptrdiff_t row, std::ptrdiff_t col) {
                              return colours.of(numbers(0, row, col))[static_cast<std::size_t>(colour)];
                          };
                          if (means) picture.add(part, numbers, mean);
                          else picture.add(part, numbers, detail::composite_of(values, stretches, options));
                      });
    result.pixels = picture.take();

    result.grid = labels.grid().window(window);
    result.grid.rows = result.pixels.rows();
    result.grid.cols = result.pixels.cols();
    if (auto& place = result.grid.geotransform) {
        auto const factor = static_cast<double>(result.reduction) / static_cast<double>(result.scale);
        for (std::size_t const i : {1U, 2U, 4U, 5U}) (*place)[i] *= factor;
    }
    return result;
}

/// As above, into a file: PNG, JPEG or, at its place on the map, GTiff, as its extension says. An older one is replaced only when
/// the new one is complete.
/// @throws rios::options_error also for other extensions, and if the picture would replace one of the two files
inline segment_picture write_picture(std::string const& image, std::string const& segments, std::string const& output,
                                     picture_request const& request = {})
{
    auto const format = picture_format(output);
    rios::require_different_files({image, segments}, {output});
    auto picture = draw_picture(image, segments, request);
    rios::write_text_file(output, picture_bytes(picture.pixels, format, picture.grid));
    return picture;
}

} // namespace shepseg
