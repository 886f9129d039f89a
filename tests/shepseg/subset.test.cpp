// SPDX-License-Identifier: BSL-1.0
#include <shepseg/subset.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <vector>

#include <doctest/doctest.h>

#include <rios/image.hpp>

#include "support/random_numbers.hpp"

namespace {

template <typename T>
rios::image<T> random_labels(std::uint64_t seed, std::ptrdiff_t rows, std::ptrdiff_t cols, std::uint64_t most)
{
    test::random_numbers random(seed);
    rios::image<T> labels(1, rows, cols);
    T last = 0;
    for (auto const [row, col] : labels.pixels()) {
        if (random.one_in(3)) last = static_cast<T>(random.one_in(5) ? 0 : random.below(most + 1));
        labels(0, row, col) = last;
    }
    return labels;
}

} // namespace

TEST_CASE("segments are numbered in the order of their numbers before, without gaps")
{
    rios::image<std::uint8_t> labels(1, 2, 4);
    std::vector<std::uint8_t> const values{7, 7, 0, 200, 3, 0, 7, 200};
    std::copy(values.begin(), values.end(), labels.data());
    auto const part = shepseg::renumbered(labels);
    CHECK(std::vector<std::uint32_t>(part.labels.data(), part.labels.data() + 8) ==
          std::vector<std::uint32_t>{2, 2, 0, 3, 1, 0, 2, 3});
    CHECK(part.original == std::vector<std::uint32_t>{0, 3, 7, 200});
    CHECK(part.counts == std::vector<std::uint64_t>{2, 1, 3, 2});
}

TEST_CASE("without segments there is nothing but null")
{
    auto const part = shepseg::renumbered(rios::image<std::uint32_t>(1, 3, 3));
    CHECK(part.labels == rios::image<std::uint32_t>(1, 3, 3));
    CHECK(part.original == std::vector<std::uint32_t>{0});
    CHECK(part.counts == std::vector<std::uint64_t>{9});
    CHECK(shepseg::renumbered(rios::image<std::int16_t>(1, 0, 0)).counts == std::vector<std::uint64_t>{0});
}

TEST_CASE_TEMPLATE("numbers, originals and counts of random windows are those of maps", T, std::uint8_t, std::int8_t,
                   std::uint16_t, std::int16_t, std::uint32_t, std::int32_t)
{
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        auto const most = std::min<std::uint64_t>(std::numeric_limits<T>::max(), seed % 2 == 0 ? 30 : 4'000'000'000);
        auto const all = random_labels<T>(seed, 9, 31, most);
        auto const window = all.view().window(seed % 3, seed % 5, 5, 1 + 2 * static_cast<std::ptrdiff_t>(seed % 9));
        auto const part = shepseg::renumbered(window);

        std::map<std::uint32_t, std::uint64_t> counts{{0, 0}};
        for (auto const [row, col] : window.pixels()) ++counts[static_cast<std::uint32_t>(window(0, row, col))];
        REQUIRE(part.original.size() == counts.size());
        REQUIRE(part.counts.size() == counts.size());
        std::size_t number = 0;
        for (auto const& [label, count] : counts) {
            CHECK(part.original[number] == label);
            CHECK(part.counts[number] == count);
            ++number;
        }
        for (auto const [row, col] : window.pixels()) {
            CHECK(part.original[part.labels(0, row, col)] == static_cast<std::uint32_t>(window(0, row, col)));
        }
    }
}
