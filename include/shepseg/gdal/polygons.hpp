// SPDX-License-Identifier: BSL-1.0
//
// A vector file with a polygon for each segment of a raster, and the segment's attributes beside it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <cpl_string.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>

#include <rios/error.hpp>
#include <rios/existing.hpp>
#include <rios/gdal/call.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/gdal/vector_dataset.hpp>
#include <rios/gdal/vector_output.hpp>
#include <rios/pixel_grid.hpp>
#include <rios/progress.hpp>

#include "../options.hpp"
#include "../outline.hpp"
#include "../segment_runs.hpp"
#include "label_reader.hpp"
#include "label_rows.hpp"
#include "segment_attributes.hpp"

namespace shepseg {

/// What becomes a polygon, and where.
struct polygon_options {
    /// What is one part of a polygon: pixels that share sides (four), or those that meet at a corner as well (eight). Either
    /// way each segment is one feature.
    connectivity neighbours = connectivity::four;
    /// A table that OGR reads, joined by its column `id`; empty for the raster's own attribute table.
    std::string table{};
    /// A layer of that file; empty for the only one.
    std::string table_layer{};
    /// Short name of a GDAL driver; empty for what the output's extension stands for.
    std::string format{};
    /// Name of the output's layer; empty for that of the file without its extension.
    std::string layer{};
    /// What is there already of the output and of the files that its format puts beside it (.dbf, .shx, .prj of a .shp).
    rios::existing existing = rios::existing::refused;
    rios::progress_function progress{};
};

/// What was written.
struct polygon_report {
    std::string format; ///< short name of GDAL's driver
    std::string layer;
    std::size_t attributes = 0;           ///< fields besides `id`
    std::uint64_t segments = 0;           ///< features
    std::uint64_t in_several_parts = 0;   ///< those that have more than one part
    std::uint64_t without_attributes = 0; ///< those that the table says nothing of, if it has any columns
    std::uint64_t unused_rows = 0;        ///< rows of options.table whose segment is not in the raster
    std::vector<rios::renamed_field> renamed{};
    std::string remark{}; ///< what the format could not hold as it was, the first time that happened
};

namespace detail {

/// Where corners of pixels are on the map; column and row where the raster has no place there.
class corner_places {
  public:
    explicit corner_places(rios::pixel_grid const& grid)
        : place_(grid.geotransform.value_or(std::array<double, 6>{0, 1, 0, 0, 0, 1}))
    {
    }

    [[nodiscard]] std::unique_ptr<OGRMultiPolygon> polygon(std::vector<outline_part> const& parts) const
    {
        auto result = std::make_unique<OGRMultiPolygon>();
        for (auto const& part : parts) {
            auto polygon = std::make_unique<OGRPolygon>();
            polygon->addRingDirectly(ring(part.outer).release());
            for (auto const& hole : part.holes) polygon->addRingDirectly(ring(hole).release());
            result->addGeometryDirectly(polygon.release());
        }
        return result;
    }

  private:
    [[nodiscard]] std::unique_ptr<OGRLinearRing> ring(pixel_ring const& corners) const
    {
        auto result = std::make_unique<OGRLinearRing>();
        auto const count = static_cast<int>(corners.size());
        result->setNumPoints(count + 1, FALSE);
        for (int i = 0; i <= count; ++i) {
            auto const& corner = corners[static_cast<std::size_t>(i % count)];
            auto const row = static_cast<double>(corner.row);
            auto const col = static_cast<double>(corner.col);
            result->setPoint(i, place_[0] + col * place_[1] + row * place_[2],
                             place_[3] + col * place_[4] + row * place_[5]);
        }
        return result;
    }

    std::array<double, 6> place_;
};

/// Adds the files that a dataset is made of to a list.
inline void add_files(GDALDataset& source, std::vector<std::string>& files)
{
    rios::gdal_errors const quiet;
    CPLStringList const found(source.GetFileList());
    for (int i = 0; i < found.size(); ++i) files.emplace_back(found[i]);
}

/// Writes the features of a file of labels.
class polygon_writer {
  public:
    polygon_writer(rios::vector_output& output, rios::pixel_grid const& grid, segment_attributes& attributes,
                   connectivity neighbours, polygon_report& report)
        : output_(&output), places_(grid), attributes_(&attributes), neighbours_(neighbours), report_(&report)
    {
        id_ = output.add_field({.name = "id", .type = OFTInteger64});
        for (auto const& field : attributes.fields()) fields_.push_back(output.add_field(field));
        report.attributes = fields_.size();
        feature_ = std::make_unique<OGRFeature>(&output.definition());
    }

    void operator()(std::uint32_t segment, std::span<pixel_run const> runs)
    {
        auto const parts = outline(runs, neighbours_);
        feature_->Reset();
        feature_->SetGeometryDirectly(places_.polygon(parts).release());
        feature_->SetField(id_, static_cast<GIntBig>(segment));
        bool const known = attributes_->fill(*feature_, fields_, segment);
        output_->write(*feature_, "segment " + std::to_string(segment));
        ++report_->segments;
        if (parts.size() > 1) ++report_->in_several_parts;
        if (known) ++described_;
        else if (!fields_.empty()) ++report_->without_attributes;
    }

    [[nodiscard]] std::uint64_t described() const noexcept { return described_; }

  private:
    rios::vector_output* output_;
    corner_places places_;
    segment_attributes* attributes_;
    connectivity neighbours_;
    polygon_report* report_;
    int id_ = 0;
    std::vector<int> fields_;
    std::unique_ptr<OGRFeature> feature_;
    std::uint64_t described_ = 0;
};

} // namespace detail

/// Writes a vector file with one multipolygon for each segment of a raster: all of its pixels, in the raster's coordinate reference
/// system (in columns and rows, downwards, if it has no place on the map). 0 and the file's null value are no segment.
///
/// The field `id` holds the number of the segment, the others its attributes, with their types where the format has them.
/// Attributes that nobody gives are null. Features are in the order of the last rows of their segments.
///
/// The raster is read twice, row by row: what is in memory are about 5 bytes for each segment, and 12 bytes for each run of
/// pixels of the segments that reach from rows that have been read to rows that have not; with options.table 16 bytes for each
/// of its rows.
/// @throws rios::io_error, rios::options_error, rios::grid_error naming the file, the value and what is allowed;
///         rios::cancelled. Nothing is left then, and an older file stays as it was
inline polygon_report write_polygons(std::string const& segments, std::string const& output,
                                     polygon_options const& options = {})
{
    auto const file = rios::gdal_dataset::open(segments);
    static_cast<void>(label_reader(segments)); // refuses what holds no labels
    auto const grid = file.grid();
    std::vector<std::string> inputs{segments, options.table};
    rios::require_different_files(inputs, {output});
    rios::require_free(output, options.existing);
    detail::add_files(*file.raw(), inputs);
    std::optional<rios::vector_dataset> table;
    if (!options.table.empty()) {
        table.emplace(detail::open_table(options.table));
        detail::add_files(*table->raw(), inputs);
    }
    polygon_report report;
    rios::vector_output vectors(output, {.format = options.format,
                                         .layer = options.layer,
                                         .crs = grid.projection,
                                         .existing = options.existing,
                                         .inputs = std::move(inputs)});
    report.format = vectors.format();
    report.layer = vectors.layer_name();

    auto const folder = std::filesystem::absolute(output).parent_path();
    std::unique_ptr<segment_attributes> attributes;
    if (table) {
        attributes = std::make_unique<attributes_of_table>(*table, options.table_layer, folder, options.progress);
        table.reset();
    } else {
        attributes = std::make_unique<attributes_of_raster>(file);
    }

    last_rows last;
    detail::each_label_row(file, options.progress, "looking", [&](auto row, auto labels) { last.add(row, labels); });
    segment_runs runs(last);
    detail::polygon_writer writer(vectors, grid, *attributes, options.neighbours, report);
    detail::each_label_row(file, options.progress, "polygons",
                           [&](auto row, auto labels) { runs.add(row, labels, std::ref(writer)); });
    if (runs.open() > 0 || report.segments != last.segments()) {
        throw rios::io_error(segments, "has changed while it was read");
    }
    if (auto const described = attributes->described()) report.unused_rows = *described - writer.described();
    report.renamed = vectors.renamed();
    report.remark = vectors.remark();
    rios::report(options.progress, "closing", 0);
    vectors.finish();
    rios::report(options.progress, "closing", 1); // the last chance to stop it
    vectors.close();
    return report;
}

} // namespace shepseg
