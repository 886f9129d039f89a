// SPDX-License-Identifier: BSL-1.0
//
// Last step of the global phase: the surviving segments are numbered without gaps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <rios/large_vector.hpp>

namespace shepseg {

/// The labels of a segmentation: 1 to count, in the order of the keys.
struct final_labels {
    std::uint32_t count = 0;
    rios::large_vector<std::uint32_t> of_segment; ///< for each segment of the graph the label of its survivor
    rios::large_vector<std::uint32_t> of_alone;   ///< for each single pixel that stayed alone
};

/// Numbers the survivors of a graph and the single pixels that are not in it.
/// @param survivor for each segment the one that it has become part of
/// @param segments_before_alone for each single pixel that stayed alone how many segments have smaller keys; ascending
[[nodiscard]] inline final_labels number_survivors(rios::large_vector<std::uint32_t> const& survivor,
                                                   rios::large_vector<std::uint32_t> const& segments_before_alone = {})
{
    final_labels labels{.count = 0, .of_segment = rios::large_vector<std::uint32_t>(survivor.size()), .of_alone = {}};
    labels.of_alone.reserve(segments_before_alone.size());
    auto const number_alone_before = [&](std::size_t segment) {
        while (labels.of_alone.size() < segments_before_alone.size() &&
               segments_before_alone[labels.of_alone.size()] <= segment) {
            labels.of_alone.push_back(++labels.count);
        }
    };
    for (std::uint32_t segment = 0; segment < survivor.size(); ++segment) {
        number_alone_before(segment);
        if (survivor[segment] == segment) labels.of_segment[segment] = ++labels.count;
    }
    number_alone_before(survivor.size());
    for (std::uint32_t segment = 0; segment < survivor.size(); ++segment) {
        labels.of_segment[segment] = labels.of_segment[survivor[segment]];
    }
    return labels;
}

} // namespace shepseg
