// SPDX-License-Identifier: BSL-1.0
//
// Every change of attribute tables in place: what was there is kept until the file has been closed and looked at once more, as GDAL
// may lose tables without a word.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "../error.hpp"
#include "attribute_table.hpp"
#include "dataset.hpp"
#include "table_text.hpp"

namespace rios {

namespace detail {

/// How large the attribute tables of a file are, to be compared when it has been closed.
class table_sizes {
  public:
    explicit table_sizes(gdal_dataset const& file)
    {
        for (int band = 1; band <= file.band_count(); ++band) sizes_.emplace_back(attribute_table(file, band));
    }

    /// @param actual the path of the closed file
    /// @param shown what messages call it
    /// @throws io_error if a table is not there as it was
    void require(std::string const& actual, std::string const& shown) const
    {
        auto const file = gdal_dataset::open(actual);
        for (std::size_t i = 0; i < sizes_.size(); ++i) {
            auto const number = static_cast<int>(i) + 1;
            size const found(attribute_table(file, number));
            if (sizes_[i].columns == 0 || found == sizes_[i]) continue;
            throw io_error(shown, "band " + std::to_string(number) + ": the attribute table was lost: of " +
                                      sizes_[i].text() + " " + found.text() + " can be read back");
        }
    }

  private:
    struct size {
        explicit size(attribute_table const& table) : rows(table.rows()), columns(table.columns().size()) {}
        bool operator==(size const&) const = default;
        [[nodiscard]] std::string text() const
        {
            return std::to_string(rows) + " rows and " + std::to_string(columns) + " columns";
        }

        std::ptrdiff_t rows;
        std::size_t columns;
    };

    std::vector<size> sizes_; // by band
};

} // namespace detail

/// A change of the attribute tables of a file that exists, so that none is lost by it. Where GDAL keeps tables as text beside the
/// file (or in a VRT), a copy of that text is held; unless the change is finished, it is put in its place again.
///
/// To be made before attribute_table::close(), and to end before the file does.
///
/// Thread rule: that of the file, one thread at a time.
class table_change {
  public:
    /// @throws io_error if the text cannot be replaced, or there is no room for the copy
    explicit table_change(gdal_dataset& file) : file_(&file), older_(detail::table_text_of(file)) {}
    table_change(table_change const&) = delete;
    table_change& operator=(table_change const&) = delete;
    ~table_change()
    {
        if (finished_) return;
        try {
            older_.restore([this] { file_->close(); });
        } catch (error const&) { // whoever did not finish has heard of it
        }
    }

    /// Closes the file, and makes sure that the tables are in it. @throws io_error naming the file
    void finish()
    {
        auto const path = file_->path();
        std::string const actual = file_->raw()->GetDescription();
        detail::table_sizes const expected(*file_);
        file_->close();
        expected.require(actual, path);
        finished_ = true;
    }

  private:
    gdal_dataset* file_;
    detail::kept_table_text older_;
    bool finished_ = false;
};

} // namespace rios
