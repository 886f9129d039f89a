// SPDX-License-Identifier: BSL-1.0
#include <rios/error.hpp>

#include <stdexcept>
#include <string>
#include <type_traits>

#include <doctest/doctest.h>

static_assert(std::is_base_of_v<std::runtime_error, rios::error>);
static_assert(std::is_base_of_v<rios::error, rios::io_error>);
static_assert(std::is_base_of_v<rios::error, rios::grid_error>);
static_assert(std::is_base_of_v<rios::error, rios::options_error>);
static_assert(std::is_base_of_v<rios::error, rios::cancelled>);
static_assert(std::is_nothrow_copy_constructible_v<rios::options_error>);

TEST_CASE("an io_error starts with the path and keeps it")
{
    rios::io_error const error("/data/a.tif", "no such file");
    CHECK(std::string(error.what()) == "/data/a.tif: no such file");
    CHECK(error.path() == "/data/a.tif");
}

TEST_CASE("cancelled says so")
{
    CHECK(std::string(rios::cancelled().what()) == "cancelled");
}
