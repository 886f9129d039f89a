// SPDX-License-Identifier: BSL-1.0
//
// Colours for all segments of a raster, as columns of its attribute table.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rios/colour_table.hpp>
#include <rios/error.hpp>
#include <rios/gdal/attribute_table.hpp>
#include <rios/gdal/colour_table.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/gdal/table_change.hpp>
#include <rios/gdal/table_column.hpp>
#include <rios/gdal/table_rules.hpp>
#include <rios/percentile_search.hpp>
#include <rios/progress.hpp>

#include "../colour.hpp"
#include "label_reader.hpp"
#include "label_rows.hpp"

namespace shepseg {

/// How the table is gone through.
struct colour_options {
    /// Rows in memory at a time.
    std::ptrdiff_t page = 65536;
    rios::progress_function progress{};
};

/// How three columns of the attribute table become colours.
struct column_colour_options : colour_options {
    /// The columns that are shown as red, green and blue: numbers.
    std::array<std::string, 3> columns;
    /// Percentiles of a column's values over the segments; they and what lies beyond become 0 and 255.
    double low_percentile = 5;
    double high_percentile = 95;
    /// The value of segments that have none: it does not count, and becomes 0. None if all are values; NaN never counts.
    std::optional<double> missing = -9999;
};

/// What was written.
struct colour_report {
    std::ptrdiff_t rows = 0;              ///< of the table
    bool replaced = false;                ///< were there columns of colours?
    bool beside_the_file = false;         ///< is the table in a file NAME.aux.xml, and not in the raster?
    std::array<colour_range, 3> ranges{}; ///< of column_colours(): NaN where no segment has a value
};

namespace detail {

/// Finds out early what cannot be written to a table of so many rows, or as many as it has if these are more.
/// @throws rios::options_error, rios::io_error
inline void require_colours_possible(rios::attribute_table const& table, std::ptrdiff_t rows = 0)
{
    std::vector<rios::table_column> fresh;
    for (auto const& each : rios::detail::colour_columns) {
        if (rios::detail::find_colour(table, each)) continue;
        fresh.push_back({.name = each.name, .type = rios::column_type::integer, .usage = each.usage});
    }
    table.require_possible(fresh, rows);
}

/// The columns of a table that get the colours.
class colour_writer {
  public:
    /// Creates the columns that are missing.
    /// @throws rios::options_error if a column of HFA is taken for a colour, but seems to be something else
    colour_writer(rios::attribute_table& table, std::string const& format) : table_(&table)
    {
        for (std::size_t i = 0; i < places_.size(); ++i) {
            auto const& wanted = rios::detail::colour_columns[i];
            auto const found = rios::detail::find_colour(table, wanted);
            if (found) require_colour(table.columns()[*found], wanted, format);
            replaced_ = replaced_ || found.has_value();
            places_[i] = found ? *found
                               : table.create_column(
                                     {.name = wanted.name, .type = rios::column_type::integer, .usage = wanted.usage});
            is_real_[i] = table.columns()[places_[i]].type == rios::column_type::real;
        }
    }

    [[nodiscard]] bool replaced() const noexcept { return replaced_; }

    void write(std::ptrdiff_t first_row, std::span<rios::colour const> colours)
    {
        values_.resize(colours.size());
        for (std::size_t i = 0; i < places_.size(); ++i) {
            auto const channel = rios::detail::colour_columns[i].channel;
            auto const most = is_real_[i] ? 255.0 : 1.0;
            std::transform(colours.begin(), colours.end(), values_.begin(),
                           [&](auto const& each) { return static_cast<double>(each.*channel) / most; });
            table_->write(places_[i], first_row, std::span<double const>(values_));
        }
    }

  private:
    /// HFA tells colours by their names, whatever the case of the letters: "red" may be somebody's reflectances.
    void require_colour(rios::table_column const& column, rios::detail::colour_column const& wanted,
                        std::string const& format) const
    {
        auto const name = rios::detail::stored_name(format, {.name = wanted.name, .usage = wanted.usage});
        if (format != "HFA" || column.name == name) return;
        throw rios::options_error(table_->where() + ": column '" + column.name + "' is to HFA the column '" + name +
                                  "' of the colours, which would replace it; give it another name");
    }

    rios::attribute_table* table_;
    std::array<std::size_t, 4> places_{};
    std::array<bool, 4> is_real_{};
    bool replaced_ = false;
    std::vector<double> values_;
};

inline void check(colour_options const& options)
{
    if (options.page >= 1) return;
    throw rios::options_error("colours: page " + std::to_string(options.page) + ": must be at least 1 row");
}

/// Calls `f(first, count)` for each page of a table's rows.
template <typename F>
void each_page(rios::attribute_table const& table, colour_options const& options, std::string_view phase, F f)
{
    for (std::ptrdiff_t first = 0; first < table.rows(); first += options.page) {
        rios::report(options.progress, phase, static_cast<double>(first) / static_cast<double>(table.rows()));
        f(first, std::min(options.page, table.rows() - first));
    }
}

/// The number of the last segment, by looking at all pixels.
inline std::uint32_t last_segment(rios::gdal_dataset const& file, rios::progress_function const& progress)
{
    std::uint32_t last = 0;
    each_label_row(file, progress, "looking", [&](auto, std::span<std::uint32_t const> labels) {
        last = std::max(last, *std::max_element(labels.begin(), labels.end()));
    });
    return last;
}

/// @param colour_of called with the first row of a page and the colours to be set
template <typename F>
colour_report write_colours(rios::gdal_dataset& file, rios::attribute_table& table, colour_options const& options,
                            F colours_of)
{
    colour_report report{.rows = table.rows(), .beside_the_file = !rios::keeps_attribute_tables(file.format())};
    rios::table_change change(file);
    colour_writer writer(table, file.format());
    report.replaced = writer.replaced();
    std::vector<rios::colour> colours;
    each_page(table, options, "colours", [&](std::ptrdiff_t first, std::ptrdiff_t count) {
        colours.assign(static_cast<std::size_t>(count), {});
        colours_of(first, std::span(colours));
        writer.write(first, colours);
    });
    rios::report(options.progress, "closing", 0); // up to here, a table beside the file is as it was
    table.close();
    change.finish();
    return report;
}

/// The ranges between the percentiles of three columns, over the segments that have pixels, as far as the table tells. Reads the
/// table four times, a pass of rios::percentile_search each, all columns at once.
inline std::array<colour_range, 3> ranges_of(rios::attribute_table const& table,
                                             std::array<std::size_t, 3> const& columns,
                                             column_colour_options const& options)
{
    auto const pixels = table.find(rios::column_usage::pixel_count);
    std::vector<rios::percentile_search> searches(
        columns.size(), rios::percentile_search({options.low_percentile, options.high_percentile}));
    std::vector<double> values;
    std::vector<double> counts;
    while (!searches.front().finished()) {
        each_page(table, options, "percentiles", [&](std::ptrdiff_t first, std::ptrdiff_t count) {
            counts.assign(static_cast<std::size_t>(count), 1);
            values.resize(counts.size());
            if (pixels) table.read(*pixels, first, std::span(counts));
            if (first == 0) counts[0] = 0; // null
            for (std::size_t i = 0; i < columns.size(); ++i) {
                table.read(columns[i], first, std::span(values));
                for (std::size_t row = 0; row < values.size(); ++row) {
                    if (counts[row] > 0 && values[row] != options.missing) searches[i].add(values[row]);
                }
            }
        });
        for (auto& each : searches) each.next_pass();
    }
    std::array<colour_range, 3> ranges;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        auto const found = searches[i].result();
        ranges[i] = {found[0], found[1]};
    }
    return ranges;
}

} // namespace detail

/// Gives each segment an opaque colour at random (random_colour()), and null a transparent one, in the columns Red, Green,
/// Blue and Alpha (in HFA Opacity) of the attribute table of the first band. Colours that are there are replaced; other columns
/// stay. A table without rows gets one for each number up to that of the last segment, for which the pixels are looked at.
///
/// Works page by page, in place: in HFA and KEA files what is written before an error or cancelling stays. Other formats have
/// their table in a file NAME.aux.xml, which GDAL keeps in memory as a whole, and which stays as it was after an error.
/// @throws rios::io_error, rios::options_error, rios::grid_error naming the file; rios::cancelled
inline colour_report write_random_colours(std::string const& path, std::uint64_t seed = 0,
                                          colour_options const& options = {})
{
    detail::check(options);
    auto file = rios::gdal_dataset::open_for_update(path);
    static_cast<void>(label_reader(path)); // refuses what holds no labels
    rios::attribute_table table(file);
    detail::require_colours_possible(table);
    if (table.rows() == 0) {
        auto const rows = static_cast<std::ptrdiff_t>(detail::last_segment(file, options.progress)) + 1;
        detail::require_colours_possible(table, rows);
        table.resize(rows);
    }
    return detail::write_colours(file, table, options, [&](std::ptrdiff_t first, std::span<rios::colour> colours) {
        for (std::size_t row = 0; row < colours.size(); ++row) {
            colours[row] = random_colour(static_cast<std::uint32_t>(first + static_cast<std::ptrdiff_t>(row)), seed);
        }
    });
}

/// Gives each segment a colour out of three columns of its attributes, each stretched linearly between two percentiles of the
/// column's values over the segments: each counts once, those without pixels (if there is a column of usage PixelCount) and
/// without a value do not. Exact, in 4 MB and two pages whatever the length of the table, which is read five times: four for
/// the percentiles of all three columns, and one for the colours. Else as write_random_colours().
/// @throws rios::options_error also if there are no such columns, or they hold text; if the percentiles are not 0 to 100 and
///         in order
inline colour_report write_column_colours(std::string const& path, column_colour_options const& options)
{
    detail::check(options);
    if (!(options.low_percentile >= 0 && options.low_percentile < options.high_percentile &&
          options.high_percentile <= 100)) {
        throw rios::options_error("percentiles " + std::to_string(options.low_percentile) + " and " +
                                  std::to_string(options.high_percentile) +
                                  ": allowed: 0 to 100, the first below the second");
    }
    auto file = rios::gdal_dataset::open_for_update(path);
    static_cast<void>(label_reader(path)); // refuses what holds no labels
    rios::attribute_table table(file);
    std::array<std::size_t, 3> columns{};
    for (std::size_t i = 0; i < columns.size(); ++i) {
        columns[i] = table.index_of(options.columns[i]);
        std::vector<double> first(table.rows() > 0 ? 1 : 0);
        table.read(columns[i], 0, std::span(first)); // refuses text
    }
    detail::require_colours_possible(table);
    auto const ranges = detail::ranges_of(table, columns, options);
    std::vector<double> values;
    auto report =
        detail::write_colours(file, table, options, [&](std::ptrdiff_t first, std::span<rios::colour> colours) {
            constexpr std::array channels{&rios::colour::red, &rios::colour::green, &rios::colour::blue};
            values.resize(colours.size());
            for (std::size_t i = 0; i < columns.size(); ++i) {
                table.read(columns[i], first, std::span(values));
                for (std::size_t row = 0; row < colours.size(); ++row) {
                    auto const value = values[row];
                    colours[row].*channels[i] = value == options.missing ? std::uint8_t{0} : ranges[i](value);
                }
            }
            if (first == 0 && !colours.empty()) colours[0] = rios::transparent;
        });
    report.ranges = ranges;
    return report;
}

} // namespace shepseg
