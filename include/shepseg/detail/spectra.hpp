// SPDX-License-Identifier: BSL-1.0
//
// The sample as k-means works on it: doubles, band after band, cut into chunks that do not depend on the number of
// threads, so that sums over chunks are the same bits on every machine.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <type_traits>
#include <vector>

#include <rios/executor/for_each_index.hpp>
#include <rios/image_view.hpp>
#include <rios/large_vector.hpp>

#include "exact.hpp"

namespace shepseg::detail {

class spectra {
  public:
    /// Pixels that one step of the executor works on.
    static constexpr std::size_t chunk = 8192;

    /// Converts the sample, an image of one row without numbers that are not finite.
    template <rios::Pixel T>
    explicit spectra(rios::image_view<T const> sample)
        : bands_(static_cast<std::size_t>(sample.bands())), count_(static_cast<std::size_t>(sample.cols())),
          values_(bands_ * count_)
    {
        double largest = 0;
        for (std::size_t b = 0; b < bands_; ++b) {
            auto const row = sample.row(static_cast<std::ptrdiff_t>(b), 0);
            std::copy(row.begin(), row.end(), values_.begin() + static_cast<std::ptrdiff_t>(b * count_));
            if (row.empty()) continue;
            auto const [least, greatest] = std::minmax_element(row.begin(), row.end());
            auto const low = static_cast<double>(*least);
            auto const high = static_cast<double>(*greatest);
            largest = std::max({largest, std::abs(low), std::abs(high)});
            squared_diagonal_ += (high - low) * (high - low);
        }
        are_floats_ = std::is_same_v<T, float> || (std::is_integral_v<T> && sizeof(T) <= 2);
        whole_numbers_ = std::is_integral_v<T>;
        exact_sums_ = whole_numbers_ && largest * static_cast<double>(count_) <= 0x1p53;
    }

    [[nodiscard]] std::size_t bands() const noexcept { return bands_; }
    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    [[nodiscard]] std::size_t chunks() const noexcept { return (count_ + chunk - 1) / chunk; }
    [[nodiscard]] double const* band(std::size_t b) const noexcept { return values_.data() + b * count_; }
    [[nodiscard]] double operator()(std::size_t band, std::size_t pixel) const noexcept
    {
        return values_[band * count_ + pixel];
    }

    /// Whether sums of any of the values are exact, in whatever order they are made.
    [[nodiscard]] bool exact_sums() const noexcept { return exact_sums_; }

    [[nodiscard]] bool whole_numbers() const noexcept { return whole_numbers_; }

    /// Whether all values are floats, so that no more than that need be kept of them.
    [[nodiscard]] bool are_floats() const noexcept { return are_floats_; }

    /// Of the bounding box of all pixels.
    [[nodiscard]] double squared_diagonal() const noexcept { return squared_diagonal_; }

    /// Calls `function(begin, end)` for each chunk, several of them in one step of the executor.
    template <rios::AnyExecutor E, typename F>
    void for_each_chunk(E& executor, F function) const
    {
        constexpr std::size_t together = 8;
        rios::for_each_chunk(executor, count_, together * chunk, [&](std::size_t begin, std::size_t end) {
            for (auto from = begin; from < end; from += chunk) function(from, std::min(end, from + chunk));
        });
    }

    /// The sum over all pixels of the doubles that `function(begin, end)` returns for each chunk.
    template <rios::AnyExecutor E, typename F>
    [[nodiscard]] double sum(E& executor, F function) const
    {
        std::vector<double> parts(chunks());
        for_each_chunk(executor,
                       [&](std::size_t begin, std::size_t end) { parts[begin / chunk] = function(begin, end); });
        return std::accumulate(parts.begin(), parts.end(), 0.0);
    }

    /// Population variance, averaged over the bands.
    template <rios::AnyExecutor E>
    [[nodiscard]] double mean_variance(E& executor) const
    {
        double total = 0;
        for (std::size_t b = 0; b < bands_; ++b) {
            double const* const values = band(b);
            auto const mean =
                sum(executor, [&](std::size_t begin,
                                  std::size_t end) { return std::accumulate(values + begin, values + end, 0.0); }) /
                static_cast<double>(count_);
            total += sum(executor, [&](std::size_t begin, std::size_t end) {
                double squares = 0;
                for (auto i = begin; i < end; ++i) squares += exact_product(values[i] - mean, values[i] - mean);
                return squares;
            });
        }
        return total / static_cast<double>(count_) / static_cast<double>(bands_);
    }

  private:
    std::size_t bands_;
    std::size_t count_;
    rios::large_vector<double> values_;
    bool whole_numbers_ = false;
    bool exact_sums_ = false;
    bool are_floats_ = false;
    double squared_diagonal_ = 0;
};

} // namespace shepseg::detail
