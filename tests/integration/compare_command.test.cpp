// SPDX-License-Identifier: BSL-1.0
// `shepseg compare`, run as a user runs it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "support/raster_files.hpp"
#include "support/segment_tool.hpp"
#include "support/temporary_directory.hpp"

using test::contains;
using test::labels;
using test::make_raster;
using test::printed;
using test::quilt;
using test::shepseg;
using test::strings;
using test::temporary_directory;

namespace {

/// Other numbers for the same segments.
labels renumbered(labels segments)
{
    for (auto const [row, col] : segments.pixels()) {
        auto& label = segments(0, row, col);
        if (label != 0) label = 100'000 - 7 * label;
    }
    return segments;
}

} // namespace

TEST_CASE("the help of compare says what is compared and what the exit status means")
{
    auto const text = printed({"compare", "--help"}, 0);
    for (std::string const each :
         {"--json", "--threads", "--quiet", "0 the same, 1 different, 2 failed", "best matching", "Rand", "Example"}) {
        INFO(each);
        CHECK(contains(text, each));
    }
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 112);
}

TEST_CASE("the same segments under other numbers are identical, exit status 0")
{
    temporary_directory const folder;
    auto const segments = quilt{.rows = 30, .cols = 40, .patch = 3}.segments(1);
    make_raster(folder / "a.tif", "GTiff", segments);
    make_raster(folder / "b.img", "HFA", renumbered(segments));
    auto const before = test::contents_of(folder.path());
    auto const text = printed({"compare", folder / "a.tif", folder / "b.img"}, 0);
    CHECK(contains(text, "Segmentations         identical, but perhaps for their numbers\n"));
    CHECK(contains(text, "Differing pixels      0 (0 %)\n"));
    CHECK(printed({"compare", "-q", folder / "b.img", folder / "a.tif"}, 0).empty());
    CHECK(test::difference(before, test::contents_of(folder.path())) == "");
}

TEST_CASE("how segments differ is told as text and as JSON, exit status 1")
{
    temporary_directory const folder;
    labels a(1, 2, 5);
    labels b(1, 2, 5);
    // Segment 1 is split, 2 and 3 are merged; null differs in three pixels.
    std::vector<std::uint32_t> const first{1, 1, 1, 2, 2, 3, 0, 4, 4, 0};
    std::vector<std::uint32_t> const second{1, 1, 2, 3, 3, 3, 9, 0, 0, 0};
    std::copy(first.begin(), first.end(), a.data());
    std::copy(second.begin(), second.end(), b.data());
    make_raster(folder / "a.tif", "GTiff", a);
    make_raster(folder / "b.tif", "GTiff", b);
    CHECK(printed({"compare", folder / "a.tif", folder / "b.tif"}, 1) ==
          "Segmentations         different\n"
          "Segments of A         4 in " +
              (folder / "a.tif") +
              "\n"
              "Segments of B         4 in " +
              (folder / "b.tif") +
              "\n"
              "Pixels                10\n"
              "Differing pixels      5 (50 %)\n"
              "Split segments        1 of A, each in several of B\n"
              "Merged segments       1 of B, each out of several of A\n"
              "Null pixels           1 in both, 1 in A only, 2 in B only\n"
              "Adjusted Rand index   0.318182\n");
    auto const json = nlohmann::json::parse(printed({"compare", "--json", folder / "a.tif", folder / "b.tif"}, 1));
    CHECK(json["identical"] == false);
    CHECK(json["a"] == nlohmann::json{{"file", folder / "a.tif"}, {"segments", 4}, {"split", 1}});
    CHECK(json["b"] == nlohmann::json{{"file", folder / "b.tif"}, {"segments", 4}, {"merged", 1}});
    CHECK(json["pixels"] == 10);
    CHECK(json["differing_pixels"] == nlohmann::json{{"exact", true}, {"at_least", 5}, {"at_most", 5}});
    CHECK(json["null_pixels"] == nlohmann::json{{"in_both", 1}, {"in_a_only", 1}, {"in_b_only", 2}});
    CHECK(json["adjusted_rand_index"].get<double>() == doctest::Approx(7.0 / 22));
    CHECK(printed({"compare", "--quiet", folder / "a.tif", folder / "b.tif"}, 1).empty());

    make_raster(folder / "null.tif", "GTiff", labels(1, 2, 5));
    auto const none = nlohmann::json::parse(printed({"compare", "--json", folder / "a.tif", folder / "null.tif"}, 1));
    CHECK(none["adjusted_rand_index"].is_null());
}

TEST_CASE("a subset that is all of a segmentation is the same, and the tiles make no difference")
{
    temporary_directory const folder;
    make_raster(folder / "scene.tif", "GTiff", test::hills<std::uint8_t>(3, 120, 150));
    auto const segment = [&](std::string const& name, std::string const& tile, std::string const& size) {
        test::segmented(folder / "scene.tif", folder / name,
                        {"--clusters", "8", "--min-segment-size", size, "--tile-size", tile});
    };
    segment("a.tif", "1024", "10");
    segment("b.img", "32", "10");
    segment("c.tif", "1024", "30");
    CHECK(shepseg({"subset", "--quiet", folder / "a.tif", folder / "all.tif"}).status == 0);
    CHECK(shepseg({"compare", folder / "a.tif", folder / "b.img"}).status == 0);
    CHECK(shepseg({"compare", folder / "a.tif", folder / "all.tif"}).status == 0);
    // Larger segments are made of smaller ones.
    auto const json = nlohmann::json::parse(printed({"compare", "--json", folder / "a.tif", folder / "c.tif"}, 1));
    CHECK(json["a"]["split"] == 0);
    CHECK(json["b"]["merged"] > 0);
}

TEST_CASE("trouble is exit status 2, which does not look like a difference")
{
    temporary_directory const folder;
    make_raster(folder / "a.tif", "GTiff", labels(1, 12, 20));
    make_raster(folder / "b.tif", "GTiff", labels(1, 12, 21));
    make_raster(folder / "f.tif", "GTiff", rios::image<float>(1, 12, 20));
    auto const trouble = [&](strings const& arguments, test::process_options const& how = {}) {
        auto const result = shepseg(test::with({"compare"}, arguments), how);
        INFO(result.text());
        CHECK(result.status == 2);
        CHECK(result.err.starts_with("shepseg: error: "));
        return result.err;
    };
    CHECK(contains(trouble({folder / "a.tif", folder / "b.tif"}),
                   folder / "b.tif: has 12 rows, 21 cols; " + (folder / "a.tif") + " has 12 rows, 20 cols"));
    CHECK(contains(trouble({folder / "a.tif", folder / "f.tif"}), "f.tif: has pixels of type float32"));
    CHECK(contains(trouble({folder / "a.tif", folder / "none.tif"}), "none.tif"));
    CHECK(contains(trouble({folder / "a.tif"}), "B is required"));
    CHECK(contains(trouble({folder / "a.tif", folder / "a.tif", "--threads", "x"}), "--threads"));
    CHECK(contains(trouble({folder / "a.tif", folder / "a.tif"}, {.out_file = "/dev/full"}),
                   "cannot write to standard output"));
}
