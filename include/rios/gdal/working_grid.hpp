// SPDX-License-Identifier: BSL-1.0
//
// The working grid for a set of rasters that do not have the same pixels: what `apply_options.grid` is set to. The rules
// are those of RIOS.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../environment.hpp"
#include "../error.hpp"
#include "../grid_difference.hpp"
#include "../grid_extent.hpp"
#include "../pixel_grid.hpp"
#include "crs.hpp"
#include "dataset.hpp"

namespace rios {

/// The area that a working grid covers. The numbers are those of RIOS_DFLT_FOOTPRINT.
enum class footprint_type : std::uint8_t {
    intersection = 0,         ///< what all have in common
    union_ = 1,               ///< what any of them covers
    bounds_from_reference = 2 ///< what the reference covers, whatever the others do
};

/// How to make a working grid.
struct working_grid_options {
    /// Without one it is RIOS_DFLT_FOOTPRINT, else intersection; bounds_from_reference if there are neither inputs nor
    /// files_for_extent.
    std::optional<footprint_type> footprint{};
    /// Has the coordinate reference system, the size and the alignment of the pixels, and its bounds if the footprint asks
    /// for them. Wins over the file. Without any reference it is the first input.
    std::optional<pixel_grid> reference_grid{};
    std::string reference_file{};
    /// Files whose extents count instead of those of the inputs; without effect on bounds_from_reference.
    std::vector<std::string> files_for_extent{};
    /// How far corners may be apart, in pixels, for pixels to be aligned.
    double alignment_tolerance = 1e-3;
};

/// A grid and what messages call it.
struct named_grid {
    std::string name;
    pixel_grid grid;
};

namespace detail {

/// The grids of rasters, by which a working grid is found.
class grid_finder {
  public:
    grid_finder(std::vector<named_grid> inputs, std::optional<named_grid> reference, std::vector<named_grid> for_extent,
                footprint_type footprint, double tolerance)
        : inputs_(std::move(inputs)), for_extent_(std::move(for_extent)), reference_given_(reference.has_value()),
          footprint_(footprint), tolerance_(tolerance)
    {
        if (!reference && inputs_.empty()) {
            throw options_error("working_grid: neither inputs nor a reference grid; one of them must say what the "
                                "pixels are");
        }
        reference_ = reference ? std::move(*reference) : first_on_map();
    }

    [[nodiscard]] pixel_grid find() const
    {
        auto const& extents = for_extent_.empty() ? inputs_ : for_extent_;
        bool const only_reference = footprint_ == footprint_type::bounds_from_reference;
        if (extents.empty() && !only_reference) {
            throw options_error("working_grid: there are no inputs to take the extent from, so the footprint must be "
                                "bounds_from_reference");
        }
        if (all_have_pixels_of_reference(inputs_) && (only_reference || all_have_pixels_of_reference(extents))) {
            return reference_.grid;
        }
        for (auto const* const each : {&inputs_, &for_extent_}) {
            for (auto const& one : *each) require_place(one);
        }
        require_place(reference_);
        auto const lattice = north_up(reference_.grid);
        if (!reference_given_) {
            for (auto const& each : inputs_) require_same_pixels(each, lattice);
        }
        return only_reference ? lattice : grid_of(covered(extents, lattice), lattice);
    }

  private:
    /// As images without a place on the map go with any of the same size, one that has a place.
    [[nodiscard]] named_grid const& first_on_map() const
    {
        auto const found = std::find_if(inputs_.begin(), inputs_.end(),
                                        [](named_grid const& each) { return each.grid.geotransform.has_value(); });
        return found == inputs_.end() ? inputs_.front() : *found;
    }

    [[nodiscard]] std::string difference_from_reference(named_grid const& one) const
    {
        return grid_difference(one.grid, reference_.grid, reference_.name,
                               [](std::string const& a, std::string const& b) { return same_crs(a, b); });
    }

    [[nodiscard]] bool all_have_pixels_of_reference(std::vector<named_grid> const& grids) const
    {
        return std::all_of(grids.begin(), grids.end(),
                           [&](named_grid const& each) { return difference_from_reference(each).empty(); });
    }

    void require_place(named_grid const& one) const
    {
        if (!one.grid.geotransform) {
            auto const difference = difference_from_reference(one);
            throw grid_error(one.name + ": " + (difference.empty() ? "has no place on the map" : difference) +
                             "; a raster without a place on the map goes only with others of the same size");
        }
        if (is_rotated(one.grid)) {
            throw grid_error(one.name + ": is rotated (" + place_text(one.grid) +
                             "), and goes only with others that have the same pixels; gdalwarp makes it north-up");
        }
    }

    /// Calls what knows no names. @throws grid_error as `f` throws it, with the name of the raster
    template <typename F>
    static auto named(named_grid const& one, F f)
    {
        try {
            return f();
        } catch (grid_error const& failure) {
            throw grid_error(one.name + ": " + failure.what());
        }
    }

    void require_same_pixels(named_grid const& one, pixel_grid const& lattice) const
    {
        auto const refuse = [&](std::string const& of_one, std::string const& of_first) {
            throw grid_error(one.name + ": has " + of_one + "; " + reference_.name + " has " + of_first +
                             "; a reference grid or file must say which pixels to work on");
        };
        if (!same_crs(one.grid, lattice)) refuse(crs_text(one.grid, lattice), crs_text(lattice, one.grid));
        bool const aligned = named(one, [&] { return is_aligned(one.grid, lattice, tolerance_); });
        if (!aligned) refuse(place_text(one.grid), place_text(reference_.grid));
    }

    /// Where a raster lies, in whole pixels of the working grid.
    [[nodiscard]] pixel_window window_of(named_grid const& one, pixel_grid const& lattice) const
    {
        auto const extent = extent_of(one.grid);
        auto const there = same_crs(one.grid, lattice) ? std::optional(extent)
                                                       : transformed(extent, one.grid.projection, lattice.projection);
        if (there) return named(one, [&] { return snapped(*there, lattice); });
        throw grid_error(one.name + ": its extent (" + extent_text(extent) + ", in " + crs_text(one.grid) +
                         ") cannot be expressed in " + crs_text(lattice) + ", which " + reference_.name + " has");
    }

    /// Those that say something about what all have in common.
    [[nodiscard]] std::vector<named_grid> without_surrounding_ones(std::vector<named_grid> const& grids,
                                                                   pixel_grid const& lattice) const
    {
        // Within one system it makes no difference.
        if (std::all_of(grids.begin(), grids.end(),
                        [&](named_grid const& each) { return same_crs(each.grid, lattice); })) {
            return grids;
        }
        std::vector<map_extent> extents;
        for (auto const& each : grids) {
            auto const& projection = each.grid.projection.empty() ? lattice.projection : each.grid.projection;
            auto const there = transformed(extent_of(each.grid), projection, {});
            if (!there) return grids; // not to be compared
            extents.push_back(*there);
        }
        std::vector<named_grid> result;
        for (auto const number : rios::without_surrounding(extents)) result.push_back(grids[number]);
        return result;
    }

    [[nodiscard]] pixel_window covered(std::vector<named_grid> const& grids, pixel_grid const& lattice) const
    {
        bool const common = footprint_ == footprint_type::intersection;
        auto const those = common ? without_surrounding_ones(grids, lattice) : grids;
        std::vector<pixel_window> windows;
        windows.reserve(those.size());
        for (auto const& each : those) windows.push_back(window_of(each, lattice));
        auto result = windows.front();
        for (auto const& each : windows) result = common ? intersection(result, each) : bounding_window(result, each);
        if (result.empty()) refuse_apart(those, windows, lattice);
        return result;
    }

    /// Rectangles that have nothing in common are two, at least, that do not overlap.
    [[noreturn]] void refuse_apart(std::vector<named_grid> const& grids, std::vector<pixel_window> const& windows,
                                   pixel_grid const& lattice) const
    {
        auto const text = [&](std::size_t i) {
            auto const extent = extent_of(grids[i].grid);
            return '(' +
                   extent_text(
                       same_crs(grids[i].grid, lattice)
                           ? extent
                           : transformed(extent, grids[i].grid.projection, lattice.projection).value_or(extent)) +
                   ')';
        };
        for (std::size_t i = 0; i < windows.size(); ++i) {
            for (std::size_t k = 0; k <= i; ++k) {
                if (!intersection(windows[k], windows[i]).empty()) continue;
                if (k == i) throw grid_error(grids[i].name + ": is smaller than half a pixel of the working grid");
                throw grid_error(grids[k].name + ' ' + text(k) + " and " + grids[i].name + ' ' + text(i) +
                                 " do not overlap");
            }
        }
        throw grid_error("the inputs do not overlap");
    }

    std::vector<named_grid> inputs_;
    std::vector<named_grid> for_extent_;
    named_grid reference_;
    bool reference_given_;
    footprint_type footprint_;
    double tolerance_;
};

inline std::vector<named_grid> grids_of(std::vector<std::string> const& paths)
{
    std::vector<named_grid> result;
    result.reserve(paths.size());
    for (auto const& path : paths) result.push_back({path, gdal_dataset::open(path).grid()});
    return result;
}

} // namespace detail

/// The working grid for rasters: that of the reference, or of the first, continued or cut to the footprint.
///
/// - Without a reference all must have the same coordinate reference system and aligned pixels of one size.
/// - Extents are snapped to whole pixels, halves away from zero; those in another reference system are transformed, with 101
///   points on each edge.
/// - intersection: rasters that surround all others, such as maps of the world, are left out of account.
/// - The result is north-up, unless all have the same pixels: then it is their grid. A raster without a coordinate reference
///   system goes with any; one without a place on the map only with those of its size.
///
/// @param inputs may be empty: then the grid is the reference, for inputs that are no rasters, or it has the reference's pixels
/// and covers files_for_extent
/// @throws grid_error naming the files: pixels that differ without a reference, nothing in common, rotated grids, extents that
///         cannot be transformed, more rows or columns than a raster can have
/// @throws options_error without inputs where some are needed, or for a bad RIOS_DFLT_FOOTPRINT
/// @throws io_error if a file cannot be opened
[[nodiscard]] inline pixel_grid working_grid(std::span<named_grid const> inputs,
                                             working_grid_options const& options = {})
{
    auto const default_footprint = [&] {
        if (inputs.empty() && options.files_for_extent.empty()) return footprint_type::bounds_from_reference;
        return static_cast<footprint_type>(environment_number("RIOS_DFLT_FOOTPRINT", 0, 0, 2));
    };
    auto const footprint = options.footprint ? *options.footprint : default_footprint();
    std::optional<named_grid> reference;
    if (options.reference_grid) reference = {"the reference grid", *options.reference_grid};
    else if (!options.reference_file.empty()) reference = detail::grids_of({options.reference_file}).front();
    return detail::grid_finder({inputs.begin(), inputs.end()}, std::move(reference),
                               detail::grids_of(options.files_for_extent), footprint, options.alignment_tolerance)
        .find();
}

/// The same for files.
[[nodiscard]] inline pixel_grid working_grid(std::vector<std::string> const& inputs,
                                             working_grid_options const& options = {})
{
    return working_grid(detail::grids_of(inputs), options);
}

/// The same for a list of files in braces, also an empty one: `working_grid({}, {.reference_file = path})`.
[[nodiscard]] inline pixel_grid working_grid(std::initializer_list<std::string> inputs,
                                             working_grid_options const& options = {})
{
    return working_grid(std::vector<std::string>(inputs), options);
}

} // namespace rios
