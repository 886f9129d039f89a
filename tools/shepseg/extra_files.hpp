// SPDX-License-Identifier: BSL-1.0
//
// The files that `shepseg segment` writes besides its output. They are begun before the work, so that what cannot be
// written is found out early, and get their names when all of them, and the output, are complete.
#pragma once

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include <rios/error.hpp>
#include <rios/pending_output.hpp>
#include <rios/text_file.hpp>

#include "support/usage_error.hpp"

namespace tools {

/// A file that was asked for, or not.
class extra_file {
  public:
    /// @param path where it goes; empty if it is not wanted
    /// @throws rios::io_error if it cannot be written
    explicit extra_file(std::string const& path) : path_(path)
    {
        if (path.empty()) return;
        pending_.emplace(path);
        rios::write_text(*pending_, path_, ""); // finds out names that are too long
    }

    [[nodiscard]] explicit operator bool() const noexcept { return pending_.has_value(); }
    [[nodiscard]] std::string const& path() const noexcept { return path_; }

    /// @throws rios::io_error naming the file
    void write(std::string_view content) { rios::write_text(*pending_, path_, content); }
    void commit()
    {
        if (pending_) pending_->commit();
    }

  private:
    std::string path_;
    std::optional<rios::pending_output> pending_;
};

/// No file may be written over another one of the same run.
/// @param read files that are read
/// @param written files that are written; empty names do not count
/// @throws usage_error naming both
inline void require_different_files(std::vector<std::string> const& read, std::vector<std::string> const& written)
{
    namespace fs = std::filesystem;
    auto const same = [](std::string const& a, std::string const& b) {
        if (a.empty() || b.empty()) return false;
        std::error_code failure;
        if (fs::equivalent(a, b, failure)) return true;
        auto const place_a = fs::weakly_canonical(fs::absolute(a), failure);
        auto const place_b = fs::weakly_canonical(fs::absolute(b), failure);
        return !failure && place_a == place_b;
    };
    for (std::size_t i = 0; i < written.size(); ++i) {
        for (auto const& input : read) {
            if (same(written[i], input)) {
                throw usage_error(fmt::format(
                    "{}: is the input {}, which must not be written over; give it another name", written[i], input));
            }
        }
        for (std::size_t j = 0; j < i; ++j) {
            if (same(written[i], written[j])) {
                throw usage_error(
                    fmt::format("{} and {} are the same file; give them different names", written[j], written[i]));
            }
        }
    }
}

} // namespace tools
