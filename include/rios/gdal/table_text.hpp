// SPDX-License-Identifier: BSL-1.0
//
// Attribute tables of formats that do not keep them inside: GDAL writes them as text, all anew whenever the raster is closed, over
// the older text, which a full disk would take with it. For attribute_table.hpp and table_change.hpp.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "../error.hpp"
#include "../pending_output.hpp"
#include "dataset.hpp"
#include "table_rules.hpp"

namespace rios::detail {

/// The text with the tables of a raster: NAME.aux.xml, whether or not there is one, or a VRT file itself. Empty for formats
/// that keep tables inside, and for what is no file of the disk.
inline std::filesystem::path table_text_of(gdal_dataset const& file)
{
    namespace fs = std::filesystem;
    std::error_code ignored;
    fs::path result = file.raw()->GetDescription();
    if (keeps_attribute_tables(file.format()) || !fs::is_regular_file(result, ignored)) return {};
    if (file.format() != "VRT") result += ".aux.xml";
    if (fs::is_symlink(result, ignored)) result = fs::canonical(result, ignored);
    return result;
}

/// Could the text be replaced? @throws io_error naming it
inline void require_replaceable(std::filesystem::path const& text)
{
    if (!text.empty()) pending_output const attempt(text);
}

/// A copy of the text, beside it, for as long as it is being replaced.
class kept_table_text {
  public:
    /// @param text may be empty, or not there
    /// @throws io_error if it cannot be replaced, or there can be no copy
    explicit kept_table_text(std::filesystem::path text) : text_(std::move(text))
    {
        std::error_code failure;
        if (!std::filesystem::exists(text_, failure)) return;
        copy_.emplace(text_);
        std::filesystem::copy_file(text_, copy_->path(), failure);
        if (!failure) return;
        auto const reason = os_reason(failure) + "; is the disk full?";
        throw io_error(text_.string(), "cannot be kept while it is replaced: " + reason);
    }

    /// Puts it in its place again; what was made where there had been none is removed.
    /// @param close ends all writing; whether it fails does not matter
    /// @throws io_error
    template <typename F>
    void restore(F close)
    {
        if (text_.empty()) return;
        try {
            close();
        } catch (error const&) { // of a file that is given up
        }
        std::error_code ignored;
        if (copy_) copy_->commit();
        else std::filesystem::remove(text_, ignored);
    }

  private:
    std::filesystem::path text_;
    std::optional<pending_output> copy_; // none if there is no text
};

} // namespace rios::detail
