// SPDX-License-Identifier: BSL-1.0
// A directory of a test's own, gone with all in it when the test ends.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>

namespace test {

class temporary_directory {
  public:
    temporary_directory()
    {
        auto name = (std::filesystem::temp_directory_path() / "rios-test-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory " + name);
        path_ = name;
    }
    temporary_directory(temporary_directory const&) = delete;
    temporary_directory& operator=(temporary_directory const&) = delete;
    ~temporary_directory()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] std::filesystem::path const& path() const noexcept { return path_; }

    /// Path of a file in it.
    [[nodiscard]] std::string operator/(std::string const& name) const { return (path_ / name).string(); }

    /// Names of all files and directories in it, hidden ones too.
    [[nodiscard]] std::set<std::string> names() const
    {
        std::set<std::string> result;
        for (auto const& entry : std::filesystem::directory_iterator(path_)) result.insert(entry.path().filename());
        return result;
    }

  private:
    std::filesystem::path path_;
};

} // namespace test
