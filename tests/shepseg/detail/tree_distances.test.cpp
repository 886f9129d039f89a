// SPDX-License-Identifier: BSL-1.0
#include <shepseg/detail/tree_distances.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/executor/inline.hpp>
#include <rios/executor/threads.hpp>
#include <rios/image.hpp>

#include "support/random_numbers.hpp"

using shepseg::detail::sample_distances;
using shepseg::detail::spectra;
using shepseg::detail::spectra_tree;
using shepseg::detail::tree_distances;

namespace {

/// Adds pixels to both, and compares all that they tell.
template <typename T, rios::AnyExecutor E>
void compare_with_one_by_one(test::random_numbers& random, std::ptrdiff_t bands, std::ptrdiff_t count, double range,
                             E&& executor)
{
    rios::image<T> sample(bands, 1, count);
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        auto const group = range * random.below(7) / 7; // so that boxes lie apart
        for (std::ptrdiff_t band = 0; band < bands; ++band)
            sample(band, 0, i) =
                static_cast<T>(group + range / 20 * random.unit() - (std::is_signed_v<T> ? range / 2 : 0));
    }
    rios::inline_executor here;
    spectra const data(std::as_const(sample).view());
    spectra_tree const tree(data, here);
    sample_distances plain(data);
    tree_distances quick(data, tree);
    for (int round = 0; round < 12; ++round) {
        auto const pixel = random.below(data.count());
        auto const total = plain.add(pixel, here);
        REQUIRE(total < tree_distances::most);
        REQUIRE(quick.add(pixel, executor) == total);
        REQUIRE(quick.chunk_sums() == plain.chunk_sums());
        std::size_t different = 0;
        for (std::size_t i = 0; i < data.count(); ++i) different += quick[i] != plain[i];
        REQUIRE(different == 0);
        std::vector<std::size_t> drawn(1 + random.below(std::size_t{7}));
        for (auto& each : drawn) each = random.below(data.count());
        REQUIRE(quick.sums_with(drawn, executor) == plain.sums_with(drawn, here));
    }
}

} // namespace

TEST_CASE("distances of whole numbers are those that are found one by one")
{
    test::random_numbers random(1);
    rios::inline_executor here;
    rios::thread_executor threads({.workers = 3});
    for (std::ptrdiff_t const count : {1, 2, 63, 64, 65, 2047, 2049, 8192, 8193, 30'000}) {
        for (std::ptrdiff_t const bands : {1, 3, 10}) {
            compare_with_one_by_one<std::uint16_t>(random, bands, count, 60'000, here);
            compare_with_one_by_one<std::uint8_t>(random, bands, count, 250, threads);
            compare_with_one_by_one<std::int16_t>(random, bands, count, 20'000, threads);
            compare_with_one_by_one<std::int32_t>(random, bands, count, 120'000, here);
        }
    }
}

TEST_CASE("pixels that are all the same have no distance")
{
    rios::inline_executor here;
    rios::image<std::uint8_t> const sample(2, 1, 5000);
    spectra const data(sample.view());
    spectra_tree const tree(data, here);
    tree_distances distances(data, tree);
    CHECK(distances.add(77, here) == 0);
    CHECK(distances.sums_with({0, 4999}, here) == std::vector<double>{0, 0});
    CHECK(distances[4999] == 0);
}
