// SPDX-License-Identifier: BSL-1.0
//
// What a fit is not asked for (kmeans.test.cpp has the rest).
#include <shepseg/kmeans.hpp>

#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/image.hpp>
#include <rios/image_view.hpp>

#include "support/message_of.hpp"

using rios::image;
using rios::image_view;
using shepseg::fit_kmeans;
using shepseg::kmeans_options;

namespace {

template <typename T>
std::string refused(image_view<T const> sample, kmeans_options const& options)
{
    return test::message_of<rios::options_error>([&] { static_cast<void>(fit_kmeans<T>(sample, options)); });
}

} // namespace

TEST_CASE("more clusters than pixels are refused in words")
{
    image<std::uint8_t> const three(1, 1, 3);
    CHECK(refused(three.view(), {.clusters = 5}) ==
          "number of clusters 5 is not allowed: must be at most the number of sample pixels that are not null, 3");
}

TEST_CASE("options of k-means that are not allowed are refused in words")
{
    image<std::uint8_t> const three(1, 1, 3);
    CHECK(refused(three.view(), {.clusters = 0}) == "number of clusters 0 is not allowed: must be 1 to 65535");
    CHECK(refused(three.view(), {.clusters = 2, .starts = 0}) ==
          "number of k-means starts 0 is not allowed: must be at least 1");
}

TEST_CASE("samples of several rows, and of more pixels than 32 bits can number, are refused in words")
{
    image<float> const square(1, 2, 2);
    CHECK(refused(square.view(), {.clusters = 1}) == "the sample of k-means must have one row");
    std::uint8_t const pixel = 0; // none is looked at
    image_view<std::uint8_t const> const too_large(&pixel, 1, 1, 4'000'000'000);
    CHECK(refused(too_large, {.clusters = 1}) ==
          "a sample of 4000000000 pixels is not allowed for k-means: must be fewer than 4000000000");
}
