// SPDX-License-Identifier: BSL-1.0
//
// The files that `shepseg segment` writes besides its output. They are begun before the work, so that what cannot be
// written is found out early, and get their names when all of them, and the output, are complete.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <rios/pending_output.hpp>
#include <rios/text_file.hpp>

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

} // namespace tools
