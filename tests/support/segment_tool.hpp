// SPDX-License-Identifier: BSL-1.0
// The tool `shepseg`, run on scenes whose segments are known without it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <rios/image.hpp>

#include "support/files.hpp"
#include "support/process.hpp"
#include "support/random_numbers.hpp"
#include "support/raster_files.hpp"

namespace test {

using labels = rios::image<std::uint32_t>;

[[nodiscard]] inline std::uint32_t largest_label(labels const& image)
{
    std::uint32_t result = 0;
    for (auto const [row, col] : image.pixels()) result = std::max(result, image(0, row, col));
    return result;
}
using strings = std::vector<std::string>;

[[nodiscard]] inline strings with(strings first, strings const& then)
{
    first.insert(first.end(), then.begin(), then.end());
    return first;
}

[[nodiscard]] inline bool contains(std::string const& text, std::string const& part)
{
    return text.find(part) != std::string::npos;
}

/// The program and its arguments.
[[nodiscard]] inline strings shepseg_command(strings const& arguments)
{
    return with({RIOS_TOOL_DIR "/shepseg"}, arguments);
}

inline process_result shepseg(strings const& arguments, process_options options = {})
{
    return run(shepseg_command(arguments), std::move(options));
}

/// Standard output of a run of the tool that must end with that status and without a message.
inline std::string printed(strings const& arguments, int status = 0)
{
    auto const result = shepseg(arguments);
    INFO(result.text());
    REQUIRE(result.status == status);
    CHECK(result.err.empty());
    return result.out;
}

/// The message of a run that must fail with a status, and print nothing.
inline std::string failed(strings const& arguments, int status)
{
    auto const result = shepseg(arguments);
    INFO(result.text());
    CHECK(result.status == status);
    CHECK(result.out.empty());
    return result.err;
}

/// A quilt of square patches in five spectra. Neighbours differ, diagonal ones too, so that with as many clusters or
/// more each patch is a segment of its own, numbered in scan order.
struct quilt {
    std::ptrdiff_t rows = 12;
    std::ptrdiff_t cols = 20;
    std::ptrdiff_t patch = 4; ///< rows and columns of a patch

    static constexpr int spectra = 5;

    /// The spectrum at a pixel, 0 to 4.
    [[nodiscard]] int spectrum(std::ptrdiff_t row, std::ptrdiff_t col) const
    {
        return static_cast<int>((2 * (row / patch) + col / patch) % spectra);
    }

    /// Number of patches, those at the edges that are not whole included.
    [[nodiscard]] std::ptrdiff_t patches() const { return ((rows + patch - 1) / patch) * ((cols + patch - 1) / patch); }

    /// The value of spectrum s.
    template <typename T>
    [[nodiscard]] static T value(int s, T first, T step)
    {
        return static_cast<T>(static_cast<double>(first) + s * static_cast<double>(step));
    }

    /// Spectrum s has the value first + s · step in all bands.
    template <typename T>
    [[nodiscard]] rios::image<T> image(std::ptrdiff_t bands = 1, T first = T{10}, T step = T{20}) const
    {
        rios::image<T> pixels(bands, rows, cols);
        for (std::ptrdiff_t band = 0; band < bands; ++band) {
            for (auto const [row, col] : pixels.pixels()) {
                pixels(band, row, col) = value(spectrum(row, col), first, step);
            }
        }
        return pixels;
    }

    /// The segments, where each patch of the spectrum `null` (none by default) is null.
    [[nodiscard]] labels segments(int null = -1) const
    {
        labels result(1, rows, cols);
        std::map<std::pair<std::ptrdiff_t, std::ptrdiff_t>, std::uint32_t> numbers;
        for (auto const [row, col] : result.pixels()) {
            if (spectrum(row, col) == null) continue;
            auto const next = static_cast<std::uint32_t>(numbers.size() + 1);
            result(0, row, col) = numbers.try_emplace({row / patch, col / patch}, next).first->second;
        }
        return result;
    }
};

/// Options that find the patches of a quilt: a cluster for each spectrum, and nothing to eliminate.
[[nodiscard]] inline strings exact()
{
    return {"--clusters", "5", "--min-segment-size", "1"};
}

/// Smooth hills and noise: segments of all shapes, whose numbers only a program knows.
template <typename T>
rios::image<T> hills(std::ptrdiff_t bands, std::ptrdiff_t rows, std::ptrdiff_t cols, std::uint64_t seed = 1)
{
    rios::image<T> pixels(bands, rows, cols);
    random_numbers random(seed);
    for (std::ptrdiff_t band = 0; band < bands; ++band) {
        for (auto const [row, col] : pixels.pixels()) {
            auto const hill = ((row / 7 + band) * (col / 11 + 2 * band)) % 9;
            pixels(band, row, col) = static_cast<T>(10 + 10 * hill + random.below(12));
        }
    }
    return pixels;
}

/// Where two label images first differ, for messages; empty if they are equal.
inline std::string first_difference(labels const& a, labels const& b)
{
    if (a.bands() != b.bands() || a.rows() != b.rows() || a.cols() != b.cols()) return "of different size";
    for (auto const [row, col] : a.pixels()) {
        if (a(0, row, col) != b(0, row, col)) {
            return "row " + std::to_string(row) + ", col " + std::to_string(col) + ": " +
                   std::to_string(a(0, row, col)) + " and " + std::to_string(b(0, row, col));
        }
    }
    return "";
}

/// Runs `shepseg segment` quietly, which must succeed in silence, and reads the labels.
inline labels segmented(std::string const& image, std::string const& output, strings const& options,
                        process_options const& how = {})
{
    auto const arguments = with({"segment", image, output, "--quiet"}, options);
    auto const result = shepseg(arguments, how);
    std::string line;
    for (auto const& argument : arguments) line += ' ' + argument;
    INFO("shepseg", line, ": ", result.text());
    CHECK(result.out.empty());
    CHECK(result.err.empty());
    REQUIRE(result.status == 0);
    return read_pixels<std::uint32_t>(how.directory.empty() ? output
                                                            : (std::filesystem::path(how.directory) / output).string());
}

inline nlohmann::json read_json(std::string const& path)
{
    auto const text = read_file(path);
    INFO(path, ": ", text);
    auto json = nlohmann::json::parse(text, nullptr, false);
    REQUIRE_FALSE(json.is_discarded());
    return json;
}

/// The intervals of a trace in which something was read, in microseconds, by their starts.
inline std::vector<std::pair<double, double>> reads_in_trace(std::string const& path)
{
    std::vector<std::pair<double, double>> result;
    auto const trace = read_json(path);
    for (auto const& event : trace.at("traceEvents")) {
        if (event.at("name") != "reading") continue;
        auto const start = event.at("ts").get<double>();
        result.emplace_back(start, start + event.at("dur").get<double>());
    }
    std::sort(result.begin(), result.end());
    return result;
}

/// Does each begin when the one before has ended?
inline bool one_after_another(std::vector<std::pair<double, double>> const& intervals)
{
    return std::adjacent_find(intervals.begin(), intervals.end(), [](auto const& a, auto const& b) {
               return b.first < a.second - 0.002; // microseconds: rounding
           }) == intervals.end();
}

} // namespace test
