// SPDX-License-Identifier: BSL-1.0
//
// focal_mean IN OUT --size N: the mean of the N x N pixels around each pixel, in every band. Shows blocks that overlap, and
// how to tell the raster's edge.
#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <type_traits>

#include <rios/apply.hpp>
#include <rios/gdal/reader.hpp>
#include <rios/gdal/writer.hpp>

#include "example_options.hpp"

namespace {

constexpr float no_data = std::numeric_limits<float>::lowest();

struct arguments {
    std::string input;
    std::string output;
    std::ptrdiff_t size = 3;
    examples::pipeline_options pipeline;
};

/// The worker. The image has a margin of block.overlap() pixels on all sides; the result may be returned without it.
struct focal_mean {
    template <rios::Pixel T>
    rios::image<float> operator()(rios::block_info const& block, rios::image<T> const& pixels) const
    {
        auto const margin = block.overlap();
        auto const raster = block.inside(); // beyond it the margin holds the null value, or 0 in a file without one

        rios::image<float> result(pixels.bands(), block.rows, block.cols);
        for (std::ptrdiff_t band = 0; band < pixels.bands(); ++band) {
            auto const is_null = block.null_test<T>(0, band);
            for (auto const [row, col] : result.pixels()) {
                double sum = 0;
                double count = 0;
                auto const top = std::max(raster.row, row);
                auto const left = std::max(raster.col, col);
                for (auto r = top; r < std::min(raster.row + raster.rows, row + 2 * margin + 1); ++r) {
                    for (auto c = left; c < std::min(raster.col + raster.cols, col + 2 * margin + 1); ++c) {
                        auto const pixel = pixels(band, r, c);
                        if (is_null(pixel)) continue;
                        sum += static_cast<double>(pixel);
                        ++count;
                    }
                }
                bool const null_centre = is_null(pixels(band, row + margin, col + margin));
                result(band, row, col) = null_centre ? no_data : static_cast<float>(sum / count);
            }
        }
        return result;
    }
};

template <rios::Pixel T>
void run(arguments const& given)
{
    rios::gdal_reader<T> const reader(given.input);
    rios::gdal_writer<float> writer(given.output,
                                    {.bands = static_cast<int>(reader.band_count()), .null_value = no_data});
    examples::with_executor(given.pipeline, reader.grid(), [&](auto&& executor, auto const& progress) {
        return rios::apply(reader, focal_mean(), writer, executor,
                           {.window = given.pipeline.window, .overlap = given.size / 2, .progress = progress});
    });
}

std::string odd(std::string const& number)
{
    return number.empty() || (number.back() - '0') % 2 == 0 ? number + " is not odd" : "";
}

} // namespace

int main(int argc, char** argv)
{
    arguments given;
    CLI::App app(
        "Computes the mean of the pixels around each pixel, in every band by itself, as float32. What is null, not a\n"
        "finite number, or beyond the raster's edge is left out; where the pixel itself is null, so is the result\n"
        "(null value: the lowest float, -3.4e38).",
        "focal_mean");
    app.add_option("IN", given.input, "Image: any raster that GDAL reads")->required()->type_name("");
    app.add_option("OUT", given.output, "File to write, such as mean.tif or mean.img")->required()->type_name("");
    app.add_option("--size", given.size,
                   "Rows and columns around a pixel that count, in pixels: an odd\nnumber, 1 to 999")
        ->check(CLI::Range(1, 999).description(""))
        ->check(odd)
        ->type_name("N")
        ->capture_default_str();
    examples::add_options(app, given.pipeline);
    return examples::run(app, argc, argv, [&] {
        rios::dispatch(examples::pixel_type_of({given.input}),
                       [&]<typename T>(std::type_identity<T>) { run<T>(given); });
    });
}
