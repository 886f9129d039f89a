// SPDX-License-Identifier: BSL-1.0
#include "statistics_request.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include <rios/error.hpp>
#include <rios/gdal/attribute_table.hpp>

#include "common_options.hpp"

namespace tools {

namespace {

/// What stands between commas, by a function that makes something of each word.
template <typename F>
auto list_from(std::string const& text, F one)
{
    std::vector<decltype(one(std::string_view()))> list;
    if (text.empty()) return list;
    for (std::size_t begin = 0; begin <= text.size();) {
        auto const end = std::min(text.find(',', begin), text.size());
        list.push_back(one(std::string_view(text).substr(begin, end - begin)));
        begin = end + 1;
    }
    return list;
}

/// Each of them makes columns, whose names must differ.
template <typename T, typename F>
void require_once(std::string_view option, std::string const& text, std::vector<T> const& list, F key_of)
{
    for (std::size_t i = 0; i < list.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (key_of(list[i]) != key_of(list[j])) continue;
            throw rios::options_error(
                fmt::format("{} '{}': numbers {} and {} would make columns of the same name; give one of them", option,
                            text, j + 1, i + 1));
        }
    }
}

} // namespace

std::vector<int> statistics_bands_from(std::string_view option, std::string const& text,
                                       rios::gdal_dataset const& image)
{
    auto bands = bands_from(option, text, image);
    require_once(option, text, bands, [](int band) { return band; });
    return bands;
}

statistics_request statistics_request_from(std::vector<int> bands, std::string const& statistics,
                                           std::string const& spatial)
{
    statistics_request request{.bands = std::move(bands)};
    request.statistics = list_from(statistics, shepseg::statistic_from);
    request.spatial = list_from(spatial, shepseg::spatial_statistic_from);
    require_once("--stats", statistics, request.statistics, [](auto const& each) { return shepseg::name_of(each); });
    require_once("--spatial", spatial, request.spatial, [](auto const& each) { return each.index(); });
    if (request.statistics.empty() && request.spatial.empty()) {
        request.statistics = {{.kind = shepseg::statistic_kind::mean}, {.kind = shepseg::statistic_kind::stddev}};
    }
    return request;
}

shepseg::segment_statistics_result compute_statistics(std::string const& image, std::string const& segments,
                                                      statistics_request const& request,
                                                      shepseg::segment_statistics_options options,
                                                      rios::chosen_executor& executor)
{
    bool const sees_values = std::any_of(request.spatial.begin(), request.spatial.end(), [](auto const& each) {
        return std::holds_alternative<shepseg::variogram>(each);
    });
    if (sees_values) options.spatial_bands = request.bands;
    std::vector<shepseg::band_statistics_selection> selection;
    if (!request.statistics.empty()) selection = shepseg::of_each_band(request.bands, request.statistics);
    return shepseg::segment_statistics(image, segments, selection, options, executor,
                                       shepseg::chosen_spatial_statistics(request.spatial));
}

void warn_of_size(std::string const& segments, std::string const& format, shepseg::statistics_table const& table)
{
    constexpr std::size_t large = 10'000;
    if (rios::keeps_attribute_tables(format) || table.rows() < large) return;
    fmt::print(
        stderr,
        "shepseg: warning: {}: {} files keep attribute tables as text beside them ({}.aux.xml), which is large and "
        "slow with {} rows; use HFA or KEA files, or --table and --no-rat\n",
        segments, format, segments, table.rows());
}

} // namespace tools
