// SPDX-License-Identifier: BSL-1.0
//
// Where most pipelines end: a rios::Writer for every raster format that GDAL can write. The file appears
// under its name when it is complete (pending_output.hpp), and not before.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../block.hpp"
#include "../concepts.hpp"
#include "../error.hpp"
#include "../image.hpp"
#include "../image_view.hpp"
#include "../pixel_grid.hpp"
#include "../pixel_type.hpp"
#include "../timing.hpp"
#include "data_type.hpp"
#include "dataset.hpp"
#include "output_file.hpp"
#include "output_summaries.hpp"
#include "raster_io.hpp"

namespace rios {

/// Writes blocks of T to a new raster file. Until close() has returned, an older file of that name stays as it was; a
/// writer that ends without close() leaves nothing behind. Real files only, not GDAL's /vsi paths.
///
/// Thread rule: one thread at a time.
template <Pixel T>
class gdal_writer {
  public:
    /// Creates nothing yet, but checks all options.
    /// @throws options_error for an unknown format, one that can only be read or has no pixels of type T, a bad creation option,
    /// a null value that no T has, fewer than one band, or overview levels that do not ascend
    explicit gdal_writer(std::string const& path, gdal_writer_options options = {})
        : output_(path, pixel_type_of<T>, checked(path, std::move(options)))
    {
    }

    [[nodiscard]] std::string const& path() const noexcept { return output_.path(); }

    /// Creates the file under a temporary name.
    /// @throws io_error if it cannot be created: the reason is the operating system's or GDAL's
    /// @throws grid_error if the grid is empty
    void open(pixel_grid const& grid)
    {
        output_.open(grid);
        auto const& options = output_.options();
        if (!options.summaries) return;
        try {
            summaries_.emplace(output_.file(), *options.summaries, options.null_value);
        } catch (...) {
            discard();
            throw;
        }
    }

    /// What takes a block's part of the summaries from it: `preparer(block, pixels, timing_log)` may be called by any thread, by
    /// each with a copy of its own. Pipelines call it where they compute; whoever writes by hand need not. @pre open() was called
    [[nodiscard]] detail::summary_preparer<T> preparer() const
    {
        return detail::summary_preparer<T>(summaries_ ? summaries_->plan() : nullptr);
    }

    /// Writes the pixels of a block; all bands, in any order of blocks. Where there are summaries, each pixel once.
    /// @throws grid_error if the block does not lie inside the grid, or pixels are not bands × rows × cols of the block
    /// @throws io_error naming the file and the block
    void write(block const& where, image_view<T const> pixels)
    {
        require_fits(where, pixels);
        write(numbered(where), pixels, digest_of(where, pixels));
    }
    void write(block const& where, image<T> const& pixels) { write(where, pixels.view()); }

    /// As above, with what a copy of preparer() returned for the block, each of which has another index.
    void write(block const& where, image_view<T const> pixels, detail::summary_digest<T> digest)
    {
        require_fits(where, pixels);
        auto& file = output_.file();
        detail::transfer(file, GF_Write, where, pixels, output_.bands());
        if (summaries_) summaries_->add(file, where, std::move(digest));
    }

    /// Takes in what a copy of preparer() has counted; once for each, after its last block.
    void absorb(detail::summary_preparer<T>& preparer)
    {
        if (summaries_) summaries_->absorb(preparer);
    }

    /// Completes statistics, histogram and overviews, and calls before_close; close() does so if this was not called.
    /// After an error nothing is left of the file. @throws io_error, and what before_close throws
    void finish(timing_log& log)
    {
        auto& file = output_.file();
        if (std::exchange(finished_, true)) return;
        try {
            if (summaries_) {
                if (looking_) summaries_->absorb(*looking_);
                summaries_->finish(file, log);
            }
            if (auto const& call = output_.options().before_close) {
                auto const timed = log.measure("beforeclose");
                call(file);
            }
        } catch (...) {
            discard();
            throw;
        }
    }

    /// Leaves a block without data: its pixels hold the null value, or 0 if there is none.
    /// @throws grid_error if the block does not lie inside the grid
    /// @throws io_error naming the file and the block
    void skip(block const& where)
    {
        auto& file = output_.file();
        detail::require_block_fits(path(), output_.grid(), 1, where, 1, where.rows, where.cols);
        // A new GTiff is filled with its null value, which is far cheaper than writing that.
        bool const is_there = file.format() == "GTiff";
        if (is_there && !summaries_) return;
        image<T> nulls(file.band_count(), where.rows, where.cols);
        if (auto const null = file.null_value(1)) {
            std::fill_n(nulls.data(), nulls.bands() * nulls.pixel_count(), to_pixel<T>(*null).value_or(T{}));
        }
        auto const pixels = std::as_const(nulls).view();
        if (!is_there) detail::transfer(file, GF_Write, where, pixels, output_.bands());
        if (summaries_) summaries_->add_skipped(file, digest_of(where, pixels));
    }

    /// Gives up what was written since open(); nothing of it is left.
    void discard() noexcept
    {
        summaries_.reset();
        looking_.reset();
        finished_ = false;
        output_.discard();
    }

    /// The file between open() and close(): for overviews, statistics, attribute tables and other metadata.
    /// @throws io_error if the writer is not open
    [[nodiscard]] gdal_dataset& dataset() { return output_.file(); }

    /// Writes what is still in memory, closes the file and gives it its name. After an error nothing is left of it.
    /// @throws io_error also for errors that only show now, such as a full disk
    void close()
    {
        close([](std::string const&) {});
    }

    /// As close(), with a last chance to fail: when the file is complete, but before it gets its name, calls
    /// `before_commit` with the path that it can be read under. If that throws, nothing is left.
    template <std::invocable<std::string const&> F>
    void close(F before_commit)
    {
        try {
            finish(*own_log_);
            output_.close(std::move(before_commit));
        } catch (...) {
            discard();
            throw;
        }
        discard();
    }

  private:
    void require_fits(block const& where, image_view<T const> pixels)
    {
        auto const& file = output_.file();
        detail::require_block_fits(path(), output_.grid(), file.band_count(), where, pixels.bands(), pixels.rows(),
                                   pixels.cols());
    }

    /// The block with a number that depends on its place only, whatever number the caller gave it, and that no block of a
    /// pipeline has.
    [[nodiscard]] block numbered(block where) const
    {
        where.index = std::numeric_limits<std::size_t>::max() -
                      static_cast<std::size_t>(where.row * output_.grid().cols + where.col);
        return where;
    }

    detail::summary_digest<T> digest_of(block const& where, image_view<T const> pixels)
    {
        if (!summaries_) return {};
        if (!looking_) looking_.emplace(summaries_->plan());
        return (*looking_)(where, pixels, *own_log_);
    }

    static gdal_writer_options checked(std::string const& path, gdal_writer_options options)
    {
        if (options.null_value && !to_pixel<T>(*options.null_value)) {
            throw options_error(path + ": null value " + detail::number_text(*options.null_value) + " is not a " +
                                std::string(name_of(pixel_type_of<T>)) + " value");
        }
        return options;
    }

    detail::gdal_output output_;
    std::optional<detail::output_summaries<T>> summaries_;
    std::optional<detail::summary_preparer<T>> looking_; // at what is written by hand
    // Nobody asks for times of that: none is kept.
    std::unique_ptr<timing_log> own_log_ = std::make_unique<timing_log>(std::vector<std::string>{}, 0);
    bool finished_ = false;
};

} // namespace rios
