// SPDX-License-Identifier: BSL-1.0
#include <shepseg/compare.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/image.hpp>

#include "support/message_of.hpp"
#include "support/random_numbers.hpp"

using shepseg::segmentation_difference;

namespace {

using labels = std::vector<std::uint32_t>;

rios::image<std::uint32_t> row_of(labels const& values)
{
    rios::image<std::uint32_t> image(1, 1, std::ssize(values));
    std::copy(values.begin(), values.end(), image.data());
    return image;
}

segmentation_difference compared(labels const& a, labels const& b)
{
    auto const first = row_of(a);
    auto const second = row_of(b);
    return shepseg::compare(first.view(), second.view());
}

/// By counting pairs of pixels (Hubert and Arabie).
double rand_index(labels const& a, labels const& b)
{
    double both = 0;
    double only_a = 0;
    double only_b = 0;
    double neither = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (a[i] == 0 || b[i] == 0 || a[j] == 0 || b[j] == 0) continue;
            bool const in_a = a[i] == a[j];
            bool const in_b = b[i] == b[j];
            (in_a ? (in_b ? both : only_a) : (in_b ? only_b : neither)) += 1;
        }
    }
    auto const below = (neither + only_a) * (only_a + both) + (neither + only_b) * (only_b + both);
    return below == 0 ? 1 : 2 * (neither * both - only_a * only_b) / below;
}

/// Fewest pixels that differ when each label of A, up to 5, is given one of B's, up to 5, or one that is not there: all
/// permutations.
std::uint64_t differing(labels const& a, labels const& b)
{
    std::vector<std::uint32_t> numbers{1, 2, 3, 4, 5};
    auto fewest = std::numeric_limits<std::uint64_t>::max();
    do {
        std::uint64_t count = 0;
        for (std::size_t i = 0; i < a.size(); ++i) count += (a[i] == 0 ? 0 : numbers[a[i] - 1]) != b[i] ? 1 : 0;
        fewest = std::min(fewest, count);
    } while (std::next_permutation(numbers.begin(), numbers.end()));
    return fewest;
}

} // namespace

TEST_CASE("the same segments under other numbers are identical")
{
    auto const found = compared({1, 1, 0, 2, 3, 3}, {7, 7, 0, 1, 4, 4});
    CHECK(found.identical());
    CHECK(found.exact());
    CHECK(found.pixels == 6);
    CHECK(found.null_in_both == 1);
    CHECK(found.segments_a == 3);
    CHECK(found.segments_b == 3);
    CHECK(found.adjusted_rand_index == 1.0);
}

TEST_CASE("split, merged and null, worked by hand")
{
    // Segment 1 is split in two; 2 and 3 become one; one pixel is null in A only, two in B only.
    auto const found = compared({1, 1, 1, 2, 2, 3, 0, 4, 4, 0}, {1, 1, 2, 3, 3, 3, 9, 0, 0, 0});
    CHECK(!found.identical());
    CHECK(found.null_in_both == 1);
    CHECK(found.null_in_a_only == 1);
    CHECK(found.null_in_b_only == 2);
    CHECK(found.segments_a == 4);
    CHECK(found.segments_b == 4);
    CHECK(found.split == 1);
    CHECK(found.merged == 1);
    CHECK(found.differing_at_least == 1 + 1 + 3);
    CHECK(found.exact());
    // 6 pixels: 4 pairs together in A, 4 in B, 2 in both, 15 in all.
    CHECK(*found.adjusted_rand_index == doctest::Approx((2 - 16.0 / 15) / (4 - 16.0 / 15)));
}

TEST_CASE("null against a segment differs, although there is nothing to match")
{
    auto const found = compared({0, 0, 1}, {5, 5, 0});
    CHECK(found.differing_at_least == 3);
    CHECK(found.differing_at_most == 3);
    CHECK(!found.adjusted_rand_index);
    CHECK(found.segments_a == 1);
    CHECK(found.segments_b == 1);
}

TEST_CASE(
    "the index of trivial segmentations is 1 if they agree, and 0 if one is everything and the other is single pixels")
{
    CHECK(compared({1, 1, 1}, {2, 2, 2}).adjusted_rand_index == 1.0);
    CHECK(compared({1, 2, 3}, {3, 1, 2}).adjusted_rand_index == 1.0);
    CHECK(compared({1}, {2}).adjusted_rand_index == 1.0);
    CHECK(compared({1, 1, 1}, {1, 2, 3}).adjusted_rand_index == 0.0);
    CHECK(!compared({0, 0}, {0, 0}).adjusted_rand_index);
    CHECK(compared({0, 0}, {0, 0}).identical());
    CHECK(compared({}, {}).identical());
}

TEST_CASE("random segmentations differ as much as trying all numbers and counting all pairs of pixels says")
{
    test::random_numbers random(21);
    for (int i = 0; i < 400; ++i) {
        labels a(random.between<std::size_t>(1, 40));
        labels b(a.size());
        auto const most = random.between(1U, 5U);
        for (std::size_t p = 0; p < a.size(); ++p) {
            a[p] = random.below(most + 1);
            b[p] = random.one_in(2) ? a[p] : random.below(6U);
        }
        auto const found = compared(a, b);
        CHECK(found.exact());
        CHECK(found.differing_at_least == differing(a, b));
        CHECK(found.identical() == (differing(a, b) == 0));
        bool common = false;
        std::map<std::uint32_t, std::set<std::uint32_t>> parts_a;
        std::map<std::uint32_t, std::set<std::uint32_t>> parts_b;
        for (std::size_t p = 0; p < a.size(); ++p) {
            common = common || (a[p] != 0 && b[p] != 0);
            if (a[p] != 0) parts_a[a[p]];
            if (b[p] != 0) parts_b[b[p]];
            if (a[p] == 0 || b[p] == 0) continue;
            parts_a[a[p]].insert(b[p]);
            parts_b[b[p]].insert(a[p]);
        }
        auto const several = [](auto const& parts) {
            return std::count_if(parts.begin(), parts.end(), [](auto const& each) { return each.second.size() > 1; });
        };
        CHECK(found.segments_a == parts_a.size());
        CHECK(found.segments_b == parts_b.size());
        CHECK(static_cast<std::ptrdiff_t>(found.split) == several(parts_a));
        CHECK(static_cast<std::ptrdiff_t>(found.merged) == several(parts_b));
        REQUIRE(found.adjusted_rand_index.has_value() == common);
        if (common) CHECK(*found.adjusted_rand_index == doctest::Approx(rand_index(a, b)));

        auto const turned = compared(b, a);
        CHECK(turned.differing_at_least == found.differing_at_least);
        CHECK(turned.differing_at_most == found.differing_at_most);
        CHECK(turned.adjusted_rand_index == found.adjusted_rand_index); // to the last bit
        CHECK(turned.split == found.merged);
        CHECK(turned.merged == found.split);
        CHECK(turned.segments_a == found.segments_b);
        CHECK(turned.null_in_a_only == found.null_in_b_only);
    }
}

TEST_CASE("if the matching takes too long there are bounds, and the two are not called identical")
{
    test::random_numbers random(22);
    rios::image<std::uint16_t> a(1, 50, 60);
    rios::image<std::int32_t> b(1, 50, 60);
    for (auto const [row, col] : a.pixels()) {
        a(0, row, col) = random.between<std::uint16_t>(1, 60);
        b(0, row, col) = random.between(1, 60);
    }
    auto const exact = shepseg::compare(std::as_const(a).view(), std::as_const(b).view());
    auto const bounds = shepseg::compare(std::as_const(a).view(), std::as_const(b).view(), {.most_steps = 100});
    CHECK(exact.exact());
    CHECK(!bounds.exact());
    CHECK(!bounds.identical());
    CHECK(bounds.differing_at_least <= exact.differing_at_least);
    CHECK(bounds.differing_at_most >= exact.differing_at_least);
    CHECK(bounds.adjusted_rand_index == exact.adjusted_rand_index);
    CHECK(shepseg::compare(std::as_const(a).view(), std::as_const(a).view(), {.most_steps = 0}).identical());
}

TEST_CASE("billions of pixels are counted without overflow")
{
    std::vector<shepseg::label_pair> const pairs{{1, 1, 1'000'000'000'000}, {1, 2, 1}, {2, 2, 3'000'000'000'000}};
    auto const found = shepseg::compare(pairs);
    CHECK(found.pixels == 4'000'000'000'001);
    CHECK(found.differing_at_least == 1);
    CHECK(*found.adjusted_rand_index == doctest::Approx(1).epsilon(1e-9));
}

TEST_CASE("labels of different size cannot be compared")
{
    rios::image<std::uint8_t> const a(1, 3, 4);
    rios::image<std::uint8_t> const b(1, 4, 3);
    CHECK(
        test::message_of<rios::grid_error>([&] { static_cast<void>(shepseg::compare(a.view(), b.view())); }) ==
        "labels of 1 × 3 × 4 and of 1 × 4 × 3 pixels (bands × rows × cols): allowed: one band each, of the same size");
}
