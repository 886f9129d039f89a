// SPDX-License-Identifier: BSL-1.0
//
// The region that AWS is called in, as far as this machine is told.
#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "../environment.hpp"
#include "../error.hpp"
#include "profile_files.hpp"

namespace rios::aws::detail {

/// A region's name becomes a part of host names. @throws options_error naming it
inline void check_region(std::string const& region)
{
    bool const good = !region.empty() && region.front() != '-' && region.back() != '-' &&
                      std::all_of(region.begin(), region.end(),
                                  [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
    if (!good) throw options_error("AWS region '" + region + "': allowed: names such as us-east-1");
}

/// The region of the environment, or else of the profile.
/// @param profile empty: AWS_PROFILE, or "default"
/// @throws as find_profile()
[[nodiscard]] inline std::optional<std::string> configured_region(std::string const& profile)
{
    for (auto const* const name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
        if (auto found = environment_text(name)) return found;
    }
    auto const setting = find_profile(profile).find("region");
    return setting ? std::optional(setting->first) : std::nullopt;
}

} // namespace rios::aws::detail
