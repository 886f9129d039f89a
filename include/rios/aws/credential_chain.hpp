// SPDX-License-Identifier: BSL-1.0
//
// Finds credentials where programs for AWS look for them, and renews them before they expire.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../environment.hpp"
#include "../error.hpp"
#include "credentials.hpp"
#include "http.hpp"

namespace rios::aws::detail {

/// The credentials in the environment, if there are any. @throws options_error naming the variable that is missing
[[nodiscard]] inline std::optional<credentials> environment_credentials()
{
    auto const access_key = environment_text("AWS_ACCESS_KEY_ID");
    auto const secret_key = environment_text("AWS_SECRET_ACCESS_KEY");
    if (!access_key && !secret_key) return std::nullopt;
    if (!access_key) throw options_error("AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not");
    if (!secret_key) throw options_error("AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not");
    return checked({.access_key = *access_key,
                    .secret_key = *secret_key,
                    .session_token = environment_text("AWS_SESSION_TOKEN").value_or("")},
                   "environment variables AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN");
}

/// Where credentials are looked for.
struct credential_options {
    std::optional<credentials> given{};
    std::string profile{};
};

/// Credentials that are valid when they are asked for.
///
/// Thread rule: one thread at a time.
class credential_chain {
  public:
    explicit credential_chain(credential_options options) : options_(std::move(options)) {}

    [[nodiscard]] credentials const& get(http_session& session)
    {
        if (!known_) known_ = find(session);
        return *known_;
    }

    /// After AWS refused those that are known. @returns whether there are others now
    [[nodiscard]] bool renew(http_session& session)
    {
        auto found = find(session);
        bool const is_new = !known_ || found.access_key != known_->access_key ||
                            found.session_token != known_->session_token || found.secret_key != known_->secret_key;
        known_ = std::move(found);
        return is_new;
    }

  private:
    [[nodiscard]] credentials find(http_session&) const
    {
        if (options_.given) return checked(*options_.given, "the AWS credentials of the options");
        if (auto found = environment_credentials()) return *std::move(found);
        throw options_error("there are no AWS credentials: AWS_ACCESS_KEY_ID is not set");
    }

    credential_options options_;
    std::optional<credentials> known_{};
};

} // namespace rios::aws::detail
