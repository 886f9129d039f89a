// SPDX-License-Identifier: BSL-1.0
//
// Cluster centres that can be the nearest to a pixel of a part of the sample: the smaller the part, the fewer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../cluster_model.hpp"
#include "candidate_arguments.hpp"
#include "instruction_set.hpp"

#include "candidate_kernel.hpp"
#if defined(__x86_64__)
#define SHEPSEG_KERNEL avx2_candidates
#define SHEPSEG_LANES 4
#define SHEPSEG_TARGET [[gnu::target("avx2")]]
#include "candidate_kernel.hpp"
#define SHEPSEG_KERNEL avx512_candidates
#define SHEPSEG_LANES 8
#define SHEPSEG_TARGET [[gnu::target("avx512f")]]
#include "candidate_kernel.hpp"
#endif

namespace shepseg::detail {

/// The kernel of a given instruction set; returns how many candidates there are. @pre supported(set)
inline std::size_t find_candidates(candidate_arguments const& in, instruction_set set)
{
#if defined(__x86_64__)
    if (set == instruction_set::avx512) return avx512_candidates::find_candidates(in);
    if (set == instruction_set::avx2) return avx2_candidates::find_candidates(in);
#endif
    static_cast<void>(set);
    return baseline_candidates::find_candidates(in);
}

/// Some of the cluster centres, band after band. Memory is kept for the next use.
class candidate_centres {
  public:
    /// All of them.
    void take_all(cluster_centres const& centres)
    {
        resize(centres.clusters(), centres.bands());
        for (std::size_t k = 0; k < count_; ++k) {
            cluster_[k] = static_cast<std::uint32_t>(k);
            for (std::size_t b = 0; b < bands_; ++b) values_[b * stride_ + k] = centres[k][b];
        }
    }

    /// Those of `from` that are not farther from every point of the box than the one nearest to its middle, z*.
    ///
    /// A centre z loses against z* if the corner of the box that lies farthest in the direction from z* to z is still nearer
    /// to z*: the test of Kanungo, Mount et al. (2002), "An efficient k-means clustering algorithm: analysis and
    /// implementation".
    /// @param low,high of the box, for each band
    /// @param margin by how much squared distances must differ to be told apart
    /// @param lead unless null: by how much those that are left out are farther from every point of the box than z*, at least
    void take(candidate_centres const& from, double const* low, double const* high, double margin,
              double* lead = nullptr)
    {
        found_.resize(from.count_);
        auto const count = find_candidates({.low = low,
                                            .high = high,
                                            .bands = from.bands_,
                                            .centres = from.values_.data(),
                                            .count = from.count_,
                                            .stride = from.stride_,
                                            .margin = margin,
                                            .candidates = found_.data(),
                                            .lead = lead},
                                           best_instruction_set());
        resize(count, from.bands_);
        for (std::size_t k = 0; k < count; ++k) cluster_[k] = from.cluster_[found_[k]];
        for (std::size_t b = 0; b < bands_; ++b) {
            double const* const values = from.values_.data() + b * from.stride_;
            for (std::size_t k = 0; k < count; ++k) values_[b * stride_ + k] = values[found_[k]];
        }
    }

    /// Those of `all` with these numbers.
    void take(candidate_centres const& all, std::vector<std::uint32_t> const& numbers)
    {
        resize(numbers.size(), all.bands_);
        std::copy(numbers.begin(), numbers.end(), cluster_.begin());
        for (std::size_t b = 0; b < bands_; ++b) {
            for (std::size_t k = 0; k < count_; ++k)
                values_[b * stride_ + k] = all.values_[b * all.stride_ + numbers[k]];
        }
    }

    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    /// The numbers of the centres, ascending.
    [[nodiscard]] std::uint32_t const* clusters() const noexcept { return cluster_.data(); }

    /// Spectrum after spectrum.
    void copy_to(cluster_centres& centres) const
    {
        if (centres.bands() != bands_ || centres.clusters() != count_) centres = cluster_centres(count_, bands_);
        for (std::size_t k = 0; k < count_; ++k) {
            for (std::size_t b = 0; b < bands_; ++b) centres[k][b] = values_[b * stride_ + k];
        }
    }

  private:
    void resize(std::size_t count, std::size_t bands)
    {
        constexpr std::size_t widest = 8; // doubles in a register
        count_ = count;
        bands_ = bands;
        stride_ = (count + widest - 1) / widest * widest;
        if (cluster_.size() < stride_) cluster_.resize(stride_);
        if (values_.size() < bands_ * stride_) values_.resize(bands_ * stride_);
    }

    std::size_t count_ = 0;
    std::size_t bands_ = 0;
    std::size_t stride_ = 0;
    std::vector<std::uint32_t> cluster_;
    std::vector<double> values_;
    std::vector<std::uint32_t> found_;
};

} // namespace shepseg::detail
