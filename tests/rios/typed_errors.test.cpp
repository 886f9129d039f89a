// SPDX-License-Identifier: BSL-1.0
#include <rios/typed_errors.hpp>

#include <exception>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

using rios::detail::with_typed_errors;

namespace {

auto const as_io_error = [](std::string const& reason) { return rios::io_error("a.tif", "cannot read: " + reason); };

} // namespace

TEST_CASE("what a call returns is handed on, a reference as a reference")
{
    int number = 7;
    CHECK(with_typed_errors([&] { return number + 1; }, as_io_error) == 8);
    with_typed_errors([&]() -> int& { return number; }, as_io_error) = 9;
    CHECK(number == 9);
    with_typed_errors([&] { number = 10; }, as_io_error);
    CHECK(number == 10);
}

TEST_CASE("an error of rios passes as it is, and all others are nested in the one that is made of them")
{
    CHECK_THROWS_AS(with_typed_errors([] { throw rios::grid_error("as it is"); }, as_io_error), rios::grid_error);
    try {
        with_typed_errors([] { throw std::out_of_range("too far"); }, as_io_error);
        FAIL("nothing was thrown");
    } catch (rios::io_error const& error) {
        CHECK(std::string(error.what()) == "a.tif: cannot read: too far");
        CHECK_THROWS_AS(std::rethrow_if_nested(error), std::out_of_range);
    }
    try {
        with_typed_errors([] { throw 7; }, as_io_error);
        FAIL("nothing was thrown");
    } catch (rios::io_error const& error) {
        CHECK(std::string(error.what()) == "a.tif: cannot read: an exception that is no std::exception");
        CHECK_THROWS_AS(std::rethrow_if_nested(error), int);
    }
}
