// SPDX-License-Identifier: BSL-1.0
//
// The transformation of pixels along rows, nearly as good and much faster than pixel by pixel. Used by warp.hpp.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include <gdal_alg.h>

#include "pixel_transform.hpp"

namespace rios::detail {

/// Transforms the ends of steps along a row, and interpolates between them where that is good enough. What gdalwarp does for
/// any row of pixels that it is about; here steps begin at fixed columns of the grid, so that a pixel is transformed in the same
/// way whatever block it belongs to.
///
/// Thread rule: one thread at a time.
class stepped_transform {
  public:
    /// @param exact outlives this
    /// @param largest_error in pixels of the source, measured in the middle of a step; 0: all pixels are transformed exactly
    stepped_transform(pixel_transform const& exact, double largest_error)
        : exact_(&exact), largest_error_(largest_error)
    {
    }

    /// A GDALTransformerFunc; the first argument is a stepped_transform.
    static int transform(void* self, int to_source, int count, double* x, double* y, double* z, int* done)
    {
        auto& that = *static_cast<stepped_transform*>(self);
        if (to_source == FALSE || that.largest_error_ <= 0) {
            return GDALGenImgProjTransform(that.exact_->raw(), to_source, count, x, y, z, done);
        }
        that.to_source(count, x, y, z, done);
        return TRUE;
    }

  private:
    static constexpr double length = 64; // of a step, in pixels of the grid

    /// Points of one row and one step: from begin to end.
    struct run {
        int begin;
        int end;
        double first_col;
    };

    void to_source(int count, double* x, double* y, double* z, int* done)
    {
        runs_.clear();
        places_ = {};
        for (int i = 0, next = 0; i < count; i = next) {
            auto const step = std::floor(x[i] / length);
            while (next < count && y[next] == y[i] && std::floor(x[next] / length) == step) ++next;
            runs_.push_back({i, next, step * length});
            for (double const part : {0.0, 0.5, 1.0}) places_.add(y[i], (step + part) * length);
        }
        exact_->to_source(places_);
        for (std::size_t i = 0; i < runs_.size(); ++i) {
            auto const& [begin, end, first_col] = runs_[i];
            if (!is_straight(3 * i)) {
                GDALGenImgProjTransform(exact_->raw(), TRUE, end - begin, x + begin, y + begin, z + begin,
                                        done + begin);
                continue;
            }
            auto const col = places_.col[3 * i];
            auto const row = places_.row[3 * i];
            auto const cols = places_.col[3 * i + 2] - col;
            auto const rows = places_.row[3 * i + 2] - row;
            for (int k = begin; k < end; ++k) {
                auto const part = (x[k] - first_col) / length;
                x[k] = col + cols * part;
                y[k] = row + rows * part;
                done[k] = TRUE;
            }
        }
    }

    /// Is the middle of a step where it should be?
    [[nodiscard]] bool is_straight(std::size_t first) const
    {
        if (!places_.is_done(first) || !places_.is_done(first + 1) || !places_.is_done(first + 2)) return false;
        auto const bend = [first](std::vector<double> const& at) {
            return std::abs((at[first] + at[first + 2]) / 2 - at[first + 1]);
        };
        return std::max(bend(places_.row), bend(places_.col)) <= largest_error_;
    }

    std::array<char, 8> no_signature_{}; // GDAL looks here for the name of a transformer of its own
    pixel_transform const* exact_;
    double largest_error_;
    std::vector<run> runs_;
    pixel_transform::points places_;
};

} // namespace rios::detail
