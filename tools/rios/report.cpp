// SPDX-License-Identifier: BSL-1.0
#include "report.hpp"

#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <variant>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <rios/gdal/file_info.hpp>
#include <rios/grid_difference.hpp>

namespace tools {

namespace {

using json = nlohmann::ordered_json;

std::string crs_name(std::string const& wkt)
{
    return wkt.empty() ? "none" : rios::detail::crs_text({.rows = 0, .cols = 0, .geotransform = {}, .projection = wkt});
}

std::string extent_text(std::optional<rios::map_extent> const& extent)
{
    if (!extent) return "none";
    return fmt::format("x {} to {}, y {} to {}", extent->left, extent->right, extent->bottom, extent->top);
}

std::string band_text(rios::band_info const& band, std::size_t number)
{
    std::string text;
    auto const line = [&](char const* name, auto const&... values) {
        fmt::format_to(std::back_inserter(text), "    {:<17} ", name);
        (fmt::format_to(std::back_inserter(text), "{}", values), ...);
        text += '\n';
    };
    fmt::format_to(std::back_inserter(text), "  band {}: {}{}\n", number, band.type,
                   band.name.empty() ? "" : ", '" + band.name + '\'');
    line("null value", band.null_value ? fmt::format("{}", *band.null_value) : "none");
    line("colour", band.colour_interpretation, band.has_colour_table ? ", with a colour table" : "");
    if (band.layer_type) line("layer type", *band.layer_type);
    if (!band.overviews.empty()) {
        std::string sizes;
        for (auto const& [rows, cols] : band.overviews) {
            sizes += fmt::format("{}{} x {}", sizes.empty() ? "" : ", ", rows, cols);
        }
        line("overviews", band.overviews.size(), ": ", sizes, " (rows x cols)");
    }
    if (band.attribute_table) {
        line("attribute table", band.attribute_table->rows, " rows");
        for (auto const& [name, type, usage] : band.attribute_table->columns) {
            bool const is_special = usage != rios::column_usage::generic;
            line("", '\'', name, "', ", name_of(type), is_special ? ", " : "", is_special ? name_of(usage) : "");
        }
    }
    auto const& found = band.statistics;
    auto const number_line = [&](char const* name, std::optional<double> value) {
        if (value) line(name, *value);
    };
    number_line("minimum", found.minimum);
    number_line("maximum", found.maximum);
    number_line("mean", found.mean);
    number_line("stddev", found.standard_deviation);
    number_line("median", found.median);
    number_line("mode", found.mode);
    if (found.approximate) line("statistics", "approximate");
    if (auto const& histogram = found.histogram; !histogram.counts.empty()) {
        auto const range = histogram.minimum && histogram.maximum
                               ? fmt::format(" from {} to {}", *histogram.minimum, *histogram.maximum)
                               : "";
        line("histogram", histogram.counts.size(), " bins", range);
    }
    return text;
}

std::string text_of(rios::raster_info const& file)
{
    auto const size = file.pixel_size();
    auto text = fmt::format("{}\n  format: {}, raster\n  size: {} rows, {} cols, {} {}\n  crs: {}\n", file.path,
                            file.format, file.grid.rows, file.grid.cols, file.bands.size(),
                            file.bands.size() == 1 ? "band" : "bands", crs_name(file.grid.projection));
    if (size) {
        text += fmt::format("  pixel size: {} x {} (width x height)\n  extent: {}\n", (*size)[0], (*size)[1],
                            extent_text(file.extent()));
    } else {
        text += "  extent: none\n";
    }
    for (std::size_t i = 0; i < file.bands.size(); ++i) text += band_text(file.bands[i], i + 1);
    return text;
}

std::string text_of(rios::vector_info const& file)
{
    auto text = fmt::format("{}\n  format: {}, vectors\n", file.path, file.format);
    for (std::size_t i = 0; i < file.layers.size(); ++i) {
        auto const& layer = file.layers[i];
        text += fmt::format("  layer {}: '{}'\n    {:<17} {}\n    {:<17} {}\n    {:<17} {}\n    {:<17} {}\n", i,
                            layer.name, "features", layer.feature_count, "geometry", layer.geometry_type, "extent",
                            extent_text(layer.extent), "crs", crs_name(layer.crs));
        for (auto const& [name, type] : layer.fields) {
            text += fmt::format("    {:<17} '{}', {}\n", "field", name, type);
        }
    }
    return text;
}

template <typename T>
json json_of(std::optional<T> const& value)
{
    return value ? json(*value) : json();
}

json json_of(std::optional<rios::map_extent> const& extent)
{
    if (!extent) return {};
    return {{"min_x", extent->left}, {"min_y", extent->bottom}, {"max_x", extent->right}, {"max_y", extent->top}};
}

json json_of(rios::stored_statistics const& found)
{
    auto const& histogram = found.histogram;
    return {{"minimum", json_of(found.minimum)},
            {"maximum", json_of(found.maximum)},
            {"mean", json_of(found.mean)},
            {"stddev", json_of(found.standard_deviation)},
            {"median", json_of(found.median)},
            {"mode", json_of(found.mode)},
            {"skip_factor_x", json_of(found.skip_factor_x)},
            {"skip_factor_y", json_of(found.skip_factor_y)},
            {"approximate", found.approximate},
            {"histogram",
             {{"counts", histogram.counts},
              {"minimum", json_of(histogram.minimum)},
              {"maximum", json_of(histogram.maximum)},
              {"bins", json_of(histogram.bins)},
              {"function", json_of(histogram.function)}}}};
}

json json_of(rios::band_info const& band)
{
    auto overviews = json::array();
    for (auto const& [rows, cols] : band.overviews) overviews.push_back({{"rows", rows}, {"cols", cols}});
    json table;
    if (band.attribute_table) {
        auto columns = json::array();
        for (auto const& [name, type, usage] : band.attribute_table->columns) {
            columns.push_back({{"name", name}, {"type", name_of(type)}, {"usage", name_of(usage)}});
        }
        table = {{"rows", band.attribute_table->rows}, {"columns", columns}};
    }
    return {{"type", band.type},
            {"name", band.name},
            {"null_value", json_of(band.null_value)}, // NaN becomes null
            {"colour_interpretation", band.colour_interpretation},
            {"layer_type", json_of(band.layer_type)},
            {"overviews", overviews},
            {"has_colour_table", band.has_colour_table},
            {"attribute_table", table},
            {"statistics", json_of(band.statistics)}};
}

json json_of(rios::raster_info const& file)
{
    auto bands = json::array();
    for (auto const& band : file.bands) bands.push_back(json_of(band));
    return {{"path", file.path},
            {"kind", "raster"},
            {"format", file.format},
            {"rows", file.grid.rows},
            {"cols", file.grid.cols},
            {"geotransform", json_of(file.grid.geotransform)},
            {"crs", file.grid.projection},
            {"pixel_size", json_of(file.pixel_size())},
            {"extent", json_of(file.extent())},
            {"bands", bands}};
}

json json_of(rios::vector_info const& file)
{
    auto layers = json::array();
    for (auto const& layer : file.layers) {
        auto fields = json::array();
        for (auto const& [name, type] : layer.fields) fields.push_back({{"name", name}, {"type", type}});
        layers.push_back({{"name", layer.name},
                          {"feature_count", layer.feature_count},
                          {"geometry_type", layer.geometry_type},
                          {"extent", json_of(layer.extent)},
                          {"crs", layer.crs},
                          {"fields", fields}});
    }
    return {{"path", file.path}, {"kind", "vector"}, {"format", file.format}, {"layers", layers}};
}

} // namespace

std::string report_text(rios::file_info const& file)
{
    return std::visit([](auto const& each) { return text_of(each); }, file);
}

json report_json(rios::file_info const& file)
{
    return std::visit([](auto const& each) { return json_of(each); }, file);
}

} // namespace tools
