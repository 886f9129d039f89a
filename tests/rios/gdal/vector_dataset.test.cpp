// SPDX-License-Identifier: BSL-1.0
#include <rios/gdal/vector_dataset.hpp>

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/message_of.hpp"
#include "support/raster_files.hpp"
#include "support/temporary_directory.hpp"
#include "support/vector_files.hpp"

using rios::vector_dataset;
using test::message_of;
using test::temporary_directory;

TEST_CASE("a source of vectors gives its layers by number and by name")
{
    temporary_directory const folder;
    auto const path = folder / "a.gpkg";
    test::make_vectors(path,
                       {{.name = "roads", .features = {{"POINT (1 2)"}}, .crs = "EPSG:32755"}, {.name = "rivers"}});
    auto const file = vector_dataset::open(path);
    CHECK(file.path() == path);
    CHECK(file.format() == "GPKG");
    CHECK(file.layer_count() == 2);
    CHECK(file.layer_names() == std::vector<std::string>{"roads", "rivers"});
    CHECK(file.layer(0).GetFeatureCount() == 1);
    CHECK(&file.layer(std::string("rivers")) == &file.layer(1));
    CHECK(message_of<rios::options_error>([&] { static_cast<void>(file.layer(2)); }) ==
          path + ": no layer 2; its layers: 'roads', 'rivers', numbered from 0");
    CHECK(message_of<rios::options_error>([&] { static_cast<void>(file.layer(std::string("lakes"))); }) ==
          path + ": no layer 'lakes'; its layers: 'roads', 'rivers'");
    CHECK(rios::detail::crs_of(file.layer(0)) != nullptr);
    CHECK(rios::detail::crs_of(file.layer(1)) == nullptr); // "Undefined ..." in the file
}

TEST_CASE("a source is opened with the options of its driver")
{
    temporary_directory const folder;
    std::ofstream(folder / "t.csv") << "id,v\n1,2\n";
    auto const type = [&](std::vector<std::string> const& options) {
        return vector_dataset::open(folder / "t.csv", options).layer(0).GetLayerDefn()->GetFieldDefn(0)->GetType();
    };
    CHECK(type({}) == OFTString);
    CHECK(type({"AUTODETECT_TYPE=YES"}) == OFTInteger);
}

TEST_CASE("what is no source of vectors is told in one line")
{
    temporary_directory const folder;
    std::ofstream(folder / "text.gpkg") << "no database";
    test::make_raster(folder / "a.tif", "GTiff", rios::image<std::uint8_t>(1, 2, 2));
    for (std::string const name : {"none.gpkg", "text.gpkg", "a.tif"}) {
        CAPTURE(name);
        auto const message =
            message_of<rios::io_error>([&] { static_cast<void>(vector_dataset::open(folder / name)); });
        CHECK(message.starts_with(folder / name + ": "));
        CHECK(message.find('\n') == std::string::npos);
    }
    CHECK(message_of<rios::io_error>([&] { static_cast<void>(vector_dataset::open(folder / "none.gpkg")); }) ==
          folder / "none.gpkg: no such file or directory");
}
