// SPDX-License-Identifier: BSL-1.0
//
// Under the start of k-means: how far the pixels of the sample are from the nearest of some of them. One by one, for any
// values; tree_distances.hpp does without most of the work where it can.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include <rios/executor/for_each_index.hpp>

#include "../cluster_model.hpp"
#include "../nearest_centre.hpp"
#include "spectra.hpp"

namespace shepseg::detail {

/// A pixel of the sample as a centre.
[[nodiscard]] inline cluster_centres pixel_as_centre(spectra const& data, std::size_t pixel)
{
    cluster_centres centre(1, data.bands());
    for (std::size_t b = 0; b < data.bands(); ++b) centre[0][b] = data(b, pixel);
    return centre;
}

/// Calls `use(i, distances)` for each pixel i of [begin, end), in order: its squared distances to some centres.
/// @param centres one centre each
template <typename F>
void for_each_distances(spectra const& data, std::vector<cluster_centres> const& centres, std::size_t begin,
                        std::size_t end, F use)
{
    constexpr std::size_t run = 256;
    std::uint32_t unused[run];
    double planar[run];
    std::vector<double> distances(centres.size() * run);
    std::vector<double> values(data.bands() * run);
    for (auto from = begin; from < end; from += run) {
        auto const to = std::min(end, from + run);
        auto const count = static_cast<std::ptrdiff_t>(to - from);
        data.copy_values(from, to, values.data());
        for (std::size_t c = 0; c < centres.size(); ++c) {
            find_nearest_centres(values.data(), count, count, centres[c], unused, planar);
            for (auto i = from; i < to; ++i) distances[(i - from) * centres.size() + c] = planar[i - from];
        }
        for (auto i = from; i < to; ++i) use(i, distances.data() + (i - from) * centres.size());
    }
}

/// Squared distances of all pixels to the nearest of those that have been added.
///
/// Sums are made chunk by chunk, in the order of the sample, and then over the chunks.
class sample_distances {
  public:
    explicit sample_distances(spectra const& data)
        : data_(data), closest_(data.count(), std::numeric_limits<double>::infinity()), chunk_sums_(data.chunks())
    {
    }

    /// Adds a pixel that others may be near to; returns the sum of all distances.
    template <rios::AnyExecutor E>
    double add(std::size_t pixel, E& executor)
    {
        std::vector const newest{pixel_as_centre(data_, pixel)};
        data_.for_each_chunk(executor, [&](std::size_t begin, std::size_t end) {
            double sum = 0;
            for_each_distances(data_, newest, begin, end, [&](std::size_t i, double const* distance) {
                closest_[i] = std::min(closest_[i], *distance);
                sum += closest_[i];
            });
            chunk_sums_[begin / spectra::chunk] = sum;
        });
        return std::accumulate(chunk_sums_.begin(), chunk_sums_.end(), 0.0);
    }

    /// For each of those pixels the sum that there would be if it was added.
    template <rios::AnyExecutor E>
    [[nodiscard]] std::vector<double> sums_with(std::vector<std::size_t> const& pixels, E& executor) const
    {
        std::vector<cluster_centres> centres;
        for (auto const pixel : pixels) centres.push_back(pixel_as_centre(data_, pixel));
        std::vector<double> parts(pixels.size() * data_.chunks());
        data_.for_each_chunk(executor, [&](std::size_t begin, std::size_t end) {
            // All of them at once: each of these sums waits for itself only.
            std::vector<double> sums(pixels.size());
            for_each_distances(data_, centres, begin, end, [&](std::size_t i, double const* distance) {
                for (std::size_t c = 0; c < sums.size(); ++c) sums[c] += std::min(closest_[i], distance[c]);
            });
            for (std::size_t c = 0; c < sums.size(); ++c) parts[c * data_.chunks() + begin / spectra::chunk] = sums[c];
        });
        std::vector<double> sums;
        for (auto part = parts.begin(); part != parts.end(); part += static_cast<std::ptrdiff_t>(data_.chunks()))
            sums.push_back(std::accumulate(part, part + static_cast<std::ptrdiff_t>(data_.chunks()), 0.0));
        return sums;
    }

    [[nodiscard]] double operator[](std::size_t pixel) const noexcept { return closest_[pixel]; }
    /// Of the chunks of the sample.
    [[nodiscard]] std::vector<double> const& chunk_sums() const noexcept { return chunk_sums_; }

  private:
    spectra const& data_;
    std::vector<double> closest_;
    std::vector<double> chunk_sums_;
};

} // namespace shepseg::detail
