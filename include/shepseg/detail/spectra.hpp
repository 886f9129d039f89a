// SPDX-License-Identifier: BSL-1.0
//
// The sample as k-means works on it: band after band, in floats where these are exact and else in doubles, cut into chunks that do
// not depend on the number of threads, so that sums over chunks are the same bits on every machine.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <type_traits>
#include <vector>

#include <rios/executor/for_each_index.hpp>
#include <rios/executor/inline.hpp>
#include <rios/image_view.hpp>
#include <rios/large_vector.hpp>

#include "exact.hpp"
#include "value_range.hpp"
#include "widen.hpp"

namespace shepseg::detail {

class spectra {
  public:
    /// Pixels that one step of the executor works on.
    static constexpr std::size_t chunk = 8192;

    /// Converts the sample, an image of one row without numbers that are not finite.
    template <rios::Pixel T, rios::AnyExecutor E = rios::inline_executor>
    explicit spectra(rios::image_view<T const> sample, E&& executor = E{})
        : bands_(static_cast<std::size_t>(sample.bands())), count_(static_cast<std::size_t>(sample.cols())),
          are_floats_(std::is_same_v<T, float> || (std::is_integral_v<T> && sizeof(T) <= 2)),
          whole_numbers_(std::is_integral_v<T>), floats_(are_floats_ ? bands_ * count_ : 0),
          doubles_(are_floats_ ? 0 : bands_ * count_)
    {
        for_each_chunk(executor, [&](std::size_t begin, std::size_t end) {
            for (std::size_t b = 0; b < bands_; ++b) {
                auto const* const from = sample.row(static_cast<std::ptrdiff_t>(b), 0).data();
                if (are_floats_) std::copy(from + begin, from + end, floats_.data() + b * count_ + begin);
                else std::copy(from + begin, from + end, doubles_.data() + b * count_ + begin);
            }
        });
        double largest = 0;
        for (std::ptrdiff_t b = 0; b < sample.bands() && count_ > 0; ++b) {
            auto const range = find_value_range(sample.row(b, 0));
            auto const low = static_cast<double>(range.least);
            auto const high = static_cast<double>(range.greatest);
            largest = std::max({largest, std::abs(low), std::abs(high)});
            squared_diagonal_ += (high - low) * (high - low);
        }
        exact_sums_ = whole_numbers_ && largest * static_cast<double>(count_) <= 0x1p53;
    }

    [[nodiscard]] std::size_t bands() const noexcept { return bands_; }
    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    [[nodiscard]] std::size_t chunks() const noexcept { return (count_ + chunk - 1) / chunk; }
    [[nodiscard]] double operator()(std::size_t band, std::size_t pixel) const noexcept
    {
        return are_floats_ ? static_cast<double>(floats_[band * count_ + pixel]) : doubles_[band * count_ + pixel];
    }

    /// Returns what `use` returns of the values of a band, a `float const*` or a `double const*`.
    template <typename F>
    decltype(auto) with_band(std::size_t b, F use) const
    {
        return are_floats_ ? use(floats_.data() + b * count_) : use(doubles_.data() + b * count_);
    }

    /// The values of the pixels [begin, end): band b of the i-th is at b * (end - begin) + i.
    void copy_values(std::size_t begin, std::size_t end, double* to) const
    {
        for (std::size_t b = 0; b < bands_; ++b, to += end - begin) {
            if (are_floats_) widen(floats_.data() + b * count_ + begin, end - begin, to);
            else std::copy_n(doubles_.data() + b * count_ + begin, end - begin, to);
        }
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
            total += with_band(b, [&](auto const* values) {
                auto const mean =
                    sum(executor, [&](std::size_t begin,
                                      std::size_t end) { return std::accumulate(values + begin, values + end, 0.0); }) /
                    static_cast<double>(count_);
                return sum(executor, [&](std::size_t begin, std::size_t end) {
                    double squares = 0;
                    for (auto i = begin; i < end; ++i) squares += exact_product(values[i] - mean, values[i] - mean);
                    return squares;
                });
            });
        }
        return total / static_cast<double>(count_) / static_cast<double>(bands_);
    }

  private:
    std::size_t bands_;
    std::size_t count_;
    bool are_floats_;
    bool whole_numbers_;
    bool exact_sums_ = false;
    rios::raw_vector<float> floats_;   // the values, as these
    rios::raw_vector<double> doubles_; // or as these
    double squared_diagonal_ = 0;
};

} // namespace shepseg::detail
