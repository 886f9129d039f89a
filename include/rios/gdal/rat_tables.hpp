// SPDX-License-Identifier: BSL-1.0
//
// Which tables and columns rat_apply reads and writes.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "../existing.hpp"
#include "attribute_table.hpp"
#include "dataset.hpp"
#include "table_change.hpp"
#include "table_column.hpp"

namespace rios {

/// Where a table is. A path alone means the first band.
struct table_location {
    table_location(char const* file) : path(file) {}            // NOLINT(*-explicit-*): `table_input("a.img", ...)`
    table_location(std::string file) : path(std::move(file)) {} // NOLINT(*-explicit-*)
    table_location(std::string file, int band_number) : path(std::move(file)), band(band_number) {}

    std::string path;
    int band = 1;
};

/// A table to be read, and the columns that are wanted of it, as values of what type:
/// `table_input("a.img", column<double>("Histogram"), column<std::string>("Class_Names"))`.
template <TableValue... Ts>
struct table_input {
    explicit table_input(table_location place, column<Ts>... wanted)
        : where(std::move(place)), columns(std::move(wanted)...)
    {
    }

    table_location where;
    std::tuple<column<Ts>...> columns;
};
template <TableValue... Ts>
table_input(table_location, column<Ts>...) -> table_input<Ts...>;

/// A table of a file that exists, and the columns to be written to it. Those that it does not have are created.
template <TableValue... Ts>
struct table_output {
    explicit table_output(table_location place, column<Ts>... wanted)
        : where(std::move(place)), columns(std::move(wanted)...)
    {
    }

    table_location where;
    std::tuple<column<Ts>...> columns;
};
template <TableValue... Ts>
table_output(table_location, column<Ts>...) -> table_output<Ts...>;

namespace detail {

/// Opens each file and each table once, however often they are named, as a table that is read and written must be one.
class open_tables {
  public:
    /// @param changed the files to be opened for update
    explicit open_tables(std::vector<std::string> changed) : changed_(std::move(changed)) {}

    /// The table, which stays where it is as long as this object. @throws options_error, io_error
    attribute_table& open(table_location const& where)
    {
        auto& file = open_file(where.path);
        return file.tables.try_emplace(where.band, file.dataset, where.band).first->second;
    }

    /// @throws io_error
    void close()
    {
        for (auto& file : files_) {
            for (auto& [band, table] : file->tables) table.close();
            if (file->change) file->change->finish();
            else file->dataset.close();
        }
    }

  private:
    struct entry {
        explicit entry(gdal_dataset file) : dataset(std::move(file)) {}

        gdal_dataset dataset;
        std::map<int, attribute_table> tables{};
        std::optional<table_change> change{}; // ends before the file does
    };

    entry& open_file(std::string const& path)
    {
        auto const found = std::find_if(files_.begin(), files_.end(),
                                        [&](auto const& each) { return is_same_file(each->dataset.path(), path); });
        if (found != files_.end()) return **found;
        bool const changes =
            std::any_of(changed_.begin(), changed_.end(), [&](auto const& each) { return is_same_file(each, path); });
        auto fresh = std::make_unique<entry>(changes ? gdal_dataset::open_for_update(path) : gdal_dataset::open(path));
        if (changes) fresh->change.emplace(fresh->dataset);
        return *files_.emplace_back(std::move(fresh));
    }

    std::vector<std::string> changed_;
    std::vector<std::unique_ptr<entry>> files_;
};

} // namespace detail

} // namespace rios
