// SPDX-License-Identifier: BSL-1.0
// The permissions that docs/aws.md says the main process needs are those that its calls need: none is missing, and none too many.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <regex>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "support/files.hpp"

namespace {

namespace fs = std::filesystem;
using strings = std::set<std::string>;

fs::path const root = fs::absolute(fs::path(__FILE__)).parent_path() / "../../..";

/// "ecs:runtask": the Batch API has its operations in small letters.
std::string permission(std::string const& service, std::string const& action)
{
    auto text = service + ':' + action;
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

/// Calls `f(match)` for all that is found.
template <typename F>
void each_match(std::string const& text, char const* pattern, F f)
{
    std::regex const expression(pattern);
    for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at) f(*at);
}

/// All that is called in the headers.
strings called()
{
    strings result;
    for (auto const& entry : fs::directory_iterator(root / "include/rios/aws")) {
        auto const text = test::read_file(entry.path());
        each_match(text, R"re(\b(?:call|query)\(\s*"(\w+)",\s*"(\w+)")re",
                   [&](std::smatch const& found) { result.insert(permission(found[1], found[2])); });
        each_match(text, R"re(\ball_pages\(\s*aws_,\s*"(\w+)")re",
                   [&](std::smatch const& found) { result.insert(permission("ecs", found[1])); });
        each_match(text, R"re(\bbatch\(\s*"(\w+)")re",
                   [&](std::smatch const& found) { result.insert(permission("batch", found[1])); });
    }
    return result;
}

/// All that the table of the main process's permissions names.
strings documented()
{
    auto const text = test::read_file(root / "docs/aws.md");
    auto const begin = text.find("| for | permissions | on |");
    auto const end = text.find("\n\n", begin);
    REQUIRE(begin != std::string::npos);
    strings result;
    each_match(text.substr(begin, end - begin), "`([a-z0-9]+):([A-Z]\\w+)`",
               [&](std::smatch const& found) { result.insert(permission(found[1], found[2])); });
    return result;
}

} // namespace

TEST_CASE("the documentation names the permissions for all calls that are made, and no others")
{
    auto expected = called();
    CHECK(expected.size() > 20);
    // What AWS wants to be allowed beside the calls: to give tags to what they make, and roles to tasks and machines.
    for (auto const* const each : {"ecs:tagresource", "ec2:createtags", "batch:tagresource", "ssm:addtagstoresource",
                                   "secretsmanager:tagresource", "iam:passrole"}) {
        expected.insert(each);
    }
    CHECK(documented() == expected);
}
