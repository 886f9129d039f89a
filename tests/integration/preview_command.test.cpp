// SPDX-License-Identifier: BSL-1.0
// `shepseg preview`: each option does what its help says.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "support/raster_files.hpp"
#include "support/refusals.hpp"
#include "support/segment_tool.hpp"
#include "support/temporary_directory.hpp"

using test::check_refused;
using test::contains;
using test::make_raster;
using test::quilt;
using test::shepseg;
using test::status;
using test::strings;
using test::temporary_directory;

namespace {

/// How many pixels of a picture are of a colour.
std::ptrdiff_t count(rios::image<std::uint8_t> const& picture, int red, int green, int blue)
{
    std::ptrdiff_t result = 0;
    for (auto const [row, col] : picture.pixels()) {
        if (picture(0, row, col) == red && picture(1, row, col) == green && picture(2, row, col) == blue) ++result;
    }
    return result;
}

/// An image of 40 × 60 pixels, and its segments: squares of 10 × 10.
struct scene {
    temporary_directory folder;
    quilt squares{.rows = 40, .cols = 60, .patch = 10};

    scene()
    {
        make_raster(folder / "in.tif", "GTiff", squares.image<std::uint16_t>(4));
        make_raster(folder / "s.tif", "GTiff", squares.segments());
    }

    [[nodiscard]] test::process_result draw(std::string const& name, strings const& options = {}) const
    {
        return shepseg(test::with({"preview", folder / "in.tif", folder / "s.tif", folder / name}, options));
    }
};

} // namespace

TEST_CASE("a picture of a small raster is all of it, enlarged, with its boundaries")
{
    scene const s;
    auto const result = s.draw("a.png");
    INFO(result.text());
    CHECK(result.status == 0);
    CHECK(result.err.empty());
    CHECK(result.out == (s.folder / "a.png") + ": 240 x 160 pixels, 4 x 4 for each of the raster\n"
                                               "  window  0,0,60,40\n  bands   4,3,2\n");
    auto const picture = test::read_pixels<std::uint8_t>(s.folder / "a.png");
    CHECK(picture.cols() == 240);
    CHECK(count(picture, 255, 255, 0) == 5 * 160 + 3 * 240 - 15);
}

TEST_CASE("a window is drawn at full size, and reduced if it is larger than the picture may be")
{
    scene const s;
    CHECK(contains(s.draw("a.png", {"--size", "20"}).out,
                   "20 x 20 pixels, one for each of the raster\n  window  20,10,20,20"));
    CHECK(contains(s.draw("b.png", {"--size", "20", "--window", "all"}).out,
                   "20 x 14 pixels, one for 3 x 3 of the raster\n  window  0,0,60,40"));
    CHECK(contains(s.draw("c.png", {"--window", "5,6,30,20", "--size", "30"}).out, "window  5,6,30,20"));
    auto const part = test::read_pixels<std::uint8_t>(s.folder / "c.png");
    CHECK(count(part, 255, 255, 0) == 3 * 20 + 2 * 30 - 6);
}

TEST_CASE("in mean colours there are no boundaries, and as many colours as spectra")
{
    scene const s;
    CHECK(s.draw("a.png", {"--mean-colour", "--bands", "1", "-q"}).text() ==
          "exit status 0\nstandard output: \nstandard error: ");
    auto const picture = test::read_pixels<std::uint8_t>(s.folder / "a.png");
    std::set<int> values;
    for (auto const [row, col] : picture.pixels()) {
        values.insert(picture(0, row, col));
        CHECK(picture(1, row, col) == picture(0, row, col));
    }
    CHECK(values == std::set<int>{0, 63, 127, 191, 255});
}

TEST_CASE("the extension of a picture chooses its format, and a tif has its place")
{
    scene const s;
    for (auto const& [name, driver] : std::map<std::string, std::string>{{"a.jpg", "JPEG"}, {"a.tif", "GTiff"}}) {
        CHECK(s.draw(name).status == 0);
        CHECK(std::string(test::open_raster(s.folder / name)->GetDriver()->GetDescription()) == driver);
    }
    CHECK(s.folder.names() == std::set<std::string>{"in.tif", "s.tif", "a.jpg", "a.tif"});
}

TEST_CASE("pictures that cannot be are refused and nothing is left")
{
    scene const s;
    auto const& folder = s.folder;
    make_raster(folder / "small.tif", "GTiff", quilt{.rows = 40, .cols = 50}.segments());
    auto const refuses = [&](strings const& arguments, status expected, strings const& says) {
        check_refused(folder.path(), test::with({"preview"}, arguments), expected, says);
    };
    auto const in = folder / "in.tif";
    auto const segments = folder / "s.tif";
    auto const out = folder / "a.png";
    refuses({in, segments}, status::usage, {"OUTPUT"});
    refuses({in, segments, folder / "a.gif"}, status::usage, {"a.gif: a picture must be a .png"});
    refuses({in, folder / "small.tif", out}, status::failed,
            {"small.tif: has 40 rows, 50 cols", "in.tif has 40 rows, 60 cols"});
    refuses({in, folder / "none.tif", out}, status::failed, {"none.tif: no such file or directory"});
    refuses({in, segments, out, "--bands", "1,2"}, status::usage, {"--bands '1,2'", "one band or three"});
    refuses({in, segments, out, "--bands", "7"}, status::usage, {"--bands '7'", "1 to 4"});
    refuses({in, segments, out, "--size", "0"}, status::usage, {"--size '0'", "20000"});
    refuses({in, segments, out, "--window", "0,0,61,40"}, status::failed, {"the window at row 0, col 0"});
    refuses({in, segments, out, "--window", "0,0"}, status::usage, {"--window '0,0'", "x,y,width,height"});
    refuses({in, segments, segments}, status::usage, {"is the input"});
    refuses({in, segments, folder / "nowhere/a.png"}, status::failed, {"cannot create a file in"});
}
