// SPDX-License-Identifier: BSL-1.0
//
// What kinds of table files have in common, for table_file.hpp: text (csv_table.hpp) and databases (database_table.hpp).
#pragma once

#include <string>

#include <rios/progress.hpp>

#include "../statistics_table.hpp"

namespace shepseg::detail {

/// A table file of one kind, which has no name yet. Made before the work; without commit() nothing is left.
class table_format {
  public:
    table_format() = default;
    table_format(table_format const&) = delete;
    table_format& operator=(table_format const&) = delete;
    virtual ~table_format() = default;

    /// Would two columns of these names have the same one?
    [[nodiscard]] virtual bool is_same_name(std::string const& a, std::string const& b) const = 0;

    /// Does the file have a column of that name of its own?
    [[nodiscard]] virtual bool is_taken(std::string const& name) const = 0;

    /// Completes the file, with the rows of all labels from 1 on.
    /// @throws rios::io_error, also if there is a file of its name by now that must not be replaced; rios::cancelled
    virtual void write(statistics_table const& table, rios::progress_function const& progress) = 0;

    /// Gives the file its name. @throws rios::io_error as write()
    virtual void commit() = 0;
};

} // namespace shepseg::detail
