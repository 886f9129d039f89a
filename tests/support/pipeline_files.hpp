// SPDX-License-Identifier: BSL-1.0
// Files and executors for tests of the pipeline between files: those of RIOS's own tests.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <cpl_conv.h>
#include <gdal_priv.h>
#include <ogr_spatialref.h>

#include <rios/concepts.hpp>
#include <rios/executor/inline.hpp>
#include <rios/image.hpp>

#include "raster_files.hpp"

namespace test {

/// Stands for all local executors in one type, so that each pipeline is compiled once: rios::run asks for no more than these
/// numbers (0 and 0: inline_executor; no workers: read_ahead). The classes themselves are tested without files.
struct local_executor {
    std::size_t reader_count = 0;
    std::size_t worker_count = 0;

    template <rios::Job J>
    void run(J& job)
    {
        rios::inline_executor().run(job);
    }
    [[nodiscard]] std::size_t readers() const { return reader_count; }
    [[nodiscard]] std::size_t workers() const { return worker_count; }
};

template <typename F>
void with_each_executor(F f)
{
    for (auto const& executor : std::vector<local_executor>{{0, 0}, {1, 0}, {2, 0}, {0, 2}, {1, 2}, {2, 2}, {2, 3}}) {
        INFO(executor.reader_count, " readers, ", executor.worker_count, " workers");
        f(executor);
    }
}

inline std::string wkt_of_epsg(int code)
{
    OGRSpatialReference system;
    REQUIRE(system.importFromEPSG(code) == OGRERR_NONE);
    char* text = nullptr;
    system.exportToWkt(&text);
    std::string result = text;
    CPLFree(text);
    return result;
}

struct place {
    double x = 500'000;
    double y = 7'000'000;
    double pixel = 10;
};

template <typename T>
void make_file(std::string const& path, rios::image<T> const& pixels, place where = {}, std::optional<double> null = {},
               std::string const& format = "HFA")
{
    auto const file = create_raster(path, format, static_cast<int>(pixels.rows()), static_cast<int>(pixels.cols()),
                                    static_cast<int>(pixels.bands()), raw_type<T>(), raw_options<T>());
    std::array<double, 6> transform{where.x, where.pixel, 0, where.y, 0, -where.pixel};
    file->SetGeoTransform(transform.data());
    file->SetProjection(wkt_of_epsg(28355).c_str());
    if (null) {
        for (int band = 1; band <= file->GetRasterCount(); ++band) file->GetRasterBand(band)->SetNoDataValue(*null);
    }
    write_pixels(*file, pixels);
}

/// The image that RIOS's tests are made with.
inline rios::image<std::uint8_t> ramp(std::ptrdiff_t rows = 500, std::ptrdiff_t cols = 500)
{
    rios::image<std::uint8_t> pixels(1, rows, cols);
    for (auto const [r, c] : pixels.pixels()) {
        pixels(0, r, c) = static_cast<std::uint8_t>((r + c) * 100 / (rows + cols - 2));
    }
    return pixels;
}

/// The mean of two images, as RIOS's tests have it.
inline rios::image<std::uint8_t> mean_of(rios::image<std::uint8_t> const& a, rios::image<std::uint8_t> const& b)
{
    rios::image<std::uint8_t> mean(1, a.rows(), a.cols());
    for (auto const [r, c] : mean.pixels()) {
        mean(0, r, c) =
            static_cast<std::uint8_t>((static_cast<float>(a(0, r, c)) + static_cast<float>(b(0, r, c))) / 2);
    }
    return mean;
}

} // namespace test
