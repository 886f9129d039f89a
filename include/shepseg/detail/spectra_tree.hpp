// SPDX-License-Identifier: BSL-1.0
//
// The sample of k-means in an order in which similar pixels lie together: the leaves of a k-d tree, and branches of
// leaves, each with its bounding box.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include <rios/executor/for_each_index.hpp>
#include <rios/large_vector.hpp>

#include "least_first.hpp"
#include "spectra.hpp"
#include "widen.hpp"

namespace shepseg::detail {

class spectra_tree {
  public:
    static constexpr std::size_t leaf = 64;   ///< pixels of a leaf; the last may have fewer
    static constexpr std::size_t branch = 32; ///< leaves of a branch; the last may have fewer

    template <rios::AnyExecutor E>
    spectra_tree(spectra const& data, E& executor)
        : data_(data), order_(data.count()), floats_(data.are_floats() ? leaves() * leaf * data.bands() : 0),
          doubles_(data.are_floats() ? 0 : leaves() * leaf * data.bands()), leaf_boxes_(2 * data.bands() * leaves()),
          branch_boxes_(2 * data.bands() * branches())
    {
        std::iota(order_.begin(), order_.end(), 0U);
        sort(executor);
        rios::for_each_index(executor, branches(), [this](std::size_t index) { fill(index); });
    }

    [[nodiscard]] std::size_t leaves() const noexcept { return (order_.size() + leaf - 1) / leaf; }
    [[nodiscard]] std::size_t branches() const noexcept { return (leaves() + branch - 1) / branch; }

    [[nodiscard]] std::size_t leaf_begin(std::size_t index) const noexcept { return index * leaf; }
    [[nodiscard]] std::size_t leaf_end(std::size_t index) const noexcept
    {
        return std::min(order_.size(), (index + 1) * leaf);
    }
    [[nodiscard]] std::size_t branch_end(std::size_t index) const noexcept
    {
        return std::min(leaves(), (index + 1) * branch);
    }

    /// For each pixel in the order of the tree its number in the sample.
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
    /// Halves parts across the band in which they are widest, until they are leaves; all parts of a level at once.
    template <rios::AnyExecutor E>
    void sort(E& executor)
    {
        std::vector<std::pair<std::size_t, std::size_t>> parts{{0, order_.size()}};
        while (!parts.empty()) {
            std::vector<std::size_t> middles(parts.size());
            // Small parts are finished by whoever has them.
            bool const last = parts.size() >= 64;
            rios::for_each_index(executor, parts.size(), [&](std::size_t i) {
                rios::large_vector<std::uint64_t> keys;
                if (last) sort_part(parts[i].first, parts[i].second, keys);
                else middles[i] = halve(parts[i].first, parts[i].second, keys);
            });
            if (last) return;
            auto const whole = std::exchange(parts, {});
            for (std::size_t i = 0; i < whole.size(); ++i) {
                if (middles[i] == whole[i].first) continue;
                parts.emplace_back(whole[i].first, middles[i]);
                parts.emplace_back(middles[i], whole[i].second);
            }
        }
    }

    void sort_part(std::size_t begin, std::size_t end, rios::large_vector<std::uint64_t>& keys)
    {
        auto const middle = halve(begin, end, keys);
        if (middle == begin) return;
        sort_part(begin, middle, keys);
        sort_part(middle, end, keys);
    }

    /// Returns the middle, which lies between two leaves, or `begin` if there is only one leaf.
    std::size_t halve(std::size_t begin, std::size_t end, rios::large_vector<std::uint64_t>& keys)
    {
        if (end - begin <= leaf) return begin;
        auto const left = (end - begin + leaf - 1) / leaf / 2 * leaf;
        double const* const band = data_.band(widest_band(begin, end));
        keys.resize(end - begin);
        for (std::size_t i = 0; i < keys.size(); ++i) {
            auto const pixel = order_[begin + i];
            keys[i] = std::uint64_t{ascending_bits(static_cast<float>(band[pixel]))} << 32 | pixel;
        }
        put_least_first(keys, left);
        for (std::size_t i = 0; i < keys.size(); ++i) order_[begin + i] = static_cast<std::uint32_t>(keys[i]);
        return begin + left;
    }

    [[nodiscard]] std::size_t widest_band(std::size_t begin, std::size_t end) const noexcept
    {
        constexpr std::size_t enough = 128; // pixels to judge by
        auto const step = std::max<std::size_t>(1, (end - begin) / enough);
        std::size_t widest = 0;
        double width = -1;
        for (std::size_t b = 0; b < data_.bands(); ++b) {
            double const* const band = data_.band(b);
            auto low = band[order_[begin]];
            auto high = low;
            for (auto i = begin; i < end; i += step) {
                low = std::min(low, band[order_[i]]);
                high = std::max(high, band[order_[i]]);
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
        for (auto at = index * branch; at < branch_end(index); ++at) {
            double* const box = leaf_boxes_.data() + 2 * bands * at;
            auto const begin = leaf_begin(at);
            auto const count = leaf_end(at) - begin;
            for (std::size_t b = 0; b < bands; ++b) {
                double const* const band = data_.band(b);
                auto const first = (at * bands + b) * leaf;
                auto low = band[order_[begin]];
                auto high = low;
                for (std::size_t i = 0; i < count; ++i) {
                    auto const value = band[order_[begin + i]];
                    low = std::min(low, value);
                    high = std::max(high, value);
                    if (data_.are_floats()) floats_[first + i] = static_cast<float>(value);
                    else doubles_[first + i] = value;
                }
                box[b] = low;
                box[bands + b] = high;
                outer[b] = std::min(outer[b], low);
                outer[bands + b] = std::max(outer[bands + b], high);
            }
        }
    }

    spectra const& data_;
    rios::large_vector<std::uint32_t> order_;
    rios::large_vector<float> floats_;   // the values of all leaves, as these
    rios::large_vector<double> doubles_; // or as these
    std::vector<double> leaf_boxes_;
    std::vector<double> branch_boxes_;
};

} // namespace shepseg::detail
