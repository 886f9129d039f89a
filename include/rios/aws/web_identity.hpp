// SPDX-License-Identifier: BSL-1.0
//
// Credentials for a token that a cluster (EKS) or a CI system has put into a file.
#pragma once

#include <string>

#include "../environment.hpp"
#include "../error.hpp"
#include "../text_file.hpp"
#include "credentials.hpp"
#include "error.hpp"
#include "http.hpp"
#include "profile_files.hpp"
#include "query_text.hpp"
#include "retry.hpp"
#include "secrets.hpp"
#include "services.hpp"
#include "timestamp.hpp"

namespace rios::aws::detail {

/// What STS gives for a token and the role AWS_ROLE_ARN.
/// @param file AWS_WEB_IDENTITY_TOKEN_FILE
/// @param endpoint of all services, or empty @param region empty: STS for all regions
/// @throws options_error @throws io_error @throws aws_error
[[nodiscard]] inline credentials web_identity_credentials(http_session& session, std::string const& file,
                                                          std::string const& endpoint, std::string const& region)
{
    auto const role = environment_text("AWS_ROLE_ARN");
    if (!role) throw options_error("AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not");
    std::string const token(trimmed(read_text_file(file)));
    if (token.empty()) throw io_error(file, "there is no token in it");
    secret_texts secrets;
    secrets.add(token);
    secrets.add(percent_encoded(token));
    auto const& sts = service_named("sts", protocol::query);
    std::string const action = "AssumeRoleWithWebIdentity";
    auto const source = "AWS sts " + action;
    auto const answer = send_patiently(
        session,
        {.method = "POST",
         .url = endpoint_of(sts, endpoint, region) + '/',
         .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
         .body = query_text({{"Action", action},
                             {"RoleArn", *role},
                             {"RoleSessionName", environment_text("AWS_ROLE_SESSION_NAME").value_or("rios")},
                             {"Version", sts.version},
                             {"WebIdentityToken", token}})},
        {.name = source}, secrets);
    auto const tree = parsed_xml(answer.body);
    auto const found = tree ? tree->get_child_optional(action + "Response." + action + "Result.Credentials")
                            : boost::optional<boost::property_tree::ptree const&>();
    if (!found) throw aws_error(source + ": the answer holds no credentials", "", answer.status);
    return checked({.access_key = found->get("AccessKeyId", ""),
                    .secret_key = found->get("SecretAccessKey", ""),
                    .session_token = found->get("SessionToken", ""),
                    .expires = parsed_timestamp(found->get("Expiration", ""))},
                   source);
}

} // namespace rios::aws::detail
