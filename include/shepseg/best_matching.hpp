// SPDX-License-Identifier: BSL-1.0
//
// Which segments of two segmentations belong together: pairs, each segment in one at most, that share as many pixels as
// possible. For compare.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <queue>
#include <span>
#include <utility>
#include <vector>

#include <rios/progress.hpp>

#include "contingency.hpp"

namespace shepseg {

/// Segments that share pixels, as a graph: a row for each segment of the first segmentation, a column for each of the second.
struct overlap_graph {
    struct edge {
        std::uint32_t col;
        std::int64_t pixels;
    };

    std::vector<std::size_t> row_begin{0}; ///< of each row its first edge, and the end
    std::vector<edge> edges;
    std::size_t cols = 0;

    [[nodiscard]] std::size_t rows() const noexcept { return row_begin.size() - 1; }
    [[nodiscard]] std::span<edge const> row(std::size_t number) const noexcept
    {
        return std::span(edges).subspan(row_begin[number], row_begin[number + 1] - row_begin[number]);
    }

    /// @param pairs by the first label, then by the second; those with a label 0 do not count
    [[nodiscard]] static overlap_graph of(std::span<label_pair const> pairs)
    {
        overlap_graph result;
        std::vector<std::uint32_t> labels;
        for (auto const& each : pairs) {
            if (each.a != 0 && each.b != 0) labels.push_back(each.b);
        }
        result.edges.reserve(labels.size());
        std::sort(labels.begin(), labels.end());
        labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
        result.cols = labels.size();
        std::uint32_t last = 0;
        for (auto const& each : pairs) {
            if (each.a == 0 || each.b == 0) continue;
            if (each.a != last && last != 0) result.row_begin.push_back(result.edges.size());
            last = each.a;
            auto const col = std::lower_bound(labels.begin(), labels.end(), each.b) - labels.begin();
            result.edges.push_back({static_cast<std::uint32_t>(col), static_cast<std::int64_t>(each.pixels)});
        }
        if (last != 0) result.row_begin.push_back(result.edges.size());
        return result;
    }
};

/// How best_matching() goes about it.
struct matching_options {
    /// Edges that may be looked at before it is content with bounds.
    std::uint64_t most_steps = 2'000'000'000;
    rios::progress_function progress{}; ///< told "matching"
};

/// Pixels that the segments of a best matching share.
struct matched_pixels {
    std::uint64_t at_least = 0;
    std::uint64_t at_most = 0;
    std::uint64_t steps = 0; ///< edges that were looked at

    [[nodiscard]] bool exact() const noexcept { return at_least == at_most; }
};

namespace detail {

/// The matching of largest weight, row after row, by shortest augmenting paths (Kuhn 1955, Munkres 1957; with potentials and
/// Dijkstra's search, Edmonds and Karp 1972), where a row may also stay alone.
///
/// Rows and columns have prices, never negative, whose sum is at least the weight of each edge, and equal to it for edges of
/// the matching; of the rows that were inserted, and of the columns, only matched ones have a price above 0. So the prices
/// bound the weight of any matching, and that of the matching reaches the bound when all rows are in.
class matching_search {
  public:
    matching_search(overlap_graph const& graph, matching_options const& options)
        : graph_(graph), options_(options), row_price_(graph.rows(), 0), col_price_(graph.cols, 0),
          col_of_(graph.rows(), none), row_of_(graph.cols, none), distance_(graph.cols), reached_from_(graph.cols),
          seen_(graph.cols, 0)
    {
    }

    matched_pixels run()
    {
        // Heavy rows first: later ones find out soon that they had better stay alone.
        std::vector<std::uint32_t> order(graph_.rows());
        std::iota(order.begin(), order.end(), 0U);
        std::vector<std::int64_t> heaviest(graph_.rows(), 0);
        for (std::size_t row = 0; row < graph_.rows(); ++row) {
            for (auto const& edge : graph_.row(row)) heaviest[row] = std::max(heaviest[row], edge.pixels);
        }
        std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return heaviest[a] > heaviest[b]; });
        std::size_t inserted = 0;
        for (; inserted < order.size() && result_.steps < options_.most_steps; ++inserted) {
            done_ = static_cast<double>(inserted) / static_cast<double>(order.size());
            if (inserted % 4096 == 0) rios::report(options_.progress, "matching", done_);
            if (!insert(order[inserted])) break;
        }
        finish(std::span(order).subspan(inserted));
        return result_;
    }

  private:
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

    /// How far a column is, whose row is to be looked at.
    using candidate = std::pair<std::int64_t, std::uint32_t>;

    /// What a row could pay at most for a better column than none.
    [[nodiscard]] std::int64_t price_of(std::uint32_t row)
    {
        std::int64_t price = 0;
        for (auto const& edge : graph_.row(row)) price = std::max(price, edge.pixels - col_price_[edge.col]);
        result_.steps += graph_.row(row).size();
        return price;
    }

    /// Adds a row to the matching. @returns false if that took too many steps; then nothing is changed
    bool insert(std::uint32_t row)
    {
        auto const price = price_of(row);
        if (price == 0) return true;
        // The nearest end of an alternating path: a free column, or a row that is left alone from then on.
        std::int64_t nearest = price;
        std::uint32_t last_row = row;
        std::uint32_t last_col = none;
        auto const row_before = std::exchange(row_price_[row], price);

        ++search_;
        heap_.clear();
        done_rows_.clear();
        auto const look_from = [&](std::uint32_t from, std::int64_t distance) {
            done_rows_.emplace_back(distance, from);
            result_.steps += graph_.row(from).size();
            for (auto const& edge : graph_.row(from)) {
                auto const there = distance + row_price_[from] + col_price_[edge.col] - edge.pixels;
                if (there >= nearest || (seen_[edge.col] == search_ && distance_[edge.col] <= there)) continue;
                seen_[edge.col] = search_;
                distance_[edge.col] = there;
                reached_from_[edge.col] = from;
                if (row_of_[edge.col] == none) {
                    nearest = there;
                    last_col = edge.col;
                } else {
                    heap_.emplace_back(there, edge.col);
                    std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
                }
            }
        };
        look_from(row, 0);
        while (!heap_.empty() && heap_.front().first < nearest) {
            std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
            auto const [distance, col] = heap_.back();
            heap_.pop_back();
            if (distance > distance_[col]) continue; // a shorter way was found since
            auto const owner = row_of_[col];
            if (distance + row_price_[owner] < nearest) {
                nearest = distance + row_price_[owner];
                last_row = owner;
                last_col = none;
            }
            look_from(owner, distance);
            if (result_.steps >= next_poll_) {
                next_poll_ = result_.steps + poll_interval;
                rios::report(options_.progress, "matching", done_);
                if (result_.steps >= options_.most_steps) {
                    row_price_[row] = row_before;
                    return false;
                }
            }
        }
        for (auto const& [distance, done] : done_rows_) {
            row_price_[done] -= nearest - distance;
            if (done != row) col_price_[col_of_[done]] += nearest - distance;
        }
        augment(row, last_row, last_col);
        return true;
    }

    /// Turns the path round that leads from a row to a column, or to a row that loses its column.
    void augment(std::uint32_t row, std::uint32_t last_row, std::uint32_t last_col)
    {
        if (last_col == none) {
            if (last_row == row) return;
            last_col = std::exchange(col_of_[last_row], none);
        }
        for (;;) {
            auto const from = reached_from_[last_col];
            row_of_[last_col] = from;
            last_col = std::exchange(col_of_[from], last_col);
            if (from == row) return;
        }
    }

    /// The bounds, where some rows were not inserted.
    void finish(std::span<std::uint32_t const> left)
    {
        std::int64_t matched = 0;
        for (auto const row : left) {
            row_price_[row] = price_of(row);
            // Better than nothing: the heaviest edge to a column that is free.
            overlap_graph::edge best{.col = none, .pixels = 0};
            for (auto const& edge : graph_.row(row)) {
                if (row_of_[edge.col] == none && edge.pixels > best.pixels) best = edge;
            }
            if (best.col == none) continue;
            col_of_[row] = best.col;
            row_of_[best.col] = row;
        }
        for (std::uint32_t row = 0; row < graph_.rows(); ++row) {
            for (auto const& edge : graph_.row(row)) {
                if (edge.col == col_of_[row]) matched += edge.pixels;
            }
        }
        auto const bound = std::accumulate(row_price_.begin(), row_price_.end(), std::int64_t{0}) +
                           std::accumulate(col_price_.begin(), col_price_.end(), std::int64_t{0});
        result_.at_least = static_cast<std::uint64_t>(matched);
        result_.at_most = static_cast<std::uint64_t>(bound);
    }

    static constexpr std::uint64_t poll_interval = 1'000'000; // steps

    overlap_graph const& graph_;
    matching_options const& options_;
    matched_pixels result_;
    std::vector<std::int64_t> row_price_;
    std::vector<std::int64_t> col_price_;
    std::vector<std::uint32_t> col_of_; // of each row its column
    std::vector<std::uint32_t> row_of_;
    // One search for a path:
    std::vector<std::int64_t> distance_;
    std::vector<std::uint32_t> reached_from_;
    std::vector<std::uint32_t> seen_; // the search that the two belong to
    std::uint32_t search_ = 0;
    std::vector<candidate> heap_;
    std::vector<candidate> done_rows_; // distance and row
    std::uint64_t next_poll_ = poll_interval;
    double done_ = 0;
};

} // namespace detail

/// The largest number of pixels that one-to-one pairs of segments can share.
///
/// Exact, unless it takes more than options.most_steps steps; then bounds from below and above. A path never leaves the
/// segments that hang together by overlaps, and ends where a change would cost more than it could gain, so that of two
/// similar segmentations each search sees few segments. At worst O(rows · edges · log(edges)).
/// @throws rios::cancelled if the progress function says so
[[nodiscard]] inline matched_pixels best_matching(overlap_graph const& graph, matching_options const& options = {})
{
    return detail::matching_search(graph, options).run();
}

} // namespace shepseg
