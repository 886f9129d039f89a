// SPDX-License-Identifier: BSL-1.0
//
// masked_mean IMAGE VECTOR: the mean of each band inside polygons. Shows a layer of vectors as an input: it arrives as
// pixels of the image's grid.
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>

#include <rios/apply.hpp>
#include <rios/gdal/reader.hpp>
#include <rios/gdal/vector_reader.hpp>

#include "band_means.hpp"
#include "example_options.hpp"

namespace {

struct arguments {
    std::string image;
    std::string vectors;
    std::string layer = "0";
    std::string where;
    bool all_touched = false;
    examples::pipeline_options pipeline;
};

/// The worker. Each thread has a copy that counts the blocks which it sees.
template <rios::Pixel T>
struct masked_mean {
    examples::band_means<T> bands;
    unsigned long long inside = 0;

    void operator()(rios::block_info const& block, rios::image<T> const& pixels, rios::image<std::uint8_t> const& mask)
    {
        for (auto const [row, col] : mask.pixels()) inside += mask(0, row, col);
        for (std::ptrdiff_t band = 0; band < pixels.bands(); ++band) {
            auto const is_null = block.null_test<T>(0, band);
            for (auto const [row, col] : pixels.pixels()) {
                auto const pixel = pixels(band, row, col);
                if (mask(0, row, col) != 0 && !is_null(pixel)) bands.add(band, pixel);
            }
        }
    }

    /// Takes over what another copy has counted.
    void merge(masked_mean const& other)
    {
        inside += other.inside;
        bands.merge(other.bands);
    }

    /// What travels when blocks are computed by other processes.
    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.bands, self.inside);
    }
};

/// A number from 0, or else a name.
rios::layer_choice layer_from(std::string const& text)
{
    int number = 0;
    auto const* const end = text.data() + text.size();
    auto const parsed = std::from_chars(text.data(), end, number);
    if (parsed.ec == std::errc{} && parsed.ptr == end) return number;
    return text;
}

template <rios::Pixel T>
void run(arguments const& given)
{
    rios::gdal_reader<T> const image(given.image);
    rios::vector_reader<std::uint8_t> const polygons(
        given.vectors, {.layer = layer_from(given.layer), .where = given.where, .all_touched = given.all_touched});
    masked_mean<T> const empty{examples::band_means<T>(image.band_count())};
    auto const result =
        examples::with_executor(given.pipeline, image.grid(), [&](auto&& executor, auto const& progress) {
            return rios::apply(std::tuple(image, polygons), empty, rios::no_output(), executor,
                               {.window = given.pipeline.window, .progress = progress});
        });
    std::printf("inside: %llu pixels\n", result.worker.inside);
    result.worker.bands.print();
}

} // namespace

int main(int argc, char** argv)
{
    arguments given;
    CLI::App app("Prints the number of pixels inside the polygons (or on the lines and points) of a layer, and for "
                 "each band of\n"
                 "the image the number of those that are not null and their mean.",
                 "masked_mean");
    app.add_option("IMAGE", given.image, "Image: any raster that GDAL reads, with a place on the map")
        ->required()
        ->type_name("");
    app.add_option("VECTOR", given.vectors, "Any source of vectors that GDAL reads, in any reference system")
        ->required()
        ->type_name("");
    app.add_option("--layer", given.layer, "Name of the layer, or its number from 0")
        ->type_name("L")
        ->capture_default_str();
    app.add_option("--where", given.where, "Only features that this is true for, such as \"height > 20\"")
        ->type_name("SQL");
    app.add_flag("--all-touched", given.all_touched, "Count all pixels that are touched, not only by their centre");
    examples::add_options(app, given.pipeline);
    return examples::run(app, argc, argv, [&] {
        rios::dispatch(examples::pixel_type_of({given.image}),
                       [&]<typename T>(std::type_identity<T>) { run<T>(given); });
    });
}
