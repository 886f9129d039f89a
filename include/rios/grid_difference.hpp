// SPDX-License-Identifier: BSL-1.0
//
// Do two rasters cover each other pixel by pixel? Asked before blocks of one are computed with blocks of the other.
#pragma once

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include "pixel_grid.hpp"

namespace rios {

namespace detail {

inline std::string size_text(pixel_grid const& grid)
{
    return std::to_string(grid.rows) + " rows, " + std::to_string(grid.cols) + " cols";
}

inline std::string place_text(pixel_grid const& grid)
{
    if (!grid.geotransform) return "no place on the map";
    std::string text;
    for (double const number : *grid.geotransform) {
        char digits[40];
        std::snprintf(digits, sizeof digits, "%s%.15g", text.empty() ? "" : ", ", number);
        text += digits;
    }
    return "geotransform (" + text + ')';
}

inline std::string crs_text(pixel_grid const& grid)
{
    if (grid.projection.empty()) return "no coordinate reference system";
    // WKT begins with the kind and the name: PROJCRS["WGS 84 / UTM zone 55S", ...
    auto const begin = grid.projection.find('"');
    auto const end = grid.projection.find('"', begin + 1);
    if (begin == std::string::npos || end == std::string::npos) return grid.projection;
    return grid.projection.substr(begin, end + 1 - begin);
}

/// The element of a text (WKT) that a place lies in, without those inside it: PARAMETER["False easting",500000].
inline std::string element_text(std::string const& wkt, std::size_t place)
{
    // A place in the first word of an element is in that element.
    while (place < wkt.size() && std::isalpha(static_cast<unsigned char>(wkt[place])) != 0) ++place;
    if (place < wkt.size() && wkt[place] == '[') ++place;
    std::vector<std::size_t> open;
    bool quoted = false;
    for (std::size_t i = 0; i < std::min(place, wkt.size()); ++i) {
        if (wkt[i] == '"') quoted = !quoted;
        else if (!quoted && wkt[i] == '[') open.push_back(i);
        else if (!quoted && wkt[i] == ']' && !open.empty()) open.pop_back();
    }
    if (open.empty()) return {};
    auto const word_end = wkt.find_last_of(",[ ", open.back() - 1);
    auto const begin = open.back() == 0 || word_end == std::string::npos ? 0 : word_end + 1;
    auto end = open.back() + 1;
    for (quoted = false; end < wkt.size() && (quoted || (wkt[end] != '[' && wkt[end] != ']')); ++end) {
        if (wkt[end] == '"') quoted = !quoted;
    }
    // What is inside begins after a comma.
    if (end < wkt.size() && wkt[end] == '[') end = wkt.find_last_of(',', end);
    return wkt.substr(begin, end - begin) + ']';
}

/// The name of a grid's coordinate reference system, and if another grid's has the same name, the first element that differs.
inline std::string crs_text(pixel_grid const& grid, pixel_grid const& other)
{
    auto const name = crs_text(grid);
    auto const& wkt = grid.projection;
    if (name != crs_text(other)) return name;
    auto const [here, there] = std::mismatch(wkt.begin(), wkt.end(), other.projection.begin(), other.projection.end());
    auto const element = element_text(wkt, static_cast<std::size_t>(here - wkt.begin()));
    return element.empty() ? name : name + " with " + element;
}

/// Largest distance between the corners of two grids of one size, in pixels of the first; NaN if one cannot tell.
inline double largest_shift(pixel_grid const& a, pixel_grid const& b)
{
    auto const& one = *a.geotransform;
    auto const& other = *b.geotransform;
    auto const pixel = std::min(std::hypot(one[1], one[4]), std::hypot(one[2], one[5]));
    double largest = 0;
    for (double const row : {0.0, static_cast<double>(a.rows)}) {
        for (double const col : {0.0, static_cast<double>(a.cols)}) {
            auto const dx = (other[0] - one[0]) + col * (other[1] - one[1]) + row * (other[2] - one[2]);
            auto const dy = (other[3] - one[3]) + col * (other[4] - one[4]) + row * (other[5] - one[5]);
            auto const shift = std::hypot(dx, dy) / pixel;
            if (std::isnan(shift)) return shift; // std::max would lose it
            largest = std::max(largest, shift);
        }
    }
    return largest;
}

} // namespace detail

/// How two grids differ, in words: "has 100 rows, 200 cols; a.tif has 100 rows, 300 cols". Empty if their pixels cover each
/// other: the same size, corners within a thousandth of a pixel, and the same coordinate reference system. A grid without
/// a place on the map, or without a coordinate reference system, goes with any that has one.
/// @param first_name what `first` is called in the text
/// @param same_crs asked about two different texts of coordinate reference systems: do they mean the same?
template <typename F>
[[nodiscard]] std::string grid_difference(pixel_grid const& grid, pixel_grid const& first,
                                          std::string const& first_name, F same_crs)
{
    constexpr double tolerance = 1e-3; // pixels
    auto const differ = [&](std::string (*text)(pixel_grid const&)) {
        return "has " + text(grid) + "; " + first_name + " has " + text(first);
    };
    if (grid.rows != first.rows || grid.cols != first.cols) return differ(detail::size_text);
    // Written so that NaN differs.
    if (grid.geotransform && first.geotransform && *grid.geotransform != *first.geotransform &&
        !(detail::largest_shift(first, grid) <= tolerance)) {
        return differ(detail::place_text);
    }
    if (!grid.projection.empty() && !first.projection.empty() && grid.projection != first.projection &&
        !same_crs(grid.projection, first.projection)) {
        return "has " + detail::crs_text(grid, first) + "; " + first_name + " has " + detail::crs_text(first, grid);
    }
    return {};
}

} // namespace rios
