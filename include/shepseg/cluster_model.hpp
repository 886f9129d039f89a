// SPDX-License-Identifier: BSL-1.0
//
// The spectral clusters that seed a segmentation: a value that is fitted once (kmeans.hpp), saved, loaded
// (json/cluster_model.hpp) and used again on other images.
#pragma once

#include <cassert>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <rios/error.hpp>

namespace shepseg {

/// K cluster centres in B bands, in the units of the pixels. A regular value.
class cluster_centres {
  public:
    cluster_centres() = default;

    /// K centres at the origin.
    cluster_centres(std::size_t clusters, std::size_t bands) : bands_(bands), values_(clusters * bands) {}

    /// One inner list for each centre.
    /// @throws rios::options_error if the lists differ in length or are empty
    explicit cluster_centres(std::vector<std::vector<double>> const& rows)
        : cluster_centres(rows.size(), rows.empty() ? 0 : rows.front().size())
    {
        for (std::size_t k = 0; k < rows.size(); ++k) {
            if (rows[k].empty() || rows[k].size() != bands_) {
                throw rios::options_error("cluster centre " + std::to_string(k + 1) + " has " +
                                          std::to_string(rows[k].size()) + " bands, the first has " +
                                          std::to_string(bands_) + "; all must have the same number, at least 1");
            }
            for (std::size_t b = 0; b < bands_; ++b) values_[k * bands_ + b] = rows[k][b];
        }
    }

    [[nodiscard]] std::size_t clusters() const noexcept { return bands_ == 0 ? 0 : values_.size() / bands_; }
    [[nodiscard]] std::size_t bands() const noexcept { return bands_; }
    [[nodiscard]] bool empty() const noexcept { return values_.empty(); }

    /// The spectrum of one centre, a value for each band.
    [[nodiscard]] std::span<double> operator[](std::size_t cluster) noexcept
    {
        assert(cluster < clusters());
        return {values_.data() + cluster * bands_, bands_};
    }
    [[nodiscard]] std::span<double const> operator[](std::size_t cluster) const noexcept
    {
        assert(cluster < clusters());
        return {values_.data() + cluster * bands_, bands_};
    }

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.bands_, self.values_);
    }

    friend bool operator==(cluster_centres const&, cluster_centres const&) = default;

  private:
    std::size_t bands_ = 0;
    std::vector<double> values_;
};

/// Cluster centres together with what they were made from.
struct cluster_model {
    std::vector<int> bands;           ///< the bands of the image, from 1, in the order of the centres' values
    std::optional<double> null_value; ///< pixels with this value in any of the bands were left out
    cluster_centres centres;

    /// NaN as a null value equals NaN.
    friend bool operator==(cluster_model const& a, cluster_model const& b)
    {
        auto const is_nan = [](std::optional<double> const& value) { return value && std::isnan(*value); };
        bool const same_null = a.null_value == b.null_value || (is_nan(a.null_value) && is_nan(b.null_value));
        return same_null && a.bands == b.bands && a.centres == b.centres;
    }
};

} // namespace shepseg
