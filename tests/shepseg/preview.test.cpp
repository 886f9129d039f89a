// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <shepseg/preview.hpp>

#include "support/random_numbers.hpp"

namespace {

using colour = std::array<int, 3>;

colour at(rios::image<std::uint8_t> const& picture, std::ptrdiff_t row, std::ptrdiff_t col)
{
    return {picture(0, row, col), picture(1, row, col), picture(2, row, col)};
}

rios::image<std::uint32_t> labels_of(std::ptrdiff_t rows, std::ptrdiff_t cols, std::uint32_t label)
{
    rios::image<std::uint32_t> labels(1, rows, cols);
    for (auto [row, col] : labels.pixels()) labels(0, row, col) = label;
    return labels;
}

rios::image<std::uint8_t> draw(rios::image<float> const& image, rios::image<std::uint32_t> const& labels,
                               shepseg::preview_options const& options = {})
{
    return shepseg::draw_preview(image.view(), labels.view(), options);
}

} // namespace

TEST_CASE("a preview shows the first three bands as red, green and blue, stretched each by its own percentiles")
{
    rios::image<float> image(3, 1, 101);
    for (auto [row, col] : image.pixels()) {
        image(0, row, col) = static_cast<float>(col);
        image(1, row, col) = static_cast<float>(1000 - col);
        image(2, row, col) = 7;
    }
    auto const picture = draw(image, labels_of(1, 101, 1));
    CHECK(at(picture, 0, 0) == colour{0, 255, 128});
    CHECK(at(picture, 0, 2) == colour{0, 255, 128});
    CHECK(at(picture, 0, 50) == colour{127, 127, 128});
    CHECK(at(picture, 0, 98) == colour{255, 0, 128});
    CHECK(at(picture, 0, 100) == colour{255, 0, 128});
}

TEST_CASE("a preview is stretched between values that at least 2 and 98 percent of the pixels do not exceed")
{
    rios::image<float> image(1, 1, 4);
    for (auto [row, col] : image.pixels()) image(0, row, col) = static_cast<float>(col);
    auto const picture = draw(image, labels_of(1, 4, 1));
    for (int col = 0; col < 4; ++col) CHECK(picture(0, 0, col) == 85 * col);
}

TEST_CASE("a preview of one band is grey, and one of two is that of the first")
{
    for (std::ptrdiff_t const bands : {1, 2}) {
        rios::image<float> image(bands, 1, 3);
        for (auto [row, col] : image.pixels()) {
            image(0, row, col) = static_cast<float>(col);
            if (bands == 2) image(1, row, col) = static_cast<float>(1000 * col - 500);
        }
        shepseg::preview_options options;
        options.low_percentile = 0;
        options.high_percentile = 100;
        auto const picture = draw(image, labels_of(1, 3, 1), options);
        CHECK(at(picture, 0, 0) == colour{0, 0, 0});
        CHECK(at(picture, 0, 1) == colour{127, 127, 127});
        CHECK(at(picture, 0, 2) == colour{255, 255, 255});
    }
}

TEST_CASE("boundaries are lines between segments and do not cover the pixels when the picture is enlarged")
{
    rios::image<float> const image(3, 2, 2);
    rios::image<std::uint32_t> labels(1, 2, 2);
    labels(0, 0, 0) = labels(0, 1, 0) = 1;
    labels(0, 0, 1) = 2;
    labels(0, 1, 1) = 3;
    shepseg::preview_options options;
    options.scale = 3;
    auto const picture = draw(image, labels, options);
    REQUIRE(picture.rows() == 6);
    REQUIRE(picture.cols() == 6);
    colour const line{255, 255, 0};
    colour const flat{128, 128, 128}; // a band of one value
    for (std::ptrdiff_t y = 0; y < 6; ++y) {
        for (std::ptrdiff_t x = 0; x < 6; ++x) {
            CAPTURE(y);
            CAPTURE(x);
            CHECK(at(picture, y, x) == (x == 3 || (y == 3 && x > 3) ? line : flat));
        }
    }
}

TEST_CASE("null pixels have a colour of their own and do not take part in the stretch")
{
    rios::image<float> image(1, 1, 4);
    image(0, 0, 0) = -9999;
    image(0, 0, 1) = 10;
    image(0, 0, 2) = 20;
    image(0, 0, 3) = std::numeric_limits<float>::quiet_NaN();
    auto labels = labels_of(1, 4, 1);
    labels(0, 0, 0) = labels(0, 0, 3) = 0;
    shepseg::preview_options options;
    options.scale = 2;
    options.low_percentile = 0;
    options.high_percentile = 100;
    auto const picture = draw(image, labels, options);
    CHECK(at(picture, 0, 0) == colour{48, 48, 48});
    CHECK(at(picture, 0, 2) == colour{255, 255, 0});
    CHECK(at(picture, 0, 3) == colour{0, 0, 0});
    CHECK(at(picture, 0, 4) == colour{255, 255, 255});
    CHECK(at(picture, 0, 7) == colour{48, 48, 48});
}

TEST_CASE("a preview of an image without data is all null")
{
    auto const picture = draw(rios::image<float>(3, 2, 2), rios::image<std::uint32_t>(1, 2, 2));
    CHECK(at(picture, 1, 1) == colour{48, 48, 48});
}

TEST_CASE("a pixel of a reduced preview is the mean of those at full size, at the edges of fewer")
{
    test::random_numbers random(4);
    for (auto const& [rows, cols] : std::vector<std::pair<int, int>>{{12, 9}, {7, 11}, {3, 3}, {1, 5}}) {
        rios::image<float> image(3, rows, cols);
        rios::image<std::uint32_t> labels(1, rows, cols);
        for (auto [row, col] : image.pixels()) {
            for (int band = 0; band < 3; ++band) image(band, row, col) = static_cast<float>(random.below(100));
            labels(0, row, col) = random.below(3U);
        }
        auto const full = draw(image, labels);
        for (std::ptrdiff_t const reduction : {2, 3, 5, 20}) {
            shepseg::preview_options options;
            options.reduction = reduction;
            auto const picture = draw(image, labels, options);
            REQUIRE(picture.rows() == (rows + reduction - 1) / reduction);
            REQUIRE(picture.cols() == (cols + reduction - 1) / reduction);
            for (auto [row, col] : picture.pixels()) {
                for (int band = 0; band < 3; ++band) {
                    int sum = 0;
                    int count = 0;
                    for (auto y = row * reduction; y < std::min<std::ptrdiff_t>(rows, (row + 1) * reduction); ++y) {
                        for (auto x = col * reduction; x < std::min<std::ptrdiff_t>(cols, (col + 1) * reduction); ++x) {
                            sum += full(band, y, x);
                            ++count;
                        }
                    }
                    CHECK(picture(band, row, col) == (sum + count / 2) / count);
                }
            }
        }
    }
}

TEST_CASE("a pixel of a picture can stand for more pixels than 32 bits can add up")
{
    constexpr std::ptrdiff_t side = 4200;
    shepseg::detail::reduced_rows sums(side, side, side);
    for (int i = 0; i < side * side; ++i) sums.sums_of(i / side)[0] += 255;
    rios::image<std::uint8_t> picture(1, 1, 1);
    sums.finish(side, picture.view(), 0);
    CHECK(picture(0, 0, 0) == 255);
}

TEST_CASE("a preview without boundaries shows the image alone")
{
    rios::image<float> image(1, 1, 3);
    rios::image<std::uint32_t> labels(1, 1, 3);
    for (auto [row, col] : image.pixels()) {
        image(0, row, col) = static_cast<float>(col);
        labels(0, row, col) = static_cast<std::uint32_t>(col);
    }
    shepseg::preview_options options;
    options.low_percentile = 0;
    options.high_percentile = 100;
    options.boundaries = false;
    auto const picture = draw(image, labels, options);
    CHECK(at(picture, 0, 0) == colour{48, 48, 48});
    CHECK(at(picture, 0, 1) == colour{0, 0, 0});
    CHECK(at(picture, 0, 2) == colour{255, 255, 255});
}
