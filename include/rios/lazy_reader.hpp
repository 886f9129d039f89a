// SPDX-License-Identifier: BSL-1.0
//
// An input that is read only when a worker asks for it: for expensive files that few blocks need.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "block.hpp"
#include "block_info.hpp"
#include "concepts.hpp"
#include "handle_pool.hpp"
#include "pixel_grid.hpp"
#include "read_block.hpp"

namespace rios {

/// What a worker gets in place of the pixels of a lazy input.
///
/// Thread rule: one thread at a time.
template <Reader R>
class lazy_value {
  public:
    using value_type = typename R::value_type;

    lazy_value() = default;
    explicit lazy_value(std::function<value_type()> read) : read_(std::move(read)) {}

    /// The pixels; read at the first call, on the thread that calls.
    /// @throws what the reader throws
    [[nodiscard]] value_type& get()
    {
        if (!value_) value_ = read_();
        return *value_;
    }

    /// Has get() been called?
    [[nodiscard]] bool was_read() const noexcept { return value_.has_value(); }

  private:
    std::function<value_type()> read_;
    std::optional<value_type> value_;
};

/// Makes a reader lazy: `rios::lazy_reader{rios::gdal_reader<float>{path}}`. The worker takes a
/// `rios::lazy_value<rios::gdal_reader<float>>&&` (or `auto&&`) and calls get() for the blocks that need it; it may decline
/// a block, too, by returning an empty std::optional.
///
/// Thread rule: copies may be used at once; they share handles, of which there is one for each thread that reads.
template <Reader R>
class lazy_reader {
  public:
    using value_type = lazy_value<R>;

    explicit lazy_reader(R reader) : pool_(std::make_shared<handle_pool<R>>(std::move(reader))) {}

    /// How it travels to another process, if the reader can.
    using description_type = R;
    [[nodiscard]] R const& description() const noexcept { return pool_->original(); }

    [[nodiscard]] pixel_grid const& grid() const noexcept { return pool_->original().grid(); }
    [[nodiscard]] std::string path() const
    {
        if constexpr (requires(R const& reader) { reader.path(); }) return std::string(pool_->original().path());
        else return {};
    }
    [[nodiscard]] std::ptrdiff_t band_count() const
        requires requires(R const& reader) { reader.band_count(); }
    {
        return pool_->original().band_count();
    }
    /// @param band from 0
    [[nodiscard]] std::optional<double> null_value(std::size_t band) const
    {
        if constexpr (requires(R const& reader) { reader.null_value(band); }) return pool_->original().null_value(band);
        else return std::nullopt;
    }
    [[nodiscard]] bool same_crs(std::string const& one, std::string const& other) const
    {
        if constexpr (requires(R const& reader) { reader.same_crs(one, other); }) {
            return pool_->original().same_crs(one, other);
        } else {
            return one == other;
        }
    }

    /// The same, lazy, on other pixels.
    [[nodiscard]] lazy_reader on(pixel_grid const& grid, std::ptrdiff_t margin) const
        requires PlaceableReader<R>
    {
        return lazy_reader(pool_->original().on(grid, margin));
    }
    [[nodiscard]] std::ptrdiff_t margin() const { return detail::margin_of(pool_->original()); }

    [[nodiscard]] value_type read(block const& where) const { return read_with_margin(where, 0, {}); }

    /// What read_block() asks for.
    [[nodiscard]] value_type read_with_margin(block const& where, std::ptrdiff_t overlap, input_info input) const
    {
        return value_type([pool = pool_, where, overlap, input = std::move(input)] {
            typename R::value_type pixels;
            detail::read_block(*pool->lend(), where, overlap, input, pixels);
            return pixels;
        });
    }

  private:
    std::shared_ptr<handle_pool<R>> pool_;
};

} // namespace rios
