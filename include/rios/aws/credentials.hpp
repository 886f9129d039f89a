// SPDX-License-Identifier: BSL-1.0
//
// Who calls AWS: what signs a request. credential_chain.hpp finds it, http.hpp signs with it.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "../error.hpp"

namespace rios::aws {

/// Keys of a user, or of a role for a time.
struct credentials {
    std::string access_key{};
    std::string secret_key{};
    std::string session_token{};                                    ///< of a role; empty for a user
    std::optional<std::chrono::system_clock::time_point> expires{}; ///< none: they do not
};

namespace detail {

/// Credentials that can be sent: keys that are read from variables and files may have caught the end of a line.
/// @param source where they are from, for the message, which shows nothing of them
/// @throws options_error naming the source
[[nodiscard]] inline credentials checked(credentials found, std::string const& source)
{
    auto const require = [&](std::string_view text, char const* name) {
        bool const good = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
        if (!good) throw options_error(source + ": the " + name + " holds a space, or what is no printable ASCII");
    };
    if (found.access_key.empty() || found.secret_key.empty()) {
        throw options_error(source + ": there is no " + (found.access_key.empty() ? "access key" : "secret key"));
    }
    require(found.access_key, "access key");
    require(found.secret_key, "secret key");
    require(found.session_token, "session token");
    return found;
}

} // namespace detail

} // namespace rios::aws
