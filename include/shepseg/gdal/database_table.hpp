// SPDX-License-Identifier: BSL-1.0
//
// A table file that OGR writes, for table_file.hpp.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include <ogrsf_frmts.h>

#include <rios/existing.hpp>
#include <rios/gdal/vector_output.hpp>
#include <rios/progress.hpp>

#include "../statistic.hpp"
#include "../statistics_table.hpp"
#include "table_format.hpp"

namespace shepseg::detail {

/// The table is called "segments". Names of columns differ by more than the case of their letters.
class database_table final : public table_format {
  public:
    /// @param driver of OGR
    /// @throws rios::options_error, rios::io_error as vector_output does
    database_table(std::string const& path, std::string const& driver, rios::existing file)
        : output_(path, {.format = driver, .layer = "segments", .geometry = wkbNone, .existing = file})
    {
    }

    [[nodiscard]] bool is_same_name(std::string const& a, std::string const& b) const override
    {
        return EQUAL(a.c_str(), b.c_str());
    }
    [[nodiscard]] bool is_taken(std::string const& name) const override
    {
        return is_same_name(name, "id") || output_.is_taken(name);
    }

    void write(statistics_table const& table, rios::progress_function const& progress) override
    {
        output_.add_field({.name = "id", .type = OFTInteger64});
        for (auto const& each : table.columns()) {
            output_.add_field({.name = each.name,
                               .type = each.values == column_values::real      ? OFTReal
                                       : each.values == column_values::integer ? OFTInteger
                                                                               : OFTInteger64});
        }
        OGRFeature feature(&output_.definition());
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
                output_.write(feature, "segment " + std::to_string(first + row));
            }
            rios::report(progress, "table", static_cast<double>(first + count) / static_cast<double>(table.rows()));
        });
        output_.finish();
    }

    void commit() override { output_.close(); }

  private:
    rios::vector_output output_;
};

} // namespace shepseg::detail
