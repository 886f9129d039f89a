// SPDX-License-Identifier: BSL-1.0
//
// The nearest of fixed cluster centres for many pixels: in single precision first, and in double where that leaves a
// doubt. So the clusters are those of find_nearest_centres(), with any instruction set, several times as fast.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include <rios/pixel_type.hpp>

#include "cluster_model.hpp"
#include "detail/assign_arguments.hpp"
#include "detail/cell_arguments.hpp"
#include "detail/centre_cells.hpp"
#include "detail/exact_nearest_arguments.hpp"
#include "detail/instruction_set.hpp"

#include "detail/assign_kernel.hpp"
#if defined(__x86_64__)
#define SHEPSEG_KERNEL avx2_assignment
#define SHEPSEG_LANES 8
#define SHEPSEG_MIN(a, b) _mm256_min_ps(a, b)
#define SHEPSEG_MAX(a, b) _mm256_max_ps(a, b)
#define SHEPSEG_TARGET [[gnu::target("avx2,fma")]]
#include "detail/assign_kernel.hpp"
#define SHEPSEG_KERNEL avx512_assignment
#define SHEPSEG_LANES 16
#define SHEPSEG_MIN(a, b) ((a) < (b) ? (a) : (b))
#define SHEPSEG_MAX(a, b) ((a) > (b) ? (a) : (b))
#define SHEPSEG_TARGET [[gnu::target("avx512f")]]
#include "detail/assign_kernel.hpp"
#endif

#include "detail/exact_nearest_kernel.hpp"
#if defined(__x86_64__)
#define SHEPSEG_KERNEL avx2_exact_nearest
#define SHEPSEG_LANES 4
#define SHEPSEG_TARGET [[gnu::target("avx2")]]
#include "detail/exact_nearest_kernel.hpp"
#endif

namespace shepseg {

/// Finds the nearest centres of runs of pixels.
///
/// For a pixel x and a centre c, both taken relative to an origin amid the centres, the squared distance is
/// |x|² - 2 (x·c - |c|²/2), so the nearest centre has the highest score x·c - |c|²/2. In single precision, with the rounding
/// of x and c, with B bands and m bits that give way to the number of the centre, a score is off by at most
/// (B + 5 + 2 2^m) 2^-24 (|x|₁ max|c_b| + max|c|²), whatever the order of operations; if the highest score leads by more than
/// twice that, its centre is the nearest by the distances in double precision too, whose errors are far smaller. The other
/// pixels are compared again in double precision.
///
/// Thread rule: one thread at a time.
class assignment {
  public:
    static constexpr std::ptrdiff_t run = 256; ///< pixels at a time

    /// @pre centres is not empty
    explicit assignment(cluster_centres const& centres, detail::instruction_set set = detail::best_instruction_set())
        : centres_(centres), set_(set), bands_(static_cast<std::ptrdiff_t>(centres.bands())), origin_(centres.bands()),
          table_((centres.clusters() + 1) / 2 * 2 * (centres.bands() + 1)), values_(centres.bands() * run),
          exact_stride_(round_up(centres.clusters())),
          exact_table_(centres.bands() * static_cast<std::size_t>(exact_stride_),
                       std::numeric_limits<double>::infinity()),
          exact_values_(centres.bands())
    {
        auto const clusters = static_cast<double>(centres.clusters());
        for (std::size_t b = 0; b < centres.bands(); ++b) {
            double sum = 0;
            for (std::size_t k = 0; k < centres.clusters(); ++k) sum += centres[k][b] / clusters;
            // A whole number of few bits, so that differences to pixels of up to 16 bits are exact.
            origin_[b] = std::abs(sum) < 0x1p17 ? std::round(sum) : 0;
        }
        for (std::size_t b = 0; b < centres.bands(); ++b) {
            auto* const row = exact_table_.data() + b * static_cast<std::size_t>(exact_stride_);
            for (std::size_t k = 0; k < centres.clusters(); ++k) row[k] = centres[k][b];
        }
        measure_errors();
        constexpr std::size_t most = 4096; // of more the cells would need too much memory
        if (fast_ && centres.clusters() <= most && centres.bands() <= detail::centre_cells::most_bands) {
            cells_.emplace(centres, origin_);
        }
    }

    /// The nearest centre of each pixel, by its index.
    /// @param pixels for each band its first pixel
    /// @param count at most `run`
    /// @param nearest room for `run`
    template <rios::Pixel T>
    void find(T const* const* pixels, std::ptrdiff_t count, std::int32_t* nearest)
    {
        if (!fast_) {
            for (std::ptrdiff_t i = 0; i < count; ++i) asked_[i] = static_cast<std::int32_t>(i);
            return ask_again(pixels, count, nearest);
        }
        for (std::ptrdiff_t b = 0; b < bands_; ++b) convert(pixels[b], count, b);
        auto const asked = cells_ && cells_->ready() ? assign_in_cells(count, nearest) : assign(count, nearest);
        if (asked > 0) ask_again(pixels, asked, nearest);
    }

  private:
    /// By how much the lead of a score may be off.
    struct score_error {
        float pixel;  ///< for each unit of the pixel's length
        float centre; ///< whatever the pixel
    };

    void measure_errors()
    {
        double longest_square = 0;
        double largest = 0;
        for (std::size_t k = 0; k < centres_.clusters(); ++k) {
            float* const row = table_.data() + k * (centres_.bands() + 1);
            double square = 0;
            for (std::size_t b = 0; b < centres_.bands(); ++b) {
                auto const value = centres_[k][b] - origin_[b];
                row[1 + b] = static_cast<float>(value);
                square += value * value;
                largest = std::max(largest, std::abs(value));
            }
            row[0] = static_cast<float>(-square / 2);
            longest_square = std::max(longest_square, square);
        }
        // The kernel takes two centres at a time: the last one may need one more, which no pixel is near to.
        if (centres_.clusters() % 2 == 1) table_[centres_.clusters() * (centres_.bands() + 1)] = -1e38F;
        auto const error_with = [&](double numbers) {
            auto const each = 2.1 * (static_cast<double>(centres_.bands()) + 5 + 2.0 * numbers) * 0x1p-24;
            constexpr double tiny = 1e-36; // more than all that products can lose by being too small for a float
            return score_error{static_cast<float>(each * largest + tiny),
                               static_cast<float>(each * longest_square + tiny)};
        };
        numbered_error_ = error_with(static_cast<double>(detail::assign_arguments::block_size));
        plain_error_ = error_with(0);
        longest_ = static_cast<float>(std::min(largest * 0x1p20, 1e36 / largest));
        fast_ = largest > 0 && longest_square < 1e36;
    }

    template <typename T>
    void convert(T const* pixels, std::ptrdiff_t count, std::ptrdiff_t band) noexcept
    {
        float* const to = values_.data() + band * run;
        auto const origin = origin_[static_cast<std::size_t>(band)];
        if constexpr (std::integral<T> && sizeof(T) <= 2) {
            auto const whole = static_cast<std::int32_t>(origin);
            for (std::ptrdiff_t i = 0; i < count; ++i) {
                to[i] = static_cast<float>(static_cast<std::int32_t>(pixels[i]) - whole);
            }
        } else {
            for (std::ptrdiff_t i = 0; i < count; ++i) {
                to[i] = static_cast<float>(static_cast<double>(pixels[i]) - origin);
            }
        }
    }

    /// Among all centres. @returns how many pixels asked_ then holds: those that are doubtful
    std::ptrdiff_t assign(std::ptrdiff_t count, std::int32_t* nearest)
    {
        std::int32_t doubtful[run];
        detail::assign_arguments const in{.values = values_.data(),
                                          .band_stride = run,
                                          .count = count,
                                          .bands = bands_,
                                          .centres = table_.data(),
                                          .clusters = static_cast<std::ptrdiff_t>(centres_.clusters()),
                                          .pixel_error = numbered_error_.pixel,
                                          .longest = longest_,
                                          .centre_error = numbered_error_.centre,
                                          .nearest = nearest,
                                          .doubtful = doubtful};
        assign(in);
        std::ptrdiff_t asked = 0;
        for (std::ptrdiff_t i = 0; i < count; ++i) {
            asked_[asked] = static_cast<std::int32_t>(i);
            asked += doubtful[i] != 0 ? 1 : 0;
        }
        return asked;
    }

    void assign(detail::assign_arguments const& in) const
    {
#if defined(__x86_64__)
        if (set_ == detail::instruction_set::avx512) return detail::avx512_assignment::assign(in);
        if (set_ == detail::instruction_set::avx2) return detail::avx2_assignment::assign(in);
#endif
        detail::baseline_assignment::assign(in);
    }

    /// Among the centres of the pixels' cells. @returns as assign()
    std::ptrdiff_t assign_in_cells(std::ptrdiff_t count, std::int32_t* nearest)
    {
        // A group of centres fills one register of AVX2: wider ones are of no use.
#if defined(__x86_64__)
        if (set_ != detail::instruction_set::baseline) {
            namespace kernel = detail::avx2_assignment;
            return assign_in_cells(kernel::locate, kernel::assign_in_cells, count, nearest);
        }
#endif
        namespace kernel = detail::baseline_assignment;
        return assign_in_cells(kernel::locate, kernel::assign_in_cells, count, nearest);
    }

    std::ptrdiff_t assign_in_cells(void (*locate)(detail::locate_arguments const&),
                                   std::ptrdiff_t (*assign_from)(detail::cell_arguments const&, std::ptrdiff_t),
                                   std::ptrdiff_t count, std::int32_t* nearest)
    {
        std::int32_t cell[run];
        float lead[run];
        locate({.values = values_.data(),
                .band_stride = run,
                .count = count,
                .bands = bands_,
                .axes = cells_->axes(),
                .outside = cells_->outside(),
                .pixel_error = plain_error_.pixel,
                .centre_error = plain_error_.centre,
                .longest = longest_,
                .cell = cell,
                .lead = lead});
        std::ptrdiff_t asked = 0;
        for (std::ptrdiff_t at = 0;;) {
            at = assign_from({.values = values_.data(),
                              .band_stride = run,
                              .count = count,
                              .bands = bands_,
                              .cell = cell,
                              .lead = lead,
                              .entries = cells_->entries(),
                              .rows = cells_->rows(),
                              .nearest = nearest,
                              .doubtful = asked_,
                              .doubtful_count = &asked},
                             at);
            if (at == count) return asked;
            cells_->fill(cell[at], table_.data());
        }
    }

    template <typename T>
    void ask_again(T const* const* pixels, std::ptrdiff_t asked, std::int32_t* nearest)
    {
        for (std::ptrdiff_t n = 0; n < asked; ++n) {
            for (std::ptrdiff_t b = 0; b < bands_; ++b) {
                exact_values_[static_cast<std::size_t>(b)] = static_cast<double>(pixels[b][asked_[n]]);
            }
            nearest[asked_[n]] = find_exact_nearest();
        }
    }

    [[nodiscard]] std::int32_t find_exact_nearest() const
    {
        detail::exact_nearest_arguments const in{
            .values = exact_values_.data(), .bands = bands_, .centres = exact_table_.data(), .stride = exact_stride_};
#if defined(__x86_64__)
        if (set_ != detail::instruction_set::baseline) return detail::avx2_exact_nearest::find_exact_nearest(in);
#endif
        return detail::baseline_exact_nearest::find_exact_nearest(in);
    }

    [[nodiscard]] static std::ptrdiff_t round_up(std::size_t clusters)
    {
        constexpr auto block = detail::exact_nearest_arguments::block_size;
        return (static_cast<std::ptrdiff_t>(clusters) + block - 1) / block * block;
    }

    cluster_centres const& centres_;
    detail::instruction_set set_;
    std::ptrdiff_t bands_;
    std::vector<double> origin_;
    std::vector<float> table_;
    std::vector<float> values_;
    std::ptrdiff_t exact_stride_;
    std::vector<double> exact_table_;
    std::vector<double> exact_values_; // of one pixel
    std::optional<detail::centre_cells> cells_;
    std::int32_t asked_[run + 1] = {};
    score_error numbered_error_{}; // of scores that hold the number of their centre
    score_error plain_error_{};    // of those that do not
    float longest_ = 0;
    bool fast_ = false;
};

} // namespace shepseg
