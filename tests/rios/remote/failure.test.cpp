// SPDX-License-Identifier: BSL-1.0
#include <rios/remote/failure.hpp>

#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <vector>

#include <doctest/doctest.h>

#include <rios/archive.hpp>
#include <rios/error.hpp>
#include <rios/remote/messages.hpp>

#include "support/message_of.hpp"

namespace {

namespace remote = rios::remote;
using test::message_of;

/// What arrives of an error, as text, if it arrives as an E.
template <typename E>
std::string travelled(std::function<void()> const& thrower)
{
    std::vector<std::byte> bytes;
    try {
        thrower();
    } catch (...) {
        bytes = rios::to_bytes(remote::current_failure(9));
    }
    auto const arrived = rios::from_bytes<remote::failure>(bytes);
    CHECK(arrived.job == 9);
    try {
        remote::throw_failure(arrived, "worker 3 on host n1");
    } catch (rios::error const& thrown) {
        CHECK(typeid(thrown) == typeid(E)); // and nothing derived from it
        return thrown.what();
    }
}

} // namespace

TEST_CASE("each kind of error arrives as what it was, with the place where it happened")
{
    auto const io = [] { throw rios::io_error("a/b: c.tif", "no such luck"); };
    CHECK(travelled<rios::io_error>(io) == "a/b: c.tif: no such luck (worker 3 on host n1)");
    auto const worker = [] { throw rios::worker_error("a.tif: block 12 (rows 1 to 2)", 12, 4, "no"); };
    CHECK(travelled<rios::worker_error>(worker) == "a.tif: block 12 (rows 1 to 2), worker 4: no (worker 3 on host n1)");
    CHECK(travelled<rios::grid_error>([] { throw rios::grid_error("g"); }) == "g (worker 3 on host n1)");
    CHECK(travelled<rios::options_error>([] { throw rios::options_error("o"); }) == "o (worker 3 on host n1)");
    CHECK(travelled<rios::timeout_error>([] { throw rios::timeout_error("t"); }) == "t (worker 3 on host n1)");
    CHECK(travelled<rios::remote_error>([] { throw rios::remote_error("r"); }) == "r (worker 3 on host n1)");
    CHECK(travelled<rios::error>([] { throw rios::error("e"); }) == "e (worker 3 on host n1)");
    CHECK(travelled<rios::error>([] { throw std::runtime_error("s"); }) == "s (worker 3 on host n1)");
    CHECK(travelled<rios::error>([] { throw 7; }) == "an exception that is no std::exception (worker 3 on host n1)");
}

TEST_CASE("an io_error keeps its path and a worker_error its numbers")
{
    auto const again = [](auto const& thrown) {
        remote::failure result;
        try {
            throw thrown;
        } catch (...) {
            result = remote::current_failure(1);
        }
        return result;
    };
    try {
        remote::throw_failure(again(rios::io_error("p: q", "r")), "w");
    } catch (rios::io_error const& thrown) {
        CHECK(thrown.path() == "p: q");
    }
    try {
        remote::throw_failure(again(rios::worker_error("w", 12, 4, "no")), "w");
    } catch (rios::worker_error const& thrown) {
        CHECK(thrown.block() == 12);
        CHECK(thrown.worker() == 4);
    }
    CHECK(again(rios::io_error("p: q", "r")).what == remote::failure::kind::io);
    CHECK(again(rios::worker_error("w", 12, 4, "no")).what == remote::failure::kind::worker);
}

TEST_CASE("an error that contradicts itself arrives as an error all the same")
{
    auto const text = [](remote::failure const& from) {
        return message_of<rios::error>([&] { remote::throw_failure(from, "w"); });
    };
    CHECK(text({.what = remote::failure::kind::io, .text = "t", .path = "other"}) == "t (w)");
    CHECK(text({.what = remote::failure::kind::worker, .text = "t", .worker = 5}) == "t (w)");
    auto bytes = rios::to_bytes(remote::failure{.what = remote::failure::kind::remote});
    bytes[8] = std::byte{7}; // the kind
    CHECK(message_of<rios::error>([&] { static_cast<void>(rios::from_bytes<remote::failure>(bytes)); }) ==
          "the data of a worker are damaged, or end too early");
}
