// SPDX-License-Identifier: BSL-1.0
// The library's segmentation next to the twin's (twin.hpp): the same input, and what differs in the output.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <rios/image_view.hpp>
#include <shepseg/segment.hpp>

#include "twin.hpp"

namespace test {

template <rios::Pixel T>
rios::image_view<T const> view_of(twin::scene<T> const& scene)
{
    return {scene.pixels.data(), scene.bands, scene.rows, scene.cols};
}

inline shepseg::spectral_limit limit_of(twin::parameters const& parameters)
{
    using limit = twin::parameters::limit;
    switch (parameters.limit_kind) {
    case limit::auto_percentile: return shepseg::automatic_limit{parameters.limit_value};
    case limit::none: return shepseg::no_limit{};
    default: return parameters.limit_value;
    }
}

/// The twin's parameters in the library's words.
inline shepseg::options options_of(twin::parameters const& parameters, std::optional<double> null_value)
{
    shepseg::options options;
    options.model = {.bands = {}, .null_value = {}, .centres = shepseg::cluster_centres(parameters.centres)};
    options.min_segment_size = parameters.min_segment_size;
    options.max_spectral_diff = limit_of(parameters);
    options.neighbours = static_cast<shepseg::connectivity>(parameters.connectivity);
    options.null_value = null_value;
    return options;
}

/// The twin's parameters with the centres of a model.
inline std::vector<std::vector<double>> centres_of(shepseg::cluster_model const& model)
{
    std::vector<std::vector<double>> centres;
    for (std::size_t k = 0; k < model.centres.clusters(); ++k) {
        centres.emplace_back(model.centres[k].begin(), model.centres[k].end());
    }
    return centres;
}

/// What differs, in words; empty if nothing does.
inline std::string difference(twin::result const& expected, shepseg::segmentation const& actual)
{
    std::ostringstream text;
    text.precision(17);
    auto const compare = [&](char const* what, auto want, auto have) {
        if (want != have) text << what << ": " << have << " instead of " << want << '\n';
    };
    compare("pixels", std::uint64_t{expected.labels.size()}, actual.counts.pixels);
    compare("null pixels", expected.null_pixels, actual.counts.null_pixels);
    compare("clumps", expected.clumps, actual.counts.clumps);
    compare("single pixels eliminated", expected.single_pixels_eliminated, actual.counts.single_pixels_eliminated);
    compare("small segments eliminated", expected.small_segments_eliminated, actual.counts.small_segments_eliminated);
    compare("segments", expected.segments, actual.counts.segments);
    compare("max_spectral_diff", expected.max_spectral_diff, actual.max_spectral_diff);
    compare("bands of labels", std::ptrdiff_t{1}, actual.labels.bands());
    compare("number of labels", static_cast<std::ptrdiff_t>(expected.labels.size()), actual.labels.pixel_count());
    if (!text.str().empty()) return text.str();
    for (std::size_t at = 0; at < expected.labels.size(); ++at) {
        if (expected.labels[at] == actual.labels.data()[at]) continue;
        text << "label of pixel " << at << ": " << actual.labels.data()[at] << " instead of " << expected.labels[at]
             << '\n';
        break;
    }
    return text.str();
}

} // namespace test
