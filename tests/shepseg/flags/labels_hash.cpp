// SPDX-License-Identifier: BSL-1.0
// Segments a few thousand small images, full of ties and of numbers that have to be rounded, and prints one hash of all
// labels and of the bits of all cluster centres. Built with different flags and compilers, it must print the same. The
// images themselves are made with integers and single divisions only, so that no flag can change them.
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <vector>

#include <rios/image.hpp>
#include <shepseg/segment.hpp>

#include "support/random_numbers.hpp"

namespace {

constexpr int images_of_each_type = 600;
std::vector<std::ptrdiff_t> const tile_sizes{5, 64, 1024}; // many tiles, and one with room to spare

/// FNV-1a.
class hash {
  public:
    void add(std::uint64_t number) noexcept
    {
        for (int byte = 0; byte < 8; ++byte) {
            value_ = (value_ ^ (number >> (8 * byte) & 0xff)) * 0x100000001b3U;
        }
    }
    [[nodiscard]] std::uint64_t value() const noexcept { return value_; }

  private:
    std::uint64_t value_ = 0xcbf29ce484222325U;
};

/// Few values; thirds, and so on, where the type has them.
template <rios::Pixel T>
rios::image<T> make_image(test::random_numbers& random)
{
    auto const bands = random.between<std::ptrdiff_t>(2, 6);
    auto const rows = random.between<std::ptrdiff_t>(4, 20); // in statements of their own: arguments have no order
    auto const cols = random.between<std::ptrdiff_t>(4, 20);
    rios::image<T> image(bands, rows, cols);
    auto const values = random.between(2, 12);
    auto const scale = std::integral<T> ? 1 : random.pick<int>({1, 3, 7, 10});
    auto const patch = random.between<std::ptrdiff_t>(1, 3);
    for (std::ptrdiff_t band = 0; band < bands; ++band) {
        for (auto const [row, col] : image.pixels()) {
            auto const from_patch = random.one_in(2) && (row % patch != 0 || col % patch != 0);
            auto const any = static_cast<T>(random.below(values)) / static_cast<T>(scale);
            image(band, row, col) =
                from_patch ? image(band, row - row % patch, col - col % patch) : static_cast<T>(any);
        }
    }
    return image;
}

template <rios::Pixel T>
shepseg::options make_options(test::random_numbers& random, rios::image<T> const& image)
{
    shepseg::options options;
    options.min_segment_size = random.between(2, 15);
    options.neighbours = random.one_in(2) ? shepseg::connectivity::four : shepseg::connectivity::eight;
    if (random.one_in(3)) options.null_value = 1;
    if (random.one_in(2)) options.max_spectral_diff = shepseg::no_limit{};
    else options.max_spectral_diff = shepseg::automatic_limit{random.between(0, 1000) / 10.0};
    options.kmeans.clusters = random.between(2, 12);
    options.kmeans.starts = 2;
    options.kmeans.seed = random.bits();
    options.tile_size = random.pick(tile_sizes);
    auto const kind = random.below(3);
    if (kind == 0) options.kmeans.start = shepseg::kmeans_start::diagonal;
    if (kind != 1) return options;
    shepseg::cluster_centres centres(static_cast<std::size_t>(options.kmeans.clusters),
                                     static_cast<std::size_t>(image.bands()));
    for (std::size_t k = 0; k < centres.clusters(); ++k) {
        for (auto& value : centres[k]) {
            auto const whole = random.between(0, 120);
            value = whole / random.pick<double>({10, 3, 7});
        }
    }
    options.model = {.bands = {}, .null_value = {}, .centres = centres};
    return options;
}

/// Runs of two to four pixels of two bands, each spectrum a cluster of its own. Differences of means are thirds and so
/// on, often the same ones in both bands the other way round: a tie, unless one of the two squares was not rounded.
template <rios::Pixel T>
rios::image<T> make_mosaic(test::random_numbers& random)
{
    rios::image<T> image(2, 24, 24);
    std::ptrdiff_t left = 0;
    T first = 0;
    T second = 0;
    for (auto const [row, col] : image.pixels()) {
        if (left-- == 0) {
            left = random.between<std::ptrdiff_t>(1, 3);
            first = static_cast<T>(random.below(5));
            second = static_cast<T>(random.below(5));
        }
        image(0, row, col) = first;
        image(1, row, col) = second;
    }
    return image;
}

shepseg::options mosaic_options(test::random_numbers& random)
{
    shepseg::options options;
    options.min_segment_size = random.between(3, 12);
    options.neighbours = random.one_in(2) ? shepseg::connectivity::four : shepseg::connectivity::eight;
    options.max_spectral_diff = shepseg::no_limit{};
    options.tile_size = random.pick(tile_sizes);
    shepseg::cluster_centres centres(25, 2);
    for (std::size_t k = 0; k < 25; ++k) {
        centres[k][0] = static_cast<double>(k / 5);
        centres[k][1] = static_cast<double>(k % 5);
    }
    options.model = {.bands = {}, .null_value = {}, .centres = centres};
    return options;
}

template <rios::Pixel T>
void add_images(hash& all, std::uint64_t seed)
{
    test::random_numbers random(seed);
    for (int i = 0; i < images_of_each_type; ++i) {
        bool const mosaic = i % 4 == 0;
        auto const image = mosaic ? make_mosaic<T>(random) : make_image<T>(random);
        auto const options = mosaic ? mosaic_options(random) : make_options(random, image);
        try {
            auto const result = shepseg::segment(image, options);
            for (auto const [row, col] : result.labels.pixels()) all.add(result.labels(0, row, col));
            auto const& centres = result.model.centres;
            for (std::size_t k = 0; k < centres.clusters(); ++k) {
                for (double const value : centres[k]) all.add(std::bit_cast<std::uint64_t>(value));
            }
            all.add(std::bit_cast<std::uint64_t>(result.max_spectral_diff));
        } catch (rios::options_error const&) {
            all.add(0); // more clusters than pixels
        }
    }
}

} // namespace

int main()
{
    hash all;
    add_images<std::uint8_t>(all, 1);
    add_images<std::int16_t>(all, 2);
    add_images<std::int32_t>(all, 3);
    add_images<float>(all, 4);
    add_images<double>(all, 5);
    std::printf("%016llx\n", static_cast<unsigned long long>(all.value()));
}
