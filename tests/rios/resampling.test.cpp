// SPDX-License-Identifier: BSL-1.0
#include <rios/resampling.hpp>

#include <cstddef>
#include <string>

#include <doctest/doctest.h>

#include <rios/error.hpp>

#include "support/message_of.hpp"

using rios::parse_resampling;
using rios::resampling;

TEST_CASE("every way to resample has the name that gdalwarp has for it")
{
    CHECK(name_of(resampling::near) == "near");
    CHECK(name_of(resampling::cubicspline) == "cubicspline");
    CHECK(name_of(resampling::sum) == "sum");
    for (auto method = resampling::near; method <= resampling::sum;
         method = static_cast<resampling>(static_cast<int>(method) + 1)) {
        CHECK(parse_resampling(name_of(method)) == method);
    }
}

TEST_CASE("an unknown way to resample is refused with the names of all others")
{
    for (std::string const name : {"nearest", "", "Cubic", "near "}) {
        CHECK(test::message_of<rios::options_error>([&] { static_cast<void>(parse_resampling(name)); }) ==
              "resampling '" + name +
                  "': allowed: near, bilinear, cubic, cubicspline, lanczos, average, rms, mode, max, min, med, q1, q3 "
                  "and sum");
    }
}
