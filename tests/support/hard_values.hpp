// SPDX-License-Identifier: BSL-1.0
// Numbers that tempt kernels to be wrong: pixels and centres for tests against plain loops.
#pragma once

#include <cstdint>

#include "random_numbers.hpp"

namespace test {

/// Of kind 0 few integers, so that ties are everywhere; 1 thirds, so that every product is rounded; 2 pixels of 16 bits; 3
/// magnitudes far apart.
inline double hard_value(random_numbers& random, std::uint64_t kind)
{
    switch (kind) {
    case 0: return random.between(-3, 3);
    case 1: return static_cast<double>(random.between(-9, 9)) / 3;
    case 2: return 65535 * random.unit();
    default: return random.between(-3, 3) * random.pick<double>({1e-200, 1e-5, 1, 1e10, 1e160, 1e308});
    }
}

} // namespace test
