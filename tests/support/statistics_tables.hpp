// SPDX-License-Identifier: BSL-1.0
// Small tables of segments, for tests of where they are written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <utility>
#include <vector>

#include <shepseg/statistics_table.hpp>

namespace test {

/// A table with the rows that are given, by label.
inline shepseg::statistics_table make_table(std::vector<shepseg::statistics_column> columns, std::size_t rows,
                                            std::vector<std::pair<std::uint32_t, std::vector<double>>> const& given)
{
    std::vector<double> const missing(columns.size(), -9999);
    shepseg::statistics_table table(std::move(columns), missing, rows, std::filesystem::temp_directory_path(), 1 << 20);
    for (auto const& [label, row] : given) table.set(label, row);
    return table;
}

} // namespace test
