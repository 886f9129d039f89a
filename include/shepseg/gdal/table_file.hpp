// SPDX-License-Identifier: BSL-1.0
//
// A table of segments as a file: text, or a database through OGR. As columns of the raster: gdal/statistics_columns.hpp.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <rios/error.hpp>
#include <rios/existing.hpp>
#include <rios/gdal/format.hpp>
#include <rios/progress.hpp>

#include "../statistic.hpp"
#include "../statistics_table.hpp"
#include "csv_table.hpp"
#include "database_table.hpp"
#include "table_format.hpp"

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

/// The table that a file's extension asks for. @throws as table_file()
inline std::unique_ptr<table_format> table_for(std::string const& path, rios::existing file)
{
    auto const driver = table_driver_for(path);
    if (driver == "CSV") return std::make_unique<csv_table>(path, file);
    return std::make_unique<database_table>(path, driver, file);
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
    table_file(std::string path, rios::existing file) : path_(std::move(path)), format_(detail::table_for(path_, file))
    {
    }

    /// Refuses columns that cannot be beside each other.
    /// @throws rios::options_error naming one
    void check(std::vector<statistics_column> const& columns) const
    {
        for (auto each = columns.begin(); each != columns.end(); ++each) {
            bool const twice = std::any_of(columns.begin(), each, [&](auto const& other) {
                return format_->is_same_name(each->name, other.name);
            });
            if (!twice && !format_->is_taken(each->name)) continue;
            throw rios::options_error(path_ + ": column '" + each->name +
                                      "': the table has one of that name already; give another column format");
        }
    }

    /// Writes a table, and closes the file; commit() follows.
    /// @param progress told "table" and the part done
    /// @throws rios::io_error, also if a file that must not be replaced has come into being; rios::options_error,
    ///         rios::cancelled
    void write(statistics_table const& table, rios::progress_function const& progress = {})
    {
        check(table.columns());
        rios::report(progress, "table", 0.0);
        format_->write(table, progress);
    }

    /// Gives the file its name. @throws rios::io_error
    void commit() { format_->commit(); }

    [[nodiscard]] std::string const& path() const noexcept { return path_; }

  private:
    std::string path_;
    std::unique_ptr<detail::table_format> format_;
};

} // namespace shepseg
