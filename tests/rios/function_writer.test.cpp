// SPDX-License-Identifier: BSL-1.0
#include <rios/function_writer.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/block.hpp>
#include <rios/concepts.hpp>
#include <rios/pixel_grid.hpp>

using rios::block;
using rios::function_writer;

namespace {

struct takes_text {
    void operator()(block const& /*where*/, std::string const& /*text*/) const {}
};
static_assert(rios::Writer<function_writer<takes_text>, std::string>);
static_assert(!rios::Writer<function_writer<takes_text>, std::vector<int>>);

} // namespace

TEST_CASE("a function sees every result with its block")
{
    std::vector<std::pair<std::size_t, std::string>> seen;
    function_writer writer(
        [&](block const& where, std::string text) { seen.emplace_back(where.index, std::move(text)); });
    writer.open(rios::pixel_grid{});
    writer.write({.index = 3}, std::string("three"));
    writer.write({.index = 1}, std::string("one"));
    writer.close();
    CHECK(seen == std::vector<std::pair<std::size_t, std::string>>{{3, "three"}, {1, "one"}});
}

TEST_CASE("what can only be moved is moved to the function")
{
    int sum = 0;
    function_writer writer([&](block const&, std::unique_ptr<int> number) { sum += *number; });
    writer.write({}, std::make_unique<int>(7));
    CHECK(sum == 7);
}

TEST_CASE("a function with a state keeps it between blocks")
{
    std::vector<int> counts;
    function_writer writer([&counts, n = 0](block const&, int) mutable { counts.push_back(++n); });
    writer.write({}, 0);
    auto moved = std::move(writer);
    moved.write({}, 0);
    CHECK(counts == std::vector{1, 2});
}
