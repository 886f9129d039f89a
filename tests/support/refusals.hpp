// SPDX-License-Identifier: BSL-1.0
// How `shepseg` refuses: exit status 1, or 2 for wrong usage, one line on standard error that begins "shepseg: error:" and
// says what is wrong, nothing else, and no file made, changed or left behind.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include <gdal_priv.h>

#include <doctest/doctest.h>

#include "raster_files.hpp"
#include "segment_tool.hpp"
#include "temporary_directory.hpp"

namespace test {

enum class status { failed = 1, usage = 2, either };

/// Puts a folder back into the state that contents_of() has seen.
inline void restore(std::filesystem::path const& folder, std::map<std::string, std::string> const& before)
{
    auto const now = contents_of(folder);
    for (auto const& [name, text] : now) {
        if (!before.contains(name)) std::filesystem::remove_all(name);
    }
    for (auto const& [name, text] : before) {
        if (now.contains(name) && now.at(name) == text) continue;
        std::filesystem::remove(name);
        if (text.starts_with("-> ")) std::filesystem::create_symlink(text.substr(3), name);
        else write_file(name, text);
    }
}

/// What is not as it must be after the tool has refused something; empty if all is well.
/// @param says what the message must contain
inline std::string complaints(process_result const& result, status expected, strings const& says)
{
    std::string wrong;
    auto const require = [&](bool condition, std::string const& what) {
        if (!condition) wrong += what + '\n';
    };
    require(!result.timed_out, "it hangs");
    require(expected == status::either ? result.status == 1 || result.status == 2
                                       : result.status == static_cast<int>(expected),
            "exit status " + std::to_string(result.status) + ", signal " + std::to_string(result.signal));
    require(result.out.empty(), "something on standard output: " + result.out);
    if (result.status == 0) return wrong + result.err;
    require(result.err.starts_with("shepseg: error: "), "not the prefix of an error");
    require(std::count(result.err.begin(), result.err.end(), '\n') == 1 && result.err.ends_with('\n'), "not one line");
    for (auto const& part : says) require(result.err.find(part) != std::string::npos, "does not say '" + part + "'");
    return wrong.empty() ? wrong : wrong + result.err;
}

/// Runs the tool, which must refuse, in words that contain `says`, and leave the folder as it is.
inline void check_refused(std::filesystem::path const& folder, strings const& arguments, status expected,
                          strings const& says, process_options const& how = {})
{
    std::string line = "shepseg";
    for (auto const& argument : arguments) line += " '" + argument.substr(0, 300) + "'";
    auto const before = contents_of(folder);
    auto const wrong = complaints(shepseg(arguments, how), expected, says);
    INFO(line);
    CHECK(wrong + difference(before, contents_of(folder)) == "");
    restore(folder, before);
}

/// A folder with an image, and an older result in the place of the new one.
class desk {
  public:
    desk()
    {
        make_raster(in(), "GTiff", quilt{.rows = 20, .cols = 30, .patch = 5}.image<std::uint8_t>(3));
        write_file(out(), "an older result");
        write_file(out() + ".aux.xml", "its notes");
    }

    [[nodiscard]] std::string in() const { return folder_ / "in.tif"; }
    [[nodiscard]] std::string out() const { return folder_ / "out.tif"; }
    [[nodiscard]] std::string operator/(std::string const& name) const { return folder_ / name; }
    [[nodiscard]] std::filesystem::path const& path() const { return folder_.path(); }

    void refuses(strings const& options, status expected, strings const& says, process_options const& how = {}) const
    {
        refuses_files(in(), out(), options, expected, says, how);
    }
    void refuses_files(std::string const& image, std::string const& output, strings const& options, status expected,
                       strings const& says, process_options const& how = {}) const
    {
        check_refused(path(), with({"segment", image, output, "--clusters", "5"}, options), expected, says, how);
    }
    /// Without --clusters.
    void refuses_options(strings const& options, status expected, strings const& says) const
    {
        check_refused(path(), with({"segment", in(), out()}, options), expected, says);
    }

  private:
    temporary_directory folder_;
};

} // namespace test
