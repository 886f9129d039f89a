// SPDX-License-Identifier: BSL-1.0
//
// Colours for thematic bands that have none, so that they can be looked at. To be called when the pixels are written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <cpl_port.h>
#include <gdal_priv.h>

#include "../colour_ramps.hpp"
#include "../colour_table.hpp"
#include "../environment.hpp"
#include "../error.hpp"
#include "attribute_table.hpp"
#include "colour_table.hpp"
#include "dataset.hpp"

namespace rios {

/// Which colours.
enum class auto_colours {
    none,
    rainbow, ///< from red by green to magenta
    gray,    ///< from black to white
    random,  ///< the same in every run
};

/// What a site wants by the variable RIOS_DFLT_AUTOCOLORTABLETYPE: rainbow, gray, random or none; none if it is not set.
/// @throws options_error for any other text
[[nodiscard]] inline auto_colours auto_colours_from_environment()
{
    auto const text = environment_text("RIOS_DFLT_AUTOCOLORTABLETYPE");
    if (!text || *text == "none" || *text == "None") return auto_colours::none;
    if (*text == "rainbow") return auto_colours::rainbow;
    if (*text == "gray") return auto_colours::gray;
    if (*text == "random") return auto_colours::random;
    throw options_error("environment variable RIOS_DFLT_AUTOCOLORTABLETYPE='" + *text +
                        "': allowed: rainbow, gray, random, none");
}

/// Writes colours for the values 0 to maximum of a thematic band, unless it has all colour columns or a palette. The
/// null value is transparent.
/// @param file open for writing
/// @param maximum largest pixel value
/// @returns whether colours were written: not for a band that is not thematic, or has some, or with auto_colours::none
/// @throws options_error if there is no such band, or the format has no room for so many colours
/// @throws io_error
inline bool auto_colour_table(gdal_dataset& file, int band_number, auto_colours wanted, std::uint64_t maximum)
{
    auto& band = file.band(band_number);
    if (wanted == auto_colours::none || !file.is_thematic(band_number)) return false;
    {
        attribute_table const table(file, band_number);
        if (detail::has_colour_columns(table)) return false;
        if (!keeps_attribute_tables(file.format()) && band.GetColorTable() != nullptr) return false;
    }
    auto const entries = static_cast<std::size_t>(maximum) + 1;
    auto colours = wanted == auto_colours::random
                       ? random_colours(entries)
                       : ramp_colours(entries, wanted == auto_colours::gray ? "gray" : "rainbow");
    if (auto const null = file.null_value(band_number)) clear_null(colours, *null);
    write_colour_table(file, colours, band_number);
    return true;
}

} // namespace rios
