// SPDX-License-Identifier: BSL-1.0
//
// Before a run: the working grid, and all inputs on it. Those that can lie on other pixels are placed there, the others
// must have its pixels. Used by apply.hpp.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "../concepts.hpp"
#include "../error.hpp"
#include "../grid_difference.hpp"
#include "../lists.hpp"
#include "../pixel_grid.hpp"
#include "inputs.hpp"

namespace rios::detail {

/// Calls `f(reader, number)` for every source of the inputs: for each member of a list by itself.
template <typename R, typename F>
void for_each_reader(R const& reader, std::size_t& number, F& f)
{
    f(reader, number++);
}
template <typename R, typename F>
void for_each_reader(reader_list<R> const& list, std::size_t& number, F& f)
{
    for (auto const& each : list.members()) f(each, number++);
}

/// Can it say nothing about pixels before it is placed? (A raster without pixels has a grid: an empty one.)
template <Reader R>
bool needs_grid(R const& reader)
{
    return PlaceableReader<R> && reader.grid().rows == 0;
}

/// The grid that a run is about, and what messages call it.
class working_pixels {
  public:
    template <typename... Rs>
    working_pixels(std::tuple<Rs...> const& readers, std::optional<pixel_grid> const& wanted)
        : grid_(wanted), name_("the working grid"), all_on_it_(wanted.has_value())
    {
        if (wanted) return;
        std::size_t number = 0;
        auto const look = [&](auto const& reader, std::size_t input) {
            // The first that has a place on the map, as one without goes with any.
            bool const better = !grid_ || (!grid_->geotransform && reader.grid().geotransform);
            if (needs_grid(reader) || !better) return;
            grid_ = reader.grid();
            name_ = name_of_input(path_of(reader), input);
        };
        std::apply([&](auto const&... each) { (for_each_reader(each, number, look), ...); }, readers);
        if (!grid_) {
            throw options_error("none of the inputs has pixels of its own; options.grid must say what the pixels are");
        }
    }

    [[nodiscard]] pixel_grid const& grid() const { return *grid_; }

    template <Reader R>
    [[nodiscard]] R placed(R reader, std::ptrdiff_t margin, std::size_t number) const
    {
        if constexpr (PlaceableReader<R>) {
            if (all_on_it_ || needs_grid(reader)) return reader.on(*grid_, margin);
        }
        auto const same_crs = [&](std::string const& one, std::string const& other) {
            if constexpr (requires { reader.same_crs(one, other); }) return reader.same_crs(one, other);
            else return one == other;
        };
        auto const difference = grid_difference(reader.grid(), *grid_, name_, same_crs);
        if (difference.empty()) return reader;
        throw grid_error(name_of_input(path_of(reader), number) + ": " + difference +
                         (all_on_it_ ? "; inputs of this kind cannot be placed on other pixels"
                                     : "; all inputs must have the same pixels"));
    }

  private:
    std::optional<pixel_grid> grid_;
    std::string name_;
    bool all_on_it_;
};

template <Reader R>
R placed(R reader, working_pixels const& pixels, std::ptrdiff_t margin, std::size_t& number)
{
    return pixels.placed(std::move(reader), margin, number++);
}
template <Reader R>
reader_list<R> placed(reader_list<R> list, working_pixels const& pixels, std::ptrdiff_t margin, std::size_t& number)
{
    std::vector<R> members;
    members.reserve(list.members().size());
    for (auto const& each : list.members()) members.push_back(pixels.placed(each, margin, number++));
    return reader_list<R>(std::move(members));
}

/// Readers that all have the pixels of one grid.
template <Reader... Rs>
struct placed_inputs {
    std::tuple<Rs...> readers;
    pixel_grid grid;
};

/// Finds the working grid and places the readers on it.
/// @param wanted the working grid, if it is given; otherwise it is that of the inputs
/// @param margin pixels that will be read beyond its edges
/// @throws options_error if there is no grid to be found
/// @throws grid_error naming two that do not have the same pixels, and how they differ
template <Reader... Rs>
placed_inputs<Rs...> place_inputs(std::tuple<Rs...> readers, std::optional<pixel_grid> const& wanted,
                                  std::ptrdiff_t margin)
{
    working_pixels const pixels(readers, wanted);
    std::size_t number = 0;
    return std::apply(
        [&](Rs&... each) -> placed_inputs<Rs...> {
            // Braces, so that the readers are placed in order.
            return {.readers = std::tuple<Rs...>{placed(std::move(each), pixels, margin, number)...},
                    .grid = pixels.grid()};
        },
        readers);
}

} // namespace rios::detail
