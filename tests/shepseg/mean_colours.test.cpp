// SPDX-License-Identifier: BSL-1.0
#include <shepseg/mean_colours.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

namespace {

using colour = std::array<std::uint8_t, 3>;

/// Maps of 0 to 255 onto themselves.
std::vector<shepseg::detail::percentile_stretch> plain()
{
    shepseg::preview_options options;
    options.low_percentile = 0;
    options.high_percentile = 100;
    return {3, shepseg::detail::percentile_stretch({0, 255}, options)};
}

} // namespace

TEST_CASE("a segment has the colour of the mean of all its pixels, whatever part they come in")
{
    rios::image<float> image(3, 2, 4);
    rios::image<std::uint32_t> labels(1, 2, 4);
    for (auto [row, col] : image.pixels()) {
        labels(0, row, col) = col < 2 ? 7 : 4294967295U;
        for (std::ptrdiff_t band = 0; band < 3; ++band) {
            image(band, row, col) = static_cast<float>(10 * band + 20 * row + 4 * col);
        }
    }
    labels(0, 0, 3) = 0;
    shepseg::mean_colours colours;
    for (std::ptrdiff_t row = 0; row < 2; ++row) {
        colours.add(std::as_const(image).view().window(row, 0, 1, 4),
                    std::as_const(labels).view().window(row, 0, 1, 4));
    }
    colours.finish(plain(), false, {});
    CHECK(colours.segments() == 2);
    CHECK(colours.of(7) == colour{12, 22, 32});
    CHECK(colours.of(4294967295U) == colour{22, 32, 42}); // (8 + 28 + 32) / 3 = 22.7, cut off as in the composite
    CHECK(colours.of(7) == colour{12, 22, 32});
}

TEST_CASE("pixels that are no numbers do not count, and a segment of nothing else has the colour of null")
{
    constexpr auto nan = std::numeric_limits<float>::quiet_NaN();
    rios::image<float> image(1, 1, 3);
    image(0, 0, 0) = 100;
    image(0, 0, 1) = image(0, 0, 2) = nan;
    rios::image<std::uint32_t> labels(1, 1, 3);
    labels(0, 0, 0) = labels(0, 0, 1) = 1;
    labels(0, 0, 2) = 2;
    shepseg::mean_colours colours;
    colours.add(std::as_const(image).view(), std::as_const(labels).view());
    colours.finish(plain(), true, {});
    CHECK(colours.of(1) == colour{100, 100, 100});
    CHECK(colours.of(2) == colour{48, 48, 48});
}
