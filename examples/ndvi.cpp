// SPDX-License-Identifier: BSL-1.0
//
// ndvi IN OUT --red B --nir B: the vegetation index (nir - red) / (nir + red) of every pixel. The simplest pipeline: one
// file in, one file out, and a function that knows nothing of files, blocks or threads.
#include <cstddef>
#include <string>
#include <type_traits>

#include <rios/apply.hpp>
#include <rios/gdal/reader.hpp>
#include <rios/gdal/writer.hpp>

#include "example_options.hpp"

namespace {

constexpr float no_data = -9; // no ratio of reflectances, which are not negative

struct arguments {
    std::string input;
    std::string output;
    int red = 0;
    int nir = 0;
    examples::pipeline_options pipeline;
};

/// The worker: called for each block, each thread with a copy of its own. The image has the two bands that were asked for.
struct ndvi {
    template <rios::Pixel T>
    rios::image<float> operator()(rios::block_info const& block, rios::image<T> const& pixels) const
    {
        auto const null_red = block.null_test<T>(0, 0);
        auto const null_nir = block.null_test<T>(0, 1);
        rios::image<float> result(1, block.rows, block.cols);
        for (auto const [row, col] : result.pixels()) {
            auto const red = pixels(0, row, col);
            auto const nir = pixels(1, row, col);
            auto const sum = static_cast<double>(nir) + static_cast<double>(red);
            auto const difference = static_cast<double>(nir) - static_cast<double>(red);
            bool const is_null = null_red(red) || null_nir(nir) || sum == 0;
            result(0, row, col) = is_null ? no_data : static_cast<float>(difference / sum);
        }
        return result;
    }
};

template <rios::Pixel T>
void run(arguments const& given)
{
    rios::gdal_reader<T> const reader(given.input, {.bands = {given.red, given.nir}});
    rios::gdal_writer<float> writer(given.output, {.null_value = no_data, .band_names = {"NDVI"}});
    examples::with_executor(given.pipeline, reader.grid(), [&](auto&& executor, auto const& progress) {
        return rios::apply(reader, ndvi(), writer, executor, {.window = given.pipeline.window, .progress = progress});
    });
}

} // namespace

int main(int argc, char** argv)
{
    arguments given;
    CLI::App app(
        "Computes the vegetation index (nir - red) / (nir + red) as float32. Pixels are -9, the null value, where\n"
        "a band is null or not a finite number, or where nir + red is 0.",
        "ndvi");
    app.add_option("IN", given.input, "Image: any raster that GDAL reads")->required()->type_name("");
    app.add_option("OUT", given.output, "File to write, such as ndvi.tif or ndvi.img")->required()->type_name("");
    app.add_option("--red", given.red, "Number of the red band, from 1")->required()->type_name("B");
    app.add_option("--nir", given.nir, "Number of the near-infrared band, from 1")->required()->type_name("B");
    examples::add_options(app, given.pipeline);
    return examples::run(app, argc, argv, [&] {
        rios::dispatch(examples::pixel_type_of({given.input}, {given.red, given.nir}),
                       [&]<typename T>(std::type_identity<T>) { run<T>(given); });
    });
}
