// SPDX-License-Identifier: BSL-1.0
#include <rios/lists.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/concepts.hpp>
#include <rios/error.hpp>
#include <rios/image.hpp>
#include <rios/memory_reader.hpp>
#include <rios/memory_writer.hpp>
#include <rios/pixel_grid.hpp>

#include "support/message_of.hpp"
#include "support/pipeline_doubles.hpp"

using rios::image;
using rios::memory_reader;

namespace {

/// A reader of a file, as far as a list is concerned.
struct named_reader {
    using value_type = std::string;
    explicit named_reader(std::string file, int band = 1, char const* mode = "r")
        : name(std::move(file) + ' ' + std::to_string(band) + mode)
    {
    }
    std::string name;
    rios::pixel_grid place{.rows = 2, .cols = 3, .geotransform = {}, .projection = {}};
    [[nodiscard]] rios::pixel_grid const& grid() const { return place; }
    [[nodiscard]] std::string read(rios::block const& where) const { return name + std::to_string(where.index); }
};

} // namespace

static_assert(rios::Reader<rios::reader_list<named_reader>>);
static_assert(rios::Reader<rios::reader_list<memory_reader<float>>>);

TEST_CASE("a list reads a value from each of its readers")
{
    auto const a = test::random_image<float>(1, 4, 5, 1);
    auto const b = test::random_image<float>(2, 4, 5, 2);
    rios::reader_list list(std::vector{memory_reader(a), memory_reader(b)});
    CHECK(list.members().size() == 2);
    CHECK(list.grid() == memory_reader(a).grid());
    CHECK(list.read(list.grid().whole()) == std::vector{a, b});
}

TEST_CASE("readers are made from many paths and what else each needs")
{
    auto plain = rios::readers<named_reader>({"a", "b"});
    CHECK(plain.read({}) == std::vector<std::string>{"a 1r0", "b 1r0"});
    auto more = rios::readers<named_reader>({"a", "b", "c"}, 7, "w");
    CHECK(more.read({}) == std::vector<std::string>{"a 7w0", "b 7w0", "c 7w0"});
}

TEST_CASE("a list must not be empty")
{
    CHECK(test::message_of<rios::options_error>([] { rios::reader_list(std::vector<named_reader>()); }) ==
          "a list of inputs must have at least one");
    CHECK(test::message_of<rios::options_error>([] { static_cast<void>(rios::readers<named_reader>({})); }) ==
          "a list of inputs must have at least one");
    CHECK(test::message_of<rios::options_error>([] { rios::writer_list(std::vector<rios::memory_writer<float>>()); }) ==
          "a list of outputs must have at least one");
}

TEST_CASE("a list of writers gives them away for writing")
{
    image<float> result;
    std::vector<rios::memory_writer<float>> writers;
    writers.emplace_back(result);
    rios::writer_list list(std::move(writers));
    REQUIRE(list.members().size() == 1);
    list.members().front().open({.rows = 1, .cols = 2, .geotransform = {}, .projection = {}});
    list.members().front().close();
    CHECK(result == image<float>(1, 1, 2));
}
