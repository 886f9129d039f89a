// SPDX-License-Identifier: BSL-1.0
//
// block_mean IN: the mean of each band. Shows a worker that accumulates: nothing is written, and the copies of all threads
// are merged in the end.
#include <cstddef>
#include <cstdio>
#include <string>
#include <type_traits>

#include <rios/apply.hpp>
#include <rios/gdal/reader.hpp>

#include "band_means.hpp"
#include "example_options.hpp"

namespace {

struct arguments {
    std::string input;
    examples::pipeline_options pipeline;
};

/// The worker. Each thread has a copy that counts the blocks which it sees.
template <rios::Pixel T>
struct block_mean {
    examples::band_means<T> bands;

    void operator()(rios::block_info const& block, rios::image<T> const& pixels)
    {
        for (std::ptrdiff_t band = 0; band < pixels.bands(); ++band) {
            auto const is_null = block.null_test<T>(0, band);
            for (auto const [row, col] : pixels.pixels()) {
                auto const pixel = pixels(band, row, col);
                if (!is_null(pixel)) bands.add(band, pixel);
            }
        }
    }

    /// Takes over what another copy has counted.
    void merge(block_mean const& other) { bands.merge(other.bands); }

    /// What travels when blocks are computed by other processes.
    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.bands);
    }
};

template <rios::Pixel T>
void run(arguments const& given)
{
    rios::gdal_reader<T> const reader(given.input);
    block_mean<T> const empty{examples::band_means<T>(reader.band_count())};
    auto const result =
        examples::with_executor(given.pipeline, reader.grid(), [&](auto&& executor, auto const& progress) {
            return rios::apply(reader, empty, rios::no_output(), executor,
                               {.window = given.pipeline.window, .progress = progress});
        });
    result.worker.bands.print();
}

} // namespace

int main(int argc, char** argv)
{
    arguments given;
    CLI::App app(
        "Prints for each band the number of its pixels and their mean, without those that are null or not finite\n"
        "numbers.",
        "block_mean");
    app.add_option("IN", given.input, "Image: any raster that GDAL reads")->required()->type_name("");
    examples::add_options(app, given.pipeline);
    return examples::run(app, argc, argv, [&] {
        rios::dispatch(examples::pixel_type_of({given.input}),
                       [&]<typename T>(std::type_identity<T>) { run<T>(given); });
    });
}
