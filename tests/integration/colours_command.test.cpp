// SPDX-License-Identifier: BSL-1.0
// `shepseg colours`: each option does what its help says.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/gdal/colour_table.hpp>
#include <shepseg/colour.hpp>

#include "support/raster_files.hpp"
#include "support/refusals.hpp"
#include "support/segment_tool.hpp"
#include "support/tables.hpp"
#include "support/temporary_directory.hpp"

using test::check_refused;
using test::contains;
using test::make_raster;
using test::quilt;
using test::status;
using test::strings;
using test::temporary_directory;

namespace {

/// Fifteen segments with the columns a (their number), b (15 - a) and kind (text).
void make_segments(std::string const& path, std::string const& format)
{
    make_raster(path, format, quilt{}.segments());
    std::vector<double> a(16);
    std::vector<double> b(16);
    for (std::size_t i = 0; i < 16; ++i) {
        a[i] = static_cast<double>(i);
        b[i] = 15 - a[i];
    }
    test::add_plain_column(path, "a", a);
    test::add_plain_column(path, "b", b);
    test::add_plain_column(path, "kind", std::vector<std::string>(16, "x"));
}

rios::colour_table colours_of(std::string const& path)
{
    return rios::read_colour_table(path, 1, rios::colour_store::attribute_table);
}

} // namespace

TEST_CASE("random colours of a segmentation are those of the seed, in files with and without an attribute table")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", quilt{}.image<std::uint8_t>(3));
    for (auto const& name : strings{"s.img", "s.tif"}) {
        auto const path = folder / name;
        static_cast<void>(test::segmented(folder / "in.tif", path, test::exact()));
        auto const first = test::shepseg({"colours", path, "--random"});
        INFO(first.text());
        CHECK(first.status == 0);
        CHECK(first.err.empty());
        CHECK(first.out == path + ": colours of 16 rows\n");
        auto const colours = colours_of(path);
        REQUIRE(colours.size() == 16);
        CHECK(colours[0] == rios::transparent);
        CHECK(colours[15] == shepseg::random_colour(15));
        auto const again = test::shepseg({"colours", path, "--random", "--seed", "7"});
        CHECK(again.out == path + ": new colours of 16 rows; those of before are replaced\n");
        CHECK(colours_of(path)[15] == shepseg::random_colour(15, 7));
        CHECK(test::shepseg({"colours", path, "--random", "-q"}).out.empty());
        CHECK(test::first_difference(test::read_pixels<std::uint32_t>(path), quilt{}.segments()) == "");
    }
}

TEST_CASE("columns become colours, stretched between the percentiles, and the report tells their ranges")
{
    temporary_directory const folder;
    auto const path = folder / "s.img";
    make_segments(path, "HFA");
    auto const result =
        test::shepseg({"colours", path, "--columns", "a,b,a", "--percentiles", "0,100", "--missing", "-9999"});
    INFO(result.text());
    CHECK(result.status == 0);
    CHECK(result.out == path + ": colours of 16 rows\n  red   a: 1 to 15\n  green b: 0 to 14\n  blue  a: 1 to 15\n");
    auto const colours = colours_of(path);
    CHECK(colours[0] == rios::transparent);
    CHECK(colours[1] == rios::colour{0, 255, 0, 255});
    CHECK(colours[8] == rios::colour{128, 128, 128, 255});
    CHECK(colours[15] == rios::colour{255, 0, 255, 255});
    CHECK(contains(test::shepseg({"colours", path, "--columns", "a,b,a", "--missing", "15"}).out, "a: 1 to 14"));
    CHECK(contains(test::shepseg({"colours", path, "--columns", "a,b,a"}).out, "a: 1 to 15"));
}

TEST_CASE("colours that cannot be are refused and the file stays as it was")
{
    temporary_directory const folder;
    auto const s = folder / "s.tif";
    make_segments(s, "GTiff");
    auto const refuses = [&](strings const& arguments, status expected, strings const& says) {
        check_refused(folder.path(), test::with({"colours"}, arguments), expected, says);
    };
    refuses({}, status::usage, {"SEGMENTS"});
    refuses({s}, status::usage, {"--random or --columns"});
    refuses({s, "--random", "--columns", "a,b,a"}, status::usage, {"excludes"});
    refuses({s, "--columns", "a,b,a", "--seed", "1"}, status::usage, {"--random"});
    refuses({s, "--random", "--percentiles", "1,2"}, status::usage, {"--columns"});
    refuses({s, "--random", "--seed", "-1"}, status::usage, {"--seed '-1'"});
    refuses({s, "--columns", "a,b"}, status::usage, {"--columns 'a,b'", "three names"});
    refuses({s, "--columns", "a,b,c"}, status::usage, {"no column 'c'", "'a', 'b', 'kind'"});
    refuses({s, "--columns", "a,b,kind"}, status::usage, {"column 'kind' is of type text"});
    for (auto const& bad : strings{"5", "95,5", "5,5", "-1,5", "5,101", "a,b", "1,2,3"}) {
        refuses({s, "--columns", "a,b,a", "--percentiles", bad}, status::usage,
                {"--percentiles '", "two percentiles, 0 to 100"});
    }
    refuses({s, "--columns", "a,b,a", "--missing", "x"}, status::usage, {"--missing 'x'", "a number or none"});
    refuses({folder / "none.tif", "--random"}, status::failed, {"none.tif: no such file or directory"});
}

TEST_CASE("a large table beside its file is warned of")
{
    temporary_directory const folder;
    rios::image<std::uint32_t> labels(1, 1, 10);
    labels(0, 0, 3) = 150000;
    make_raster(folder / "s.tif", "GTiff", labels);
    auto const result = test::shepseg({"colours", folder / "s.tif", "--random", "-q"});
    CHECK(result.status == 0);
    CHECK(result.out.empty());
    CHECK(contains(result.err, "shepseg: warning: "));
    CHECK(contains(result.err, "150001 rows"));
    make_raster(folder / "s.img", "HFA", labels);
    CHECK(test::shepseg({"colours", folder / "s.img", "--random", "-q"}).err.empty());
    CHECK(test::shepseg({"colours", folder / "s.img", "--random", "-q"}).status == 0);
}
