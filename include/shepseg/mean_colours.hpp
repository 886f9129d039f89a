// SPDX-License-Identifier: BSL-1.0
//
// Mean values of segments, as the colours of a picture of them (preview.hpp).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include <rios/image.hpp>
#include <rios/null_test.hpp>

#include "preview.hpp"

namespace shepseg {

/// The mean of each segment's pixels in up to three bands. Pixels that are no finite number do not count. Takes about 90 bytes
/// for each segment.
class mean_colours {
  public:
    /// Takes more pixels. @pre both are of the same size
    void add(rios::image_view<float const> image, rios::image_view<std::uint32_t const> labels)
    {
        std::uint32_t last = 0;
        sums* of_last = nullptr;
        auto const bands = std::min<std::size_t>(3, static_cast<std::size_t>(image.bands()));
        for (auto const [row, col] : image.pixels()) {
            auto const label = labels(0, row, col);
            if (label == 0) continue;
            if (label != last) of_last = &sums_[last = label];
            for (std::size_t band = 0; band < bands; ++band) {
                auto const value = image(static_cast<std::ptrdiff_t>(band), row, col);
                if (!rios::is_finite(value)) continue;
                of_last->sum[band] += static_cast<double>(value);
                of_last->pixels[band] += 1;
            }
        }
    }

    /// Turns means into colours, by the maps for red, green and blue. All pixels have been added.
    /// @param grey is the first band all three?
    void finish(std::vector<detail::percentile_stretch> const& stretches, bool grey, preview_options const& options)
    {
        for (auto& [label, each] : sums_) {
            for (std::size_t channel = 0; channel < 3; ++channel) {
                auto const band = grey ? 0 : channel;
                auto const mean = each.sum[band] / each.pixels[band];
                each.colour[channel] =
                    each.pixels[band] > 0 ? stretches[channel](static_cast<float>(mean)) : options.null[channel];
            }
        }
    }

    /// Red, green and blue of a segment. @pre it has been added, and finish() was called
    [[nodiscard]] std::array<std::uint8_t, 3> const& of(std::uint32_t label) const
    {
        if (label != last_) found_ = &sums_.find(last_ = label)->second;
        return found_->colour;
    }

    /// Number of segments.
    [[nodiscard]] std::size_t segments() const noexcept { return sums_.size(); }

  private:
    struct sums {
        std::array<double, 3> sum{};
        std::array<double, 3> pixels{};
        std::array<std::uint8_t, 3> colour{};
    };

    std::unordered_map<std::uint32_t, sums> sums_;
    mutable std::uint32_t last_ = 0; // asked for; neighbours are often the same
    mutable sums const* found_ = nullptr;
};

} // namespace shepseg
