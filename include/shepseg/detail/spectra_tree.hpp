// SPDX-License-Identifier: BSL-1.0
//
// The sample of k-means in an order in which similar pixels lie together: the leaves of a k-d tree, and branches of
// leaves, each with its bounding box.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <rios/executor/for_each_index.hpp>
#include <rios/large_vector.hpp>

#include "least_first.hpp"
#include "spectra.hpp"
#include "value_range.hpp"
#include "widen.hpp"

namespace shepseg::detail {

/// Pixels have places in the order of the tree: leaf after leaf, each with room for as many; behind the pixels of a leaf that
/// has fewer, places are empty.
class spectra_tree {
  public:
    static constexpr std::size_t leaf = 64;   ///< pixels of a leaf; some have fewer
    static constexpr std::size_t branch = 32; ///< leaves of a branch; some have fewer

    template <rios::AnyExecutor E>
    spectra_tree(spectra const& data, E& executor) : data_(data)
    {
        sort(executor);
        auto const bands = data.bands();
        leaf_boxes_.resize(2 * bands * leaves());
        branch_boxes_.resize(2 * bands * branches());
        if (data.are_floats()) floats_.resize(places() * bands);
        else doubles_.resize(places() * bands);
        rios::for_each_index(executor, branches(), [this](std::size_t index) { fill(index); });
    }

    [[nodiscard]] std::size_t leaves() const noexcept { return leaf_sizes_.size(); }
    [[nodiscard]] std::size_t branches() const noexcept { return branch_begins_.size() - 1; }
    [[nodiscard]] std::size_t places() const noexcept { return leaves() * leaf; }

    /// The first place of a leaf, and that behind its last pixel.
    [[nodiscard]] std::size_t leaf_begin(std::size_t index) const noexcept { return index * leaf; }
    [[nodiscard]] std::size_t leaf_end(std::size_t index) const noexcept { return index * leaf + leaf_sizes_[index]; }
    /// The first leaf of a branch, and that behind its last one.
    [[nodiscard]] std::size_t branch_begin(std::size_t index) const noexcept { return branch_begins_[index]; }
    [[nodiscard]] std::size_t branch_end(std::size_t index) const noexcept { return branch_begins_[index + 1]; }

    /// For each place that is not empty the number of its pixel in the sample.
    [[nodiscard]] std::uint32_t const* order() const noexcept { return order_.data(); }
    /// The values of a leaf: band b of its i-th pixel is values(index, room)[b * leaf + i].
    /// @param room for them, which may be used or not: bands × leaf
    [[nodiscard]] double const* values(std::size_t index, double* room) const noexcept
    {
        auto const size = leaf * data_.bands();
        if (!data_.are_floats()) return doubles_.data() + index * size;
        widen(floats_.data() + index * size, size, room);
        return room;
    }

    /// The least values of all bands, then the greatest.
    [[nodiscard]] double const* leaf_box(std::size_t index) const noexcept
    {
        return leaf_boxes_.data() + 2 * data_.bands() * index;
    }
    [[nodiscard]] double const* branch_box(std::size_t index) const noexcept
    {
        return branch_boxes_.data() + 2 * data_.bands() * index;
    }

  private:
    static constexpr std::size_t parts = 64;          // a power of two
    static constexpr std::size_t guide_pixels = 4096; // that say where the parts are cut

    /// Where pixels are halved: the left ones have lesser keys.
    struct cut {
        std::size_t band;
        std::uint64_t key;
    };
    /// The whole is halved at cut 1, its left half at cut 2, its right one at cut 3, and so on.
    using guide = std::array<cut, parts>;

    /// Halves the pixels across the band in which they are widest, and the halves, until they are leaves. The first cuts are those
    /// that halve some of the pixels: so all are put into parts at once, each of which is sorted on its own.
    template <rios::AnyExecutor E>
    void sort(E& executor)
    {
        if (data_.count() < 4 * guide_pixels) {
            add_leaves(data_.count());
            order_.resize(places());
            std::iota(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(data_.count()), 0U);
            return sort_part(0, data_.count());
        }
        auto const all = split(make_guide(), executor);
        rios::for_each_index(executor, parts, [&](std::size_t i) { sort_part(all[i].place, all[i].count); });
    }

    /// Ascends with the value; no two pixels have the same.
    [[nodiscard]] std::uint64_t key(std::size_t band, std::size_t pixel) const noexcept
    {
        return std::uint64_t{ascending_bits(static_cast<float>(data_(band, pixel)))} << 32 | pixel;
    }

    [[nodiscard]] guide make_guide() const
    {
        std::vector<std::uint32_t> pixels(guide_pixels);
        for (std::size_t i = 0; i < pixels.size(); ++i)
            pixels[i] = static_cast<std::uint32_t>(i * (data_.count() / pixels.size()));
        guide cuts{};
        for (std::size_t level = 1; level < parts; level *= 2) {
            auto const size = pixels.size() / level;
            for (std::size_t i = 0; i < level; ++i) {
                auto const own = std::span(pixels).subspan(i * size, size);
                auto const band = widest_band(own);
                std::ranges::nth_element(own, own.begin() + static_cast<std::ptrdiff_t>(size / 2), {},
                                         [&](std::uint32_t pixel) { return key(band, pixel); });
                cuts[level + i] = {band, key(band, own[size / 2])};
            }
        }
        return cuts;
    }

    /// The leaves and branches of a part.
    void add_leaves(std::size_t pixels)
    {
        for (std::size_t i = 0; i * leaf < pixels; ++i) {
            if (i % branch == 0 && i > 0) branch_begins_.push_back(leaves());
            leaf_sizes_.push_back(static_cast<std::uint8_t>(std::min(leaf, pixels - i * leaf)));
        }
        if (pixels > 0) branch_begins_.push_back(leaves());
    }

    struct part {
        std::size_t place; // of its first pixel
        std::size_t count;
    };

    /// Puts each pixel into its part.
    template <rios::AnyExecutor E>
    std::array<part, parts> split(guide const& cuts, E& executor)
    {
        rios::raw_vector<std::uint8_t> part_of(data_.count());
        std::vector<std::array<std::size_t, parts>> next(data_.chunks()); // first counts, then places
        data_.for_each_chunk(executor, [&](std::size_t begin, std::size_t end) {
            for (auto pixel = begin; pixel < end; ++pixel) {
                std::size_t at = 1;
                while (at < parts) at = 2 * at + (key(cuts[at].band, pixel) < cuts[at].key ? 0 : 1);
                part_of[pixel] = static_cast<std::uint8_t>(at - parts);
                ++next[begin / spectra::chunk][at - parts];
            }
        });
        std::array<part, parts> result{};
        for (std::size_t i = 0; i < parts; ++i) {
            result[i].place = places();
            auto place = places();
            for (auto& each : next) place += std::exchange(each[i], place);
            result[i].count = place - places();
            add_leaves(result[i].count);
        }
        order_.resize(places());
        data_.for_each_chunk(executor, [&](std::size_t begin, std::size_t end) {
            auto& place = next[begin / spectra::chunk];
            for (auto pixel = begin; pixel < end; ++pixel)
                order_[place[part_of[pixel]]++] = static_cast<std::uint32_t>(pixel);
        });
        return result;
    }

    void sort_part(std::size_t place, std::size_t count)
    {
        std::vector<std::uint64_t> keys(count);
        halve(std::span(order_).subspan(place, count), keys);
    }

    /// Halves pixels, and their halves: first between branches, then between leaves.
    /// @param keys memory for as many
    void halve(std::span<std::uint32_t> pixels, std::span<std::uint64_t> keys)
    {
        if (pixels.size() <= leaf) return;
        auto const unit = pixels.size() > branch * leaf ? branch * leaf : leaf;
        auto const left = (pixels.size() + unit - 1) / unit / 2 * unit;
        auto const band = widest_band(pixels);
        for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = key(band, pixels[i]);
        put_least_first(keys, left);
        for (std::size_t i = 0; i < keys.size(); ++i) pixels[i] = static_cast<std::uint32_t>(keys[i]);
        halve(pixels.first(left), keys.first(left));
        halve(pixels.subspan(left), keys.subspan(left));
    }

    /// @param pixels at least one
    [[nodiscard]] std::size_t widest_band(std::span<std::uint32_t const> pixels) const noexcept
    {
        constexpr std::size_t enough = 128; // pixels to judge by
        auto const step = std::max<std::size_t>(1, pixels.size() / enough);
        std::size_t widest = 0;
        double width = -1;
        for (std::size_t b = 0; b < data_.bands(); ++b) {
            auto low = data_(b, pixels[0]);
            auto high = low;
            for (std::size_t i = 0; i < pixels.size(); i += step) {
                auto const value = data_(b, pixels[i]);
                low = std::min(low, value);
                high = std::max(high, value);
            }
            if (high - low > width) {
                width = high - low;
                widest = b;
            }
        }
        return widest;
    }

    /// The values and boxes of a branch.
    void fill(std::size_t index)
    {
        auto const bands = data_.bands();
        double* const outer = branch_boxes_.data() + 2 * bands * index;
        std::fill_n(outer, bands, std::numeric_limits<double>::infinity());
        std::fill_n(outer + bands, bands, -std::numeric_limits<double>::infinity());
        for (auto at = branch_begin(index); at < branch_end(index); ++at) {
            double* const box = leaf_boxes_.data() + 2 * bands * at;
            auto const begin = leaf_begin(at);
            auto const count = leaf_end(at) - begin;
            for (std::size_t b = 0; b < bands; ++b) {
                auto const first = (at * bands + b) * leaf;
                if (data_.are_floats()) fill_band(b, begin, count, floats_.data() + first, box + b);
                else fill_band(b, begin, count, doubles_.data() + first, box + b);
                outer[b] = std::min(outer[b], box[b]);
                outer[bands + b] = std::max(outer[bands + b], box[bands + b]);
            }
        }
    }

    /// A band of a leaf, with zeros behind its last pixel.
    /// @param box the least value goes there, the greatest as many places behind it as there are bands
    template <typename T>
    void fill_band(std::size_t band, std::size_t begin, std::size_t count, T* values, double* box) const
    {
        data_.with_band(band, [&](auto const* from) {
            for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<T>(from[order_[begin + i]]);
        });
        std::fill(values + count, values + leaf, T{0});
        auto const range = find_value_range(std::span<T const>(values, count));
        box[0] = range.least;
        box[data_.bands()] = range.greatest;
    }

    spectra const& data_;
    rios::raw_vector<std::uint32_t> order_;
    std::vector<std::uint8_t> leaf_sizes_;
    std::vector<std::size_t> branch_begins_{0};
    rios::raw_vector<float> floats_;   // the values of all leaves, as these
    rios::raw_vector<double> doubles_; // or as these
    std::vector<double> leaf_boxes_;
    std::vector<double> branch_boxes_;
};

} // namespace shepseg::detail
