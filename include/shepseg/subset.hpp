// SPDX-License-Identifier: BSL-1.0
//
// A part of a segmentation as a segmentation of its own: its segments are numbered from 1 again. Files: gdal/subset.hpp.
#pragma once

#include <atomic>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <rios/image.hpp>
#include <rios/image_view.hpp>

#include "label_set.hpp"

namespace shepseg {

/// A part of a segmentation.
struct label_subset {
    rios::image<std::uint32_t> labels;
    std::vector<std::uint32_t> original; ///< for each label the one that it had before; 0 for 0
    std::vector<std::uint64_t> counts;   ///< pixels of each label, those of null (0) included
};

namespace detail {

/// Adds the labels of a block to a set. Any threads at once.
inline void collect_labels(rios::image_view<std::uint32_t const> labels, label_set& found)
{
    std::uint32_t last = 0; // neighbours are often equal
    for (std::ptrdiff_t row = 0; row < labels.rows(); ++row) {
        for (auto const label : labels.row(0, row)) {
            if (label == last) continue;
            last = label;
            if (label != 0) found.insert(label);
        }
    }
}

/// Gives the labels of a block their new numbers, and counts the pixels of each. Any threads at once.
/// @param counts of the labels from 0 to numbers.size()
inline void renumber_labels(rios::image_view<std::uint32_t> labels, label_set const& numbers,
                            std::vector<std::uint64_t>& counts)
{
    assert(counts.size() == std::size_t{numbers.size()} + 1);
    std::uint32_t last = 0;
    std::uint32_t number = 0;
    std::uint64_t run = 0;
    auto const count_run = [&] {
        if (run != 0) std::atomic_ref(counts[number]).fetch_add(run, std::memory_order_relaxed);
        run = 0;
    };
    for (std::ptrdiff_t row = 0; row < labels.rows(); ++row) {
        for (auto& label : labels.row(0, row)) {
            if (label != last) {
                count_run();
                last = label;
                number = label == 0 ? 0 : numbers.number_of(label);
            }
            label = number;
            ++run;
        }
    }
    count_run();
}

/// The members of a set with 0 before them: what each new label was before.
inline std::vector<std::uint32_t> original_labels(label_set const& numbers)
{
    auto result = numbers.labels();
    result.insert(result.begin(), 0);
    return result;
}

} // namespace detail

/// Numbers the segments of a part of a segmentation from 1, without gaps and in the order of their labels before, so that
/// the result does not depend on where they lie.
/// @param labels one band of whole numbers; 0 is null and stays so
/// @pre no label is negative
template <rios::Pixel T>
    requires std::integral<T>
[[nodiscard]] label_subset renumbered(rios::image_view<T const> labels)
{
    label_subset result{
        .labels = rios::image<std::uint32_t>(1, labels.rows(), labels.cols()), .original = {}, .counts = {}};
    for (auto const [row, col] : labels.pixels()) {
        assert(labels(0, row, col) >= 0);
        result.labels(0, row, col) = static_cast<std::uint32_t>(std::int64_t{labels(0, row, col)});
    }
    label_set found;
    detail::collect_labels(result.labels.view(), found);
    result.counts.assign(std::size_t{found.number()} + 1, 0);
    result.original = detail::original_labels(found);
    detail::renumber_labels(result.labels.view(), found, result.counts);
    return result;
}
template <rios::Pixel T>
    requires std::integral<T>
[[nodiscard]] label_subset renumbered(rios::image<T> const& labels)
{
    return renumbered(labels.view());
}

} // namespace shepseg
