// SPDX-License-Identifier: BSL-1.0
//
// The outline of a segment as rings of pixel corners, from its runs of pixels (segment_runs.hpp). gdal/polygons.hpp makes
// polygons of it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "options.hpp"

namespace shepseg {

/// Pixels of one segment side by side: those of `row` from column `begin` up to, but not including, `end`.
struct pixel_run {
    std::int32_t row = 0;
    std::int32_t begin = 0;
    std::int32_t end = 0;

    friend bool operator==(pixel_run const&, pixel_run const&) = default;
};

/// Where four pixels meet: (0, 0) is the upper left corner of the raster, (rows, cols) the lower right one.
struct pixel_corner {
    std::int32_t row = 0;
    std::int32_t col = 0;

    friend bool operator==(pixel_corner const&, pixel_corner const&) = default;
};

/// The corners of a closed line around pixels, each once: at all of them the line turns, and the last leads to the first.
using pixel_ring = std::vector<pixel_corner>;

/// A piece of a segment. Seen with row 0 at the top, its outer ring runs anticlockwise, holes run clockwise.
struct outline_part {
    pixel_ring outer;
    std::vector<pixel_ring> holes;
};

namespace detail {

/// Edges of runs are numbered: 2 i is the left one of run i, 2 i + 1 the right one. Walked with the pixels on the left hand,
/// left edges lead down and right edges lead up.
class outline_tracer {
  public:
    outline_tracer(std::span<pixel_run const> runs, connectivity neighbours)
        : runs_(runs), neighbours_(neighbours), piece_(runs.size()), next_(2 * runs.size())
    {
        std::iota(piece_.begin(), piece_.end(), std::size_t{0});
        each_pair_of_rows([this](auto above, auto below) { join(above, below); });
        for (std::size_t run = 0; run < runs.size(); ++run) piece_[run] = piece_of(run);
        each_pair_of_rows([this](auto above, auto below) { link(above, below); });
    }

    [[nodiscard]] std::vector<outline_part> parts()
    {
        std::vector<outline_part> result;
        std::vector<std::size_t> part_of(runs_.size());
        std::vector<bool> seen(next_.size());
        for (std::size_t edge = 0; edge < next_.size(); ++edge) {
            if (seen[edge]) continue;
            auto ring = ring_from(edge, seen);
            // A piece is named by its first run, in its highest row, whose left edge is on the outside.
            auto const piece = piece_[edge / 2];
            if (edge == 2 * piece) {
                part_of[piece] = result.size();
                result.push_back({.outer = std::move(ring), .holes = {}});
            } else {
                result[part_of[piece]].holes.push_back(std::move(ring));
            }
        }
        return result;
    }

  private:
    /// The runs of a row: numbers from first up to, but not including, last.
    struct row_runs {
        std::size_t first = 0;
        std::size_t last = 0;
    };

    /// Calls `f(above, below)` for each line between two rows that the segment touches.
    template <typename F>
    void each_pair_of_rows(F f)
    {
        row_runs above{};
        for (std::size_t at = 0; at < runs_.size();) {
            row_runs below{at, at};
            while (below.last < runs_.size() && runs_[below.last].row == runs_[at].row) ++below.last;
            if (above.last > above.first && runs_[above.first].row + 1 < runs_[at].row) {
                f(above, row_runs{above.last, above.last});
                above = {at, at};
            }
            f(above, below);
            above = below;
            at = below.last;
        }
        f(above, row_runs{above.last, above.last});
    }

    [[nodiscard]] std::size_t piece_of(std::size_t run)
    {
        while (piece_[run] != run) run = piece_[run] = piece_[piece_[run]];
        return run;
    }

    void join(row_runs above, row_runs below)
    {
        auto const reach = neighbours_ == connectivity::eight ? 1 : 0; // runs that meet at a corner
        for (auto a = above.first, b = below.first; a < above.last && b < below.last;) {
            if (runs_[a].begin < runs_[b].end + reach && runs_[b].begin < runs_[a].end + reach) {
                auto const [first, second] = std::minmax({piece_of(a), piece_of(b)});
                piece_[second] = first;
            }
            if (runs_[a].end <= runs_[b].end) ++a;
            else ++b;
        }
    }

    [[nodiscard]] static bool is_left(std::size_t edge) noexcept { return edge % 2 == 0; }
    [[nodiscard]] std::int32_t col(std::size_t edge) const noexcept
    {
        auto const& run = runs_[edge / 2];
        return is_left(edge) ? run.begin : run.end;
    }

    /// Decides which edge follows on which at the line between two rows.
    void link(row_runs above, row_runs below)
    {
        auto a = 2 * above.first;
        auto b = 2 * below.first;
        auto const in_row_above = [&](std::size_t edge) { return edge < 2 * above.last; };
        // Edges that end at the line: left ones from above, right ones from below.
        auto const arrives = [&](std::size_t edge) { return is_left(edge) == in_row_above(edge); };
        bool drawing = false; // is there a piece of outline on the line, from the column of `open` on?
        std::size_t open = 0;
        auto const connect = [&](std::size_t one, std::size_t other) {
            if (arrives(one)) next_[one] = other;
            else next_[other] = one;
        };
        auto const meet = [&](std::size_t edge) {
            if (drawing) connect(open, edge);
            else open = edge;
            drawing = !drawing;
        };
        while (a < 2 * above.last || b < 2 * below.last) {
            bool const has_a = a < 2 * above.last;
            bool const has_b = b < 2 * below.last;
            if (!has_b || (has_a && col(a) < col(b))) {
                meet(a++);
            } else if (!has_a || col(b) < col(a)) {
                meet(b++);
            } else if (is_left(a) == is_left(b)) { // straight on
                connect(a++, b++);
            } else {
                // Two pixels that meet at a corner. If they are of one piece, the outline turns around the pixels between
                // them, so that no ring touches itself; if not, it goes around each.
                bool const same = neighbours_ == connectivity::eight || piece_[a / 2] == piece_[b / 2];
                bool const above_first = is_left(a) == same;
                connect(open, above_first ? a : b);
                open = above_first ? b : a;
                ++a;
                ++b;
            }
        }
    }

    [[nodiscard]] pixel_ring ring_from(std::size_t start, std::vector<bool>& seen) const
    {
        pixel_ring ring;
        auto edge = start;
        do {
            seen[edge] = true;
            auto const next = next_[edge];
            if (col(edge) != col(next)) {
                auto const line = runs_[edge / 2].row + (is_left(edge) ? 1 : 0);
                ring.push_back({line, col(edge)});
                ring.push_back({line, col(next)});
            }
            edge = next;
        } while (edge != start);
        return ring;
    }

    std::span<pixel_run const> runs_;
    connectivity neighbours_;
    std::vector<std::size_t> piece_; // of each run
    std::vector<std::size_t> next_;  // edge after each edge
};

} // namespace detail

/// The outline of a segment.
///
/// With connectivity::four each piece whose pixels share sides is a part, and no ring touches itself: the parts are a valid
/// multipolygon of Simple Features. With connectivity::eight pieces that meet at a corner are one part, whose rings touch
/// themselves there.
/// @param runs of all pixels of the segment, in scan order
/// @returns parts in the order of their first pixels; none without runs
/// @pre between two runs of a row there is at least one pixel
/// Complexity: linear in the runs, which takes 50 bytes each.
[[nodiscard]] inline std::vector<outline_part> outline(std::span<pixel_run const> runs,
                                                       connectivity neighbours = connectivity::four)
{
    return detail::outline_tracer(runs, neighbours).parts();
}

} // namespace shepseg
