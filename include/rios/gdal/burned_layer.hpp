// SPDX-License-Identifier: BSL-1.0
//
// A layer of vectors as the pixels of a grid, part after part, for all copies of a vector_reader at once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ogrsf_frmts.h>

#include "../block.hpp"
#include "../error.hpp"
#include "../handle_pool.hpp"
#include "../image.hpp"
#include "../image_view.hpp"
#include "../pixel_grid.hpp"
#include "../pixel_type.hpp"
#include "../shared_cache.hpp"
#include "layer_transform.hpp"
#include "rasterize.hpp"
#include "vector_dataset.hpp"
#include "vector_source.hpp"

namespace rios::detail {

/// A layer on a grid, burned in strips of whole rows: each by one thread, while others may burn other strips. The margin
/// has strips of its own, so that it changes nothing inside the grid.
///
/// Thread rule: everything may be called from any thread.
template <Pixel T>
class burned_layer {
  public:
    /// @throws grid_error if the layer cannot be laid on the grid
    burned_layer(vector_source source, pixel_grid grid, std::ptrdiff_t margin)
        : grid_(std::move(grid)), margin_(margin), burners_(burner{std::move(source), {}}), cache_(more_kept + 1)
    {
        burner(burners_.original()).open(grid_);
        auto const [rows, cols] = std::pair{grid_.rows, grid_.cols};
        add_strips(-margin, -margin, margin, cols + 2 * margin);
        add_strips(0, -margin, rows, margin);
        add_strips(0, 0, rows, cols);
        add_strips(0, cols, rows, margin);
        add_strips(rows, -margin, margin, cols + 2 * margin);
    }

    [[nodiscard]] pixel_grid const& grid() const noexcept { return grid_; }
    [[nodiscard]] std::ptrdiff_t margin() const noexcept { return margin_; }

    /// @pre the block lies inside the grid and its margin; the view has its shape
    void read_into(block const& where, image_view<T> into)
    {
        std::vector<block> parts; // of strips, that make up the block
        for (auto const& strip : strips_) {
            if (auto const part = common_part(strip, where); part.rows > 0 && part.cols > 0) parts.push_back(part);
        }
        cache_.keep(parts.size() + more_kept);
        for (auto const& part : parts) {
            auto const& strip = strips_[part.index];
            auto const pixels = cache_.get(
                part.index, [&] { return burn(strip); }, [&](std::string const& text) { fail(text); });
            for (auto row = part.row; row < part.row + part.rows; ++row) {
                auto const from = pixels->row(0, row - strip.row).begin() + (part.col - strip.col);
                std::copy_n(from, part.cols, into.row(0, row - where.row).begin() + (part.col - where.col));
            }
        }
    }

  private:
    static constexpr std::size_t more_kept = 2; // than the largest block needs

    /// One thread's handle.
    struct burner {
        burner(vector_source from, std::unique_ptr<layer_transform> to)
            : source(std::move(from)), to_grid(std::move(to))
        {
        }
        burner(burner const& other) : source(other.source) {}
        burner& operator=(burner const&) = delete;
        burner(burner&&) = default;
        burner& operator=(burner&&) = delete;
        ~burner() = default;

        OGRLayer& open(pixel_grid const& grid)
        {
            auto& layer = source.layer();
            if (!to_grid) to_grid = std::make_unique<layer_transform>(source.path(), crs_of(layer), grid);
            return layer;
        }

        vector_source source;
        std::unique_ptr<layer_transform> to_grid;
    };

    /// Cuts a rectangle into strips.
    void add_strips(std::ptrdiff_t row, std::ptrdiff_t col, std::ptrdiff_t rows, std::ptrdiff_t cols)
    {
        if (rows == 0 || cols == 0) return;
        auto const bytes = burners_.original().source.options().strip_bytes;
        auto const most = static_cast<std::ptrdiff_t>(bytes / (static_cast<std::size_t>(cols) * sizeof(T)));
        auto const height = std::clamp<std::ptrdiff_t>(most, 1, rows);
        for (auto const end = row + rows; row < end; row += height) {
            strips_.push_back(
                {.index = strips_.size(), .row = row, .col = col, .rows = std::min(height, end - row), .cols = cols});
        }
    }

    static block common_part(block const& strip, block const& where)
    {
        auto const row = std::max(strip.row, where.row);
        auto const col = std::max(strip.col, where.col);
        return {.index = strip.index,
                .row = row,
                .col = col,
                .rows = std::min(strip.row + strip.rows, where.row + where.rows) - row,
                .cols = std::min(strip.col + strip.cols, where.col + where.cols) - col};
    }

    /// Reports what kept another thread from burning a strip.
    [[noreturn]] void fail(std::string const& text) const
    {
        auto const& path = burners_.original().source.path();
        auto const prefix = path + ": ";
        throw io_error(path, text.starts_with(prefix) ? text.substr(prefix.size()) : text);
    }

    image<T> burn(block const& strip)
    {
        auto lent = burners_.lend();
        auto& source = lent->source;
        try {
            auto& layer = lent->open(grid_);
            auto const& options = source.options();
            return rasterize<T>(source.path(), layer, *lent->to_grid, grid_, strip,
                                {.null_value = options.null_value,
                                 .burn_value = options.burn_value,
                                 .attribute = source.attribute(),
                                 .all_touched = options.all_touched});
        } catch (options_error const& changed) {
            source.close();
            throw io_error(source.path(), std::string("has changed since reading began: ") + changed.what());
        } catch (...) {
            source.close(); // who tries again opens it again
            throw;
        }
    }

    pixel_grid grid_;
    std::ptrdiff_t margin_;
    handle_pool<burner> burners_;
    shared_cache<image<T>> cache_;
    std::vector<block> strips_;
};

} // namespace rios::detail
