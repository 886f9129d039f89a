// SPDX-License-Identifier: BSL-1.0
// The brute-force twin of the segmentation: section 1, "The right answer", of the design note "Segmentation without
// seams", written down literally, in memory and untiled. It is the oracle of the tests and shares no code with the
// library. Quotations in the comments are from that section; each numbered step is a function of its own.
// For small images: written for clarity, not for speed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

#include "twin_clumps.hpp"
#include "twin_elimination.hpp"
#include "twin_scene.hpp"

namespace twin {

struct result {
    std::vector<std::uint32_t> labels; ///< (row, col); 0 is null, segments are 1 to `segments`
    std::uint64_t clumps;
    std::uint64_t single_pixels_eliminated;
    std::uint64_t small_segments_eliminated;
    std::uint64_t segments;
    std::uint64_t null_pixels;
    double max_spectral_diff; ///< the one used; infinity where there is no limit
};

// ---------------------------------------------------------------------------------------------------------------------
// Step 6. Labels

/// "The surviving segments are numbered 1 … n in the order of their keys, without gaps." Null is 0.
inline std::vector<std::uint32_t> number_segments(std::vector<segment_key> const& segment_of)
{
    std::map<segment_key, std::uint32_t> label_of_key;
    for (segment_key const key : segment_of) {
        if (key != no_segment) label_of_key[key] = 0;
    }
    std::uint32_t last = 0;
    for (auto& [key, label] : label_of_key) label = ++last;

    std::vector<std::uint32_t> labels;
    for (segment_key const key : segment_of) labels.push_back(key == no_segment ? 0 : label_of_key.at(key));
    return labels;
}

// ---------------------------------------------------------------------------------------------------------------------

/// The six steps in order.
/// @throws std::invalid_argument for input that contradicts itself or that this twin cannot sum exactly.
template <typename T>
result segment(scene<T> const& image, parameters const& params)
{
    check_input(image, params);
    auto const neighbours = neighbours_of_pixels(image.rows, image.cols, params.connectivity);
    double const max_spectral_diff = find_max_spectral_diff(params);

    auto const is_null = find_null_pixels(image);                                    // step 1
    auto const clusters = assign_clusters(image, is_null, params.centres);           // step 2
    auto const clumps = find_clumps(clusters, neighbours);                           // step 3
    auto const without_singles = eliminate_single_pixels(image, neighbours, clumps); // step 4
    auto const final_segments = eliminate_small_segments(image, neighbours, without_singles, params.min_segment_size,
                                                         max_spectral_diff); // step 5

    result answer{};
    answer.labels = number_segments(final_segments); // step 6
    answer.clumps = count_segments(clumps);
    answer.single_pixels_eliminated = answer.clumps - count_segments(without_singles);
    answer.segments = count_segments(final_segments);
    answer.small_segments_eliminated = count_segments(without_singles) - answer.segments;
    answer.null_pixels = static_cast<std::uint64_t>(std::count(is_null.begin(), is_null.end(), true));
    answer.max_spectral_diff = max_spectral_diff;
    return answer;
}

} // namespace twin
