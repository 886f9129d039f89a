// SPDX-License-Identifier: BSL-1.0
#include <rios/aws/profile_files.hpp>

#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include <rios/error.hpp>

#include "support/aws_environment.hpp"
#include "support/message_of.hpp"

using rios::aws::detail::find_profile;
using rios::aws::detail::parsed_profiles;

namespace {

std::string refusal_of(char const* text)
{
    return test::message_of<rios::io_error>([&] { static_cast<void>(parsed_profiles("FILE", text)); });
}

/// A setting as find() gives it; "-" for none.
std::string setting(std::string const& profile, std::string const& name)
{
    auto const found = find_profile(profile).find(name);
    return found ? found->first : "-";
}

} // namespace

TEST_CASE("sections and their settings are read, in all ways in which people write them")
{
    auto const found = parsed_profiles("FILE", "# comment\n; another\n\n[default]\r\nAWS_Access_Key_Id=A\r\n"
                                               "aws_secret_access_key = a=b/c+d#e \n[ other ] # comment\n"
                                               "  region = eu-west-1\n  empty =\n\n[default]\nregion=second\n[last]");
    CHECK(found.size() == 3);
    CHECK(found.at("default").at("aws_access_key_id") == "A");
    CHECK(found.at("default").at("aws_secret_access_key") == "a=b/c+d#e");
    CHECK(found.at("default").at("region") == "second");
    CHECK(found.at("other").at("region") == "eu-west-1");
    CHECK(found.at("other").at("empty").empty());
    CHECK(found.at("last").empty());
}

TEST_CASE("settings within a setting are none of the section's")
{
    auto const found = parsed_profiles(
        "FILE", "[a]\ns3 =\n  region = inner\n  max_queue = 1\n  [no section]\nregion = outer\n[b]\nregion = b\n");
    CHECK(found.size() == 2);
    CHECK(found.at("a").size() == 2);
    CHECK(found.at("a").at("region") == "outer");
    CHECK(found.at("b").at("region") == "b");
}

TEST_CASE("a line that is neither a section nor a setting is named by its number, and not shown")
{
    CHECK(refusal_of("[a]\nsecret\n") == "FILE: line 2: a setting is \"name = value\"");
    CHECK(refusal_of("[a]\n\n= secret\n") == "FILE: line 3: a setting is \"name = value\"");
    CHECK(refusal_of("aws_secret_access_key = secret\n") == "FILE: line 1: it stands before the first section");
    CHECK(refusal_of("[secret\n") == "FILE: line 1: a section is \"[NAME]\"");
    CHECK(parsed_profiles("FILE", "").empty());
}

TEST_CASE("a profile is what both files say of it, the one for credentials first")
{
    test::aws_environment const environment;
    auto const credentials = environment.file(".aws/credentials", "[default]\nregion = first\n[work]\nkey = work\n"
                                                                  "empty =\n[profile none]\nkey = 1\n");
    auto const config = environment.file(".aws/config", "[default]\nregion = second\noutput = json\n[profile work]\n"
                                                        "region = third\nempty = full\n[work]\nregion = no profile\n"
                                                        "[profile \"two words\"]\nregion = fourth\n");
    auto const found = find_profile("");
    CHECK(found.name == "default");
    CHECK(found.credentials_file == credentials);
    CHECK(found.config_file == config);
    CHECK(found.find("region")->first == "first");
    CHECK(found.find("region")->second == credentials);
    CHECK(found.find("output")->second == config);
    CHECK_FALSE(found.find("key"));
    CHECK(setting("work", "key") == "work");
    CHECK(setting("work", "region") == "third");
    CHECK(setting("work", "empty") == "full");
    CHECK(setting("two words", "region") == "fourth");
}

TEST_CASE("the environment names the profile and the files")
{
    test::aws_environment environment;
    environment.set("AWS_PROFILE", "work");
    environment.set("AWS_SHARED_CREDENTIALS_FILE", environment.file("one", "[work]\nkey = 1\n[other]\nkey = 2\n"));
    environment.set("AWS_CONFIG_FILE", environment.file("two", "[profile work]\nregion = here\n"));
    CHECK(setting("", "key") == "1");
    CHECK(setting("", "region") == "here");
    CHECK(setting("other", "key") == "2");
}

TEST_CASE("a profile that is asked for must be there, and the default one need not")
{
    test::aws_environment environment;
    auto const refusal = [](std::string const& name) {
        return test::message_of<rios::options_error>([&] { static_cast<void>(find_profile(name)); });
    };
    CHECK_FALSE(find_profile("").exists());
    CHECK_FALSE(find_profile("default").exists());
    CHECK(refusal("work") == "there is no AWS profile 'work', for there are no files in ~/.aws");
    auto const config = environment.file(".aws/config", "[profile home]\n");
    CHECK(refusal("work") == "there is no AWS profile 'work' in " + config);
    CHECK(find_profile("home").exists());
    auto const credentials = environment.file(".aws/credentials", "");
    environment.set("AWS_PROFILE", "play");
    CHECK(refusal("") == "there is no AWS profile 'play' in " + credentials + " " + config);
    environment.set("HOME", "");
    CHECK(refusal("") == "there is no AWS profile 'play', for there are no files in ~/.aws");
}

TEST_CASE("a file that the environment names must be there, and any that is there must be readable")
{
    test::aws_environment environment;
    auto const refusal = [] { return test::message_of<rios::io_error>([] { static_cast<void>(find_profile("")); }); };
    std::filesystem::create_directories(environment.path(".aws/config"));
    CHECK(refusal() == environment.path(".aws/config") + ": cannot read: Is a directory");
    environment.set("AWS_CONFIG_FILE", environment.path("none"));
    CHECK(refusal() == environment.path("none") + ": cannot read: No such file or directory");
}
