// SPDX-License-Identifier: BSL-1.0
//
// How often each label of one raster meets each label of another: all that a comparison of two segmentations needs to know
// about pixels. For compare.hpp.
#pragma once

#include <algorithm>
#include <bit>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <rios/image_view.hpp>
#include <rios/pixel_type.hpp>

namespace shepseg {

/// Pixels that hold one label in the first raster and one in the second.
struct label_pair {
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    std::uint64_t pixels = 0;

    friend constexpr bool operator==(label_pair const&, label_pair const&) = default;
};

/// A sparse table of counts. Memory: 16 bytes for each place, of which at least a quarter are free.
///
/// Thread rule: one thread at a time; one on each thread, merged in the end.
class contingency {
  public:
    /// Counts the pixels of two rasters, or of a block of both.
    /// @pre one band each, of the same size; no label is negative
    template <rios::Pixel A, rios::Pixel B>
        requires std::integral<A> && std::integral<B>
    void add(rios::image_view<A const> a, rios::image_view<B const> b)
    {
        assert(a.rows() == b.rows() && a.cols() == b.cols());
        label_pair run; // neighbours often have the same labels
        for (std::ptrdiff_t row = 0; row < a.rows(); ++row) {
            auto const first = a.row(0, row);
            auto const second = b.row(0, row);
            for (std::size_t col = 0; col < first.size(); ++col) {
                auto const label_a = static_cast<std::uint32_t>(first[col]);
                auto const label_b = static_cast<std::uint32_t>(second[col]);
                if (label_a != run.a || label_b != run.b) {
                    add(run);
                    run = {.a = label_a, .b = label_b, .pixels = 0};
                }
                ++run.pixels;
            }
        }
        add(run);
    }

    void add(label_pair const& counted)
    {
        if (counted.pixels == 0) return;
        if (4 * (used_ + 1) > 3 * places_.size()) grow(2 * places_.size());
        auto& place = places_[find(counted)];
        if (place.pixels == 0) {
            place = counted;
            ++used_;
        } else {
            place.pixels += counted.pixels;
        }
    }

    void merge(contingency const& other)
    {
        // They come in the order of their places, which would all be at one end of a smaller table.
        if (other.places_.size() > places_.size()) grow(other.places_.size());
        for (auto const& each : other.places_) add(each);
    }

    /// Number of different pairs.
    [[nodiscard]] std::size_t size() const noexcept { return used_; }

    /// All pairs, by the first label, then by the second. Leaves the table empty, whose memory they take.
    [[nodiscard]] std::vector<label_pair> take_pairs()
    {
        auto result = std::exchange(places_, {});
        used_ = 0;
        std::erase_if(result, [](label_pair const& each) { return each.pixels == 0; });
        std::sort(result.begin(), result.end(), [](auto const& x, auto const& y) { return key_of(x) < key_of(y); });
        return result;
    }

  private:
    static std::uint64_t key_of(label_pair const& pair) noexcept { return (std::uint64_t{pair.a} << 32U) | pair.b; }

    /// Where the pair is, or belongs. @pre there is a free place
    [[nodiscard]] std::size_t find(label_pair const& wanted) const noexcept
    {
        auto const mask = places_.size() - 1;
        // Multiplicative hashing (Knuth): of the product only the uppermost bits depend on all of the key.
        auto const product = key_of(wanted) * 0x9e37'79b9'7f4a'7c15U;
        auto at = static_cast<std::size_t>(product >> (64 - std::bit_width(mask)));
        while (places_[at].pixels != 0 && (places_[at].a != wanted.a || places_[at].b != wanted.b))
            at = (at + 1) & mask;
        return at;
    }

    void grow(std::size_t places)
    {
        auto const old = std::exchange(places_, std::vector<label_pair>(std::max<std::size_t>(256, places)));
        for (auto const& each : old) {
            if (each.pixels != 0) places_[find(each)] = each;
        }
    }

    std::vector<label_pair> places_; // a power of two of them; those without pixels are free
    std::size_t used_ = 0;
};

} // namespace shepseg
