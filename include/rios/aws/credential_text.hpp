// SPDX-License-Identifier: BSL-1.0
//
// Credentials as JSON, which is how programs, containers and machines in EC2 hand them out.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "../error.hpp"
#include "credentials.hpp"
#include "timestamp.hpp"

namespace rios::aws::detail {

/// @param token name of the session token: "SessionToken" of programs, "Token" of the others
/// @param source where the text is from, for messages, which show nothing of it
/// @throws remote_error @throws options_error naming the source
[[nodiscard]] inline credentials parsed_credentials(std::string const& text, char const* token,
                                                    std::string const& source)
{
    auto const json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object()) throw remote_error(source + ": the answer is no JSON object");
    auto const value = [&](char const* name) {
        auto const found = json.find(name);
        if (found == json.end() || found->is_null()) return std::string();
        if (!found->is_string()) throw remote_error(source + ": \"" + name + "\" is no text");
        return found->get<std::string>();
    };
    credentials result{
        .access_key = value("AccessKeyId"), .secret_key = value("SecretAccessKey"), .session_token = value(token)};
    if (auto const expiration = value("Expiration"); !expiration.empty()) {
        result.expires = parsed_timestamp(expiration);
        if (!result.expires) throw remote_error(source + ": \"Expiration\" is no time such as 2026-01-31T12:00:00Z");
    }
    return checked(std::move(result), source);
}

} // namespace rios::aws::detail
