// SPDX-License-Identifier: BSL-1.0
#include <shepseg/cluster_model.hpp>

#include <concepts>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "support/message_of.hpp"

using shepseg::cluster_centres;
using rows = std::vector<std::vector<double>>;

static_assert(std::regular<cluster_centres>);
static_assert(std::regular<shepseg::cluster_model>);

TEST_CASE("centres made from rows hold those rows")
{
    cluster_centres const centres(rows{{1, 2, 3}, {4, 5, 6}});
    CHECK(centres.clusters() == 2);
    CHECK(centres.bands() == 3);
    CHECK_FALSE(centres.empty());
    CHECK(std::vector<double>(centres[0].begin(), centres[0].end()) == std::vector<double>{1, 2, 3});
    CHECK(std::vector<double>(centres[1].begin(), centres[1].end()) == std::vector<double>{4, 5, 6});
}

TEST_CASE("centres made by number are at the origin and can be moved")
{
    cluster_centres centres(2, 2);
    CHECK(centres == cluster_centres(rows{{0, 0}, {0, 0}}));
    centres[1][0] = 7;
    CHECK(centres == cluster_centres(rows{{0, 0}, {7, 0}}));
    CHECK(std::as_const(centres)[1][0] == 7);
}

TEST_CASE("no centres are no centres, however they were made")
{
    CHECK(cluster_centres().empty());
    CHECK(cluster_centres().clusters() == 0);
    CHECK(cluster_centres().bands() == 0);
    CHECK(cluster_centres(rows{}).empty());
    CHECK(cluster_centres(rows{}) == cluster_centres());
    CHECK(cluster_centres(0, 3).clusters() == 0);
    CHECK(cluster_centres(0, 3).empty());
}

TEST_CASE("centres of different shapes differ even when their values do not")
{
    CHECK(cluster_centres(2, 3) != cluster_centres(3, 2));
    CHECK(cluster_centres(2, 3) == cluster_centres(2, 3));
}

TEST_CASE("rows of different lengths and rows without bands are refused in words")
{
    auto const message = [](rows const& values) {
        return test::message_of<rios::options_error>([&] { cluster_centres const refused(values); });
    };
    CHECK(message({{1, 2}, {3, 4}, {5}}) ==
          "cluster centre 3 has 1 bands, the first has 2; all must have the same number, at least 1");
    CHECK(message({{1}, {}}) ==
          "cluster centre 2 has 0 bands, the first has 1; all must have the same number, at least 1");
    CHECK(message({{}}) == "cluster centre 1 has 0 bands, the first has 0; all must have the same number, at least 1");
}

TEST_CASE("models are equal when bands, null value and centres are")
{
    shepseg::cluster_model const model{.bands = {3, 1}, .null_value = 0, .centres = cluster_centres(1, 2)};
    auto other = model;
    CHECK(other == model);
    other.bands = {1, 3};
    CHECK(other != model);
    other = model;
    other.null_value.reset();
    CHECK(other != model);
    other = model;
    other.centres[0][1] = 1;
    CHECK(other != model);
}

TEST_CASE("a copy of a model whose null value is NaN equals it")
{
    shepseg::cluster_model const model{
        .bands = {1}, .null_value = std::numeric_limits<double>::quiet_NaN(), .centres = cluster_centres(1, 1)};
    auto const copy = model;
    CHECK(copy == model);
}
