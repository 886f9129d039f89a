// SPDX-License-Identifier: BSL-1.0
//
// Statistics and the histogram of a band out of what was counted (value_counts.hpp, pixel_moments.hpp), by the rules of
// RIOS. Written to files by gdal/statistics.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "pixel_moments.hpp"
#include "pixel_type.hpp"
#include "value_counts.hpp"

namespace rios {

/// What is known about the pixels of a band that are not null.
struct band_statistics {
    std::uint64_t count = 0;
    double minimum = 0;
    double maximum = 0;
    double mean = 0;
    double standard_deviation = 0; ///< of the population

    friend bool operator==(band_statistics const&, band_statistics const&) = default;
};

/// None if there are no pixels.
template <Pixel T>
[[nodiscard]] std::optional<band_statistics> statistics_of(pixel_moments<T> const& moments)
{
    if (moments.count() == 0) return {};
    return band_statistics{.count = moments.count(),
                           .minimum = moments.minimum(),
                           .maximum = moments.maximum(),
                           .mean = moments.mean(),
                           .standard_deviation = moments.standard_deviation()};
}

/// The same from counts of whole numbers. None if there are no pixels.
/// @param values whole, of at most 32 bits
[[nodiscard]] inline std::optional<band_statistics> statistics_of(std::span<value_count const> values)
{
    if (values.empty()) return {};
    band_statistics result{.minimum = values.front().value, .maximum = values.back().value};
    detail::int128 sum = 0;
    for (auto const& each : values) {
        result.count += each.count;
        sum += static_cast<detail::int128>(each.value) * static_cast<detail::int128>(each.count);
    }
    auto const count = static_cast<detail::int128>(result.count);
    auto const whole = sum / count; // the mean but for a fraction: what is left is small
    detail::int128 squares = 0;
    for (auto const& each : values) {
        auto const difference = static_cast<detail::int128>(each.value) - whole;
        squares += difference * difference * static_cast<detail::int128>(each.count);
    }
    auto const n = static_cast<long double>(result.count);
    auto const rest = static_cast<long double>(sum % count);
    result.mean = static_cast<double>(static_cast<long double>(sum) / n);
    result.standard_deviation =
        static_cast<double>(std::sqrt((static_cast<long double>(squares) - rest * rest / n) / n));
    return result;
}

/// How often values occur, in bins.
struct band_histogram {
    bool direct = false; ///< has a bin for each whole number; otherwise bins of equal width from minimum to maximum
    double minimum = 0;  ///< value of the first bin
    double maximum = 0;  ///< value of the last bin; its upper end, unless direct
    std::vector<std::uint64_t> counts{};
    double median = 0; ///< smallest value that at least half of the pixels do not exceed
    double mode = 0;   ///< most frequent value, the smallest of several

    /// From the beginning of one bin to that of the next.
    [[nodiscard]] double step() const noexcept
    {
        auto const bins = static_cast<double>(counts.size());
        return direct ? 1 : maximum / bins - minimum / bins; // no double may hold the whole range
    }

    friend bool operator==(band_histogram const&, band_histogram const&) = default;
};

/// Most bins of a histogram that has one for each value of a thematic band: as text, and as an attribute table's column. A
/// band that needs more has bins of equal width.
inline constexpr std::size_t most_direct_bins = 1 << 16;
inline constexpr std::size_t most_direct_rows = 1 << 24;

/// The bins that a band gets, all empty: one for each value from 0 for thematic bands and bytes (from the least value if it
/// is negative), one for each value from the least for integers in a range of at most 256, and else 256 of equal width.
/// Floating-point values that are all the same have one bin.
/// @param most_direct bins that a thematic band may have, one for each value
[[nodiscard]] inline band_histogram empty_histogram(pixel_type type, bool thematic, band_statistics const& of,
                                                    std::size_t most_direct = most_direct_bins)
{
    bool const whole = type != pixel_type::float32 && type != pixel_type::float64;
    bool const from_zero = whole && (thematic || type == pixel_type::uint8);
    auto const first = from_zero ? std::min(0.0, of.minimum) : of.minimum;
    auto const values = of.maximum - first + 1;
    auto const most = first < 0 ? std::min(most_direct, most_direct_bins) : most_direct; // a table begins at 0
    band_histogram result{.direct = whole && values <= (from_zero ? static_cast<double>(most) : 256.0),
                          .minimum = first,
                          .maximum = of.maximum};
    if (result.direct) {
        result.counts.resize(static_cast<std::size_t>(values));
    } else {
        result.minimum = of.minimum;
        result.counts.resize(of.minimum == of.maximum ? 1 : 256);
    }
    return result;
}

/// Finds the bin of a value: the nearest one for values beyond the first and the last, as a file has them that was compressed
/// with losses.
class histogram_bins {
  public:
    explicit histogram_bins(band_histogram const& histogram)
        : direct_(histogram.direct), minimum_(histogram.minimum), last_(histogram.counts.size() - 1),
          bins_per_unit_(1 / histogram.step())
    {
        if (direct_) return;
        for (std::size_t i = 0; i <= last_; ++i) {
            edges_.push_back(2 * (minimum_ / 2 + static_cast<double>(i) * (histogram.step() / 2))); // without overflow
        }
    }

    /// Values below the minimum or above the maximum, which lossy compression may have made, belong to the outer bins.
    /// @pre value is finite
    [[nodiscard]] std::size_t bin_of(double value) const noexcept
    {
        auto const place = (value - minimum_) * bins_per_unit_;
        if (!(place > 0)) return 0;
        auto bin = place < static_cast<double>(last_) ? static_cast<std::size_t>(place) : last_;
        if (direct_) return bin;
        // Rounding may have led to the bin beside it; the edges decide.
        while (bin > 0 && value < edges_[bin]) --bin;
        while (bin < last_ && value >= edges_[bin + 1]) ++bin;
        return bin;
    }

  private:
    bool direct_;
    double minimum_;
    std::size_t last_;
    double bins_per_unit_;
    std::vector<double> edges_; // where bins begin
};

/// Median and mode of counted values.
inline void set_centre(band_histogram& histogram, std::span<value_count const> values)
{
    std::uint64_t all = 0;
    for (auto const& each : values) all += each.count;
    std::uint64_t seen = 0;
    std::uint64_t most = 0;
    bool found = false;
    for (auto const& each : values) {
        seen += each.count;
        if (!found && seen >= all - all / 2) {
            histogram.median = each.value;
            found = true;
        }
        if (each.count > most) {
            most = each.count;
            histogram.mode = each.value;
        }
    }
}

/// Median and mode where no more is known than the bins: the values where these begin.
inline void set_centre_by_bins(band_histogram& histogram, pixel_type type)
{
    bool const whole = type != pixel_type::float32 && type != pixel_type::float64;
    std::vector<value_count> bins;
    for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
        auto const value = histogram.minimum + static_cast<double>(i) * histogram.step();
        bins.push_back({whole ? std::round(value) : value, histogram.counts[i]});
    }
    set_centre(histogram, bins);
}

/// The histogram of a band of which all values are counted. @pre there are some
[[nodiscard]] inline band_histogram histogram_of(pixel_type type, bool thematic, band_statistics const& statistics,
                                                 std::span<value_count const> values,
                                                 std::size_t most_direct = most_direct_bins)
{
    auto result = empty_histogram(type, thematic, statistics, most_direct);
    histogram_bins const bins(result);
    for (auto const& each : values) result.counts[bins.bin_of(each.value)] += each.count;
    set_centre(result, values);
    return result;
}

} // namespace rios
