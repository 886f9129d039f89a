// SPDX-License-Identifier: BSL-1.0
//
// Last phase: the surviving segments are numbered without gaps, and the pixels get their final labels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <rios/executor/for_each_index.hpp>
#include <rios/image.hpp>

namespace shepseg {

/// The final label of each segment of a graph: its survivor's place among the survivors, from 1 in ascending order.
/// @param survivor for each segment the one that it has become part of
[[nodiscard]] inline std::vector<std::uint32_t> final_labels(std::vector<std::uint32_t> const& survivor)
{
    std::vector<std::uint32_t> label(survivor.size());
    std::uint32_t count = 0;
    for (std::uint32_t segment = 0; segment < survivor.size(); ++segment) {
        if (survivor[segment] == segment) label[segment] = ++count;
    }
    for (std::uint32_t segment = 0; segment < survivor.size(); ++segment) label[segment] = label[survivor[segment]];
    return label;
}

/// Replaces segment numbers + 1 by their labels; 0 (null) stays.
template <rios::AnyExecutor E>
void relabel(rios::image<std::uint32_t>& labels, std::vector<std::uint32_t> const& label_of, E& executor)
{
    rios::for_each_chunk(executor, static_cast<std::size_t>(labels.rows()), 64,
                         [&](std::size_t begin, std::size_t end) {
                             for (auto row = begin; row < end; ++row) {
                                 for (auto& label : labels.row(0, static_cast<std::ptrdiff_t>(row))) {
                                     if (label != 0) label = label_of[label - 1];
                                 }
                             }
                         });
}

} // namespace shepseg
