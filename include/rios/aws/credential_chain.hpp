// SPDX-License-Identifier: BSL-1.0
//
// Finds credentials where programs for AWS look for them, and renews them before they expire.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "../environment.hpp"
#include "../error.hpp"
#include "credentials.hpp"
#include "http.hpp"
#include "metadata.hpp"
#include "profile_credentials.hpp"
#include "profile_files.hpp"
#include "region.hpp"
#include "web_identity.hpp"

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
    std::optional<credentials> given{}; ///< no others are looked for
    std::string profile{};              ///< comes before the environment; empty: AWS_PROFILE, or "default", after it
    std::string region{};               ///< of STS; empty: that of the environment or the profile
    std::string endpoint{};             ///< of STS; empty: as endpoint_of()
};

/// Credentials that are valid when they are asked for: those that were given, or else the first of the environment, a web
/// identity, a profile, the container and the machine. What is set but does not work is an error.
///
/// Thread rule: one thread at a time.
class credential_chain {
  public:
    explicit credential_chain(credential_options options) : options_(std::move(options)) {}

    /// Looks again some minutes before those that are known expire.
    /// @throws options_error saying where was looked if there are none @throws io_error, remote_error if a source fails
    [[nodiscard]] credentials const& get(http_session& session)
    {
        auto const now = clock::now();
        if (known_ && (!renewal_ || now < *renewal_)) return *known_;
        try {
            take(find(session));
        } catch (error const&) {
            bool const is_valid = known_ && known_->expires && now < *known_->expires;
            if (!is_valid) throw;
            renewal_ = std::min<clock::time_point>(now + std::chrono::seconds(20), *known_->expires);
        }
        return *known_;
    }

    /// Looks again, after AWS refused those that are known. @returns whether there are others now @throws as get()
    [[nodiscard]] bool renew(http_session& session)
    {
        auto found = find(session);
        bool const is_new = !known_ || found.access_key != known_->access_key ||
                            found.secret_key != known_->secret_key || found.session_token != known_->session_token;
        take(std::move(found));
        return is_new;
    }

  private:
    using clock = std::chrono::system_clock;

    void take(credentials found)
    {
        known_ = std::move(found);
        renewal_.reset();
        if (!known_->expires) return;
        auto const now = clock::now();
        // Those that last for a few minutes only are not asked for at each call.
        renewal_ = std::max(*known_->expires - std::chrono::minutes(5), now + (*known_->expires - now) / 2);
    }

    [[nodiscard]] credentials find(http_session& session) const
    {
        if (options_.given) return checked(*options_.given, "the AWS credentials of the options");
        std::string tried;
        if (options_.profile.empty()) {
            if (auto found = environment_credentials()) return *std::move(found);
            if (auto const file = environment_text("AWS_WEB_IDENTITY_TOKEN_FILE")) {
                return web_identity_credentials(session, *file, options_.endpoint, sts_region());
            }
            tried = "AWS_ACCESS_KEY_ID is not set; AWS_WEB_IDENTITY_TOKEN_FILE is not set; ";
        }
        auto const profile = find_profile(options_.profile);
        if (auto found = profile_credentials(profile)) return *std::move(found);
        tried += "profile '" + profile.name + "' has none; ";
        if (auto found = container_credentials(session)) return *std::move(found);
        tried += "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI are not set; ";
        std::string reason;
        if (auto found = machine_metadata(session).role_credentials(reason)) return *std::move(found);
        throw options_error("there are no AWS credentials: " + tried + reason);
    }

    [[nodiscard]] std::string sts_region() const
    {
        auto region = options_.region.empty() ? configured_region(options_.profile).value_or("") : options_.region;
        if (!region.empty()) check_region(region);
        return region;
    }

    credential_options options_;
    std::optional<credentials> known_{};
    std::optional<clock::time_point> renewal_{};
};

} // namespace rios::aws::detail
