// SPDX-License-Identifier: BSL-1.0
//
// Are two segmentations the same, whatever numbers their segments have, and if not, how much do they differ? Files:
// gdal/compare_files.hpp.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <rios/error.hpp>
#include <rios/image_view.hpp>
#include <rios/memory.hpp>
#include <rios/pixel_moments.hpp>
#include <rios/pixel_type.hpp>

#include "best_matching.hpp"
#include "contingency.hpp"

namespace shepseg {

/// How two segmentations A and B of the same pixels differ. Label 0 is null, and no segment.
struct segmentation_difference {
    std::uint64_t pixels = 0;
    std::uint64_t null_in_both = 0;
    std::uint64_t null_in_a_only = 0;
    std::uint64_t null_in_b_only = 0;
    std::uint64_t segments_a = 0;
    std::uint64_t segments_b = 0;
    std::uint64_t split = 0;  ///< segments of A that have pixels in more than one segment of B
    std::uint64_t merged = 0; ///< segments of B that have pixels of more than one segment of A
    /// Pixels that have to change for A to become B, if its segments are given the best numbers: those that are null in one
    /// only, and those outside of the pairs of a best matching (best_matching.hpp). If that was too costly to find, the two
    /// are not the same, and bounds.
    std::uint64_t differing_at_least = 0;
    std::uint64_t differing_at_most = 0;
    /// Over pixels that are null in neither (Hubert and Arabie, 1985): 1 for the same segments, about 0 for what chance
    /// would do. None if there are no such pixels.
    std::optional<double> adjusted_rand_index{};

    /// Is the number of differing pixels known?
    [[nodiscard]] bool exact() const noexcept { return differing_at_least == differing_at_most; }

    /// Are the segments the same, but for their numbers?
    [[nodiscard]] bool identical() const noexcept { return differing_at_most == 0; }
};

namespace detail {

/// Pairs of pixels among n.
[[nodiscard]] constexpr rios::detail::int128 pairs_among(std::uint64_t n) noexcept
{
    return n == 0 ? 0 : static_cast<rios::detail::int128>(n) * static_cast<rios::detail::int128>(n - 1) / 2;
}

/// @param rows,cols pixels of each segment that are null in neither
inline std::optional<double> adjusted_rand_index(overlap_graph const& graph, std::span<std::uint64_t const> rows,
                                                 std::span<std::uint64_t const> cols)
{
    rios::detail::int128 in_both = 0;
    rios::detail::int128 in_a = 0;
    rios::detail::int128 in_b = 0;
    std::uint64_t pixels = 0;
    for (auto const& each : graph.edges) in_both += pairs_among(static_cast<std::uint64_t>(each.pixels));
    for (auto const each : rows) in_a += pairs_among(each);
    for (auto const each : cols) in_b += pairs_among(each);
    for (auto const each : rows) pixels += each;
    if (pixels == 0) return std::nullopt;
    if (in_both == in_a && in_both == in_b) return 1; // also where the formula says 0 / 0
    auto const expected =
        static_cast<double>(in_a) * static_cast<double>(in_b) / static_cast<double>(pairs_among(pixels));
    auto const most = static_cast<double>(in_a + in_b) / 2;
    return (static_cast<double>(in_both) - expected) / (most - expected);
}

} // namespace detail

/// The difference between two segmentations of which it is known how often labels meet.
/// @param pairs by the first label, then by the second
/// @throws rios::cancelled if options.progress says so
/// Memory: about 50 bytes for each pair.
[[nodiscard]] inline segmentation_difference compare(std::span<label_pair const> pairs,
                                                     matching_options const& options = {})
{
    segmentation_difference result;
    std::vector<std::uint32_t> labels_b;
    std::uint32_t last = 0;
    for (auto const& each : pairs) {
        result.pixels += each.pixels;
        if (each.a == 0 && each.b == 0) result.null_in_both = each.pixels;
        else if (each.a == 0) result.null_in_a_only += each.pixels;
        else if (each.b == 0) result.null_in_b_only += each.pixels;
        if (each.a != last) ++result.segments_a;
        last = each.a;
        if (each.b != 0) labels_b.push_back(each.b);
    }
    std::sort(labels_b.begin(), labels_b.end());
    result.segments_b = static_cast<std::uint64_t>(std::unique(labels_b.begin(), labels_b.end()) - labels_b.begin());
    rios::release(labels_b);

    auto const graph = overlap_graph::of(pairs);
    std::vector<std::uint64_t> rows(graph.rows());
    std::vector<std::uint64_t> cols(graph.cols);
    std::vector<std::uint32_t> rows_of_col(graph.cols);
    std::uint64_t common = 0;
    for (std::size_t row = 0; row < graph.rows(); ++row) {
        for (auto const& edge : graph.row(row)) {
            auto const pixels = static_cast<std::uint64_t>(edge.pixels);
            rows[row] += pixels;
            cols[edge.col] += pixels;
            common += pixels;
            ++rows_of_col[edge.col];
        }
        if (graph.row(row).size() > 1) ++result.split;
    }
    for (auto const count : rows_of_col) result.merged += count > 1 ? 1 : 0;
    result.adjusted_rand_index = detail::adjusted_rand_index(graph, rows, cols);

    auto const null_in_one = result.null_in_a_only + result.null_in_b_only;
    result.differing_at_least = result.differing_at_most = null_in_one;
    if (result.split == 0 && result.merged == 0) return result; // all are pairs
    auto const matched = best_matching(graph, options);
    result.differing_at_least += common - matched.at_most;
    result.differing_at_most += common - matched.at_least;
    return result;
}

/// The difference between two segmentations in memory.
/// @pre no label is negative
/// @throws rios::grid_error if they are not of the same size, or have not one band each
/// @throws rios::cancelled if options.progress says so
template <rios::Pixel A, rios::Pixel B>
    requires std::integral<A> && std::integral<B>
[[nodiscard]] segmentation_difference compare(rios::image_view<A const> a, rios::image_view<B const> b,
                                              matching_options const& options = {})
{
    if (a.bands() != 1 || b.bands() != 1 || a.rows() != b.rows() || a.cols() != b.cols()) {
        auto const shape = [](auto const& labels) {
            return std::to_string(labels.bands()) + " × " + std::to_string(labels.rows()) + " × " +
                   std::to_string(labels.cols());
        };
        throw rios::grid_error("labels of " + shape(a) + " and of " + shape(b) +
                               " pixels (bands × rows × cols): allowed: one band each, of the same size");
    }
    contingency table;
    table.add(a, b);
    return compare(table.take_pairs(), options);
}

} // namespace shepseg
