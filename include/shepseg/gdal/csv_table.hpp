// SPDX-License-Identifier: BSL-1.0
//
// A table file as text, for table_file.hpp.
#pragma once

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <rios/error.hpp>
#include <rios/existing.hpp>
#include <rios/pending_output.hpp>
#include <rios/progress.hpp>

#include "../statistic.hpp"
#include "../statistics_table.hpp"
#include "table_format.hpp"

namespace shepseg::detail {

/// Quoted as CSV wants it, where it has to be.
inline std::string csv_text(std::string const& text)
{
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (char const c : text) quoted.append(c == '"' ? 2 : 1, c);
    return quoted + '"';
}

/// Text of a table, written piece by piece.
class csv_writer {
  public:
    csv_writer(std::string shown, std::filesystem::path const& path)
        : shown_(std::move(shown)), file_(std::fopen(path.c_str(), "wb"))
    {
        if (!file_) fail();
    }

    void write(std::string_view text)
    {
        if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size()) fail();
    }
    void close()
    {
        if (std::fclose(file_.release()) != 0) fail();
    }

  private:
    struct closer {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };

    [[noreturn]] void fail() const
    {
        throw rios::io_error(shown_, "cannot be written: " + std::generic_category().message(errno));
    }

    std::string shown_;
    std::unique_ptr<std::FILE, closer> file_;
};

/// Numbers have all digits; what is none is an empty cell, which reads as null.
class csv_table final : public table_format {
  public:
    /// @throws rios::io_error if it cannot be written there, or there is a file that must not be replaced
    csv_table(std::string const& path, rios::existing file) : path_(path), existing_(file)
    {
        rios::require_free(path_, existing_);
        pending_.emplace(path_);
    }

    [[nodiscard]] bool is_same_name(std::string const& a, std::string const& b) const override { return a == b; }
    [[nodiscard]] bool is_taken(std::string const& name) const override { return name == "id"; }

    void write(statistics_table const& table, rios::progress_function const& progress) override
    {
        csv_writer file(path_, pending_->path());
        std::string text = "id";
        for (auto const& each : table.columns()) text += ',' + csv_text(each.name);
        text += '\n';
        table.for_each_page(1, [&](std::size_t first, std::size_t count, std::span<double const> page) {
            append_rows(text, table, first, count, page);
            file.write(text);
            text.clear();
            rios::report(progress, "table", static_cast<double>(first + count) / static_cast<double>(table.rows()));
        });
        file.write(text); // the heading, if there are no rows
        file.close();
        rios::require_free(path_, existing_);
    }

    void commit() override
    {
        rios::require_free(path_, existing_);
        pending_->commit();
    }

  private:
    static void append_rows(std::string& text, statistics_table const& table, std::size_t first, std::size_t count,
                            std::span<double const> page)
    {
        std::array<char, 32> digits{};
        auto const append = [&](auto number) {
            auto const [end, failure] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
            text.append(digits.data(), end);
        };
        auto const width = table.columns().size();
        for (std::size_t row = 0; row < count; ++row) {
            append(first + row);
            for (std::size_t column = 0; column < width; ++column) {
                text += ',';
                auto const number = page[row * width + column];
                if (std::isnan(number)) continue;
                if (table.columns()[column].values == column_values::real) append(number);
                else append(static_cast<std::int64_t>(number));
            }
            text += '\n';
        }
    }

    std::string path_;
    rios::existing existing_;
    std::optional<rios::pending_output> pending_;
};

} // namespace shepseg::detail
