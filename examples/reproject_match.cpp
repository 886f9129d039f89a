// SPDX-License-Identifier: BSL-1.0
//
// reproject_match IN REFERENCE OUT --method near|bilinear|cubic: IN on the pixels of REFERENCE, with their size, place and
// coordinate reference system. What gdalwarp does, as a pipeline: the reader is placed on the working grid, and the worker hands
// on what it gets.
#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <rios/apply.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/gdal/reader.hpp>
#include <rios/gdal/writer.hpp>
#include <rios/resampling.hpp>

#include "example_options.hpp"

namespace {

struct arguments {
    std::string input;
    std::string reference;
    std::string output;
    std::string method = "near";
    examples::pipeline_options pipeline;
};

template <rios::Pixel T>
void run(arguments const& given)
{
    auto const input = rios::gdal_dataset::open(given.input);
    std::vector<std::string> names;
    for (int band = 1; band <= input.band_count(); ++band) names.emplace_back(input.band(band).GetDescription());
    auto const grid = rios::gdal_dataset::open(given.reference).grid();

    rios::gdal_reader<T> const reader(given.input, {.resampling = rios::parse_resampling(given.method)});
    rios::gdal_writer<T> writer(
        given.output, {.bands = input.band_count(), .null_value = rios::common_null_value(input), .band_names = names});
    auto const hand_on = [](rios::block_info const&, rios::image<T> pixels) { return pixels; };
    examples::with_executor(given.pipeline, grid, [&](auto&& executor, auto const& progress) {
        return rios::apply(reader, hand_on, writer, executor,
                           {.grid = grid, .window = given.pipeline.window, .progress = progress});
    });
}

} // namespace

int main(int argc, char** argv)
{
    arguments given;
    CLI::App app(
        "Writes an image on the pixels of another one: with their size, place and coordinate reference system.\n"
        "Where the image has nothing, there is its null value, or 0.",
        "reproject_match");
    app.add_option("IN", given.input, "Image: any raster that GDAL reads")->required()->type_name("");
    app.add_option("REFERENCE", given.reference, "Raster whose pixels OUT shall have")->required()->type_name("");
    app.add_option("OUT", given.output, "File to write, such as match.tif or match.img")->required()->type_name("");
    app.add_option("--method", given.method, "How pixels are resampled: near, bilinear or cubic")
        ->type_name("NAME")
        ->capture_default_str()
        ->transform(CLI::IsMember({"near", "bilinear", "cubic"}).description(""));
    examples::add_options(app, given.pipeline);
    return examples::run(app, argc, argv, [&] {
        rios::dispatch(examples::pixel_type_of({given.input}),
                       [&]<typename T>(std::type_identity<T>) { run<T>(given); });
    });
}
