// SPDX-License-Identifier: BSL-1.0
//
// Attributes of segments by their numbers, in any order: the rows of the raster's attribute table, or those of a table in
// another file. What polygons.hpp puts beside the shapes.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <gdal_priv.h>
#include <ogrsf_frmts.h>

#include <rios/error.hpp>
#include <rios/gdal/attribute_table.hpp>
#include <rios/gdal/call.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/gdal/table_column.hpp>
#include <rios/gdal/vector_dataset.hpp>
#include <rios/gdal/vector_output.hpp>
#include <rios/progress.hpp>
#include <rios/scratch_file.hpp>

namespace shepseg {

/// Where the attributes of a segment come from.
class segment_attributes {
  public:
    segment_attributes() = default;
    segment_attributes(segment_attributes const&) = delete;
    segment_attributes& operator=(segment_attributes const&) = delete;
    virtual ~segment_attributes() = default;

    /// Names and types of the attributes.
    [[nodiscard]] virtual std::vector<rios::vector_field> fields() const = 0;

    /// Sets the attributes of a segment; those that it does not have stay unset.
    /// @param places of fields() in the feature
    /// @returns whether there is anything about the segment
    /// @throws rios::io_error
    virtual bool fill(OGRFeature& feature, std::span<int const> places, std::uint32_t segment) = 0;

    /// Segments that are described; none if that is not known.
    [[nodiscard]] virtual std::optional<std::uint64_t> described() const { return {}; }
};

namespace detail {

inline rios::vector_field field_of(rios::table_column const& column)
{
    auto const type = column.type == rios::column_type::integer ? OFTInteger
                      : column.type == rios::column_type::real  ? OFTReal
                                                                : OFTString;
    return {.name = column.name, .type = type};
}

/// Opens a file of tables. The types of the columns of CSV files are found by looking at all of their values.
/// @throws rios::io_error
inline rios::vector_dataset open_table(std::string const& path)
{
    rios::register_drivers();
    std::vector<std::string> options;
    {
        rios::gdal_errors const quiet;
        auto* const driver =
            GDALDriver::FromHandle(GDALIdentifyDriverEx(path.c_str(), GDAL_OF_VECTOR, nullptr, nullptr));
        std::string_view const format = driver == nullptr ? "" : driver->GetDescription();
        if (format == "CSV") options = {"AUTODETECT_TYPE=YES", "AUTODETECT_SIZE_LIMIT=0"};
        if (format == "SQLite") options = {"LIST_ALL_TABLES=YES"}; // else those without shapes may be hidden
    }
    return rios::vector_dataset::open(path, options);
}

} // namespace detail

/// The rows of a band's attribute table. A few thousand rows are in memory at a time, more of them where segments follow on
/// each other in another order than their numbers.
class attributes_of_raster : public segment_attributes {
  public:
    /// @param file must outlive this object
    explicit attributes_of_raster(rios::gdal_dataset const& file, int band = 1)
        : table_(file, band), columns_(table_.columns()), rows_(table_.rows())
    {
    }

    [[nodiscard]] std::vector<rios::vector_field> fields() const override
    {
        std::vector<rios::vector_field> result;
        for (auto const& column : columns_) result.push_back(detail::field_of(column));
        return result;
    }

    bool fill(OGRFeature& feature, std::span<int const> places, std::uint32_t segment) override
    {
        if (static_cast<std::int64_t>(segment) >= rows_) return false;
        auto const& rows = page_with(segment);
        auto const row = static_cast<std::size_t>(segment - rows.first);
        for (std::size_t column = 0; column < columns_.size(); ++column) {
            auto const& from = rows.columns[column];
            switch (columns_[column].type) {
            case rios::column_type::integer: feature.SetField(places[column], from.integers[row]); break;
            case rios::column_type::real: feature.SetField(places[column], from.reals[row]); break;
            case rios::column_type::text: feature.SetField(places[column], from.texts[row].c_str()); break;
            }
        }
        return true;
    }

  private:
    static constexpr std::uint32_t page_rows = 2048;
    static constexpr std::size_t most_pages = 32;

    struct values {
        std::vector<std::int32_t> integers;
        std::vector<double> reals;
        std::vector<std::string> texts;
    };
    struct page {
        std::uint32_t first = 0;
        std::vector<values> columns;
    };

    page const& page_with(std::uint32_t row)
    {
        auto const first = row / page_rows * page_rows;
        auto const found =
            std::find_if(pages_.begin(), pages_.end(), [&](auto const& each) { return each.first == first; });
        if (found != pages_.end()) {
            pages_.splice(pages_.begin(), pages_, found);
            return pages_.front();
        }
        if (pages_.size() >= most_pages) pages_.pop_back();
        page fresh{.first = first, .columns = std::vector<values>(columns_.size())};
        auto const count = static_cast<std::size_t>(std::min<std::int64_t>(page_rows, rows_ - first));
        for (std::size_t column = 0; column < columns_.size(); ++column) {
            auto& into = fresh.columns[column];
            auto const read = [&](auto& list) {
                list.resize(count);
                table_.read(column, static_cast<std::ptrdiff_t>(first), std::span(list));
            };
            switch (columns_[column].type) {
            case rios::column_type::integer: read(into.integers); break;
            case rios::column_type::real: read(into.reals); break;
            case rios::column_type::text: read(into.texts); break;
            }
        }
        return pages_.emplace_front(std::move(fresh));
    }

    rios::attribute_table table_;
    std::vector<rios::table_column> columns_;
    std::int64_t rows_;
    std::list<page> pages_; // that used last first
};

/// The rows of a table that OGR reads (CSV, GeoPackage, SQLite, ...), each about the segment that its column `id` names. Shapes
/// in it do not count. The types of the columns of CSV files are found by looking at all of their values.
///
/// The table is read once, from its beginning to its end; its rows wait in a scratch file. Memory: 16 bytes for each row.
class attributes_of_table : public segment_attributes {
  public:
    /// @param layer empty for the only one
    /// @param folder for the scratch file
    /// @throws rios::io_error if the file cannot be read; naming the row, if its id is no number of a segment, or that of another
    /// @throws rios::options_error naming the layers or the columns, if there is no such layer, or no column `id`
    /// @throws rios::cancelled
    attributes_of_table(std::string const& path, std::string const& layer, std::filesystem::path folder,
                        rios::progress_function const& progress = {})
        : attributes_of_table(detail::open_table(path), layer, std::move(folder), progress)
    {
    }

    /// As above, of a file that is open; it need not stay so.
    attributes_of_table(rios::vector_dataset const& source, std::string const& layer, std::filesystem::path folder,
                        rios::progress_function const& progress = {})
        : path_(source.path()), rows_(std::move(folder))
    {
        auto& table = choose(source, layer);
        find_columns(table);
        read(table, progress);
    }

    [[nodiscard]] std::vector<rios::vector_field> fields() const override
    {
        std::vector<rios::vector_field> result;
        for (auto const& each : columns_) result.push_back(each.field);
        return result;
    }

    bool fill(OGRFeature& feature, std::span<int const> places, std::uint32_t segment) override
    {
        auto const found = std::lower_bound(index_.begin(), index_.end(), segment,
                                            [](auto const& row, std::uint32_t id) { return row.id < id; });
        if (found == index_.end() || found->id != segment) return false;
        bytes_.resize(found->bytes);
        rows_.read(found->place, std::as_writable_bytes(std::span(bytes_)));
        std::size_t at = 0;
        auto const next = [&]<typename T>(T value) {
            std::memcpy(&value, bytes_.data() + at, sizeof value);
            at += sizeof value;
            return value;
        };
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            auto const place = places[i];
            switch (static_cast<kind>(bytes_[at++])) {
            case kind::unset: break;
            case kind::null: feature.SetFieldNull(place); break;
            case kind::integer: feature.SetField(place, static_cast<GIntBig>(next(std::int64_t{}))); break;
            case kind::real: feature.SetField(place, next(double{})); break;
            case kind::text:
                auto const size = next(std::size_t{});
                feature.SetField(place, std::string(bytes_.data() + at, size).c_str());
                at += size;
                break;
            }
        }
        return true;
    }

    [[nodiscard]] std::optional<std::uint64_t> described() const override { return index_.size(); }

  private:
    enum class kind : char { unset, null, integer, real, text };

    struct column {
        rios::vector_field field;
        int place = 0; // in the table
    };
    struct entry {
        std::uint32_t id = 0;
        std::uint32_t bytes = 0;
        std::size_t place = 0; // in the scratch file
    };

    /// The layer of that name, or the only one that is not the database's own.
    OGRLayer& choose(rios::vector_dataset const& source, std::string const& name) const
    {
        if (!name.empty()) return source.layer(name);
        std::vector<std::string> names;
        for (int number = 0; number < source.layer_count(); ++number) {
            if (!source.raw()->IsLayerPrivate(number))
                names.push_back(source.layer_names()[static_cast<std::size_t>(number)]);
        }
        if (names.size() == 1) return source.layer(names.front());
        throw rios::options_error(path_ + (names.empty() ? ": has no tables" : ": has several layers; name one of ") +
                                  (names.empty() ? "" : rios::detail::quoted_list(names)));
    }

    void find_columns(OGRLayer& table)
    {
        auto const& all = *table.GetLayerDefn();
        std::vector<std::string> names;
        for (int place = 0; place < all.GetFieldCount(); ++place)
            names.emplace_back(all.GetFieldDefn(place)->GetNameRef());
        auto found = std::find(names.begin(), names.end(), "id");
        if (found == names.end()) {
            found =
                std::find_if(names.begin(), names.end(), [](auto const& name) { return EQUAL(name.c_str(), "id"); });
        }
        if (found != names.end()) id_ = static_cast<int>(found - names.begin());
        else if (!EQUAL(table.GetFIDColumn(), "id")) {
            throw rios::options_error(path_ + ": layer '" + table.GetName() +
                                      "' has no column 'id' with the numbers of the segments; its columns: " +
                                      rios::detail::quoted_list(names));
        }
        for (int place = 0; place < all.GetFieldCount(); ++place) {
            if (place == id_) continue;
            auto field = rios::vector_field::of(*all.GetFieldDefn(place));
            bool const kept = field.type == OFTInteger || field.type == OFTInteger64 || field.type == OFTReal ||
                              field.type == OFTString || field.type == OFTDate || field.type == OFTTime ||
                              field.type == OFTDateTime;
            if (!kept) field = {.name = field.name, .type = OFTString};
            columns_.push_back({std::move(field), place});
        }
    }

    void read(OGRLayer& table, rios::progress_function const& progress)
    {
        table.ResetReading();
        auto const expected = table.GetFeatureCount(FALSE);
        std::uint64_t number = 0;
        while (true) {
            std::unique_ptr<OGRFeature> row;
            {
                rios::gdal_errors const errors;
                row.reset(table.GetNextFeature());
                errors.check(true, path_, "cannot read row " + std::to_string(number + 1));
            }
            if (!row) break;
            add(*row, ++number);
            if (number % 4096 == 0) {
                rios::report(progress, "table",
                             expected > 0 ? static_cast<double>(number) / static_cast<double>(expected) : 0);
            }
        }
        std::sort(index_.begin(), index_.end(), [](auto const& a, auto const& b) { return a.id < b.id; });
        auto const twice =
            std::adjacent_find(index_.begin(), index_.end(), [](auto const& a, auto const& b) { return a.id == b.id; });
        if (twice == index_.end()) return;
        throw rios::io_error(path_, "the id " + std::to_string(twice->id) +
                                        " stands in several rows; each segment must have one row at most");
    }

    /// @throws rios::io_error
    [[nodiscard]] std::uint32_t id_of(OGRFeature const& row, std::uint64_t number) const
    {
        if (id_ < 0) return checked(row.GetFID(), number, std::to_string(row.GetFID()));
        if (row.IsFieldSetAndNotNull(id_) == FALSE) refuse(number, "has none");
        auto const type = row.GetDefnRef()->GetFieldDefn(id_)->GetType();
        if (type == OFTInteger || type == OFTInteger64) {
            auto const value = row.GetFieldAsInteger64(id_);
            return checked(value, number, std::to_string(value));
        }
        std::string const text = row.GetFieldAsString(id_);
        double value = 0;
        auto const parsed = std::from_chars(text.data(), text.data() + text.size(), value);
        bool const whole =
            parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size() && std::floor(value) == value;
        return checked(whole && std::abs(value) < 1e18 ? static_cast<std::int64_t>(value) : -1, number,
                       '\'' + text + '\'');
    }

    [[nodiscard]] std::uint32_t checked(std::int64_t value, std::uint64_t number, std::string const& text) const
    {
        if (value < 0 || value > 0xffffffff) refuse(number, "has " + text);
        return static_cast<std::uint32_t>(value);
    }

    [[noreturn]] void refuse(std::uint64_t number, std::string const& what) const
    {
        throw rios::io_error(path_,
                             "row " + std::to_string(number) + ' ' + what +
                                 " in the column 'id'; allowed: numbers of segments, whole and up to 4294967295");
    }

    void add(OGRFeature& row, std::uint64_t number)
    {
        auto const id = id_of(row, number);
        if (id == 0) return; // null is no segment
        bytes_.clear();
        auto const put = [&]<typename T>(T value) {
            auto const* const begin = reinterpret_cast<char const*>(&value);
            bytes_.insert(bytes_.end(), begin, begin + sizeof value);
        };
        for (auto const& each : columns_) {
            if (row.IsFieldSet(each.place) == FALSE) {
                put(kind::unset);
            } else if (row.IsFieldNull(each.place) != FALSE) {
                put(kind::null);
            } else if (auto const type = each.field.type; type == OFTInteger || type == OFTInteger64) {
                put(kind::integer);
                put(static_cast<std::int64_t>(row.GetFieldAsInteger64(each.place)));
            } else if (type == OFTReal) {
                put(kind::real);
                put(row.GetFieldAsDouble(each.place));
            } else {
                std::string_view const text = row.GetFieldAsString(each.place);
                put(kind::text);
                put(text.size());
                bytes_.insert(bytes_.end(), text.begin(), text.end());
            }
        }
        index_.push_back({.id = id,
                          .bytes = static_cast<std::uint32_t>(bytes_.size()),
                          .place = rows_.append(std::as_bytes(std::span(bytes_)))});
    }

    std::string path_;
    int id_ = -1; // column of that name; -1 for the layer's row numbers
    std::vector<column> columns_;
    rios::scratch_file rows_;
    std::vector<entry> index_; // by id
    std::vector<char> bytes_;  // of one row
};

} // namespace shepseg
