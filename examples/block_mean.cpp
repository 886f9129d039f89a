// SPDX-License-Identifier: BSL-1.0
//
// block_mean IN: the mean of each band. Shows a worker that accumulates: nothing is written, and the copies of all threads
// are merged in the end.
#include <cstddef>
#include <cstdio>
#include <string>
#include <type_traits>
#include <vector>

#include <rios/apply.hpp>
#include <rios/band_sum.hpp>
#include <rios/gdal/reader.hpp>

#include "example_options.hpp"

namespace {

struct arguments {
    std::string input;
    examples::pipeline_options pipeline;
};

/// Pixels of one band. Which thread sees which blocks differs from run to run, so the sum must not depend on the order of
/// addition: a double would be another one in its last digits.
template <rios::Pixel T>
struct band_mean {
    unsigned long long count = 0;
    rios::band_sum<T> sum;
};

/// The worker. Each thread has a copy that counts the blocks which it sees.
template <rios::Pixel T>
struct block_mean {
    std::vector<band_mean<T>> bands;

    void operator()(rios::block_info const& block, rios::image<T> const& pixels)
    {
        for (std::ptrdiff_t band = 0; band < pixels.bands(); ++band) {
            auto& mean = bands[static_cast<std::size_t>(band)];
            auto const is_null = block.null_test<T>(0, band);
            for (auto const [row, col] : pixels.pixels()) {
                auto const pixel = pixels(band, row, col);
                if (is_null(pixel)) continue;
                ++mean.count;
                mean.sum.add(pixel);
            }
        }
    }

    /// Takes over what another copy has counted.
    void merge(block_mean const& other)
    {
        for (std::size_t band = 0; band < bands.size(); ++band) {
            bands[band].count += other.bands[band].count;
            bands[band].sum.add(other.bands[band].sum);
        }
    }
};

template <rios::Pixel T>
void run(arguments const& given)
{
    rios::gdal_reader<T> const reader(given.input);
    block_mean<T> const empty{std::vector<band_mean<T>>(static_cast<std::size_t>(reader.band_count()))};
    auto const result =
        examples::with_executor(given.pipeline, reader.grid(), [&](auto&& executor, auto const& progress) {
            return rios::apply(reader, empty, rios::no_output(), executor,
                               {.window = given.pipeline.window, .progress = progress});
        });
    for (std::size_t band = 0; band < result.worker.bands.size(); ++band) {
        auto const& [count, sum] = result.worker.bands[band];
        std::printf("band %zu: %llu pixels, ", band + 1, count);
        if (count == 0) std::printf("no mean\n");
        else std::printf("mean %.12g\n", sum.value() / static_cast<double>(count));
    }
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
