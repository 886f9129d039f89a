// SPDX-License-Identifier: BSL-1.0
// A machine that knows nothing of AWS, for the time of a test.
#pragma once

#include <deque>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include "environment.hpp"
#include "files.hpp"
#include "temporary_directory.hpp"

namespace test {

/// All variables of AWS are empty, as if they were not set; the home folder is an empty one, no proxy is used, and no machine
/// of EC2 is looked for.
class aws_environment {
  public:
    aws_environment()
    {
        std::vector<std::string> names;
        for (char** each = environ; *each != nullptr; ++each) {
            std::string_view const entry = *each;
            if (entry.starts_with("AWS_")) names.emplace_back(entry.substr(0, entry.find('=')));
        }
        for (auto const& name : names) variables_.emplace_back(name, "");
        set("HOME", home_.path().string());
        set("no_proxy", "*");
        set("AWS_EC2_METADATA_DISABLED", "true");
    }

    void set(std::string const& name, std::string const& text) { variables_.emplace_front(name, text); }

    /// Writes a file in the home folder, ".aws/credentials" for example. @returns its path
    std::string file(std::string const& name, std::string const& text) const
    {
        auto const path = home_.path() / name;
        std::filesystem::create_directories(path.parent_path());
        write_file(path, text);
        return path.string();
    }
    [[nodiscard]] std::string path(std::string const& name) const { return home_ / name; }

  private:
    temporary_directory home_;
    std::deque<environment_variable> variables_; // the last one comes first, and is undone first
};

} // namespace test
