// SPDX-License-Identifier: BSL-1.0
//
// Computes columns of attribute tables out of others, block of rows by block of rows: what RIOS calls ratapplier, and what
// apply.hpp is for pixels.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "../error.hpp"
#include "../progress.hpp"
#include "../timing.hpp"
#include "../typed_errors.hpp"
#include "attribute_table.hpp"
#include "rat_apply_options.hpp"
#include "rat_bound.hpp"
#include "rat_tables.hpp"

namespace rios {

namespace detail {

template <typename... Ts>
std::tuple<table_input<Ts...>> as_tables(table_input<Ts...> table)
{
    return std::tuple<table_input<Ts...>>(std::move(table));
}
template <typename... Ts>
std::tuple<table_output<Ts...>> as_tables(table_output<Ts...> table)
{
    return std::tuple<table_output<Ts...>>(std::move(table));
}
template <typename... Tables>
std::tuple<Tables...> as_tables(std::tuple<Tables...> tables)
{
    return tables;
}

template <typename Table>
struct bound;
template <typename... Ts>
struct bound<table_input<Ts...>> {
    using type = bound_input<Ts...>;
};
template <typename... Ts>
struct bound<table_output<Ts...>> {
    using type = bound_output<Ts...>;
};

inline std::tuple<> as_columns() // of a function that returns nothing
{
    return {};
}
template <typename T>
std::tuple<std::vector<T>> as_columns(std::vector<T> values)
{
    return {std::move(values)};
}
template <typename... Ts>
std::tuple<Ts...> as_columns(std::tuple<Ts...> columns)
{
    return columns;
}

/// One span for each column of all inputs, and one vector for each column of all outputs.
template <typename Inputs>
struct all_spans;
template <typename... Tables>
struct all_spans<std::tuple<Tables...>> {
    using type = decltype(std::tuple_cat(std::declval<typename bound<Tables>::type::spans>()...));
};
template <typename Outputs>
struct all_values;
template <typename... Tables>
struct all_values<std::tuple<Tables...>> {
    using type = decltype(std::tuple_cat(std::declval<typename bound<Tables>::type::values>()...));
};

/// Can F be called with a block and these columns? And what does it return then, as a tuple of vectors?
template <typename F, typename Spans>
inline constexpr bool computes = false;
template <typename F, typename... Spans>
inline constexpr bool computes<F, std::tuple<Spans...>> = std::is_invocable_v<F&, row_block const&, Spans const&...>;

template <typename F, typename... Spans>
auto computed(F& function, row_block const& block, Spans const&... spans)
{
    if constexpr (std::is_void_v<std::invoke_result_t<F&, row_block const&, Spans const&...>>) {
        function(block, spans...);
        return as_columns();
    } else {
        return as_columns(function(block, spans...));
    }
}
template <typename F, typename Spans>
struct computed_by;
template <typename F, typename... Spans>
struct computed_by<F, std::tuple<Spans...>> {
    using type =
        decltype(computed(std::declval<F&>(), std::declval<row_block const&>(), std::declval<Spans const&>()...));
};

/// The elements of a tuple from First on, as many as Part has.
template <typename Part, std::size_t First, typename All>
Part part_of(All& all)
{
    return [&]<std::size_t... Is>(std::index_sequence<Is...>) {
        return Part{std::move(std::get<First + Is>(all))...};
    }(std::make_index_sequence<std::tuple_size_v<Part>>());
}

/// Calls `visit(output, values)` for each output with its share of the columns.
template <std::size_t Output = 0, std::size_t First = 0, typename Outputs, typename All, typename F>
void for_each_output(Outputs& outputs, All& all, F visit)
{
    if constexpr (Output < std::tuple_size_v<Outputs>) {
        auto& output = std::get<Output>(outputs);
        using part = typename std::remove_reference_t<decltype(output)>::values;
        visit(output, part_of<part, First>(all));
        for_each_output<Output + 1, First + std::tuple_size_v<part>>(outputs, all, visit);
    }
}

/// @throws grid_error if two input tables have different numbers of rows
template <typename Inputs>
std::ptrdiff_t common_rows(Inputs const& inputs, std::ptrdiff_t otherwise)
{
    attribute_table const* first = nullptr;
    auto const compare = [&](attribute_table const& table) {
        if (first == nullptr) first = &table;
        if (table.rows() == first->rows()) return;
        throw grid_error(first->where() + ": the attribute table has " + std::to_string(first->rows()) + " rows; " +
                         table.where() + ": " + std::to_string(table.rows()) +
                         " rows: input tables must have the same number");
    };
    std::apply([&](auto const&... each) { (compare(each.table()), ...); }, inputs);
    return first == nullptr ? otherwise : first->rows();
}

/// @throws options_error if a column is listed twice, or a table that is read would get another number of rows
template <typename Inputs, typename Outputs>
void require_own_columns(Inputs const& inputs, Outputs const& outputs, output_rows const& rows)
{
    std::vector<std::pair<attribute_table const*, std::string>> listed;
    auto const visit = [&](auto const& output) {
        bool const is_read =
            std::apply([&](auto const&... each) { return ((&each.table() == &output.table()) || ...); }, inputs);
        if (is_read && rows.how() != output_rows::kind::like_input) {
            throw options_error(output.table().where() +
                                ": a table that is read cannot get another number of rows; write to another file");
        }
        for (auto const& name : output.names()) {
            std::pair const entry(&output.table(), name);
            if (std::find(listed.begin(), listed.end(), entry) != listed.end()) {
                throw options_error(output.table().where() + ": column '" + name + "' is listed twice as an output");
            }
            listed.push_back(entry);
        }
    };
    std::apply([&](auto const&... each) { (visit(each), ...); }, outputs);
}

} // namespace detail

/// Reads tables block by block, calls a function for each block, and writes the columns that it returns.
///
/// @param inputs one table_input, or a std::tuple of them; std::tuple() for none. All have the same number of rows.
/// @param function called as `function(row_block, std::span<T const>...)` with one span for each column of all inputs, in the
///        order in which they are listed. It returns a std::vector for the one column of the outputs, a std::tuple of
///        vectors for several, in order; void if there are none. All vectors of one table have the same length; those of
///        another table may have another. Blocks come in order, on the calling thread.
/// @param outputs one table_output, or a std::tuple of them; std::tuple() for none. An output may be an input too; it is read
///        before it is written, block by block. Values are appended to those of earlier blocks, from row 0 on. Columns
///        that exist are written over; whatever else the table holds stays.
/// @returns the function with what it has accumulated, timings, and the number of rows
///
/// Files are changed in place. Columns are created when the first block has been computed. After a failure, tables in
/// files that keep them (HFA, KEA) hold what was written until then; there is no going back. Other tables (GTiff) are as
/// they were.
///
/// @throws options_error, grid_error, io_error before anything is changed: columns or bands that do not exist, tables of
///         different length, read-only files
/// @throws grid_error naming the table, the block and the column if vectors have the wrong length
/// @throws a rios::error of the function as it is; worker_error with whatever else it throws nested in it; cancelled if the
///         progress function says so
///
/// Thread rule: several calls at once, if they do not share a file that one of them changes.
template <typename Inputs, typename F, typename Outputs = std::tuple<>>
auto rat_apply(Inputs inputs, F function, Outputs outputs = {}, rat_apply_options const& options = {})
{
    auto const from = detail::as_tables(std::move(inputs));
    auto const to = detail::as_tables(std::move(outputs));
    using spans_type = typename detail::all_spans<std::remove_const_t<decltype(from)>>::type;
    using values_type = typename detail::all_values<std::remove_const_t<decltype(to)>>::type;
    static_assert(detail::computes<F, spans_type>,
                  "rat_apply: the function must be callable with a rios::row_block const& and a std::span of constant "
                  "values for each column of the inputs");
    static_assert(
        std::is_same_v<typename detail::computed_by<F, spans_type>::type, values_type>,
        "rat_apply: the function must return a std::vector for the one column that is written, a std::tuple of "
        "vectors for several, and void for none");
    detail::check(options, std::tuple_size_v<decltype(from)> > 0);

    timing_log log(rios_timer_order());
    std::string subject = "rat_apply"; // the file that errors of the function are reported of
    std::vector<std::string> changed;
    std::apply([&](auto const&... each) { (changed.push_back(each.where.path), ...); }, to);
    if (!changed.empty()) subject = changed.front();
    if constexpr (std::tuple_size_v<decltype(from)> > 0) subject = std::get<0>(from).where.path;

    detail::open_tables tables(std::move(changed));
    auto sources = std::apply(
        [&](auto const&... each) {
            return std::tuple<typename detail::bound<std::remove_cvref_t<decltype(each)>>::type...>{
                {tables.open(each.where), each}...};
        },
        from);
    auto const total = detail::common_rows(sources, options.row_count.value_or(0));
    auto targets = std::apply(
        [&](auto const&... each) {
            return std::tuple<typename detail::bound<std::remove_cvref_t<decltype(each)>>::type...>{
                {tables.open(each.where), each, options.output, total}...};
        },
        to);
    detail::require_own_columns(sources, targets, options.output);

    auto const compute = [&](row_block const& block, auto const&... columns) {
        auto const timed = log.measure("userfunction");
        return detail::with_typed_errors([&] { return detail::computed(function, block, columns...); },
                                         [&](std::string const& reason) {
                                             return worker_error(subject + ": " + detail::block_text(block),
                                                                 block.number, 0, reason);
                                         });
    };
    row_block block{.total_rows = total};
    for (; block.first_row < total; ++block.number, block.first_row += block.rows) {
        block.rows = std::min(options.block_length, total - block.first_row);
        auto const columns = [&] {
            auto const timed = log.measure("reading");
            return std::apply([&](auto&... each) { return std::tuple_cat(each.read(block)...); }, sources);
        }();
        auto computed = std::apply([&](auto const&... each) { return compute(block, each...); }, columns);
        {
            auto const timed = log.measure("writing");
            detail::for_each_output(targets, computed,
                                    [&](auto& output, auto const& values) { output.write(block, values); });
        }
        report(options.progress, "rows",
               static_cast<double>(block.first_row + block.rows) / static_cast<double>(total));
    }
    {
        auto const timed = log.measure("writing");
        std::apply([](auto&... each) { (each.finish(), ...); }, targets);
        tables.close();
    }
    return rat_apply_result<F>{.function = std::move(function), .timings = log.snapshot(), .rows = total};
}

} // namespace rios
