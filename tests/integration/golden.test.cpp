// SPDX-License-Identifier: BSL-1.0
// The reference segmentations of two real images, label for label, through the command line.
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/golden.hpp"
#include "support/raster_files.hpp"
#include "support/segment_tool.hpp"
#include "support/temporary_directory.hpp"

using test::strings;

TEST_CASE("the command line gives the reference labels and counts of the golden cases")
{
    test::temporary_directory const folder;
    auto const cases = golden::cases();
    CHECK((cases.empty() || cases.size() == 5));
    for (auto const& one : cases) {
        CAPTURE(one.at("name"));
        auto const& limit = one.at("max_spectral_diff");
        auto const* const tile_size =
            one.at("connectivity") == 8 ? "100" : "256"; // the images are of 500 and 700 pixels
        auto const found = test::segmented(
            golden::image_of(one), folder / "out.tif",
            {"--cluster-model", golden::model_of(one), "--min-segment-size", one.at("min_segment_size").dump(),
             "--max-spectral-diff", limit.is_string() ? limit.get<std::string>() : limit.dump(), "--connectivity",
             one.at("connectivity").dump(), "--tile-size", tile_size, "--summary", folder / "summary.json"});
        auto const expected = test::read_pixels<std::uint32_t>(golden::labels_of(one));
        CHECK(test::first_difference(found, expected) == "");

        auto const summary = test::read_json(folder / "summary.json");
        for (auto const& count :
             strings{"segments", "null_pixels", "clumps", "single_pixels_eliminated", "small_segments_eliminated"}) {
            INFO(count);
            CHECK(summary.at("counts").at(count) == one.at(count));
        }
        CHECK(summary.at("clusters_used") == one.at("clusters"));
        CHECK(summary.at("parameters").at("bands") == one.at("bands"));
        CHECK(summary.at("parameters").at("null_value") == one.at("null_value"));
        CHECK(summary.at("max_spectral_diff_used").get<double>() ==
              doctest::Approx(one.at("max_spectral_diff_used").get<double>()).epsilon(1e-7));
    }
}
