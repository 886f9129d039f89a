// SPDX-License-Identifier: BSL-1.0
// Files as text, and all that is in a folder.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

namespace test {

inline std::string read_file(std::filesystem::path const& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_file(std::filesystem::path const& path, std::string const& text)
{
    std::ofstream(path, std::ios::binary) << text;
}

/// All that is in a directory: path and contents of each file, the path of each directory. Links are not followed.
inline std::map<std::string, std::string> contents_of(std::filesystem::path const& directory)
{
    namespace fs = std::filesystem;
    std::map<std::string, std::string> result;
    for (auto const& entry : fs::recursive_directory_iterator(directory)) {
        auto& text = result[entry.path().string()];
        if (entry.is_symlink()) text = "-> " + fs::read_symlink(entry.path()).string();
        else if (entry.is_regular_file()) text = read_file(entry.path());
    }
    return result;
}

/// What differs between two of these, for messages; empty if nothing does.
inline std::string difference(std::map<std::string, std::string> const& before,
                              std::map<std::string, std::string> const& after)
{
    std::string result;
    for (auto const& [name, text] : before) {
        if (!after.contains(name)) result += "gone: " + name + '\n';
        else if (after.at(name) != text) result += "changed: " + name + '\n';
    }
    for (auto const& [name, text] : after) {
        if (!before.contains(name)) result += "new: " + name + '\n';
    }
    return result;
}

} // namespace test
