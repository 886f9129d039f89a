// SPDX-License-Identifier: BSL-1.0
//
// The tables of a rat_apply that are open: where blocks of rows are read from, and where what was computed goes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "../error.hpp"
#include "attribute_table.hpp"
#include "rat_apply_options.hpp"
#include "rat_tables.hpp"
#include "table_column.hpp"

namespace rios::detail {

/// An input table that is open, with memory for a block of its columns.
template <TableValue... Ts>
class bound_input {
  public:
    using spans = std::tuple<std::span<Ts const>...>;

    bound_input(attribute_table& table, table_input<Ts...> const& input) : table_(&table)
    {
        std::apply([&](auto const&... each) { places_ = {table.index_of(each.name)...}; }, input.columns);
    }

    [[nodiscard]] attribute_table const& table() const noexcept { return *table_; }

    [[nodiscard]] spans read(row_block const& block)
    {
        std::size_t index = 0;
        auto const read_one = [&]<typename T>(std::vector<T>& values) {
            values.resize(static_cast<std::size_t>(block.rows));
            table_->read(places_[index++], block.first_row, std::span<T>(values));
            return std::span<T const>(values);
        };
        // Braces: from left to right.
        return std::apply([&](auto&... each) { return spans{read_one(each)...}; }, values_);
    }

  private:
    attribute_table* table_;
    std::array<std::size_t, sizeof...(Ts)> places_{};
    std::tuple<std::vector<Ts>...> values_;
};

/// An output table that is open. Nothing is changed before the first values come.
template <TableValue... Ts>
class bound_output {
  public:
    using values = std::tuple<std::vector<Ts>...>;

    bound_output(attribute_table& table, table_output<Ts...> const& output, output_rows rows, std::ptrdiff_t input_rows)
        : table_(&table), columns_(output.columns), mode_(rows), input_rows_(input_rows), rows_before_(table.rows())
    {
    }

    [[nodiscard]] attribute_table const& table() const noexcept { return *table_; }

    [[nodiscard]] std::vector<std::string> names() const
    {
        return std::apply([](auto const&... each) { return std::vector<std::string>{each.name...}; }, columns_);
    }

    /// Appends what was computed for a block. @throws grid_error if there is not the right number of values
    void write(row_block const& block, values const& computed)
    {
        auto const count = length_of(block, computed);
        auto const need = written_ + count;
        if (mode_.how() == output_rows::kind::like_input && count != block.rows) {
            refuse(block, std::to_string(count) + " values for " + std::to_string(block.rows) +
                              " rows; with output_rows::growing or fixed there may be another number");
        }
        if (mode_.how() == output_rows::kind::fixed && need > mode_.count()) {
            refuse(block, std::to_string(need) + " values up to here; the output rows are fixed at " +
                              std::to_string(mode_.count()));
        }
        prepare();
        if (need > table_->rows()) {
            auto const ahead = table_->can_shrink() ? mode_.count() : 0;
            table_->resize(std::max(need, table_->rows() + ahead));
        }
        std::size_t index = 0;
        auto const write_one = [&]<typename T>(std::vector<T> const& each) {
            table_->write(places_[index++], written_, std::span<T const>(each));
        };
        std::apply([&](auto const&... each) { (write_one(each), ...); }, computed);
        written_ = need;
    }

    void finish()
    {
        prepare();
        if (mode_.how() == output_rows::kind::growing) table_->resize(std::max(rows_before_, written_));
    }

  private:
    [[noreturn]] void refuse(row_block const& block, std::string const& reason) const
    {
        throw grid_error(table_->where() + ": " + block_text(block) + ": " + reason);
    }

    [[nodiscard]] std::ptrdiff_t length_of(row_block const& block, values const& computed) const
    {
        auto const lengths = std::apply(
            [](auto const&... each) { return std::array<std::ptrdiff_t, sizeof...(Ts)>{std::ssize(each)...}; },
            computed);
        for (std::size_t i = 1; i < lengths.size(); ++i) {
            if (lengths[i] == lengths[0]) continue;
            refuse(block, "column '" + names()[i] + "' has " + std::to_string(lengths[i]) + " values, column '" +
                              names()[0] + "' " + std::to_string(lengths[0]) +
                              ": all columns of a table must get the same number");
        }
        return lengths[0];
    }

    void prepare()
    {
        if (std::exchange(prepared_, true)) return;
        std::ptrdiff_t rows = 0;
        if (mode_.how() == output_rows::kind::like_input) rows = input_rows_;
        if (mode_.how() == output_rows::kind::fixed) rows = mode_.count();
        if (rows > table_->rows()) table_->resize(rows);
        auto const place_of = [&]<typename T>(column<T> const& wanted) {
            if (auto const found = table_->find(wanted.name)) return *found;
            return table_->create_column({.name = wanted.name, .type = column_type_of<T>, .usage = wanted.usage});
        };
        std::apply([&](auto const&... each) { places_ = {place_of(each)...}; }, columns_);
    }

    attribute_table* table_;
    std::tuple<column<Ts>...> columns_;
    output_rows mode_;
    std::ptrdiff_t input_rows_;
    std::ptrdiff_t rows_before_;
    std::ptrdiff_t written_ = 0;
    bool prepared_ = false;
    std::array<std::size_t, sizeof...(Ts)> places_{};
};

/// Nothing is written to a table of which no columns are given.
template <>
class bound_output<> {
  public:
    using values = std::tuple<>;

    bound_output(attribute_table& table, table_output<> const&, output_rows, std::ptrdiff_t) : table_(&table) {}

    [[nodiscard]] attribute_table const& table() const noexcept { return *table_; }
    [[nodiscard]] static std::vector<std::string> names() { return {}; }
    static void write(row_block const&, values const&) {}
    static void finish() {}

  private:
    attribute_table* table_;
};

} // namespace rios::detail
