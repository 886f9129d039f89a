// SPDX-License-Identifier: BSL-1.0
#include <shepseg/gdal/preview_file.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/message_of.hpp"
#include "support/raster_files.hpp"
#include "support/temporary_directory.hpp"
#include "support/watched_reads.hpp"

TEST_CASE("a preview is an RGB PNG, enlarged where the image is small")
{
    test::temporary_directory const folder;
    test::make_raster(folder / "image.tif", "GTiff", test::noise<std::uint16_t>(4, 20, 30));
    rios::image<std::uint32_t> labels(1, 20, 30);
    for (auto [row, col] : labels.pixels()) labels(0, row, col) = col < 15 ? 1 : 2;
    test::make_raster(folder / "labels.tif", "GTiff", labels);
    shepseg::write_picture(folder / "image.tif", folder / "labels.tif", folder / "look.png", {.bands = {4, 3, 2}});

    auto const file = test::open_raster(folder / "look.png");
    CHECK(std::string(file->GetDriver()->GetDescription()) == "PNG");
    auto const picture = test::read_pixels<std::uint8_t>(folder / "look.png");
    REQUIRE(picture.bands() == 3);
    REQUIRE(picture.rows() == 80);
    REQUIRE(picture.cols() == 120);
    for (std::ptrdiff_t row = 0; row < 80; ++row) {
        CHECK(picture(0, row, 60) == 255);
        CHECK(picture(1, row, 60) == 255);
        CHECK(picture(2, row, 60) == 0);
    }
    CHECK(folder.names() == std::set<std::string>{"image.tif", "labels.tif", "look.png"});
}

TEST_CASE("a preview of a large raster shows its middle")
{
    CHECK(shepseg::preview_window({.rows = 3000, .cols = 200, .geotransform = {}, .projection = {}}) ==
          rios::block{.index = 0, .row = 0, .col = 0, .rows = 3000, .cols = 200});
    CHECK(shepseg::preview_window({.rows = 3001, .cols = 200, .geotransform = {}, .projection = {}}) ==
          rios::block{.index = 0, .row = 750, .col = 0, .rows = 1500, .cols = 200});
    CHECK(shepseg::preview_window({.rows = 4000, .cols = 9000, .geotransform = {}, .projection = {}}) ==
          rios::block{.index = 0, .row = 1250, .col = 3750, .rows = 1500, .cols = 1500});
}

TEST_CASE("the bands of a preview are those that the file calls red, green and blue, or a common choice")
{
    test::temporary_directory const folder;
    auto const path = folder / "image.tif";
    {
        auto const file = test::create_raster(path, "GTiff", 2, 2, 5, GDT_Byte, {"PHOTOMETRIC=MINISBLACK"});
    }
    auto const bands = [&](std::vector<int> const& used) {
        return shepseg::composite_bands(rios::gdal_dataset::open(path), used);
    };
    CHECK(bands({1, 2, 3, 4, 5}) == std::vector{4, 3, 2});
    CHECK(bands({5, 3, 1}) == std::vector{1, 3, 5});
    CHECK(bands({2, 5}) == std::vector{2});
    {
        auto const file = test::open_raster(path, GDAL_OF_UPDATE);
        file->GetRasterBand(4)->SetColorInterpretation(GCI_RedBand);
        file->GetRasterBand(1)->SetColorInterpretation(GCI_GreenBand);
        file->GetRasterBand(2)->SetColorInterpretation(GCI_BlueBand);
    }
    CHECK(bands({1, 2, 3, 4, 5}) == std::vector{4, 1, 2});
}

namespace {

using style = shepseg::picture_request::style;

/// An image of three bands and a segmentation of squares, on the same pixels.
struct pair_of_files {
    test::temporary_directory folder;
    rios::image<std::uint16_t> image;
    rios::image<std::uint32_t> labels;

    pair_of_files(std::ptrdiff_t rows, std::ptrdiff_t cols)
        : image(test::noise<std::uint16_t>(3, rows, cols)), labels(1, rows, cols)
    {
        for (auto [row, col] : labels.pixels()) {
            labels(0, row, col) = row < 3 ? 0 : static_cast<std::uint32_t>(row / 7 * 100 + col / 7 + 1);
        }
        test::make_raster(folder / "image.tif", "GTiff", image);
        test::make_raster(folder / "labels.tif", "GTiff", labels);
        for (auto const* name : {"image.tif", "labels.tif"}) place(name, 500000);
    }

    void place(std::string const& name, double x) const
    {
        std::array<double, 6> geotransform{x, 20, 0, 6000000, 0, -20};
        test::open_raster(folder / name, GDAL_OF_UPDATE)->SetGeoTransform(geotransform.data());
    }

    [[nodiscard]] shepseg::segment_picture draw(shepseg::picture_request const& request) const
    {
        return shepseg::draw_picture(folder / "image.tif", folder / "labels.tif", request);
    }

    /// The same from memory.
    [[nodiscard]] rios::image<std::uint8_t> twin(rios::block const& window,
                                                 shepseg::preview_options const& options) const
    {
        rios::image<float> pixels(3, window.rows, window.cols);
        rios::image<std::uint32_t> numbers(1, window.rows, window.cols);
        for (auto [row, col] : pixels.pixels()) {
            numbers(0, row, col) = labels(0, window.row + row, window.col + col);
            for (int band = 0; band < 3; ++band) {
                pixels(band, row, col) = image(2 - band, window.row + row, window.col + col);
            }
        }
        return shepseg::draw_preview(pixels.view(), numbers.view(), options);
    }
};

} // namespace

TEST_CASE("a picture of files is that of the same pixels in memory, whole, enlarged, in part and reduced")
{
    pair_of_files const files(60, 80);
    auto const whole = files.draw({.size = 100});
    CHECK(whole.bands == std::vector{3, 2, 1});
    CHECK(whole.scale == 1);
    CHECK(whole.reduction == 1);
    CHECK(whole.pixels == files.twin({0, 0, 0, 60, 80}, {}));

    auto const large = files.draw({.size = 200});
    CHECK(large.scale == 2);
    CHECK(large.pixels == files.twin({0, 0, 0, 60, 80}, {.scale = 2}));
    CHECK(files.draw({.size = 20000}).scale == 4);

    rios::block const part{0, 5, 7, 20, 30};
    auto const window = files.draw({.window = part, .size = 30});
    CHECK(window.pixels == files.twin(part, {}));
    CHECK(window.grid.geotransform == std::array<double, 6>{500140, 20, 0, 5999900, 0, -20});

    shepseg::preview_options reduced;
    reduced.reduction = 3;
    auto const small = files.draw({.window = rios::block{0, 0, 0, 60, 80}, .size = 30});
    CHECK(small.reduction == 3);
    CHECK(small.pixels == files.twin({0, 0, 0, 60, 80}, reduced));
    CHECK(small.grid.geotransform == std::array<double, 6>{500000, 60, 0, 6000000, 0, -60});
    CHECK(small.grid.cols == 27);
}

TEST_CASE("a picture of a larger raster shows its middle at full size, unless a window is given")
{
    pair_of_files const files(60, 80);
    auto const middle = files.draw({.size = 40});
    CHECK(middle.window == rios::block{0, 10, 20, 40, 40});
    CHECK(middle.reduction == 1);
    CHECK(files.draw({.size = 70}).window == rios::block{0, 0, 5, 60, 70});
}

TEST_CASE("a picture of the segments of a part of an image is that part of the picture of all")
{
    pair_of_files const files(60, 80);
    rios::image<std::uint32_t> part(1, 40, 50);
    for (auto [row, col] : part.pixels()) part(0, row, col) = files.labels(0, row + 7, col + 20);
    test::make_raster(files.folder / "part.tif", "GTiff", part);
    files.place("part.tif", 0); // wherever
    auto const draw = [&](shepseg::picture_request const& request) {
        return shepseg::draw_picture(files.folder / "image.tif", files.folder / "part.tif", request);
    };
    rios::block const segmented{0, 7, 20, 40, 50};
    CHECK(draw({.segmented = segmented, .size = 50}).pixels == files.twin(segmented, {}));
    CHECK(draw({.window = rios::block{0, 5, 3, 10, 15}, .segmented = segmented, .size = 15}).pixels ==
          files.twin({0, 12, 23, 10, 15}, {}));
    auto const refusal = [&](rios::block const& where) {
        return test::message_of<rios::grid_error>([&] { static_cast<void>(draw({.segmented = where})); });
    };
    CHECK(refusal({0, 7, 20, 40, 51}) == (files.folder / "part.tif") + ": has 40 rows, 50 cols; the part of " +
                                             (files.folder / "image.tif") + " that was segmented has 40 rows, 51 cols");
    CHECK(refusal({0, 21, 20, 40, 50}).starts_with(files.folder / "image.tif: the window at row 21, col 20"));
}

TEST_CASE("parts of a picture that are read one after another fit together")
{
    pair_of_files const files(900, 1500); // more than a million pixels
    CHECK(files.draw({.size = 2000}).pixels == files.twin({0, 0, 0, 900, 1500}, {}));
    shepseg::preview_options reduced;
    reduced.reduction = 7;
    CHECK(files.draw({.window = rios::block{0, 0, 0, 900, 1500}, .size = 215}).pixels ==
          files.twin({0, 0, 0, 900, 1500}, reduced));
    auto const means = files.draw({.shown = style::mean_colours, .size = 2000});
    for (std::ptrdiff_t row = 7; row < 900; ++row) {
        for (std::ptrdiff_t col = 0; col < 1500; ++col) {
            bool const same = means.pixels(0, row, col) == means.pixels(0, row / 7 * 7, col / 7 * 7);
            if (!same) FAIL("row ", row, ", col ", col);
        }
    }
}

TEST_CASE("a picture is the same whatever blocks the files are cut into, and each block is read once in a pass")
{
    struct blocks {
        std::ptrdiff_t rows = 1;
        std::ptrdiff_t cols = 1;

        [[nodiscard]] std::vector<std::string> options() const
        {
            return {"TILED=YES", "BLOCKXSIZE=" + std::to_string(cols), "BLOCKYSIZE=" + std::to_string(rows)};
        }
        /// How many of them a window touches.
        [[nodiscard]] std::ptrdiff_t in(rios::block const& window) const
        {
            return ((window.row + window.rows + rows - 1) / rows - window.row / rows) *
                   ((window.col + window.cols + cols - 1) / cols - window.col / cols);
        }
    };
    struct example {
        rios::block whole{};
        blocks image{};
        blocks labels{};
    };
    auto& reads = test::watched_reads::the_one();
    auto const before = GDALGetCacheMax64();
    for (auto const& [whole, image, labels] : {example{{0, 0, 0, 1200, 1500}, {96, 256}, {32, 256}},
                                               example{{0, 0, 0, 600, 5000}, {512, 512}, {256, 512}}}) {
        pair_of_files const files(whole.rows, whole.cols);
        test::make_raster(files.folder / "a.tif", "GTiff", files.image, image.options());
        test::make_raster(files.folder / "b.tif", "GTiff", files.labels, labels.options());
        for (auto const* name : {"a.tif", "b.tif"}) files.place(name, 500000);
        auto const path = [&](std::string const& name) { return "/vsiwatched/" + (files.folder / name); };
        for (auto const& window : {whole, rios::block{0, 150, 11, whole.rows - 200, whole.cols - 100}}) {
            for (shepseg::picture_request request :
                 {shepseg::picture_request{.size = 400}, {.size = 3000}, {.shown = style::mean_colours, .size = 400}}) {
                request.window = window;
                auto const plain = files.draw(request);
                GDALSetCacheMax64(1 << 20); // less than the blocks of one part
                reads.forget();
                auto const other = shepseg::draw_picture(path("a.tif"), path("b.tif"), request);
                GDALSetCacheMax64(before);
                CHECK(other.pixels == plain.pixels);
                constexpr int headers = 60;
                CHECK(reads.times <= 2 * (image.in(window) + labels.in(window)) + headers);
                if (request.shown == style::mean_colours) continue;
                shepseg::preview_options options;
                options.scale = plain.scale;
                options.reduction = plain.reduction;
                CHECK(plain.pixels == files.twin(window, options));
            }
        }
    }
}

TEST_CASE("a picture is read in whole blocks of both files, as far as these are not too large")
{
    using sizes = std::array<std::ptrdiff_t, 2>;
    using shape = rios::block_shape;
    auto const part = [](std::ptrdiff_t cols, shape const& image, shape const& labels) {
        auto const [rows, columns] = shepseg::detail::picture_part(cols, image, labels);
        return sizes{rows, columns};
    };
    CHECK(part(1024, {1, 1024}, {1, 1024}) == sizes{1024, 1 << 20});  // rows
    CHECK(part(1000, {256, 256}, {64, 64}) == sizes{1024, 4096});     // tiles, all columns
    CHECK(part(120'000, {512, 512}, {512, 512}) == sizes{512, 2048}); // tiles, some columns
    CHECK(part(120'000, {48, 64}, {64, 96}) == sizes{192, 5376});
    CHECK(part(5000, {1, 5000}, {256, 256}) == sizes{256, 5000});
    CHECK(part(60'000, {1000, 60'000}, {1, 60'000}) == sizes{250, 60'000}); // 60 million pixels in a block
    CHECK(part(1 << 25, {1, 1 << 25}, {512, 512}) == sizes{1, 1 << 24});    // half a row
}

TEST_CASE("a picture of an image of two bands is that of its first")
{
    test::temporary_directory const folder;
    test::make_raster(folder / "image.tif", "GTiff", test::noise<std::uint16_t>(2, 20, 30));
    test::make_raster(folder / "labels.tif", "GTiff", test::noise<std::uint8_t>(1, 20, 30));
    for (auto const shown : {style::boundaries, style::mean_colours}) {
        auto const draw = [&](std::vector<int> const& bands) {
            return shepseg::draw_picture(folder / "image.tif", folder / "labels.tif", {.bands = bands, .shown = shown});
        };
        auto const picture = draw({});
        CHECK(picture.bands == std::vector{1});
        CHECK(picture.pixels == draw({1}).pixels);
    }
}

TEST_CASE("in mean colours each segment has one colour, and null its own")
{
    test::temporary_directory const folder;
    rios::image<std::uint8_t> image(1, 2, 4);
    rios::image<std::uint32_t> labels(1, 2, 4);
    for (auto [row, col] : image.pixels()) {
        image(0, row, col) = static_cast<std::uint8_t>(col < 2 ? 100 * row : 200);
        labels(0, row, col) = col < 2 ? 1 : static_cast<std::uint32_t>(col == 2 ? 2 : 0);
    }
    test::make_raster(folder / "image.tif", "GTiff", image);
    test::make_raster(folder / "labels.tif", "GTiff", labels);
    auto const picture =
        shepseg::draw_picture(folder / "image.tif", folder / "labels.tif", {.shown = style::mean_colours, .size = 4})
            .pixels;
    // Of 0 0 100 100 200 200 the percentile 2 is 0 and 98 is 200; the mean of segment 1 is 50.
    for (int band = 0; band < 3; ++band) {
        CHECK(picture(band, 0, 0) == 63);
        CHECK(picture(band, 1, 1) == 63);
        CHECK(picture(band, 0, 2) == 255);
        CHECK(picture(band, 0, 3) == 48);
    }
}

TEST_CASE("rasters that do not have the same pixels are refused with what differs and by how much")
{
    pair_of_files const files(20, 30);
    auto const image = files.folder / "image.tif";
    auto const labels = files.folder / "labels.tif";
    auto const refusal = [&](shepseg::picture_request const& request = {}) {
        return test::message_of<rios::grid_error>([&] { static_cast<void>(files.draw(request)); });
    };
    CHECK(refusal({.window = rios::block{0, 0, 10, 20, 21}}).starts_with(labels + ": the window at row 0, col 10"));
    files.place("labels.tif", 500050);
    CHECK(refusal() == labels + ": has geotransform (500050, 20, 0, 6000000, 0, -20); " + image +
                           " has geotransform (500000, 20, 0, 6000000, 0, -20), up to 2.5 pixels apart");
    test::make_raster(labels, "GTiff", rios::image<std::uint32_t>(1, 20, 31));
    CHECK(refusal() == labels + ": has 20 rows, 31 cols; " + image + " has 20 rows, 30 cols");
    test::make_raster(labels, "GTiff", rios::image<float>(1, 20, 30));
    CHECK(refusal().find("numbers of segments are integers") != std::string::npos);
}

TEST_CASE("a picture does not replace the image or the segments, whatever they are called")
{
    pair_of_files const files(20, 30);
    auto const image = files.folder / "image.tif";
    auto const labels = files.folder / "labels.tif";
    std::filesystem::create_symlink(labels, files.folder / "link.tif");
    auto const refuses = [&](std::string const& output, std::string const& input) {
        CHECK(test::message_of<rios::options_error>([&] { shepseg::write_picture(image, labels, output); }) ==
              output + ": is the input " + input + ", which must not be written over; give it another name");
    };
    refuses(image, image);
    refuses(labels, labels);
    refuses(files.folder / "./labels.tif", labels);
    refuses(files.folder / "link.tif", labels);
    CHECK(test::read_pixels<std::uint16_t>(image) == files.image);
    CHECK(test::read_pixels<std::uint32_t>(labels) == files.labels);
}

TEST_CASE("pictures that cannot be are refused, and a cancelled one leaves nothing")
{
    pair_of_files const files(20, 30);
    auto const image = files.folder / "image.tif";
    auto const labels = files.folder / "labels.tif";
    auto const before = files.folder.names();
    auto const refusal = [&](std::string const& name, shepseg::picture_request const& request = {}) {
        return test::message_of<rios::options_error>(
            [&] { shepseg::write_picture(image, labels, files.folder / name, request); });
    };
    CHECK(refusal("a.gif").ends_with("a.gif: a picture must be a .png, .jpg, .jpeg, .tif or .tiff"));
    CHECK(refusal("a.png", {.bands = {1, 2}}) ==
          image + ": 2 bands to be shown; allowed: one, or three for red, green and blue");
    CHECK(refusal("a.png", {.bands = {4}}) == image + ": no band 4; allowed: 1 to 3");
    CHECK(refusal("a.png", {.size = 0}) == "size of a picture 0: allowed: 1 to 20000 pixels");
    for (std::string const phase : {"looking", "drawing"}) {
        CHECK_THROWS_AS(shepseg::write_picture(image, labels, files.folder / "a.png",
                                               {.progress = [&](auto at, double) { return at != phase; }}),
                        rios::cancelled);
    }
    CHECK(files.folder.names() == before);
    shepseg::write_picture(image, labels, files.folder / "a.png", {.bands = {2}});
    CHECK(test::read_pixels<std::uint8_t>(files.folder / "a.png").rows() == 80);
    test::make_raster(labels, "GTiff", rios::image<std::uint32_t>(1, 20, 31));
    CHECK_THROWS_AS(shepseg::write_picture(image, labels, files.folder / "a.png"), rios::grid_error);
    CHECK(test::read_pixels<std::uint8_t>(files.folder / "a.png").rows() == 80); // as it was
    test::make_raster(labels, "GTiff", rios::image<std::uint32_t>(1, 20, 30));
    CHECK(test::message_of<rios::io_error>([&] {
              shepseg::write_picture(image, labels, files.folder / "nowhere/a.png");
          }).starts_with(files.folder / "nowhere/a.png: "));
}
