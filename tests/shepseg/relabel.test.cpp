// SPDX-License-Identifier: BSL-1.0
#include <shepseg/relabel.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <rios/image.hpp>

#include "support/executors.hpp"
#include "support/random_numbers.hpp"

using numbers = std::vector<std::uint32_t>;

TEST_CASE("survivors are numbered from 1 in ascending order, and the others follow them")
{
    CHECK(shepseg::final_labels({}).empty());
    CHECK(shepseg::final_labels({0}) == numbers{1});
    CHECK(shepseg::final_labels({0, 1, 2}) == numbers{1, 2, 3});
    CHECK(shepseg::final_labels({2, 1, 2}) == numbers{2, 1, 2});
    CHECK(shepseg::final_labels({3, 3, 5, 3, 5, 5}) == numbers{1, 1, 2, 1, 2, 2});
    CHECK(shepseg::final_labels({4, 4, 4, 4, 4}) == numbers{1, 1, 1, 1, 1});
}

TEST_CASE_TEMPLATE_DEFINE("every pixel gets the label of its segment, null stays", E, relabelled)
{
    E executor;
    test::random_numbers random(1);
    for (std::ptrdiff_t const rows : {0, 1, 63, 64, 65, 200}) {
        rios::image<std::uint32_t> labels(1, rows, 7);
        std::generate_n(labels.data(), labels.pixel_count(), [&] { return random.below(6U); });
        auto expected = labels;
        numbers const label_of{5, 1, 1, 9, 4000000000U};
        for (std::ptrdiff_t i = 0; i < expected.pixel_count(); ++i) {
            auto& label = expected.data()[i];
            if (label != 0) label = label_of[label - 1];
        }
        shepseg::relabel(labels, label_of, executor);
        CHECK(labels == expected);
    }
}
TEST_CASE_TEMPLATE_APPLY(relabelled, test::executors);
