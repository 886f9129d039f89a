// SPDX-License-Identifier: BSL-1.0
//
// The files ~/.aws/credentials and ~/.aws/config: sections of settings, a section for each profile.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "../environment.hpp"
#include "../error.hpp"
#include "../text_file.hpp"

namespace rios::aws::detail {

using profile_settings = std::map<std::string, std::string>; ///< names in small letters

[[nodiscard]] inline std::string_view trimmed(std::string_view text)
{
    constexpr char const* blank = " \t\r\n";
    auto const first = text.find_first_not_of(blank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

/// All sections of a file by name. Settings that a setting has, on deeper lines, are left out: none of them is needed.
/// @throws io_error naming the file and the line, which is not shown: it may hold a secret
[[nodiscard]] inline std::map<std::string, profile_settings> parsed_profiles(std::string const& path,
                                                                             std::string_view text)
{
    std::map<std::string, profile_settings> result;
    profile_settings* section = nullptr;
    auto depth = std::string_view::npos; // of the section's settings
    for (std::size_t number = 1; !text.empty(); ++number) {
        auto const line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        auto const content = trimmed(line);
        if (content.empty() || content.front() == '#' || content.front() == ';') continue;
        auto const indent = line.find_first_not_of(" \t");
        if (content.front() == '[' && (depth == std::string_view::npos || indent <= depth)) {
            if (content.find(']') == std::string_view::npos) {
                throw io_error(path, "line " + std::to_string(number) + ": a section is \"[NAME]\"");
            }
            section = &result[std::string(trimmed(content.substr(1, content.find(']') - 1)))];
            depth = std::string_view::npos;
            continue;
        }
        if (section != nullptr && depth != std::string_view::npos && indent > depth) continue;
        auto const equals = content.find('=');
        if (section == nullptr || equals == std::string_view::npos || equals == 0) {
            throw io_error(path, "line " + std::to_string(number) +
                                     (section == nullptr ? ": it stands before the first section"
                                                         : ": a setting is \"name = value\""));
        }
        depth = indent;
        std::string name(trimmed(content.substr(0, equals)));
        for (auto& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        (*section)[name] = trimmed(content.substr(equals + 1));
    }
    return result;
}

/// What both files say of a profile.
struct profile {
    std::string name;
    std::string credentials_file{}; ///< path; empty if there is no such file
    std::string config_file{};
    std::optional<profile_settings> in_credentials{}; ///< none: the file does not name the profile
    std::optional<profile_settings> in_config{};

    [[nodiscard]] bool exists() const { return in_credentials || in_config; }

    /// A setting, and the file that it is from; the one for credentials comes first. Empty ones are none.
    [[nodiscard]] std::optional<std::pair<std::string, std::string>> find(std::string const& setting) const
    {
        for (auto const& [settings, file] :
             {std::pair(&in_credentials, &credentials_file), std::pair(&in_config, &config_file)}) {
            if (!*settings) continue;
            auto const found = (*settings)->find(setting);
            if (found != (*settings)->end() && !found->second.empty()) return std::pair(found->second, *file);
        }
        return std::nullopt;
    }
};

/// Sections of the file that a variable names, which must be there then, or else of ~/.aws/NAME.
/// @param path is set to that of the file, if there is one
[[nodiscard]] inline std::map<std::string, profile_settings> profile_file(char const* variable, char const* name,
                                                                          std::string& path)
{
    auto const named = environment_text(variable);
    auto const home = environment_text("HOME");
    if (!named && !home) return {};
    auto const file = named ? *named : *home + "/.aws/" + name;
    std::error_code failure;
    if (!named && std::filesystem::status(file, failure).type() == std::filesystem::file_type::not_found) return {};
    path = file;
    return parsed_profiles(path, read_text_file(path));
}

/// Looks a profile up.
/// @param name empty: AWS_PROFILE, or "default"
/// @throws io_error naming a file that cannot be read @throws options_error if a profile that was asked for is in no file
[[nodiscard]] inline profile find_profile(std::string const& name)
{
    auto const wanted = name.empty() ? environment_text("AWS_PROFILE") : std::optional(name);
    profile result{.name = wanted.value_or("default")};
    auto const credentials = profile_file("AWS_SHARED_CREDENTIALS_FILE", "credentials", result.credentials_file);
    auto const config = profile_file("AWS_CONFIG_FILE", "config", result.config_file);
    if (auto const found = credentials.find(result.name); found != credentials.end()) {
        result.in_credentials = found->second;
    }
    for (auto const& [title, settings] : config) { // "default", "profile NAME", "profile 'NAME'"
        std::string_view section(title);
        if (section.starts_with("profile ") || section.starts_with("profile\t")) {
            section = trimmed(section.substr(8));
            bool const quoted = section.size() > 1 && (section.front() == '"' || section.front() == '\'') &&
                                section.back() == section.front();
            if (quoted) section = section.substr(1, section.size() - 2);
        } else if (section != "default") {
            continue;
        }
        if (section == result.name) result.in_config = settings;
    }
    if (wanted && *wanted != "default" && !result.exists()) {
        auto const known = [](std::string const& path) { return path.empty() ? std::string() : " " + path; };
        auto const files = known(result.credentials_file) + known(result.config_file);
        throw options_error("there is no AWS profile '" + result.name + "'" +
                            (files.empty() ? ", for there are no files in ~/.aws" : " in" + files));
    }
    return result;
}

} // namespace rios::aws::detail
