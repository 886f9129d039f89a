// SPDX-License-Identifier: BSL-1.0
//
// The controls of rios::apply, and what it returns.
#pragma once

#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>

#include "environment.hpp"
#include "error.hpp"
#include "pipeline/stage_options.hpp"
#include "pixel_grid.hpp"
#include "progress.hpp"
#include "timing.hpp"

namespace rios {

/// Rows and columns of a block, in pixels. One number stands for both.
struct window_size {
    window_size(std::ptrdiff_t size) : rows(size), cols(size) {} // NOLINT(*-explicit-*): options say `.window = 512`
    window_size(std::ptrdiff_t window_rows, std::ptrdiff_t window_cols) : rows(window_rows), cols(window_cols) {}

    std::ptrdiff_t rows;
    std::ptrdiff_t cols;
};

namespace detail {

/// Largest window and overlap, in pixels.
inline constexpr std::ptrdiff_t largest_window = 1 << 30;

} // namespace detail

/// How apply goes about it. A site may set other defaults by environment variables, which are looked up when the struct is
/// made; @throws options_error if one holds no number, or one that is not allowed.
struct apply_options {
    /// The working grid: its pixels are computed, and inputs that have others are placed on it, if they can be
    /// (PlaceableReader). Without it all inputs must have the same pixels. working_grid() makes one for a set of files.
    std::optional<pixel_grid> grid{};
    /// Size of the blocks; those at the right and bottom edges are smaller. RIOS_DFLT_BLOCKYSIZE rows and
    /// RIOS_DFLT_BLOCKXSIZE cols, else 256.
    window_size window{environment_number("RIOS_DFLT_BLOCKYSIZE", 256, 1, detail::largest_window),
                       environment_number("RIOS_DFLT_BLOCKXSIZE", 256, 1, detail::largest_window)};
    /// Margin that inputs have on all four sides of a block, in pixels. Beyond the raster it holds the null value, or 0.
    /// Outputs may have it, too: it is cut off. RIOS_DFLT_OVERLAP, else 0.
    std::ptrdiff_t overlap = environment_number("RIOS_DFLT_OVERLAP", 0, 0, detail::largest_window);
    /// What may be read ahead, and what may wait to be written.
    buffer_limit input_buffer{};
    buffer_limit output_buffer{};
    /// In which order blocks are written.
    delivery_order order = delivery_order::any;
    /// How long a stage may be busy without getting on.
    stall_limits stalls{};
    /// Told the part of the blocks that is written; may cancel.
    progress_function progress{};
    /// Another way to cancel: from any thread.
    std::stop_token stop{};
};

/// What became of a run.
struct apply_result {
    rios::timings timings; ///< names and meaning: docs/timings.md
    pixel_grid grid;       ///< the working grid
};

/// The same with the worker that the copies of all threads were merged into.
template <typename W>
struct accumulated_result : apply_result {
    W worker;
};

namespace detail {

/// @throws options_error
inline void check(apply_options const& options)
{
    auto const refuse = [](std::string const& what, std::string const& allowed) {
        throw options_error(what + ": allowed: " + allowed);
    };
    if (options.grid && (options.grid->rows < 1 || options.grid->cols < 1)) {
        refuse("grid of " + std::to_string(options.grid->rows) + " rows, " + std::to_string(options.grid->cols) +
                   " cols",
               "at least 1 of each");
    }
    if (options.window.rows < 1 || options.window.cols < 1 || options.window.rows > largest_window ||
        options.window.cols > largest_window) {
        refuse("window of " + std::to_string(options.window.rows) + " rows, " + std::to_string(options.window.cols) +
                   " cols",
               "1 to " + std::to_string(largest_window) + " of each");
    }
    if (options.overlap < 0 || options.overlap > largest_window) {
        refuse("overlap " + std::to_string(options.overlap), "0 to " + std::to_string(largest_window) + " pixels");
    }
    if (!(options.stalls.reading.count() >= 0)) refuse("stalls.reading", "0 (off) or more seconds");
    if (!(options.stalls.computing.count() >= 0)) refuse("stalls.computing", "0 (off) or more seconds");
}

} // namespace detail

} // namespace rios
