// SPDX-License-Identifier: BSL-1.0
// `shepseg stats` and `shepseg segment --stats`, run as a user runs them.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <numeric>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>

#include <rios/gdal/attribute_table.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/gdal/vector_dataset.hpp>
#include <rios/image.hpp>

#include "support/process.hpp"
#include "support/random_numbers.hpp"
#include "support/raster_files.hpp"
#include "support/segment_scenes.hpp"
#include "support/segment_tool.hpp"
#include "support/tables.hpp"
#include "support/temporary_directory.hpp"

using test::contains;
using test::failed;
using test::shepseg;
using test::strings;
using test::temporary_directory;

namespace {

/// An image of two bands of uint16 with null value 7, and an HFA file of segments.
struct scene {
    temporary_directory folder;
    std::string image = folder / "image.tif";
    std::string segments = folder / "segments.img";
    rios::image<std::uint16_t> pixels;
    test::labels labels;

    scene()
    {
        test::random_numbers random(12);
        labels = test::random_segments(60, 90, random);
        pixels = test::random_pixels<std::uint16_t>(2, 60, 90, 7, random);
        test::make_raster(image, "GTiff", pixels);
        test::make_raster(segments, "HFA", labels);
        auto const file = test::open_raster(image, GDAL_OF_UPDATE);
        for (int band = 1; band <= 2; ++band) file->GetRasterBand(band)->SetNoDataValue(7);
    }
};

/// The columns of a CSV file, by name.
std::map<std::string, std::vector<double>> columns_of(std::string const& path)
{
    std::istringstream text(test::read_file(path));
    std::vector<std::string> names;
    std::map<std::string, std::vector<double>> columns;
    std::string line;
    auto const words = [&line] {
        std::vector<std::string> result;
        std::istringstream one(line);
        for (std::string word; std::getline(one, word, ',');) result.push_back(word);
        return result;
    };
    if (std::getline(text, line)) names = words();
    while (std::getline(text, line)) {
        auto const numbers = words();
        REQUIRE(numbers.size() == names.size());
        for (std::size_t i = 0; i < names.size(); ++i) columns[names[i]].push_back(std::stod(numbers[i]));
    }
    return columns;
}

} // namespace

TEST_CASE("stats: a table and the attribute table have the numbers of the plainest way")
{
    scene const in;
    auto const before = test::read_pixels<std::uint32_t>(in.segments);
    auto const result = shepseg({"stats", in.image, in.segments, "--stats", "mean,stddev,percentile:25,validcount",
                                 "--table", in.folder / "t.csv", "--threads", "2", "--window", "16"});
    INFO(result.text());
    REQUIRE(result.status == 0);
    CHECK(contains(result.out, "Columns                     8: Band_1_mean, Band_1_stddev, Band_1_pcnt25, "));
    auto const table = columns_of(in.folder / "t.csv");
    CHECK(table.size() == 9);
    for (int band = 1; band <= 2; ++band) {
        auto const name = "Band_" + std::to_string(band) + "_";
        auto const expected =
            test::statistics_by_segment<std::uint16_t>(in.labels, in.pixels, band - 1, std::uint16_t{7});
        REQUIRE(table.at("id").size() == expected.rbegin()->first);
        for (auto const& [label, segment] : expected) {
            auto const row = label - 1;
            CAPTURE(row);
            CHECK(table.at("id")[row] == label);
            CHECK(table.at(name + "validcount")[row] == static_cast<double>(segment.valid.size()));
            if (segment.valid.empty()) {
                CHECK(table.at(name + "mean")[row] == -9999);
                continue;
            }
            CHECK(table.at(name + "mean")[row] == doctest::Approx(segment.mean()).epsilon(1e-14));
            CHECK(table.at(name + "stddev")[row] == doctest::Approx(segment.stddev()).epsilon(1e-13));
            CHECK(table.at(name + "pcnt25")[row] == segment.percentile(25));
        }
        for (std::string const what : {"mean", "stddev", "pcnt25", "validcount"}) {
            auto attributes = test::plain_values<double>(in.segments, name + what);
            attributes.erase(attributes.begin());
            CHECK(attributes == table.at(name + what));
        }
    }
    CHECK(test::read_pixels<std::uint32_t>(in.segments) == before);
}

TEST_CASE("stats: a GeoPackage has the numbers of the attribute table")
{
    scene const in;
    auto const result = shepseg({"stats", in.image, in.segments, "--bands", "2", "--stats", "median,sum,max",
                                 "--spatial", "centroid,edge-pixels,perimeter,bbox,compactness,neighbours,variogram:2",
                                 "--table", in.folder / "t.gpkg", "--quiet"});
    INFO(result.text());
    REQUIRE(result.status == 0);
    CHECK(result.out.empty());
    CHECK(result.err.empty());
    auto const file = rios::vector_dataset::open(in.folder / "t.gpkg");
    auto& layer = file.layer(std::string("segments"));
    auto& definition = *layer.GetLayerDefn();
    strings names;
    for (int field = 0; field < definition.GetFieldCount(); ++field) {
        names.emplace_back(definition.GetFieldDefn(field)->GetNameRef());
    }
    CHECK(names == strings{"id", "Band_2_median", "Band_2_sum", "Band_2_max", "centroid_x", "centroid_y", "edge_pixels",
                           "perimeter", "bbox_xmin", "bbox_ymin", "bbox_xmax", "bbox_ymax", "compactness", "neighbours",
                           "Band_2_variogram_1", "Band_2_variogram_2"});
    for (int field = 1; field < definition.GetFieldCount(); ++field) {
        auto const attributes = test::plain_values<double>(in.segments, names[static_cast<std::size_t>(field)]);
        std::size_t row = 1;
        for (auto const& feature : layer) {
            CAPTURE(field);
            REQUIRE(feature->GetFieldAsInteger64(0) == static_cast<std::int64_t>(row));
            CHECK(feature->GetFieldAsDouble(field) == attributes.at(row));
            ++row;
        }
        CHECK(row == attributes.size());
    }
}

TEST_CASE("stats: columns and tables that are there are an error, and nothing changes, unless they are to be replaced")
{
    scene const in;
    strings const command{"stats", in.image, in.segments, "--quiet", "--stats", "mean"};
    REQUIRE(shepseg(test::with(command, {"--bands", "1"})).status == 0);
    auto const before = test::contents_of(in.folder.path());
    CHECK(failed(test::with(command, {"--table", in.folder / "t.csv"}), 1) ==
          "shepseg: error: " + in.segments +
              ": column 'Band_1_mean' of the attribute table exists already; have it "
              "replaced (--overwrite), or give another column format\n");
    CHECK(test::difference(before, test::contents_of(in.folder.path())) == "");
    CHECK(shepseg(test::with(command, {"--overwrite", "--table", in.folder / "t.csv"})).status == 0);
    CHECK(contains(failed(test::with(command, {"--no-rat", "--table", in.folder / "t.csv"}), 1), "exists already"));
    CHECK(shepseg(test::with(command, {"--column-format", "b{band}-{stat}"})).status == 0);
    CHECK(test::plain_values<double>(in.segments, "b2-mean") == test::plain_values<double>(in.segments, "Band_2_mean"));
}

TEST_CASE("stats: what cannot be is refused in one line, before anything is written")
{
    scene const in;
    test::make_raster(in.folder / "small.img", "HFA", test::labels(1, 60, 91));
    test::make_raster(in.folder / "float.tif", "GTiff", rios::image<float>(1, 60, 90));
    test::make_raster(in.folder / "mine.img", "HFA", in.labels);
    namespace fs = std::filesystem;
    fs::permissions(in.folder / "mine.img", fs::perms::owner_read);
    test::make_raster(in.folder / "beside.tif", "GTiff", in.labels);
    test::write_file(in.folder / "beside.tif.aux.xml", "<PAMDataset/>");
    fs::permissions(in.folder / "beside.tif.aux.xml", fs::perms::owner_read);
    auto const before = test::contents_of(in.folder.path());
    auto const refused = [&](strings const& arguments, int status = 1) {
        auto const text = failed(test::with({"stats"}, arguments), status);
        CHECK(std::count(text.begin(), text.end(), '\n') == 1);
        CHECK(test::difference(before, test::contents_of(in.folder.path())) == "");
        return text;
    };
    auto const table = in.folder / "t.csv";
    CHECK(contains(refused({in.image, in.segments, "--stats", "maen"}, 2),
                   "statistic 'maen': allowed: count, validcount"));
    CHECK(contains(refused({in.image, in.segments, "--stats", "mean,"}, 2), "statistic '': allowed"));
    CHECK(contains(refused({in.image, in.segments, "--stats", "percentile:101"}, 2),
                   "statistic 'percentile:101': allowed"));
    CHECK(contains(refused({in.image, in.segments, "--spatial", "variogram"}, 2),
                   "spatial statistic 'variogram': allowed"));
    CHECK(contains(refused({in.image, in.segments, "--stats", "mean,mean"}, 2),
                   "--stats 'mean,mean': numbers 1 and 2 would make columns of the same name; give one of them\n"));
    CHECK(contains(refused({in.image, in.segments, "--spatial", "edge-pixels,bbox,edge-pixels:8"}, 2),
                   "--spatial 'edge-pixels,bbox,edge-pixels:8': numbers 1 and 3 would make"));
    CHECK(refused({in.image, in.segments, "--bands", "1,2,2"}, 2) ==
          "shepseg: error: --bands '1,2,2': numbers 2 and 3 would make columns of the same name; give one of them\n");
    CHECK(refused({in.image, in.segments, "--bands", "3"}, 2) ==
          "shepseg: error: --bands '3' is not allowed: must be band numbers from 1 to 2, as " + in.image +
              " has them\n");
    CHECK(contains(refused({in.image, in.segments, "--column-format", "id"}, 2), "it must contain {stat}"));
    CHECK(contains(refused({in.image, in.segments, "--column-format", "{band}"}, 2), "it must contain {stat}"));
    CHECK(contains(refused({in.image, in.segments, "--no-rat"}, 2), "--no-rat without --table"));
    CHECK(contains(refused({in.image, in.segments, "--table", in.folder / "t.doc"}, 2), "no kind of table is known"));
    GDALAllRegister();
    if (GetGDALDriverManager()->GetDriverByName("Parquet") == nullptr) {
        CHECK(contains(refused({in.image, in.segments, "--table", in.folder / "t.parquet"}, 2),
                       "unknown format 'Parquet'"));
    }
    CHECK(contains(refused({in.image, in.segments, "--table", in.folder / "no/t.csv"}), "no such file or directory"));
    CHECK(contains(refused({in.image, in.folder / "small.img"}), "has 60 rows, 91 cols"));
    CHECK(contains(refused({in.image, in.folder / "float.tif"}), "numbers of segments are integers"));
    CHECK(contains(refused({in.image, in.folder / "mine.img"}), "cannot be changed: is read-only"));
    CHECK(contains(refused({in.image, in.folder / "beside.tif"}),
                   "beside.tif.aux.xml: cannot be replaced: is read-only"));
    for (std::string const missing : {"inf", "-inf", "none", "1e999"}) {
        CHECK(contains(refused({in.image, in.segments, "--missing", missing}, 2),
                       "--missing '" + missing + "' is not allowed: must be a finite number or nan"));
    }
    CHECK(contains(refused({in.image, in.folder / "none.img"}), "none.img"));
    CHECK(failed({"stats", in.image}, 2).starts_with("shepseg: error: "));
    // A file that cannot be changed need not be.
    CHECK(shepseg({"stats", in.image, in.folder / "mine.img", "--no-rat", "--table", table, "--quiet"}).status == 0);
    CHECK(columns_of(table).size() == 5);
}

TEST_CASE("stats: a histogram of other pixels is found out, and pixels can be counted again")
{
    scene const in;
    {
        auto file = rios::gdal_dataset::open_for_update(in.segments);
        rios::write_histogram(file, 1, std::vector<std::uint64_t>(200, 3));
        file.close();
    }
    strings const command{"stats", in.image, in.segments, "--no-rat", "--table", in.folder / "t.csv", "--quiet"};
    auto const message = failed(command, 1);
    CHECK(message.starts_with("shepseg: error: " + in.segments + ": segment "));
    CHECK(contains(message, "it does not belong to these pixels; have them counted again (--recount)"));
    CHECK(!std::filesystem::exists(in.folder / "t.csv"));
    CHECK(shepseg(test::with(command, {"--recount"})).status == 0);
}

TEST_CASE("stats: the report says why pixels were counted, and of how many segments")
{
    temporary_directory const folder;
    auto const segments = folder / "segments.tif";
    test::make_raster(segments, "GTiff", test::labels(1, 3, 4));
    test::make_raster(folder / "image.tif", "GTiff", test::noise<std::uint8_t>(1, 3, 4));
    strings const command{"stats",   folder / "image.tif", segments, "--no-rat", "--overwrite",
                          "--table", folder / "t.csv"};
    auto const line = std::string("Segments                    ");
    CHECK(contains(shepseg(command).out, line + "0 (pixels were counted, as there was no histogram to tell)\n"));
    CHECK(contains(shepseg(test::with(command, {"--recount"})).out, line + "0 (pixels were counted, by --recount)\n"));
    test::labels one(1, 3, 4);
    one(0, 0, 0) = 7;
    test::make_raster(segments, "GTiff", one);
    CHECK(contains(shepseg(test::with(command, {"--recount"})).out,
                   line + "1 to 7 (pixels were counted, by --recount)\n"));
    test::make_raster(folder / "segments.img", "HFA", test::labels(1, 3, 4));
    CHECK(contains(shepseg({"stats", folder / "image.tif", folder / "segments.img"}).out, line + "0"));
}

TEST_CASE("stats: a large attribute table beside a GeoTIFF comes with a warning")
{
    temporary_directory const folder;
    test::labels labels(1, 110, 100);
    for (auto const [row, col] : labels.pixels()) labels(0, row, col) = static_cast<std::uint32_t>(row * 100 + col);
    test::make_raster(folder / "segments.tif", "GTiff", labels);
    test::make_raster(folder / "image.tif", "GTiff", test::noise<std::uint8_t>(1, 110, 100));
    auto const result = shepseg({"stats", folder / "image.tif", folder / "segments.tif", "--stats", "max", "--quiet"});
    CHECK(result.status == 0);
    CHECK(result.err == "shepseg: warning: " + folder / "segments.tif" +
                            ": GTiff files keep attribute tables as text beside "
                            "them (" +
                            folder / "segments.tif" +
                            ".aux.xml), which is large and slow with 11000 rows; use "
                            "HFA or KEA files, or --table and --no-rat\n");
    CHECK(test::plain_values<double>(folder / "segments.tif", "Band_1_max").size() == 11'000);
}

TEST_CASE("segment: statistics come with the segmentation, as stats would compute them")
{
    temporary_directory const folder;
    auto const image = folder / "image.tif";
    test::random_numbers random(2);
    auto pixels = test::random_pixels<std::uint8_t>(3, 120, 150, 0, random);
    test::make_raster(image, "GTiff", pixels);
    strings const statistics{"--stats", "mean,percentile:25", "--spatial", "bbox,neighbours"};
    for (strings const& window : {strings{}, strings{"--window", "10,20,100,80"}}) {
        auto const out = folder / "out.img";
        auto const result = shepseg(
            test::with(test::with({"segment", image, out, "--null-value", "0", "--clusters", "5", "--min-segment-size",
                                   "5", "--stats-bands", "3,1", "--table", folder / "t.csv", "--overwrite"},
                                  statistics),
                       window));
        INFO(result.text());
        REQUIRE(result.status == 0);
        CHECK(contains(result.out, "Table                       " + folder / "t.csv"));
        auto const table = columns_of(folder / "t.csv");
        CHECK(table.size() == 10);
        for (auto const& [name, values] : table) {
            if (name == "id") continue;
            auto attributes = test::plain_values<double>(out, name);
            attributes.erase(attributes.begin());
            CHECK(attributes == values);
        }
        if (!window.empty()) continue;
        REQUIRE(shepseg(test::with({"stats", image, out, "--null-value", "0", "--bands", "3,1", "--no-rat", "--table",
                                    folder / "again.csv", "--overwrite"},
                                   statistics))
                    .status == 0);
        CHECK(test::read_file(folder / "again.csv") == test::read_file(folder / "t.csv"));
    }
    CHECK(folder.names() == std::set<std::string>{"again.csv", "image.tif", "out.img", "t.csv"});
}

TEST_CASE("segment: options of statistics that lead nowhere are refused")
{
    scene const in;
    auto const out = in.folder / "out.img";
    CHECK(contains(failed({"segment", in.image, out, "--table", in.folder / "t.csv"}, 2),
                   "go with --stats or --spatial"));
    CHECK(contains(failed({"segment", in.image, out, "--stats", "mean", "--no-rat"}, 2), "--no-rat without --table"));
    CHECK(failed({"segment", in.image, out, "--stats", "mean", "--stats-bands", "9"}, 2) ==
          "shepseg: error: --stats-bands '9' is not allowed: must be band numbers from 1 to 2, as " + in.image +
              " has them\n");
    for (std::string const option : {"--bands", "--stats-bands"}) {
        CHECK(failed({"segment", in.image, out, "--stats", "mean", option, "2,2"}, 2) ==
              "shepseg: error: " + option +
                  " '2,2': numbers 1 and 2 would make columns of the same name; give one of them\n");
    }
    CHECK(contains(failed({"segment", in.image, out, "--stats", "mean", "--overwrite"}, 2), "--table"));
    CHECK(contains(failed({"segment", in.image, out, "--stats", "mode:3"}, 2), "statistic 'mode:3'"));
    CHECK(contains(failed({"segment", in.image, out, "--stats", "mean", "--table", out}, 2), "are the same file"));
    CHECK(in.folder.names() == std::set<std::string>{"image.tif", "segments.img"});
}

TEST_CASE("segment: statistics of bands that are not segmented have the null values of these bands")
{
    temporary_directory const folder;
    test::random_numbers random(8);
    auto const pixels = test::random_pixels<std::uint8_t>(2, 60, 70, 7, random);
    {
        auto const file = test::create_raster(folder / "one.tif", "GTiff", 60, 70, 1, GDT_Byte);
        rios::image<std::uint8_t> band(1, 60, 70);
        std::copy(pixels.data(), pixels.data() + pixels.pixel_count(), band.data());
        test::write_pixels(*file, band);
    }
    // A VRT may have a null value for one band only.
    test::write_file(
        folder / "image.vrt",
        "<VRTDataset rasterXSize=\"70\" rasterYSize=\"60\">"
        "<VRTRasterBand dataType=\"Byte\" band=\"1\"><SimpleSource><SourceFilename relativeToVRT=\"1\">one.tif"
        "</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand>"
        "<VRTRasterBand dataType=\"Byte\" band=\"2\"><NoDataValue>7</NoDataValue><SimpleSource>"
        "<SourceFilename relativeToVRT=\"1\">one.tif</SourceFilename><SourceBand>1</SourceBand>"
        "</SimpleSource></VRTRasterBand></VRTDataset>");
    strings const statistics{"--stats", "validcount", "--quiet", "--no-rat", "--table"};
    REQUIRE(shepseg(test::with({"segment", folder / "image.vrt", folder / "out.img", "--bands", "1", "--clusters", "4",
                                "--stats-bands", "2"},
                               test::with(statistics, {folder / "a.csv"})))
                .status == 0);
    REQUIRE(shepseg(test::with({"stats", folder / "image.vrt", folder / "out.img", "--bands", "2"},
                               test::with(statistics, {folder / "b.csv"})))
                .status == 0);
    CHECK(test::read_file(folder / "a.csv") == test::read_file(folder / "b.csv"));
    auto const counts = columns_of(folder / "a.csv").at("Band_2_validcount");
    CHECK(std::accumulate(counts.begin(), counts.end(), 0.0) < 60 * 70);
}

TEST_CASE("segment: a table that is there is an error before any work, unless it is to be replaced")
{
    scene const in;
    auto const out = in.folder / "out.img";
    auto const table = in.folder / "t.gpkg";
    test::write_file(table, "layers of somebody else");
    auto const before = test::contents_of(in.folder.path());
    strings const command{"segment", in.image, out, "--clusters", "4", "--stats", "mean", "--table", table, "--quiet"};
    CHECK(failed(command, 1) ==
          "shepseg: error: " + table + ": exists already; have it replaced (--overwrite), or give another name\n");
    CHECK(test::difference(before, test::contents_of(in.folder.path())) == "");
    CHECK(shepseg(test::with(command, {"--overwrite"})).status == 0);
    CHECK(rios::vector_dataset::open(table).layer_names() == strings{"segments"});
}

TEST_CASE("a table that somebody else has made during the run stays, and nothing else is changed")
{
    temporary_directory const folder;
    auto const image = folder / "image.tif";
    auto const segments = folder / "segments.img";
    test::make_raster(image, "GTiff", test::noise<std::uint8_t>(1, 1500, 1500));
    test::labels labels(1, 1500, 1500);
    for (auto const [row, col] : labels.pixels()) {
        labels(0, row, col) = static_cast<std::uint32_t>(row / 3 * 500 + col / 3 + 1);
    }
    test::make_raster(segments, "HFA", labels);
    for (strings const& command :
         {strings{"stats", image, segments}, strings{"segment", image, folder / "out.img", "--clusters", "5"}}) {
        for (std::string const name : {"t.csv", "t.gpkg"}) {
            CAPTURE(command.front());
            CAPTURE(name);
            auto before = test::contents_of(folder.path());
            test::process run(test::shepseg_command(
                test::with(command, {"--stats", "median", "--threads", "1", "--quiet", "--table", folder / name})));
            // The table is begun before the work.
            while (folder.names().size() == before.size()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
            test::write_file(folder / name, "mine");
            auto const result = run.wait();
            INFO(result.text());
            CHECK(result.status == 1);
            CHECK(result.err == "shepseg: error: " + folder / name +
                                    ": exists already; have it replaced (--overwrite), or give another name\n");
            CHECK(test::read_file(folder / name) == "mine");
            std::filesystem::remove(folder / name);
            CHECK(test::difference(before, test::contents_of(folder.path())) == "");
        }
    }
}
