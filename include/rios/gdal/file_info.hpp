// SPDX-License-Identifier: BSL-1.0
//
// What is known about a file that is a raster or a source of vectors: raster_info.hpp, vector_info.hpp.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "../error.hpp"
#include "raster_info.hpp"
#include "vector_info.hpp"

namespace rios {

/// A file of either kind.
using file_info = std::variant<raster_info, vector_info>;

/// What a file holds; as a raster if it is both.
/// @throws io_error if it can be opened neither as a raster nor as vectors
[[nodiscard]] inline file_info file_info_of(std::string const& path)
{
    constexpr std::string_view unknown = "not recognised";
    auto const is_unknown = [&](io_error const& failure) {
        return std::string_view(failure.what()).substr(path.size()).find(unknown) != std::string_view::npos;
    };
    try {
        return raster_info::of(path);
    } catch (io_error const& as_raster) {
        try {
            return vector_info::of(path);
        } catch (io_error const& as_vectors) {
            if (!is_unknown(as_vectors)) throw; // what it is, but damaged
            if (!is_unknown(as_raster)) throw io_error(as_raster);
        }
    }
    throw io_error(path, "not recognised as a raster or a vector source by GDAL");
}

} // namespace rios
