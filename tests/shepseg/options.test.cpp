// SPDX-License-Identifier: BSL-1.0
#include <shepseg/options.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <variant>

#include <doctest/doctest.h>

#include "support/message_of.hpp"

using shepseg::options;

namespace {

/// Why the options are refused after a change.
template <typename F>
std::string message(F&& change)
{
    options changed;
    change(changed);
    return test::message_of<rios::options_error>([&] { check(changed); });
}

std::string const allowed = "(nothing was thrown)";
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

} // namespace

TEST_CASE("the defaults are those of the paper, and allowed")
{
    options const defaults;
    CHECK_NOTHROW(check(defaults));
    CHECK(defaults.kmeans.clusters == 60);
    CHECK(defaults.kmeans.start == shepseg::kmeans_start::plus_plus);
    CHECK(defaults.kmeans.starts == 5);
    CHECK(defaults.kmeans.seed == 0);
    CHECK(defaults.kmeans.max_iterations == 300);
    CHECK(defaults.kmeans.tolerance == 1e-4);
    CHECK(defaults.sample.pixels == 1'000'000);
    CHECK_FALSE(defaults.sample.percent);
    CHECK_FALSE(defaults.model);
    CHECK_FALSE(defaults.null_value);
    CHECK(defaults.min_segment_size == 50);
    CHECK(std::get<shepseg::automatic_limit>(defaults.max_spectral_diff).percentile == 50);
    CHECK(defaults.neighbours == shepseg::connectivity::four);
    CHECK(defaults.tile_size == 640);
    CHECK(defaults.halo == 16);
}

TEST_CASE("parameters of k-means outside their range are refused with their value and their range")
{
    CHECK(message([](auto& o) { o.kmeans.clusters = 0; }) == "number of clusters 0 is not allowed: must be 1 to 65535");
    CHECK(message([](auto& o) { o.kmeans.clusters = -5; }) ==
          "number of clusters -5 is not allowed: must be 1 to 65535");
    CHECK(message([](auto& o) { o.kmeans.clusters = 65536; }) ==
          "number of clusters 65536 is not allowed: must be 1 to 65535");
    CHECK(message([](auto& o) { o.kmeans.starts = 0; }) ==
          "number of k-means starts 0 is not allowed: must be at least 1");
    CHECK(message([](auto& o) { o.kmeans.max_iterations = 0; }) ==
          "number of k-means iterations 0 is not allowed: must be at least 1");
    CHECK(message([](auto& o) { o.kmeans.tolerance = -1e-9; }) ==
          "k-means tolerance -1.0000000000000001e-09 is not allowed: must be at least 0");
    CHECK(message([](auto& o) { o.kmeans.tolerance = not_a_number; }) ==
          "k-means tolerance nan is not allowed: must be at least 0");
    CHECK(message([](auto& o) { o.kmeans = {.clusters = 1, .starts = 1, .max_iterations = 1, .tolerance = 0}; }) ==
          allowed);
    CHECK(message([](auto& o) { o.kmeans.clusters = 65535; }) == allowed);
}

TEST_CASE("parameters of the sample outside their range are refused with their value and their range")
{
    CHECK(message([](auto& o) { o.sample.pixels = 0; }) ==
          "number of sample pixels 0 is not allowed: must be at least 1");
    CHECK(message([](auto& o) { o.sample.percent = 0; }) ==
          "sample percentage 0 is not allowed: must be above 0 and at most 100");
    CHECK(message([](auto& o) { o.sample.percent = 100.5; }) ==
          "sample percentage 100.5 is not allowed: must be above 0 and at most 100");
    CHECK(message([](auto& o) { o.sample.percent = not_a_number; }) ==
          "sample percentage nan is not allowed: must be above 0 and at most 100");
    CHECK(message([](auto& o) { o.sample = {.pixels = 1, .percent = 100}; }) == allowed);
    CHECK(message([](auto& o) { o.sample.percent = 1e-300; }) == allowed);
}

TEST_CASE("parameters of the segmentation outside their range are refused with their value and their range")
{
    CHECK(message([](auto& o) { o.min_segment_size = 0; }) ==
          "minimum segment size 0 is not allowed: must be at least 1 pixel");
    CHECK(message([](auto& o) { o.min_segment_size = -1; }) ==
          "minimum segment size -1 is not allowed: must be at least 1 pixel");
    CHECK(message([](auto& o) { o.min_segment_size = std::numeric_limits<std::int64_t>::max(); }) == allowed);
    CHECK(message([](auto& o) { o.neighbours = static_cast<shepseg::connectivity>(6); }) ==
          "connectivity 6 is not allowed: must be 4 or 8");
    CHECK(message([](auto& o) { o.neighbours = shepseg::connectivity::eight; }) == allowed);
}

TEST_CASE("tiles outside their range are refused with their value and their range")
{
    CHECK(message([](auto& o) { o.tile_size = 0; }) == "tile size 0 is not allowed: must be 1 to 16384 pixels");
    CHECK(message([](auto& o) { o.tile_size = 16385; }) == "tile size 16385 is not allowed: must be 1 to 16384 pixels");
    CHECK(message([](auto& o) { o.halo = 1; }) == "halo 1 is not allowed: must be 2 to 1024 pixels");
    CHECK(message([](auto& o) { o.halo = 1025; }) == "halo 1025 is not allowed: must be 2 to 1024 pixels");
    for (std::ptrdiff_t const size : {1, 16384}) CHECK(message([&](auto& o) { o.tile_size = size; }) == allowed);
    for (std::ptrdiff_t const halo : {2, 1024}) CHECK(message([&](auto& o) { o.halo = halo; }) == allowed);
}

TEST_CASE("a spectral limit outside its range is refused with its value and its range")
{
    auto const with = [](shepseg::spectral_limit limit) {
        return message([&](auto& o) { o.max_spectral_diff = limit; });
    };
    CHECK(with(shepseg::automatic_limit{-0.5}) ==
          "percentile of the spectral differences -0.5 is not allowed: must be 0 to 100");
    CHECK(with(shepseg::automatic_limit{100.1}).find("100.09999999999999") != std::string::npos);
    CHECK(with(shepseg::automatic_limit{not_a_number}) ==
          "percentile of the spectral differences nan is not allowed: must be 0 to 100");
    CHECK(with(-1.0) == "maximum spectral difference -1 is not allowed: must be a number of at least 0");
    CHECK(with(not_a_number) == "maximum spectral difference nan is not allowed: must be a number of at least 0");
    CHECK(with(infinity) == "maximum spectral difference inf is not allowed: must be a number of at least 0");
    CHECK(with(shepseg::automatic_limit{0}) == allowed);
    CHECK(with(shepseg::automatic_limit{100}) == allowed);
    CHECK(with(shepseg::no_limit{}) == allowed);
    CHECK(with(0.0) == allowed);
}

TEST_CASE("a model without centres is refused")
{
    CHECK(message([](auto& o) { o.model.emplace(); }) == "the cluster model has no centres: at least 1 is needed");
    CHECK(message([](auto& o) {
              o.model.emplace();
              o.model->centres = shepseg::cluster_centres(1, 1);
          }) == allowed);
}

TEST_CASE("any null value is allowed")
{
    for (double const value : {0.0, -1e300, not_a_number, infinity}) {
        CHECK(message([&](auto& o) { o.null_value = value; }) == allowed);
    }
}
