// SPDX-License-Identifier: BSL-1.0
#include <rios/percentile_rank.hpp>

#include <cstdint>
#include <string>

#include <doctest/doctest.h>

using rios::percentile_rank;

TEST_CASE("the rank of a percentile is the first that reaches so many percent of the values")
{
    CHECK(percentile_rank(0, 1) == 1);
    CHECK(percentile_rank(0, 1000) == 1);
    CHECK(percentile_rank(-0.0, 1000) == 1);
    CHECK(percentile_rank(100, 1) == 1);
    CHECK(percentile_rank(100, 1000) == 1000);
    CHECK(percentile_rank(50, 1) == 1);
    CHECK(percentile_rank(50, 2) == 1);
    CHECK(percentile_rank(50, 3) == 2);
    CHECK(percentile_rank(50, 4) == 2);
    CHECK(percentile_rank(25, 4) == 1);
    CHECK(percentile_rank(25.1, 4) == 2);
    CHECK(percentile_rank(1e-300, 5) == 1);
    CHECK(percentile_rank(99.999, 5) == 5);
    for (std::uint64_t percent = 0; percent <= 100; ++percent) {
        for (std::uint64_t count = 1; count < 3000; ++count) {
            auto rank = (count * percent + 99) / 100;
            if (rank == 0) rank = 1;
            REQUIRE(percentile_rank(static_cast<double>(percent), count) == rank);
        }
    }
    // Whole percentages of counts that no 32 bits hold.
    for (std::uint64_t const count : {(1ULL << 32) + 3, (1ULL << 40) + 7}) {
        for (std::uint64_t const percent : {1ULL, 7ULL, 50ULL, 99ULL, 100ULL}) {
            CHECK(percentile_rank(static_cast<double>(percent), count) == (count * percent + 99) / 100);
        }
    }
}

TEST_CASE("a percentage that has digits is taken as it is written")
{
    // Thousandths, each of which is a double that is a little more or less.
    for (std::uint64_t thousandths = 0; thousandths <= 100'000; thousandths += 7) {
        auto const percent =
            std::stod(std::to_string(thousandths / 1000) + "." + std::to_string(1000 + thousandths % 1000).substr(1));
        for (std::uint64_t const count : {1ULL, 1000ULL, 100'000ULL, 3'700'000ULL, 1ULL << 33}) {
            auto rank = (count * thousandths + 99'999) / 100'000;
            if (rank == 0) rank = 1;
            CAPTURE(percent);
            CAPTURE(count);
            REQUIRE(percentile_rank(percent, count) == rank);
        }
    }
}
