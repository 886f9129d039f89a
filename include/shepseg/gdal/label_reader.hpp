// SPDX-License-Identifier: BSL-1.0
//
// A finished segmentation as input of a pipeline: a rios::Reader of labels, whatever integers the file holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include <gdal.h>

#include <rios/block.hpp>
#include <rios/error.hpp>
#include <rios/gdal/crs.hpp>
#include <rios/gdal/data_type.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/gdal/reader.hpp>
#include <rios/image.hpp>
#include <rios/image_view.hpp>
#include <rios/null_test.hpp>
#include <rios/pixel_grid.hpp>
#include <rios/pixel_type.hpp>

namespace shepseg {

/// Reads labels: 0 is null, and so is the null value of the file.
///
/// Thread rule: one thread at a time. A copy shares nothing with its original.
class label_reader {
  public:
    using value_type = rios::image<std::uint32_t>;

    /// Opens the file for a moment.
    /// @throws rios::io_error if it cannot be opened as a raster
    /// @throws rios::grid_error if it has several bands, or pixels that are no whole numbers
    explicit label_reader(std::string const& path) : label_reader(rios::gdal_dataset::open(path)) {}
    /// A file that is open already; it is only looked at, and need not stay open. @throws rios::grid_error as the other
    explicit label_reader(rios::gdal_dataset const& file) : file_(checked(file)) {}

    /// How it travels to another process.
    using description_type = std::string;
    [[nodiscard]] std::string description() const { return path(); }

    [[nodiscard]] std::string const& path() const
    {
        return std::visit([](auto const& file) -> auto const& { return file.path(); }, file_);
    }

    [[nodiscard]] rios::pixel_grid const& grid() const
    {
        return std::visit([](auto const& file) -> auto const& { return file.grid(); }, file_);
    }

    /// Do two texts (WKT) stand for the same coordinate reference system?
    [[nodiscard]] static bool same_crs(std::string const& one, std::string const& other)
    {
        return rios::same_crs(one, other);
    }

    [[nodiscard]] std::ptrdiff_t band_count() const noexcept { return 1; }

    /// @throws rios::grid_error for a negative label, naming its place in the file
    /// @throws rios::io_error naming the file and the block
    [[nodiscard]] rios::image<std::uint32_t> read(rios::block const& where)
    {
        rios::image<std::uint32_t> labels(1, where.rows, where.cols);
        read_into(where, labels.view());
        return labels;
    }

    /// As read(), into memory of the caller. @pre that is 1 × rows × cols of the block
    void read_into(rios::block const& where, rios::image_view<std::uint32_t> into)
    {
        std::visit([&](auto& file) { read_labels(file, where, into); }, file_);
    }

  private:
    using file_type = std::variant<rios::gdal_reader<std::uint32_t>, rios::gdal_reader<std::int32_t>>;

    static constexpr std::string_view allowed =
        "numbers of segments are integers: uint8, int8, uint16, int16, uint32 or int32";

    static file_type checked(rios::gdal_dataset const& file)
    {
        auto reader = reader_of(file);
        if (reader.band_count() != 1) {
            throw rios::grid_error(reader.path() + ": has " + std::to_string(reader.band_count()) +
                                   " bands; a file of segments has one");
        }
        auto const type = reader.type_in_file(0);
        bool const is_integer =
            rios::dispatch(type, []<typename T>(std::type_identity<T>) { return std::is_integral_v<T>; });
        if (!is_integer) {
            throw rios::grid_error(reader.path() + ": has pixels of type " + std::string(rios::name_of(type)) + "; " +
                                   std::string(allowed));
        }
        if (rios::holds(rios::pixel_type::uint32, type)) return reader;
        return rios::gdal_reader<std::int32_t>(file);
    }

    static rios::gdal_reader<std::uint32_t> reader_of(rios::gdal_dataset const& file)
    try {
        return rios::gdal_reader<std::uint32_t>(file);
    } catch (rios::grid_error const&) {
        if (rios::type_of_band(file.band(1))) throw;
        throw rios::grid_error(file.path() + ": has pixels of type " +
                               GDALGetDataTypeName(file.band(1).GetRasterDataType()) + "; " + std::string(allowed));
    }

    static void read_labels(rios::gdal_reader<std::uint32_t>& file, rios::block const& where,
                            rios::image_view<std::uint32_t> into)
    {
        file.read_into(where, into);
        rios::null_test<std::uint32_t> const is_null(file.null_value(0));
        if (is_null.never() || is_null(0)) return;
        for (std::ptrdiff_t row = 0; row < into.rows(); ++row) {
            for (auto& label : into.row(0, row)) label = is_null(label) ? 0 : label;
        }
    }

    static void read_labels(rios::gdal_reader<std::int32_t>& file, rios::block const& where,
                            rios::image_view<std::uint32_t> into)
    {
        auto const pixels = file.read(where);
        rios::null_test<std::int32_t> const is_null(file.null_value(0));
        for (std::ptrdiff_t row = 0; row < where.rows; ++row) {
            auto const from = pixels.row(0, row);
            auto const to = into.row(0, row);
            for (std::size_t col = 0; col < to.size(); ++col) {
                auto const value = is_null(from[col]) ? 0 : from[col];
                if (value < 0) refuse(file.path(), value, where.row + row, where.col, col);
                to[col] = static_cast<std::uint32_t>(value);
            }
        }
    }

    [[noreturn]] static void refuse(std::string const& path, std::int32_t value, std::ptrdiff_t row,
                                    std::ptrdiff_t first_col, std::size_t col)
    {
        throw rios::grid_error(path + ": row " + std::to_string(row) + ", col " +
                               std::to_string(first_col + static_cast<std::ptrdiff_t>(col)) + " holds " +
                               std::to_string(value) + "; numbers of segments are 1 or more, and 0 is null");
    }

    file_type file_;
};

} // namespace shepseg
