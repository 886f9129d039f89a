// SPDX-License-Identifier: BSL-1.0
//
// A rios::Reader of a part of what another reader has.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "block.hpp"
#include "concepts.hpp"
#include "pixel_grid.hpp"

namespace rios {

/// Reads blocks of a window as if the source had nothing else: block (0, 0) is the window's first pixel.
///
/// Thread rule: that of the reader.
template <Reader R>
class window_reader {
  public:
    using value_type = typename R::value_type;

    /// @param window of the reader's grid; its index means nothing
    /// @throws grid_error naming the file, if there is one, if it does not lie inside the reader's grid
    window_reader(R reader, block const& window)
        : reader_(std::move(reader)), grid_(part_of(reader_, window)), row_(window.row), col_(window.col)
    {
    }

    /// How it travels to another process, if the reader can.
    using description_type = std::tuple<R, block>;
    [[nodiscard]] description_type description() const
    {
        return {reader_, block{.row = row_, .col = col_, .rows = grid_.rows, .cols = grid_.cols}};
    }
    explicit window_reader(description_type what) : window_reader(std::move(std::get<0>(what)), std::get<1>(what)) {}

    [[nodiscard]] pixel_grid const& grid() const noexcept { return grid_; }

    /// @throws what the reader throws
    [[nodiscard]] value_type read(block const& where) { return reader_.read(in_source(where)); }
    template <typename View>
    void read_into(block const& where, View into)
        requires requires(R& reader) { reader.read_into(where, into); }
    {
        reader_.read_into(in_source(where), into);
    }

    [[nodiscard]] std::string const& path() const noexcept
        requires requires(R const& reader) { reader.path(); }
    {
        return reader_.path();
    }
    [[nodiscard]] std::ptrdiff_t band_count() const noexcept
        requires requires(R const& reader) { reader.band_count(); }
    {
        return reader_.band_count();
    }
    /// @param band from 0
    [[nodiscard]] std::optional<double> null_value(std::size_t band) const noexcept
        requires requires(R const& reader) { reader.null_value(band); }
    {
        return reader_.null_value(band);
    }
    [[nodiscard]] static bool same_crs(std::string const& one, std::string const& other)
        requires requires { R::same_crs(one, other); }
    {
        return R::same_crs(one, other);
    }

  private:
    static pixel_grid part_of(R const& reader, block const& window)
    {
        if constexpr (requires { reader.path(); }) return reader.grid().window(window, reader.path());
        else return reader.grid().window(window);
    }

    [[nodiscard]] block in_source(block where) const noexcept
    {
        where.row += row_;
        where.col += col_;
        return where;
    }

    R reader_;
    pixel_grid grid_;
    std::ptrdiff_t row_;
    std::ptrdiff_t col_;
};

} // namespace rios
