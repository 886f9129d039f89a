// SPDX-License-Identifier: BSL-1.0
//
// Colour ramps by name. Each is a few evenly spaced colours, with linear interpolation between them.
//
// viridis, magma, plasma, inferno and cividis are those of matplotlib, sampled at 17 places: by Stéfan van der Walt,
// Nathaniel Smith and Eric Firing, and by Jamie Nuñez, Christopher Anderton and Ryan Renslow; dedicated to the public (CC0).
// blues to brbg: "This product includes color specifications and designs developed by Cynthia Brewer
// (https://colorbrewer2.org/)", Apache-2.0: the values of the schemes with the most classes, as they are.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "colour_table.hpp"
#include "error.hpp"

namespace rios {

namespace detail {

/// 0xRRGGBB each.
using ramp_codes = std::span<std::uint32_t const>;

inline constexpr std::array<std::uint32_t, 2> gray_ramp{0x000000, 0xffffff};
inline constexpr std::array<std::uint32_t, 6> rainbow_ramp{0xff0000, 0xffff00, 0x00ff00, 0x00ffff, 0x0000ff, 0xff00ff};
inline constexpr std::array<std::uint32_t, 17> viridis_ramp{0x440154, 0x48186a, 0x472d7b, 0x424086, 0x3b528b, 0x33638d,
                                                            0x2c728e, 0x26818e, 0x21908c, 0x1f9f88, 0x28ae80, 0x3ebc74,
                                                            0x5dc963, 0x82d34c, 0xabdc32, 0xd5e21a, 0xfde725};
inline constexpr std::array<std::uint32_t, 17> magma_ramp{0x000004, 0x0a0822, 0x1d1146, 0x36106a, 0x50127c, 0x691c81,
                                                          0x822681, 0x9c2e7f, 0xb63779, 0xcf4170, 0xe65163, 0xf5695c,
                                                          0xfb8761, 0xfea571, 0xfec387, 0xfde0a2, 0xfcfdbf};
inline constexpr std::array<std::uint32_t, 17> plasma_ramp{0x0d0887, 0x310596, 0x4c02a1, 0x6600a7, 0x7e03a8, 0x9511a2,
                                                           0xa92396, 0xbb3587, 0xcb4778, 0xd9596a, 0xe66c5c, 0xf07f4f,
                                                           0xf89441, 0xfdab33, 0xfdc328, 0xf9dd25, 0xf0f921};
inline constexpr std::array<std::uint32_t, 17> inferno_ramp{0x000004, 0x0b0724, 0x210c4a, 0x3c0965, 0x57106d, 0x70196e,
                                                            0x89226a, 0xa32b61, 0xbb3755, 0xd14644, 0xe35932, 0xf1711e,
                                                            0xf98d0a, 0xfcab0f, 0xf9ca32, 0xf2e865, 0xfcffa4};
inline constexpr std::array<std::uint32_t, 17> cividis_ramp{0x00224e, 0x002e6a, 0x1a386f, 0x32436d, 0x434e6c, 0x52596d,
                                                            0x61656f, 0x6f7073, 0x7c7b78, 0x8b8778, 0x9b9376, 0xaba072,
                                                            0xbbad6c, 0xccba64, 0xddc958, 0xefd748, 0xfee838};
inline constexpr std::array<std::uint32_t, 9> blues_ramp{0xf7fbff, 0xdeebf7, 0xc6dbef, 0x9ecae1, 0x6baed6,
                                                         0x4292c6, 0x2171b5, 0x08519c, 0x08306b};
inline constexpr std::array<std::uint32_t, 9> greens_ramp{0xf7fcf5, 0xe5f5e0, 0xc7e9c0, 0xa1d99b, 0x74c476,
                                                          0x41ab5d, 0x238b45, 0x006d2c, 0x00441b};
inline constexpr std::array<std::uint32_t, 9> reds_ramp{0xfff5f0, 0xfee0d2, 0xfcbba1, 0xfc9272, 0xfb6a4a,
                                                        0xef3b2c, 0xcb181d, 0xa50f15, 0x67000d};
inline constexpr std::array<std::uint32_t, 9> ylgnbu_ramp{0xffffd9, 0xedf8b1, 0xc7e9b4, 0x7fcdbb, 0x41b6c4,
                                                          0x1d91c0, 0x225ea8, 0x253494, 0x081d58};
inline constexpr std::array<std::uint32_t, 9> ylorrd_ramp{0xffffcc, 0xffeda0, 0xfed976, 0xfeb24c, 0xfd8d3c,
                                                          0xfc4e2a, 0xe31a1c, 0xbd0026, 0x800026};
inline constexpr std::array<std::uint32_t, 11> spectral_ramp{0x9e0142, 0xd53e4f, 0xf46d43, 0xfdae61, 0xfee08b, 0xffffbf,
                                                             0xe6f598, 0xabdda4, 0x66c2a5, 0x3288bd, 0x5e4fa2};
inline constexpr std::array<std::uint32_t, 11> rdylgn_ramp{0xa50026, 0xd73027, 0xf46d43, 0xfdae61, 0xfee08b, 0xffffbf,
                                                           0xd9ef8b, 0xa6d96a, 0x66bd63, 0x1a9850, 0x006837};
inline constexpr std::array<std::uint32_t, 11> rdbu_ramp{0x67001f, 0xb2182b, 0xd6604d, 0xf4a582, 0xfddbc7, 0xf7f7f7,
                                                         0xd1e5f0, 0x92c5de, 0x4393c3, 0x2166ac, 0x053061};
inline constexpr std::array<std::uint32_t, 11> brbg_ramp{0x543005, 0x8c510a, 0xbf812d, 0xdfc27d, 0xf6e8c3, 0xf5f5f5,
                                                         0xc7eae5, 0x80cdc1, 0x35978f, 0x01665e, 0x003c30};

struct named_ramp {
    std::string_view name;
    ramp_codes colours;
};

inline constexpr std::array<named_ramp, 16> named_ramps{{{"gray", gray_ramp},
                                                         {"rainbow", rainbow_ramp},
                                                         {"viridis", viridis_ramp},
                                                         {"magma", magma_ramp},
                                                         {"plasma", plasma_ramp},
                                                         {"inferno", inferno_ramp},
                                                         {"cividis", cividis_ramp},
                                                         {"blues", blues_ramp},
                                                         {"greens", greens_ramp},
                                                         {"reds", reds_ramp},
                                                         {"ylgnbu", ylgnbu_ramp},
                                                         {"ylorrd", ylorrd_ramp},
                                                         {"spectral", spectral_ramp},
                                                         {"rdylgn", rdylgn_ramp},
                                                         {"rdbu", rdbu_ramp},
                                                         {"brbg", brbg_ramp}}};

} // namespace detail

/// The names of all ramps.
[[nodiscard]] inline std::vector<std::string> ramp_names()
{
    std::vector<std::string> names;
    for (auto const& each : detail::named_ramps) names.emplace_back(each.name);
    return names;
}

/// The colours that a ramp goes through, at even distances.
/// @throws options_error naming the ramps that there are
[[nodiscard]] inline std::vector<colour_point> ramp_points(std::string_view name)
{
    std::string list;
    for (auto const& each : detail::named_ramps) {
        if (each.name != name) {
            list.append(list.empty() ? "" : ", ").append(each.name);
            continue;
        }
        std::vector<colour_point> points;
        for (auto const code : each.colours) {
            points.push_back({.position = std::ssize(points),
                              .colour = {.red = static_cast<std::uint8_t>(code >> 16),
                                         .green = static_cast<std::uint8_t>(code >> 8 & 0xff),
                                         .blue = static_cast<std::uint8_t>(code & 0xff)}});
        }
        return points;
    }
    throw options_error("no colour ramp '" + std::string(name) + "'; allowed: " + list);
}

/// A table of so many entries along a ramp. @throws options_error naming the ramps that there are
[[nodiscard]] inline colour_table ramp_colours(std::size_t entries, std::string_view name)
{
    return interpolated_colours(entries, ramp_points(name));
}

} // namespace rios
