// SPDX-License-Identifier: BSL-1.0
// `shepseg subset`, run as a user runs it.
#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <gdal_priv.h>

#include "support/raster_files.hpp"
#include "support/segment_tool.hpp"
#include "support/tables.hpp"
#include "support/temporary_directory.hpp"

using test::contains;
using test::labels;
using test::make_raster;
using test::printed;
using test::quilt;
using test::shepseg;
using test::strings;
using test::temporary_directory;
using test::with;

namespace {

/// Message of a run that must fail with that status and leave the folder as it is.
std::string refused(temporary_directory const& folder, strings const& arguments, int status)
{
    auto const before = test::contents_of(folder.path());
    auto const result = shepseg(arguments);
    INFO(result.text());
    CHECK(result.status == status);
    CHECK(result.out.empty());
    CHECK(result.err.starts_with("shepseg: error: "));
    CHECK(test::difference(before, test::contents_of(folder.path())) == "");
    return result.err;
}

/// Segments of a quilt, at a place on the map: pixels of 10 × 10 from x 1000, y 2000 on.
void make_segments(std::string const& path, labels const& pixels)
{
    make_raster(path, "GTiff", pixels);
    auto const file = test::open_raster(path, GDAL_OF_UPDATE);
    std::array<double, 6> place{1000, 10, 0, 2000, 0, -10};
    file->SetGeoTransform(place.data());
}

/// Each pixel's number before, by a column of the table.
labels mapped_back(std::string const& path, std::string const& column)
{
    auto pixels = test::read_pixels<std::uint32_t>(path);
    auto const original = test::plain_values<std::int32_t>(path, column);
    for (auto const [row, col] : pixels.pixels()) {
        pixels(0, row, col) = static_cast<std::uint32_t>(original.at(pixels(0, row, col)));
    }
    return pixels;
}

labels part_of(labels const& all, std::ptrdiff_t row, std::ptrdiff_t col, std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    labels result(1, rows, cols);
    for (auto const [r, c] : result.pixels()) result(0, r, c) = all(0, row + r, col + c);
    return result;
}

} // namespace

TEST_CASE("the help of subset names every option and what it means, and no line is long")
{
    auto const text = printed({"subset", "--help"});
    std::istringstream words(
        "SEGMENTS OUTPUT --window X,Y,W,H --extent XMIN,YMIN,XMAX,YMAX --mask --original-id-column "
        "--format --of --creation-option --co --threads --quiet -q gdal_translate Exit Example");
    for (std::string each; words >> each;) {
        INFO(each);
        CHECK(contains(text, each));
    }
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 110);
}

TEST_CASE("1000 x 1000 pixels of a segmentation map back to the numbers that they had")
{
    temporary_directory const folder;
    quilt const scene{.rows = 1300, .cols = 1250, .patch = 41};
    make_raster(folder / "scene.tif", "GTiff", scene.image<std::uint8_t>(3));
    for (std::string const extension : {".tif", ".img"}) {
        auto const all =
            test::segmented(folder / "scene.tif", folder / ("all" + extension),
                            with(test::exact(), {"--null-value", std::to_string(quilt::value<int>(3, 10, 20))}));
        auto const out = printed({"subset", "--window", "150,201,1000,1000", "--original-id-column", "original",
                                  folder / ("all" + extension), folder / ("part" + extension)});
        CHECK(contains(out, "1000 columns x 1000 rows from column 150, row 201"));
        CHECK(contains(out,
                       extension == ".tif" ? "Table columns     original" : "Table columns     Histogram, original"));
        auto const back = mapped_back(folder / ("part" + extension), "original");
        CHECK(test::first_difference(back, part_of(all, 201, 150, 1000, 1000)) == "");
    }
}

TEST_CASE("windows, extents and masks go together with all ways to write the output")
{
    temporary_directory const folder;
    auto const all = quilt{.rows = 60, .cols = 80, .patch = 4}.segments(2);
    auto const in = folder / "in.tif";
    make_segments(in, all);
    CHECK(printed({"subset", "-q", in, folder / "all.tif"}).empty());
    CHECK(test::first_difference(test::read_pixels<std::uint32_t>(folder / "all.tif"), all) == ""); // no gaps before
    CHECK(printed({"subset", "--quiet", "--window=3,5,40,30", "--threads=3", in, folder / "w.tif",
                   "--original-id-column=id"})
              .empty());
    auto const part = part_of(all, 5, 3, 40 - 10, 40);
    CHECK(test::first_difference(mapped_back(folder / "w.tif", "id"), part) == "");
    auto const text = printed({"subset", "--extent", "1030,1650,1430,1950", in, folder / "e", "--of", "HFA", "--co",
                               "COMPRESSED=NO", "--original-id-column", "id"});
    CHECK(contains(text, "(HFA)"));
    CHECK(contains(text, "40 columns x 30 rows from column 3, row 5 of " + in + " on"));
    CHECK(test::first_difference(mapped_back(folder / "e", "id"), part) == "");

    rios::image<std::uint8_t> mask(1, 30, 40);
    labels masked(1, 30, 40);
    for (auto const [row, col] : mask.pixels()) {
        mask(0, row, col) = (row + col) % 3 == 0 ? 0 : 9;
        masked(0, row, col) = mask(0, row, col) == 0 ? 0 : part(0, row, col);
    }
    make_raster(folder / "mask.tif", "GTiff", mask);
    CHECK(contains(printed({"subset", "--window", "3,5,40,30", "--mask", folder / "mask.tif", in, folder / "m.img",
                            "--original-id-column", "id"}),
                   "Dropped by mask   3"));
    CHECK(test::first_difference(mapped_back(folder / "m.img", "id"), masked) == "");
}

TEST_CASE("an extent may begin with a minus sign")
{
    temporary_directory const folder;
    auto const in = folder / "in.tif";
    make_raster(in, "GTiff", quilt{.rows = 20, .cols = 20}.segments());
    std::array<double, 6> place{-100, 10, 0, 100, 0, -10};
    test::open_raster(in, GDAL_OF_UPDATE)->SetGeoTransform(place.data());
    CHECK(contains(printed({"subset", "--extent", "-50,-20,0,40", in, folder / "out.tif"}),
                   "5 columns x 6 rows from column 5, row 6"));
}

TEST_CASE("wrong usage of subset is refused with the option, the value and what is allowed")
{
    temporary_directory const folder;
    auto const in = folder / "in.tif";
    auto const out = folder / "out.tif";
    make_segments(in, quilt{}.segments());
    auto const wrong = [&](strings const& options) { return refused(folder, with({"subset", in, out}, options), 2); };
    for (std::string const window : {"1,2,3", "1,2,3,4,5", "a,2,3,4", "-1,2,3,4", "1,2,0,4", "1, 2,3,4", "1,2,3,4."}) {
        CHECK(contains(wrong({"--window", window}),
                       "--window '" + window + "' is not allowed: must be x,y,width,height in pixels"));
    }
    for (std::string const extent :
         {"1,2,3", "1,2,3,4,5", "1,2,x,4", "1,2,1,4", "3,2,1,4", "1,2,nan,4", "1,2,inf,4", "1,2,,4", "1,2,3,4x"}) {
        CHECK(contains(wrong({"--extent", extent}),
                       "--extent '" + extent + "' is not allowed: must be xmin,ymin,xmax,ymax in map units"));
    }
    CHECK(contains(wrong({"--extent", "1,2,3,4", "--window", "1,2,3,4"}), "--window and --extent exclude each other"));
    CHECK(contains(wrong({"--window", ""}), "--window: needs a value"));
    CHECK(contains(wrong({"--threads", "-1"}), "--threads"));
    CHECK(contains(refused(folder, {"subset", in}, 2), "OUTPUT is required"));
}

TEST_CASE("what subset cannot do is one line that names the file and what is allowed")
{
    temporary_directory const folder;
    auto const in = folder / "in.tif";
    auto const out = folder / "out.tif";
    make_segments(in, quilt{}.segments());
    make_raster(folder / "float.tif", "GTiff", rios::image<float>(1, 4, 4));
    auto const failed = [&](strings const& options) { return refused(folder, with({"subset"}, options), 1); };
    CHECK(
        contains(failed({in, out, "--window", "15,5,10,4"}),
                 in + ": the window at row 5, col 15 of 4 rows, 10 cols is not inside the raster of 12 rows, 20 cols"));
    CHECK(contains(failed({in, out, "--extent", "0,0,500,500"}),
                   "lies outside the raster, which covers x 1000 to 1200, y 1880 to 2000"));
    CHECK(contains(refused(folder, {"subset", in, in}, 2), in + ": is the input " + in));
    CHECK(contains(failed({folder / "float.tif", out}), "float.tif: has pixels of type float32; numbers of segments"));
    CHECK(contains(failed({folder / "none.tif", out}), folder / "none.tif"));
    CHECK(contains(refused(folder, {"subset", in, folder / "out.xyz"}, 2), "no format is known"));
    CHECK(contains(refused(folder, {"subset", in, out, "--format", "PNG"}, 2), "cannot be written block by block"));
    CHECK(contains(refused(folder, {"subset", in, out, "--of", "NOPE"}, 2), out + ": unknown format 'NOPE'"));
    CHECK(contains(failed({in, out, "--mask", folder / "float.tif"}),
                   "has 4 rows, 4 cols; the subset has 12 rows, 20 cols"));
}

TEST_CASE("subset replaces an older output and the files that belonged to it")
{
    temporary_directory const folder;
    make_segments(folder / "in.tif", quilt{}.segments());
    test::write_file(folder / "out.tif", "an older result");
    test::write_file(folder / "out.tif.aux.xml", "its notes");
    CHECK(shepseg({"subset", folder / "in.tif", folder / "out.tif", "--quiet"}).status == 0);
    CHECK(test::read_pixels<std::uint32_t>(folder / "out.tif") == test::read_pixels<std::uint32_t>(folder / "in.tif"));
    CHECK(folder.names() == std::set<std::string>{"in.tif", "out.tif"});
}
