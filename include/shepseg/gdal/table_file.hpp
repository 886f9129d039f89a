// SPDX-License-Identifier: BSL-1.0
//
// A table of segments as a file: text, or a database through OGR. As columns of the raster: gdal/statistics_columns.hpp.
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <ogrsf_frmts.h>

#include <rios/error.hpp>
#include <rios/existing.hpp>
#include <rios/gdal/format.hpp>
#include <rios/gdal/vector_output.hpp>
#include <rios/pending_output.hpp>
#include <rios/progress.hpp>

#include "../statistic.hpp"
#include "../statistics_table.hpp"

namespace shepseg {

namespace detail {

/// The name of the OGR driver for a table file's extension. @throws rios::options_error
inline std::string table_driver_for(std::string const& path)
{
    auto const extension = rios::detail::extension_of(path);
    if (extension == ".csv") return "CSV";
    if (extension == ".gpkg") return "GPKG";
    if (extension == ".sqlite" || extension == ".db") return "SQLite";
    if (extension == ".parquet") return "Parquet";
    throw rios::options_error(path + ": " +
                              (extension.empty() ? "without an extension" : "for the extension '" + extension + "'") +
                              " no kind of table is known; allowed: .csv, .gpkg, .sqlite, .db, .parquet");
}

/// Quoted as CSV wants it, where it has to be.
inline std::string csv_text(std::string const& text)
{
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (char const c : text) quoted.append(c == '"' ? 2 : 1, c);
    return quoted + '"';
}

/// Text of a table, written piece by piece.
class csv_writer {
  public:
    csv_writer(std::string shown, std::filesystem::path const& path)
        : shown_(std::move(shown)), file_(std::fopen(path.c_str(), "wb"))
    {
        if (!file_) fail();
    }

    void write(std::string_view text)
    {
        if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size()) fail();
    }
    void close()
    {
        if (std::fclose(file_.release()) != 0) fail();
    }

  private:
    struct closer {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };

    [[noreturn]] void fail() const
    {
        throw rios::io_error(shown_, "cannot be written: " + std::generic_category().message(errno));
    }

    std::string shown_;
    std::unique_ptr<std::FILE, closer> file_;
};

/// Rows of a table as text, with all digits.
inline void write_csv(rios::pending_output const& output, std::string const& shown, statistics_table const& table,
                      rios::progress_function const& progress)
{
    csv_writer file(shown, output.path());
    std::string text = "id";
    for (auto const& each : table.columns()) text += ',' + csv_text(each.name);
    text += '\n';
    auto const width = table.columns().size();
    std::array<char, 32> digits{};
    auto const append = [&](auto number) {
        auto const [end, failure] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
        text.append(digits.data(), end);
    };
    table.for_each_page(1, [&](std::size_t first, std::size_t count, std::span<double const> page) {
        for (std::size_t row = 0; row < count; ++row) {
            append(first + row);
            for (std::size_t column = 0; column < width; ++column) {
                text += ',';
                auto const number = page[row * width + column];
                if (std::isnan(number)) continue; // an empty cell reads as null
                if (table.columns()[column].values == column_values::real) append(number);
                else append(static_cast<std::int64_t>(number));
            }
            text += '\n';
        }
        file.write(text);
        text.clear();
        rios::report(progress, "table", static_cast<double>(first + count) / static_cast<double>(table.rows()));
    });
    file.write(text); // the heading, if there are no rows
    file.close();
}

/// Rows of a table as features without a shape.
inline void write_features(rios::vector_output& output, statistics_table const& table,
                           rios::progress_function const& progress)
{
    output.add_field({.name = "id", .type = OFTInteger64});
    for (auto const& each : table.columns()) {
        output.add_field({.name = each.name,
                          .type = each.values == column_values::real      ? OFTReal
                                  : each.values == column_values::integer ? OFTInteger
                                                                          : OFTInteger64});
    }
    OGRFeature feature(&output.definition());
    auto const width = table.columns().size();
    table.for_each_page(1, [&](std::size_t first, std::size_t count, std::span<double const> page) {
        for (std::size_t row = 0; row < count; ++row) {
            feature.SetFID(OGRNullFID);
            feature.SetField(0, static_cast<GIntBig>(first + row));
            for (std::size_t column = 0; column < width; ++column) {
                auto const number = page[row * width + column];
                auto const place = static_cast<int>(column) + 1;
                if (table.columns()[column].values == column_values::real) feature.SetField(place, number);
                else feature.SetField(place, static_cast<GIntBig>(number));
            }
            output.write(feature, "segment " + std::to_string(first + row));
        }
        rios::report(progress, "table", static_cast<double>(first + count) / static_cast<double>(table.rows()));
    });
    output.finish();
}

} // namespace detail

/// A file with the rows of all labels from 1 on, in their order: a column `id`, then the table's. What it is its extension
/// says: .csv, .gpkg (GeoPackage), .sqlite or .db, .parquet (where GDAL can); with OGR the table is called "segments".
/// Numbers keep all digits. The file appears under its name when it is complete.
///
/// Made before the work, so that what cannot be written is found out early.
class table_file {
  public:
    /// @throws rios::options_error for an unknown extension, or a format that this GDAL does not have
    /// @throws rios::io_error if there is a file that must not be replaced, or nothing can be written there
    table_file(std::string path, rios::existing file) : path_(std::move(path))
    {
        auto const driver = detail::table_driver_for(path_);
        if (driver == "CSV") {
            rios::require_free(path_, file);
            csv_.emplace(path_);
        } else {
            database_ = std::make_unique<rios::vector_output>(
                path_, rios::vector_output_options{
                           .format = driver, .layer = "segments", .geometry = wkbNone, .existing = file});
        }
    }

    /// Refuses columns that cannot be beside each other.
    /// @throws rios::options_error naming one
    void check(std::vector<statistics_column> const& columns) const
    {
        std::vector<std::string> taken{"id"};
        for (auto const& each : columns) {
            bool const twice = std::any_of(taken.begin(), taken.end(), [&](auto const& other) {
                return csv_ ? each.name == other : EQUAL(each.name.c_str(), other.c_str());
            });
            if (twice || (database_ && database_->is_taken(each.name))) {
                throw rios::options_error(path_ + ": column '" + each.name +
                                          "': the table has one of that name already; give another column format");
            }
            taken.push_back(each.name);
        }
    }

    /// Writes a table; commit() follows.
    /// @param progress told "table" and the part done
    /// @throws rios::io_error, rios::options_error, rios::cancelled
    void write(statistics_table const& table, rios::progress_function const& progress = {})
    {
        check(table.columns());
        rios::report(progress, "table", 0.0);
        if (csv_) detail::write_csv(*csv_, path_, table, progress);
        else detail::write_features(*database_, table, progress);
    }

    /// Gives the file its name. @throws rios::io_error
    void commit()
    {
        if (csv_) csv_->commit();
        else database_->close();
    }

    [[nodiscard]] std::string const& path() const noexcept { return path_; }

  private:
    std::string path_;
    std::optional<rios::pending_output> csv_;
    std::unique_ptr<rios::vector_output> database_;
};

} // namespace shepseg
