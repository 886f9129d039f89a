// SPDX-License-Identifier: BSL-1.0
//
// Numbers and means of the pixels of each band, added up by workers and printed: for block_mean and masked_mean.
#pragma once

#include <cstddef>
#include <cstdio>
#include <vector>

#include <rios/band_sum.hpp>
#include <rios/pixel_type.hpp>

namespace examples {

/// Which thread sees which blocks differs from run to run, so the sums must not depend on the order of addition: a double would
/// be another one in its last digits.
template <rios::Pixel T>
class band_means {
  public:
    band_means() = default;
    explicit band_means(std::ptrdiff_t bands) : bands_(static_cast<std::size_t>(bands)) {}

    void add(std::ptrdiff_t band, T pixel)
    {
        auto& own = bands_[static_cast<std::size_t>(band)];
        ++own.count;
        own.sum.add(pixel);
    }

    /// Takes over what another copy has counted.
    void merge(band_means const& other)
    {
        for (std::size_t band = 0; band < bands_.size(); ++band) {
            bands_[band].count += other.bands_[band].count;
            bands_[band].sum.add(other.bands_[band].sum);
        }
    }

    void print() const
    {
        for (std::size_t band = 0; band < bands_.size(); ++band) {
            auto const& [count, sum] = bands_[band];
            std::printf("band %zu: %llu pixels, ", band + 1, count);
            if (count == 0) std::printf("no mean\n");
            else std::printf("mean %.12g\n", sum.value() / static_cast<double>(count));
        }
    }

    /// What travels when blocks are computed by other processes.
    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.bands_);
    }

  private:
    struct count_and_sum {
        unsigned long long count = 0;
        rios::band_sum<T> sum;

        template <typename Self, typename A>
        static void members(Self& self, A& archive)
        {
            archive(self.count, self.sum);
        }
    };
    std::vector<count_and_sum> bands_;
};

} // namespace examples
