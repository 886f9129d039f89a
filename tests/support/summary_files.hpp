// SPDX-License-Identifier: BSL-1.0
// What output files carry beside pixels, as plain GDAL reads it, and what it should be.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <gdal_priv.h>

#include <rios/apply.hpp>
#include <rios/gdal/writer.hpp>
#include <rios/image.hpp>
#include <rios/memory_reader.hpp>

#include "raster_files.hpp"

namespace test {

using items = std::map<std::string, std::string>;

/// STATISTICS_* of a band without that beginning, as a reopened file tells them.
inline items items_of(std::string const& path, int band = 1)
{
    items result;
    auto const file = open_raster(path);
    char** const list = file->GetRasterBand(band)->GetMetadata();
    for (int i = 0; list != nullptr && list[i] != nullptr; ++i) {
        std::string const item = list[i];
        auto const equals = item.find('=');
        if (item.starts_with("STATISTICS_")) result[item.substr(11, equals - 11)] = item.substr(equals + 1);
    }
    return result;
}

/// The same number; in HFA, as many of its digits as GDAL shows.
inline bool same(double a, double b, std::string const& name)
{
    return name.ends_with(".img") ? std::abs(a - b) <= 1e-13 * std::abs(b) : a == b;
}

inline double number(items const& all, std::string const& name)
{
    auto const found = all.find(name);
    if (found == all.end()) return std::numeric_limits<double>::quiet_NaN();
    return std::stod(found->second);
}

inline std::vector<std::uint64_t> bins_of(items const& all)
{
    std::vector<std::uint64_t> bins;
    auto const found = all.find("HISTOBINVALUES");
    if (found == all.end()) return bins;
    std::istringstream text(found->second);
    for (std::string each; std::getline(text, each, '|');) bins.push_back(std::stoull(each));
    return bins;
}

/// numpy.histogram(values, bins, (minimum, maximum)).
inline std::vector<std::uint64_t> numpy_histogram(std::vector<double> const& values, double minimum, double maximum,
                                                  std::size_t bins)
{
    std::vector<std::uint64_t> result(bins);
    auto const step = (maximum - minimum) / static_cast<double>(bins);
    for (auto const value : values) {
        auto bin = step > 0 ? std::min(bins - 1, static_cast<std::size_t>((value - minimum) / step)) : 0;
        while (bin > 0 && value < minimum + static_cast<double>(bin) * step) --bin;
        while (bin + 1 < bins && value >= minimum + static_cast<double>(bin + 1) * step) ++bin;
        ++result[bin];
    }
    return result;
}

template <typename T>
rios::image<T> overview_of(std::string const& path, int index)
{
    auto const file = open_raster(path);
    rios::image<T> pixels(file->GetRasterCount(), 0, 0);
    for (int band = 0; band < file->GetRasterCount(); ++band) {
        auto* const overview = file->GetRasterBand(band + 1)->GetOverview(index);
        REQUIRE(overview != nullptr);
        int const rows = overview->GetYSize();
        int const cols = overview->GetXSize();
        if (band == 0) pixels = rios::image<T>(file->GetRasterCount(), rows, cols);
        REQUIRE(overview->RasterIO(GF_Read, 0, 0, cols, rows, &pixels(band, 0, 0), cols, rows, raw_type<T>(), 0, 0,
                                   nullptr) == CE_None);
    }
    return pixels;
}

inline rios::pixel_grid plain_grid(std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    return {.rows = rows, .cols = cols, .geotransform = {}, .projection = {}};
}

template <typename T, typename E>
void copy_to(std::string const& path, rios::image<T> const& pixels, rios::gdal_writer_options options,
             rios::window_size window, E executor)
{
    auto const copy = [](rios::block_info const&, rios::image<T> in) { return in; };
    options.bands = static_cast<int>(pixels.bands());
    rios::apply(rios::memory_reader<T>(pixels.view()), copy, rios::gdal_writer<T>(path, options), executor,
                {.window = window});
}

struct expected_statistics {
    std::vector<double> values; // sorted, without null ones
    double mean = 0;
    double standard_deviation = 0;
};

template <typename T>
expected_statistics expect(rios::image<T> const& pixels, std::optional<double> null)
{
    expected_statistics result;
    for (auto const* p = pixels.data(); p != pixels.data() + pixels.pixel_count(); ++p) {
        auto const value = static_cast<double>(*p);
        if (std::isfinite(value) && !(null && *p == static_cast<T>(*null))) result.values.push_back(value);
    }
    std::sort(result.values.begin(), result.values.end());
    auto const n = static_cast<long double>(result.values.size());
    long double mean = 0;
    for (auto const value : result.values) mean += static_cast<long double>(value) / n;
    long double squares = 0;
    for (auto const value : result.values) squares += (value - mean) * (value - mean) / n;
    result.mean = static_cast<double>(mean);
    result.standard_deviation = static_cast<double>(std::sqrt(squares));
    return result;
}

} // namespace test
