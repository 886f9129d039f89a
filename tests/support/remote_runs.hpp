// SPDX-License-Identifier: BSL-1.0
// Runs in other processes: what is left of them, and the options that most tests want.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>

#include <unistd.h>

#include <rios/remote/remote_options.hpp>

#include "temporary_directory.hpp"

namespace test {

/// Processes that are children of this one, those that have ended and not been waited for included.
[[nodiscard]] inline std::set<int> children()
{
    std::set<int> result;
    auto const self = std::to_string(::getpid());
    for (auto const& each : std::filesystem::directory_iterator("/proc")) {
        auto const name = each.path().filename().string();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        std::ifstream file(each.path() / "stat");
        std::string text;
        std::getline(file, text);
        auto const after = text.rfind(')'); // the name of the program may hold anything
        if (after == std::string::npos || after + 4 >= text.size()) continue;
        auto const parent = text.substr(after + 4, text.find(' ', after + 4) - after - 4);
        if (parent == self) result.insert(std::stoi(name));
    }
    return result;
}

/// A folder for addresses of runs, and the processes that there were when it was made.
class remote_place {
  public:
    /// Options for workers on this machine, whose address file lies here, and that are given up soon.
    [[nodiscard]] rios::remote_options options(std::size_t workers = 2) const
    {
        rios::remote_options result{.workers = workers};
        result.timeouts = {.joining = std::chrono::seconds(30),
                           .silence = std::chrono::seconds(30),
                           .progress = std::chrono::seconds(30)};
        result.directory = folder_.path().string();
        return result;
    }

    /// No process and no file is left of any run.
    [[nodiscard]] bool nothing_left() const { return children() == before_ && folder_.names().empty(); }

  private:
    temporary_directory folder_;
    std::set<int> before_ = children();
};

} // namespace test
