// SPDX-License-Identifier: BSL-1.0
//
// The controls of rios::rat_apply, what its function is told about each block of rows, and what it returns.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "../error.hpp"
#include "../progress.hpp"
#include "../timing.hpp"

namespace rios {

/// Consecutive rows of the input tables, which are computed together.
struct row_block {
    std::size_t number = 0;        ///< from 0
    std::ptrdiff_t first_row = 0;  ///< in the input tables: the pixel value of the first element of each column
    std::ptrdiff_t rows = 0;       ///< elements of each column
    std::ptrdiff_t total_rows = 0; ///< of the input tables
};

/// How many rows the output tables get. A table that has more rows already keeps them, with what they hold in other columns.
class output_rows {
  public:
    enum class kind { like_input, fixed, growing };

    /// As many as the input tables (or row_count); every block returns as many values as it has rows.
    [[nodiscard]] static output_rows like_input() { return {kind::like_input, 0}; }

    /// So many; the function may return any number of values for a block, as long as they do not become more. Rows that
    /// get no values hold 0, or empty text.
    [[nodiscard]] static output_rows fixed(std::ptrdiff_t count) { return {kind::fixed, count}; }

    /// As many as there are values, whose number is found out on the way. The table grows by at least `increment` rows at a
    /// time, and is cut to its length at the end.
    [[nodiscard]] static output_rows growing(std::ptrdiff_t increment = 100'000) { return {kind::growing, increment}; }

    [[nodiscard]] kind how() const noexcept { return how_; }

    /// The number of rows, or the increment.
    [[nodiscard]] std::ptrdiff_t count() const noexcept { return count_; }

  private:
    output_rows(kind how, std::ptrdiff_t count) : how_(how), count_(count) {}

    kind how_;
    std::ptrdiff_t count_;
};

/// How rat_apply goes about it.
struct rat_apply_options {
    /// Rows of a block; the last one may have fewer.
    std::ptrdiff_t block_length = 100'000;
    /// Rows to go through when there are no input tables; with input tables, they say it.
    std::optional<std::ptrdiff_t> row_count{};
    /// Rows of the output tables.
    output_rows output = output_rows::like_input();
    /// Told the part of the rows that is done, in the phase "rows"; may cancel.
    progress_function progress{};
};

/// What became of a run.
template <typename F>
struct rat_apply_result {
    F function;              ///< with what it has accumulated
    rios::timings timings;   ///< reading, userfunction and writing
    std::ptrdiff_t rows = 0; ///< that were gone through
};

namespace detail {

/// @throws options_error
inline void check(rat_apply_options const& options, bool has_inputs)
{
    auto const refuse = [](std::string const& what, std::ptrdiff_t value, std::string const& allowed) {
        throw options_error(what + ' ' + std::to_string(value) + ": allowed: " + allowed);
    };
    if (options.block_length < 1) refuse("block_length", options.block_length, "1 or more rows");
    if (has_inputs && options.row_count) {
        refuse("row_count", *options.row_count, "none, as the input tables have a number of rows");
    }
    if (!has_inputs && !options.row_count) throw options_error("row_count must be given, as there are no input tables");
    if (options.row_count && *options.row_count < 0) refuse("row_count", *options.row_count, "0 or more");
    auto const& output = options.output;
    if (output.how() == output_rows::kind::fixed && output.count() < 0) {
        refuse("output rows fixed at", output.count(), "0 or more");
    }
    if (output.how() == output_rows::kind::growing && output.count() < 1) {
        refuse("output rows growing by", output.count(), "1 or more");
    }
}

/// "block 3 (rows 30 to 39)".
inline std::string block_text(row_block const& block)
{
    return "block " + std::to_string(block.number) + " (rows " + std::to_string(block.first_row) + " to " +
           std::to_string(block.first_row + block.rows - 1) + ')';
}

} // namespace detail

} // namespace rios
