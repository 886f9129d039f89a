// SPDX-License-Identifier: BSL-1.0
//
// What containers (ECS, EKS) and machines (EC2) can ask of AWS without credentials, at addresses that only they reach.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "../environment.hpp"
#include "../error.hpp"
#include "../text_file.hpp"
#include "credential_text.hpp"
#include "credentials.hpp"
#include "http.hpp"
#include "profile_files.hpp"
#include "retry.hpp"
#include "secrets.hpp"

namespace rios::aws::detail {

/// The URL of a container's credentials; none if the environment names none.
/// @throws options_error if a token and credentials might travel unencrypted to another machine
[[nodiscard]] inline std::optional<std::string> container_url()
{
    if (auto const path = environment_text("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
        if (!path->starts_with('/')) {
            throw options_error("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI='" + *path + "': it must begin with '/'");
        }
        return "http://169.254.170.2" + *path;
    }
    auto url = environment_text("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (!url) return std::nullopt;
    auto const scheme = part_of_url(*url, CURLUPART_SCHEME);
    auto const host = part_of_url(*url, CURLUPART_HOST);
    constexpr std::array own{"localhost", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
    bool const is_own = std::find(own.begin(), own.end(), host) != own.end() ||
                        (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
    if (!(url->starts_with("https://") && scheme == "https") &&
        !(url->starts_with("http://") && scheme == "http" && is_own)) {
        throw options_error("AWS_CONTAINER_CREDENTIALS_FULL_URI names host '" + host +
                            "': allowed: any by https://; by http:// localhost, 127.0.0.1, [::1], 169.254.170.2, "
                            "169.254.170.23 and [fd00:ec2::23]");
    }
    return url;
}

/// The credentials of the task or pod that this process is in; none if the environment names none.
/// @throws options_error @throws io_error @throws remote_error
[[nodiscard]] inline std::optional<credentials> container_credentials(http_session& session)
{
    auto const url = container_url();
    if (!url) return std::nullopt;
    std::string const source = "AWS credentials of the container";
    http_request request{.url = *url, .connecting = std::chrono::seconds(2), .past_proxies = url->starts_with("http:")};
    secret_texts secrets;
    auto token = environment_text("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    if (auto const file = environment_text("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
        token = std::string(trimmed(read_text_file(*file)));
        if (token->empty()) throw io_error(*file, "there is no token in it");
    }
    if (token) {
        request.headers.emplace_back("Authorization", *token);
        secrets.add(*token);
    }
    auto const answer = send_patiently(session, std::move(request),
                                       {.name = source, .attempts = 4, .patience = std::chrono::seconds(20)}, secrets);
    return parsed_credentials(answer.body, "Token", source + " (" + host_of(*url) + ")");
}

/// The metadata service of the machine, version 2.
class machine_metadata {
  public:
    explicit machine_metadata(http_session& session)
        : session_(session), named_(environment_text("AWS_EC2_METADATA_SERVICE_ENDPOINT")),
          endpoint_(named_.value_or("http://169.254.169.254"))
    {
        while (endpoint_.ends_with('/')) endpoint_.pop_back();
    }

    /// The credentials of the machine's role; none if there is no role, or no such service.
    /// @param reason is set to why there are none
    /// @throws remote_error if the service fails, or does not answer although the environment names it
    [[nodiscard]] std::optional<credentials> role_credentials(std::string& reason)
    {
        std::string const path = "/latest/meta-data/iam/security-credentials/";
        auto const names = text_at(path, reason);
        if (!names) return std::nullopt;
        std::string const role(trimmed(names->substr(0, names->find('\n'))));
        if (role.empty()) reason = host_of(endpoint_) + " names no role of this machine";
        auto const text = role.empty() ? std::nullopt : text_at(path + role, reason);
        if (!text) return std::nullopt;
        auto const source = "AWS credentials of the machine (" + host_of(endpoint_) + ")";
        auto const json = nlohmann::json::parse(*text, nullptr, false);
        if (json.is_object() && json.contains("Code") && json["Code"] != "Success") {
            auto const code = json["Code"].is_string() ? json["Code"].get<std::string>() : R"(no "Code": "Success")";
            throw remote_error(source + ": " + secret_texts().hidden_in(code));
        }
        return parsed_credentials(*text, "Token", source);
    }

    /// The region that the machine is in; none as above.
    [[nodiscard]] std::optional<std::string> region(std::string& reason)
    {
        auto const text = text_at("/latest/meta-data/placement/region", reason);
        return text ? std::optional(std::string(trimmed(*text))) : std::nullopt;
    }

  private:
    /// What stands at a path; none if nothing does, or there is no service.
    std::optional<std::string> text_at(std::string const& path, std::string& reason)
    {
        auto const off = environment_text("AWS_EC2_METADATA_DISABLED");
        if (off && (*off == "true" || *off == "TRUE" || *off == "True")) {
            reason = "AWS_EC2_METADATA_DISABLED is set";
            return std::nullopt;
        }
        try {
            auto const token = send({.method = "PUT",
                                     .url = endpoint_ + "/latest/api/token",
                                     .headers = {{"X-aws-ec2-metadata-token-ttl-seconds", "300"}}});
            auto const answer =
                token.is_good() ? send({.url = endpoint_ + path,
                                        .headers = {{"X-aws-ec2-metadata-token", std::string(trimmed(token.body))}}})
                                : token;
            if (answer.is_good()) return answer.body;
            reason = host_of(endpoint_) + " answers with HTTP status " + std::to_string(answer.status) + " for " +
                     (token.is_good() ? path : "a token");
            if (answer.status >= 500) throw remote_error("AWS metadata of the machine: " + reason);
        } catch (http_failure const& failure) {
            reason = failure.what();
            if (named_) throw remote_error("AWS metadata of the machine: " + reason);
        }
        return std::nullopt;
    }

    /// Elsewhere than in EC2 nothing answers there: nobody shall wait for long.
    [[nodiscard]] http_answer send(http_request request)
    {
        request.connecting = std::chrono::seconds(1);
        request.limit = std::chrono::seconds(3);
        request.past_proxies = true;
        request.most_bytes = 1 << 20;
        return session_.send(request);
    }

    http_session& session_;
    std::optional<std::string> named_;
    std::string endpoint_;
};

} // namespace rios::aws::detail
