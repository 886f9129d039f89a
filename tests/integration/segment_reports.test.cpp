// SPDX-License-Identifier: BSL-1.0
// What `shepseg segment` tells about its work: summary, timings, trace, preview, progress bar.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gdal_priv.h>

#include <doctest/doctest.h>

#include "support/raster_files.hpp"
#include "support/segment_tool.hpp"
#include "support/temporary_directory.hpp"

using nlohmann::json;
using test::contains;
using test::exact;
using test::hills;
using test::labels;
using test::make_raster;
using test::open_raster;
using test::quilt;
using test::read_json;
using test::segmented;
using test::shepseg;
using test::strings;
using test::temporary_directory;
using test::with;

namespace {

/// Phases that every run has.
strings phases()
{
    return {"sampling",    "kmeans", "reading", "tile phase", "graph",  "wait for tile",
            "elimination", "labels", "writing", "overviews",  "closing"};
}

/// The number that stands after a name at the beginning of a line, its digits in groups of three; -1 without one.
long long number_after(std::string const& text, std::string const& name)
{
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(name + ' ')) continue;
        auto const at = line.find_first_not_of(' ', name.size());
        std::istringstream groups(at == std::string::npos ? "" : line.substr(at));
        std::string digits;
        for (std::string group; groups >> group && (digits.empty() || group.size() == 3);) {
            if (group.find_first_not_of("0123456789") != std::string::npos) break;
            digits += group;
        }
        return digits.empty() ? -1 : std::stoll(digits);
    }
    return -1;
}

/// Name and value of each line that ends in a number of seconds with a decimal point.
std::map<std::string, double> seconds_in(std::string const& text)
{
    std::map<std::string, double> result;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        auto const gap = line.find_last_of(' ');
        if (gap == std::string::npos || line.find('.', gap) == std::string::npos) continue;
        if (line.find_first_not_of("0123456789.", gap + 1) != std::string::npos) continue;
        result[line.substr(0, line.find_last_not_of(' ', gap) + 1)] = std::stod(line.substr(gap + 1));
    }
    return result;
}

using colour = std::array<std::uint8_t, 3>;
constexpr colour boundary{255, 255, 0};

colour colour_at(rios::image<std::uint8_t> const& picture, std::ptrdiff_t row, std::ptrdiff_t col)
{
    return {picture(0, row, col), picture(1, row, col), picture(2, row, col)};
}

/// Checks size and boundaries of a picture that shows all of an image in grey.
void check_preview(rios::image<std::uint8_t> const& picture, labels const& segments, std::ptrdiff_t scale)
{
    REQUIRE(picture.bands() == 3);
    REQUIRE(picture.rows() == segments.rows() * scale);
    REQUIRE(picture.cols() == segments.cols() * scale);
    int missing = 0;
    int needless = 0;
    for (auto const [row, col] : segments.pixels()) {
        auto const label = segments(0, row, col);
        bool const top = row > 0 && segments(0, row - 1, col) != label;
        bool const left = col > 0 && segments(0, row, col - 1) != label;
        bool const bottom = row + 1 < segments.rows() && segments(0, row + 1, col) != label;
        bool const right = col + 1 < segments.cols() && segments(0, row, col + 1) != label;
        // Somewhere across the edge between two segments there must be a boundary.
        auto const y = row * scale + scale / 2;
        auto const x = col * scale + scale / 2;
        auto const drawn = [&](std::ptrdiff_t dy, std::ptrdiff_t dx) {
            for (std::ptrdiff_t i = 0; i <= scale; ++i) {
                if (colour_at(picture, y - i * dy, x - i * dx) == boundary) return true;
            }
            return false;
        };
        if ((top && !drawn(1, 0)) || (left && !drawn(0, 1))) ++missing;
        if (!top && !left && !bottom && !right) {
            for (std::ptrdiff_t r = 0; r < scale; ++r) {
                for (std::ptrdiff_t c = 0; c < scale; ++c) {
                    if (colour_at(picture, row * scale + r, col * scale + c) == boundary) ++needless;
                }
            }
        }
    }
    CHECK(missing == 0);
    CHECK(needless == 0);
}

rios::image<std::uint8_t> read_png(std::string const& path)
{
    auto const file = open_raster(path);
    CHECK(std::string(file->GetDriver()->GetDescription()) == "PNG");
    CHECK(file->GetRasterBand(1)->GetRasterDataType() == GDT_Byte);
    return test::read_pixels<std::uint8_t>(path);
}

} // namespace

TEST_CASE("a quiet run prints nothing, any other one a summary")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", hills<std::uint8_t>(3, 80, 90));
    strings const command{"segment", folder / "in.tif", folder / "out.tif", "--clusters", "7", "--min-segment-size",
                          "4"};
    auto const quiet = shepseg(with(command, {"--quiet"}));
    CHECK(quiet.status == 0);
    CHECK(quiet.out.empty());
    CHECK(quiet.err.empty());
    auto const loud = shepseg(command);
    CHECK(loud.status == 0);
    CHECK(loud.err.empty()); // no progress bar: it is no terminal
    CHECK(contains(loud.out, folder / "in.tif"));
    CHECK(contains(loud.out, folder / "out.tif"));
    CHECK(contains(loud.out, "80"));
    CHECK(contains(loud.out, "90"));
    CHECK(contains(loud.out, "uint8"));
    CHECK(contains(loud.out, "GTiff"));
    CHECK_FALSE(contains(loud.out, "Timer"));
}

TEST_CASE("the printed summary, the summary for scripts and the output agree")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", hills<std::uint8_t>(3, 80, 90));
    {
        auto const file = open_raster(folder / "in.tif", GDAL_OF_UPDATE);
        for (int band = 1; band <= 3; ++band) file->GetRasterBand(band)->SetNoDataValue(17);
    }
    strings const files{"segment", folder / "in.tif", folder / "out.img", "--summary", folder / "s.json"};
    strings const numbers{"--clusters=7", "--min-segment-size=4", "--kmeans-starts=2", "--seed=3", "--threads=3"};
    strings const more{"--sample-percent=50", "--connectivity=8", "--spectral-diff-percentile=40", "--bands=3,1,2"};
    auto const result = shepseg(with(with(files, numbers), more));
    INFO(result.text());
    REQUIRE(result.status == 0);
    auto const summary = read_json(folder / "s.json");
    auto const& counts = summary.at("counts");
    auto const agree = [&](std::string const& name, std::string const& key) {
        INFO(name);
        CHECK(counts.at(key).is_number_unsigned());
        CHECK(counts.at(key) == number_after(result.out, name));
    };
    agree("Null pixels", "null_pixels");
    agree("Clumps", "clumps");
    agree("Single pixels eliminated", "single_pixels_eliminated");
    agree("Small segments eliminated", "small_segments_eliminated");
    agree("Segments", "segments");
    CHECK(counts.at("pixels") == 7200);
    CHECK(counts.at("clumps").get<int>() - counts.at("single_pixels_eliminated").get<int>() -
              counts.at("small_segments_eliminated").get<int>() ==
          counts.at("segments").get<int>());
    int nulls = 0;
    std::uint32_t largest = 0;
    auto const found = test::read_pixels<std::uint32_t>(folder / "out.img");
    for (auto const [row, col] : found.pixels()) {
        nulls += found(0, row, col) == 0 ? 1 : 0;
        largest = std::max(largest, found(0, row, col));
    }
    CHECK(nulls > 0);
    CHECK(counts.at("null_pixels") == nulls);
    CHECK(counts.at("segments") == largest);

    CHECK(summary.at("version").is_string());
    CHECK(summary.at("input") ==
          json({{"file", folder / "in.tif"}, {"rows", 80}, {"cols", 90}, {"pixel_type", "uint8"}}));
    CHECK(summary.at("output").at("file") == folder / "out.img");
    CHECK(summary.at("output").at("format") == "HFA");
    auto const& parameters = summary.at("parameters");
    CHECK(parameters.at("bands") == json({3, 1, 2}));
    CHECK(parameters.at("null_value") == 17);
    CHECK(parameters.at("clusters") == 7);
    CHECK(parameters.at("cluster_model").is_null());
    CHECK(parameters.at("kmeans_init") == "kmeans++");
    CHECK(parameters.at("kmeans_starts") == 2);
    CHECK(parameters.at("seed") == 3);
    CHECK(parameters.at("sample_percent") == 50);
    CHECK(parameters.at("min_segment_size") == 4);
    CHECK(parameters.at("max_spectral_diff") == "auto");
    CHECK(parameters.at("spectral_diff_percentile") == 40);
    CHECK(parameters.at("connectivity") == 8);
    CHECK(summary.at("clusters_used") == 7);
    CHECK(summary.at("kmeans").at("sample_step") == 2);
    CHECK(summary.at("kmeans").at("sample_pixels").get<int>() <= 40 * 45);
    CHECK(summary.at("kmeans").at("iterations").get<int>() > 0);
    CHECK(summary.at("kmeans").at("converged").is_boolean());
    CHECK(summary.at("kmeans").at("inertia").get<double>() > 0);
    auto const limit = summary.at("max_spectral_diff_used").get<double>();
    std::ostringstream limit_text;
    limit_text << limit; // six digits
    CHECK(contains(result.out, limit_text.str()));
    auto const& timings = summary.at("timings_seconds");
    CHECK(timings.at("walltime").get<double>() > 0);
    for (auto const& phase : phases()) {
        INFO(phase);
        REQUIRE(timings.contains(phase));
        CHECK(timings.at(phase).get<double>() >= 0);
        CHECK(timings.at(phase).get<double>() <= 3 * timings.at("walltime").get<double>());
    }
}

TEST_CASE("the summary for scripts holds every parameter of the run")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", quilt{}.image<std::uint8_t>());
    static_cast<void>(
        segmented(folder / "in.tif", folder / "out.tif",
                  with(exact(), {"--summary", folder / "s.json", "--threads", "3", "--co", "COMPRESS=LZW"})));
    auto const summary = read_json(folder / "s.json");
    CHECK(summary.at("parameters").at("threads") == 3);
    CHECK(contains(summary.dump(), "COMPRESS=LZW"));
}

TEST_CASE("a spectral limit given as a number is a number in the summary")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", quilt{}.image<std::uint8_t>());
    static_cast<void>(segmented(folder / "in.tif", folder / "out.tif",
                                with(exact(), {"--summary", folder / "s.json", "--max-spectral-diff", "12.5"})));
    CHECK(read_json(folder / "s.json").at("parameters").at("max_spectral_diff") == 12.5);
}

TEST_CASE("the timings are a table of seconds with a line for each phase")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", hills<std::uint8_t>(3, 80, 90));
    strings const command{"segment", folder / "in.tif", folder / "out.tif", "--clusters", "7", "--timings"};
    for (auto const& options : {strings{}, strings{"--quiet"}}) {
        auto const result = shepseg(with(command, options));
        CHECK(result.status == 0);
        CHECK(result.err.empty());
        CHECK(contains(result.out, "Wall clock elapsed time: "));
        CHECK(contains(result.out, " seconds\n"));
        auto const table = seconds_in(result.out);
        for (auto const& phase : phases()) {
            INFO(phase);
            CHECK(table.contains(phase));
        }
        CHECK(contains(result.out, "summed over"));
        CHECK(contains(result.out, "\"wait for tile\" is how long the graph idled"));
        CHECK(contains(result.out, "Segments") == options.empty());
    }
}

TEST_CASE("the trace has one row for each thread and a slice for each phase")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", hills<std::uint8_t>(3, 1100, 20));
    for (int const threads : {1, 2, 5}) {
        static_cast<void>(segmented(folder / "in.tif", folder / "out.tif",
                                    {"--clusters", "7", "--threads", std::to_string(threads), "--trace",
                                     folder / "t.json", "--preview", folder / "p.png"}));
        auto const trace = read_json(folder / "t.json");
        REQUIRE(trace.at("traceEvents").is_array());
        std::map<int, std::string> names;
        std::map<int, std::vector<std::pair<double, double>>> slices;
        std::set<std::string> found;
        std::string process;
        for (auto const& event : trace.at("traceEvents")) {
            REQUIRE(event.at("ph").is_string());
            REQUIRE(event.at("pid").is_number_integer());
            REQUIRE(event.at("tid").is_number_integer());
            REQUIRE(event.at("name").is_string());
            auto const thread = event.at("tid").get<int>();
            if (event.at("ph") == "M") {
                auto const text = event.at("args").at("name").get<std::string>();
                if (event.at("name") == "process_name") process = text;
                if (event.at("name") == "thread_name") CHECK(names.emplace(thread, text).second);
            } else {
                CHECK(event.at("ph") == "X");
                auto const start = event.at("ts").get<double>();
                auto const duration = event.at("dur").get<double>();
                CHECK(start >= 0);
                CHECK(duration >= 0);
                slices[thread].emplace_back(start, start + duration);
                found.insert(event.at("name").get<std::string>());
            }
        }
        CHECK(contains(process, "shepseg"));
        CHECK(slices.size() == names.size());
        CHECK(slices.size() >= 1);
        CHECK(slices.size() <= static_cast<std::size_t>(threads) + 1);
        for (auto const& phase : with(phases(), {"preview"})) {
            INFO(phase);
            CHECK(found.contains(phase));
        }
        // On one row, slices follow one another or lie inside one another.
        for (auto& [thread, row] : slices) {
            CHECK(names.contains(thread));
            constexpr double rounding = 0.002; // microseconds
            for (auto const& a : row) {
                for (auto const& b : row) {
                    bool const apart = a.second <= b.first + rounding || b.second <= a.first + rounding;
                    bool const nested = (a.first <= b.first + rounding && b.second <= a.second + rounding) ||
                                        (b.first <= a.first + rounding && a.second <= b.second + rounding);
                    CHECK((apart || nested));
                }
            }
        }
    }
}

TEST_CASE("a preview shows boundaries wherever labels differ and nowhere else")
{
    temporary_directory const folder;
    quilt const scene{.rows = 30, .cols = 45, .patch = 5};
    make_raster(folder / "in.tif", "GTiff", scene.image<std::uint8_t>());
    for (auto const& output : strings{"out.tif", "out.img"}) {
        static_cast<void>(
            segmented(folder / "in.tif", folder / output, with(exact(), {"--preview", folder / "p.png"})));
        check_preview(read_png(folder / "p.png"), scene.segments(), 4);
    }
    CHECK(folder.names() == std::set<std::string>{"in.tif", "out.img", "out.tif", "p.png"});
    // Inside the patches: grey, the same for the same spectrum, brighter for higher values.
    auto const picture = read_png(folder / "p.png");
    std::map<int, colour> shades;
    for (std::ptrdiff_t row = 2; row < scene.rows; row += 5) {
        for (std::ptrdiff_t col = 2; col < scene.cols; col += 5) {
            auto const shade = colour_at(picture, 4 * row + 2, 4 * col + 2);
            CHECK(shade[0] == shade[1]);
            CHECK(shade[1] == shade[2]);
            CHECK(shades.try_emplace(scene.spectrum(row, col), shade).first->second == shade);
        }
    }
    for (int s = 1; s < 5; ++s) CHECK(shades[s][0] > shades[s - 1][0]);
    CHECK(shades[0][0] < 20);
    CHECK(shades[4][0] > 235);
}

TEST_CASE("a preview is enlarged while that stays below 3000 pixels, and shows the middle of a larger image")
{
    temporary_directory const folder;
    struct expectation {
        quilt scene;
        std::ptrdiff_t scale = 1;
    };
    for (auto const& [scene, scale] :
         {expectation{{.rows = 4, .cols = 750, .patch = 4}, 4}, expectation{{.rows = 751, .cols = 4, .patch = 4}, 3},
          expectation{{.rows = 4, .cols = 1501, .patch = 4}, 1},
          expectation{{.rows = 4, .cols = 3000, .patch = 4}, 1}}) {
        make_raster(folder / "in.tif", "GTiff", scene.image<std::uint8_t>());
        static_cast<void>(
            segmented(folder / "in.tif", folder / "out.tif", with(exact(), {"--preview", folder / "p.png"})));
        auto const picture = read_png(folder / "p.png");
        if (scale > 1) check_preview(picture, scene.segments(), scale);
        CHECK(picture.rows() == scene.rows * scale);
        CHECK(picture.cols() == scene.cols * scale);
    }
    quilt const large{.rows = 8, .cols = 3100, .patch = 4};
    make_raster(folder / "in.tif", "GTiff", large.image<std::uint8_t>());
    static_cast<void>(segmented(folder / "in.tif", folder / "out.tif", with(exact(), {"--preview", folder / "p.png"})));
    auto const picture = read_png(folder / "p.png");
    auto const all = large.segments();
    labels middle(1, 8, 1500);
    for (auto const [row, col] : middle.pixels()) middle(0, row, col) = all(0, row, col + 800);
    check_preview(picture, middle, 2);
}

TEST_CASE("a preview shows the bands that are asked for, or those that the file calls red, green and blue")
{
    temporary_directory const folder;
    rios::image<std::uint8_t> pixels(5, 20, 30);
    for (auto const [row, col] : pixels.pixels()) {
        for (std::ptrdiff_t band = 0; band < 5; ++band) pixels(band, row, col) = 100;
        pixels(1, row, col) = col < 10 ? 50 : 150; // the second band shows columns, the fifth one rows
        pixels(4, row, col) = row < 10 ? 50 : 150;
    }
    make_raster(folder / "in.tif", "GTiff", pixels, {"PHOTOMETRIC=MINISBLACK"});
    auto const run = [&](strings const& options) {
        static_cast<void>(segmented(folder / "in.tif", folder / "out.tif",
                                    with(with({"--clusters", "4", "--preview", folder / "p.png"}, options), {})));
        auto const picture = read_png(folder / "p.png");
        // One pixel inside each of three of the four segments.
        return std::array{colour_at(picture, 22, 22), colour_at(picture, 22, 82), colour_at(picture, 62, 22)};
    };
    auto const differs = [](colour const& a, colour const& b) {
        return std::array{a[0] != b[0], a[1] != b[1], a[2] != b[2]};
    };
    using which = std::array<bool, 3>;
    auto const given = run({"--preview-bands", "5,1,2"}); // red by rows, blue by columns
    CHECK(differs(given[0], given[1]) == which{false, false, true});
    CHECK(differs(given[0], given[2]) == which{true, false, false});
    auto const grey = run({"--preview-bands", "2"});
    CHECK(differs(grey[0], grey[1]) == which{true, true, true});
    CHECK(differs(grey[0], grey[2]) == which{false, false, false});
    auto const implied = run({}); // the fourth, third and second: columns as blue
    CHECK(differs(implied[0], implied[1]) == which{false, false, true});
    CHECK(differs(implied[0], implied[2]) == which{false, false, false});
    auto const used =
        run({"--bands", "3,5,1,2"}); // the fourth, third and second of these: columns as red, rows as blue
    CHECK(differs(used[0], used[1]) == which{true, false, false});
    CHECK(differs(used[0], used[2]) == which{false, false, true});
    {
        auto const file = open_raster(folder / "in.tif", GDAL_OF_UPDATE);
        file->GetRasterBand(5)->SetColorInterpretation(GCI_GreenBand);
        file->GetRasterBand(1)->SetColorInterpretation(GCI_RedBand);
        file->GetRasterBand(3)->SetColorInterpretation(GCI_BlueBand);
    }
    auto const named = run({});
    CHECK(differs(named[0], named[1]) == which{false, false, false});
    CHECK(differs(named[0], named[2]) == which{false, true, false});
}

TEST_CASE("a preview copes with null pixels, infinite ones, and bands of one value")
{
    temporary_directory const folder;
    quilt const scene{.rows = 20, .cols = 30, .patch = 5};
    auto pixels = scene.image<float>(2);
    for (auto const [row, col] : pixels.pixels()) {
        if (scene.spectrum(row, col) == 1) pixels(0, row, col) = std::numeric_limits<float>::quiet_NaN();
        if (scene.spectrum(row, col) == 3) pixels(0, row, col) = std::numeric_limits<float>::infinity();
        pixels(1, row, col) = 1e30F;
    }
    make_raster(folder / "in.tif", "GTiff", pixels);
    for (auto const& bands : strings{"1", "2", "2,1,2"}) {
        auto const found = segmented(folder / "in.tif", folder / "out.tif",
                                     with(exact(), {"--preview", folder / "p.png", "--preview-bands", bands}));
        check_preview(read_png(folder / "p.png"), found, 4);
    }
}

TEST_CASE("a progress bar is drawn on a terminal, is gone at the end, and is not drawn when quiet")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", hills<std::uint8_t>(3, 80, 90));
    strings const command{"segment", folder / "in.tif", folder / "out.tif", "--clusters", "7"};
    auto const result = shepseg(command, {.err = test::stream::terminal});
    CHECK(result.status == 0);
    CHECK(contains(result.out, "Segments"));
    CHECK(contains(result.err, "k-means"));
    CHECK(contains(result.err, "%"));
    CHECK_FALSE(contains(result.err, "\n"));
    // What a terminal of 80 columns shows in the end.
    std::string shown(80, ' ');
    std::size_t at = 0;
    for (char const c : result.err) {
        if (c == '\r') at = 0;
        else shown.at(at++) = c;
    }
    CHECK(shown == std::string(80, ' '));

    auto const quiet = shepseg(with(command, {"--quiet"}), {.err = test::stream::terminal});
    CHECK(quiet.status == 0);
    CHECK(quiet.err.empty());
    auto const piped = shepseg(command, {.out = test::stream::terminal});
    CHECK(piped.status == 0);
    CHECK(piped.err.empty());
}

TEST_CASE("an error on a terminal stands on a line of its own")
{
    temporary_directory const folder;
    make_raster(folder / "in.tif", "GTiff", hills<std::uint8_t>(3, 80, 90));
    auto const result =
        shepseg({"segment", folder / "in.tif", folder / "out.tif", "--clusters", "7200", "--null-value", "15"},
                {.err = test::stream::terminal}); // found when the image has been read
    CHECK(result.status == 2);
    std::string shown(300, ' ');
    std::size_t at = 0;
    for (char const c : result.err.substr(0, result.err.find('\n'))) {
        if (c == '\r') at = 0;
        else shown.at(at++) = c;
    }
    CHECK(shown.starts_with("shepseg: error: "));
    CHECK_FALSE(contains(shown, "]"));
}
