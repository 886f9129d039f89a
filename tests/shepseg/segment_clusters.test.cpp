// SPDX-License-Identifier: BSL-1.0
// The clusters of a segmentation: fitted to a sample, or those of a model.
#include <cstdint>
#include <limits>
#include <numeric>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <rios/image.hpp>
#include <shepseg/kmeans.hpp>
#include <shepseg/sample.hpp>
#include <shepseg/segment.hpp>

#include "support/hand_worked.hpp"
#include "support/message_of.hpp"

using rios::image;
using test::every_value;
using test::image_of;
using rows = std::vector<std::vector<double>>;

TEST_CASE("data that a sparse sample misses is found by a full one")
{
    auto scene = image<std::uint8_t>(1, 20, 20);
    scene(0, 11, 7) = 5;
    scene(0, 11, 8) = 6;
    shepseg::options options;
    options.null_value = 0;
    options.kmeans.clusters = 2;
    options.sample.pixels = 4;
    auto const result = shepseg::segment(scene, options);
    CHECK(result.model.centres == shepseg::cluster_centres(rows{{5}, {6}}));
    CHECK(result.fit->sample_step == 1);
    CHECK(result.fit->sample_pixels == 2);
    CHECK(result.counts.clumps == 2);
}

TEST_CASE("the sample is made denser only until there is data in it")
{
    auto scene = image<std::uint8_t>(1, 20, 20);
    scene(0, 2, 2) = 5;
    scene(0, 2, 6) = 6;
    scene(0, 3, 3) = 7; // in an odd row
    shepseg::options options;
    options.null_value = 0;
    options.kmeans.clusters = 2;
    options.sample.pixels = 25; // every fourth row and column
    auto const result = shepseg::segment(scene, options);
    CHECK(result.model.centres == shepseg::cluster_centres(rows{{5}, {6}}));
    CHECK(result.fit->sample_step == 2);
    CHECK(result.fit->sample_pixels == 2);
    CHECK(result.counts.clumps == 3);
}

TEST_CASE("a fitted model says which bands and which null value it was made from")
{
    image<std::int16_t> scene(3, 2, 2);
    std::iota(scene.data(), scene.data() + 12, std::int16_t{-3});
    shepseg::options options;
    options.null_value = -999;
    options.kmeans.clusters = 4;
    auto const result = shepseg::segment(scene, options);
    CHECK(result.model == shepseg::cluster_model{.bands = {1, 2, 3},
                                                 .null_value = -999,
                                                 .centres = shepseg::cluster_centres(
                                                     rows{{-3, 1, 5}, {-2, 2, 6}, {-1, 3, 7}, {0, 4, 8}})});
    auto again = options;
    again.model = result.model;
    again.model->bands = {7, 5, 3}; // numbers in the file it came from; they decide nothing here
    CHECK(shepseg::segment(scene, again).labels == result.labels);
    CHECK(shepseg::segment(scene, again).model == *again.model);
}

TEST_CASE("what the fit came to is returned, and nothing where there was none")
{
    image<std::uint8_t> scene(1, 30, 40);
    for (auto const [row, col] : scene.pixels())
        scene(0, row, col) = static_cast<std::uint8_t>(1 + (7 * row + col) % 90);
    scene(0, 0, 0) = 0;
    shepseg::options options;
    options.null_value = 0;
    options.kmeans.clusters = 5;
    options.sample.pixels = 310;
    auto const result = shepseg::segment(scene, options);
    REQUIRE(result.fit);
    CHECK(result.fit->sample_step == 2);
    CHECK(result.fit->sample_pixels == 299);
    CHECK(result.fit->converged);
    auto const sample = shepseg::take_sample<std::uint8_t>(scene.view(), 0, 2);
    auto const fit = shepseg::fit_kmeans<std::uint8_t>(sample.view(), options.kmeans);
    CHECK(fit.centres == result.model.centres);
    CHECK(fit.inertia == result.fit->inertia);
    CHECK(fit.iterations == result.fit->iterations);
    CHECK(fit.converged == result.fit->converged);
    options.kmeans.max_iterations = 1;
    CHECK_FALSE(shepseg::segment(scene, options).fit->converged);
    CHECK(shepseg::segment(scene, options).fit->iterations == 1);
    CHECK_FALSE(shepseg::segment(scene, every_value(5)).fit);
}

TEST_CASE("the limit that was used is returned")
{
    auto const scene = image_of(1, 4, {0, 0, 3, 3});
    shepseg::options options;
    options.model = {.bands = {1}, .null_value = {}, .centres = shepseg::cluster_centres(rows{{0}, {3}, {7}})};
    CHECK(shepseg::segment(scene, options).max_spectral_diff == 4); // the middle one of 3, 4 and 7
    options.max_spectral_diff = shepseg::no_limit{};
    CHECK(shepseg::segment(scene, options).max_spectral_diff == 70);
    options.max_spectral_diff = 1.25;
    CHECK(shepseg::segment(scene, options).max_spectral_diff == 1.25);
    options.max_spectral_diff = shepseg::automatic_limit{};
    options.model->centres = shepseg::cluster_centres(rows{{1}});
    CHECK(shepseg::segment(scene, options).max_spectral_diff == std::numeric_limits<double>::infinity());
}

TEST_CASE("more clusters than there are pixels with data are refused once the sample is known, in words")
{
    shepseg::options options;
    options.progress = [](std::string_view phase, double) {
        CHECK(phase == "sampling");
        return true;
    };
    auto const message = test::message_of<rios::options_error>([&] {
        static_cast<void>(shepseg::segment(image_of(1, 2, {1, 2}), options));
    });
    CHECK(message == "number of clusters 60 is not allowed: must be at most the number of sample pixels that are not "
                     "null, 2");
}

TEST_CASE("a model of another number of bands is refused in words")
{
    image<float> const scene(2, 3, 3);
    shepseg::options options;
    options.model = {.bands = {1, 2, 3}, .null_value = {}, .centres = shepseg::cluster_centres(rows{{1, 2, 3}})};
    auto const message =
        test::message_of<rios::options_error>([&] { static_cast<void>(shepseg::segment(scene, options)); });
    CHECK(message == "the cluster model has 3 bands, the image has 2: both must have the same number");
}

TEST_CASE("a model of too many centres is refused in words")
{
    shepseg::options options;
    options.model = {.bands = {1}, .null_value = {}, .centres = shepseg::cluster_centres(65536, 1)};
    auto const message = test::message_of<rios::options_error>(
        [&] { static_cast<void>(shepseg::segment(image<float>(1, 3, 3), options)); });
    CHECK(message == "number of clusters in the model 65536 is not allowed: must be 1 to 65535");
    options.model->centres = shepseg::cluster_centres(65535, 1);
    options.max_spectral_diff = 1.0; // the other rules take the distance of every pair of centres
    CHECK(shepseg::segment(image<float>(1, 3, 3), options).counts.segments == 1);
}
