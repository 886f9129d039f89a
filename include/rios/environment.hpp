// SPDX-License-Identifier: BSL-1.0
//
// Defaults that a site sets for all its programs by environment variables, under the names that RIOS has for them
// (RIOS_DFLT_...). They are looked up whenever they are needed, not when a program starts.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <string>
#include <system_error>

#include "error.hpp"

namespace rios {

/// The text of an environment variable; none if it is not set, or empty.
///
/// Thread rule: any thread, as long as none changes the environment.
[[nodiscard]] inline std::optional<std::string> environment_text(std::string const& name)
{
    auto const* const text = std::getenv(name.c_str()); // NOLINT(concurrency-mt-unsafe): see the thread rule
    if (text == nullptr || *text == '\0') return {};
    return text;
}

/// The whole number in an environment variable, or `otherwise` if it is not set.
/// @throws options_error naming the variable, its text and what is allowed
[[nodiscard]] inline std::ptrdiff_t environment_number(std::string const& name, std::ptrdiff_t otherwise,
                                                       std::ptrdiff_t smallest, std::ptrdiff_t largest)
{
    auto const text = environment_text(name);
    if (!text) return otherwise;
    std::ptrdiff_t number = 0;
    auto const [end, failure] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (failure != std::errc{} || end != text->data() + text->size() || number < smallest || number > largest) {
        throw options_error("environment variable " + name + "='" + *text + "': allowed: whole numbers from " +
                            std::to_string(smallest) + " to " + std::to_string(largest));
    }
    return number;
}

} // namespace rios
