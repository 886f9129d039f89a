// SPDX-License-Identifier: BSL-1.0
//
// Members of AWS's answers, which may be missing, or null.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace rios::aws::detail {

/// A member that is a text; empty if there is none.
[[nodiscard]] inline std::string text_in(nlohmann::json const& object, char const* name)
{
    auto const found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// A member that is a list; empty if there is none.
[[nodiscard]] inline nlohmann::json list_in(nlohmann::json const& object, char const* name)
{
    auto const found = object.find(name);
    return found != object.end() && found->is_array() ? *found : nlohmann::json::array();
}

} // namespace rios::aws::detail
