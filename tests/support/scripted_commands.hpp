// SPDX-License-Identifier: BSL-1.0
// Commands of batch systems that are not to be had, or do not fail when a test wants them to: played by scripts.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "environment.hpp"
#include "files.hpp"
#include "temporary_directory.hpp"

namespace test {

/// Commands that do what a test says, before all others on the PATH.
class scripted_commands {
  public:
    /// @param script of the shell
    void does(std::string const& name, std::string const& script) const
    {
        auto const file = folder_.path() / name;
        write_file(file, "#!/bin/sh\n" + script + '\n');
        std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    }
    /// A file beside the commands.
    [[nodiscard]] std::string path(std::string const& name) const { return (folder_.path() / name).string(); }

  private:
    temporary_directory folder_;
    environment_variable const path_{"PATH", folder_.path().string() + ":/usr/bin:/bin"};
};

} // namespace test
