// SPDX-License-Identifier: BSL-1.0
//
// A vector file with one layer that is being made: written under a temporary name, renamed when it is complete. Inputs:
// vector_dataset.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <cpl_string.h>
#include <gdal_priv.h>
#include <ogr_spatialref.h>
#include <ogrsf_frmts.h>

#include "../error.hpp"
#include "../existing.hpp"
#include "../pending_output.hpp"
#include "call.hpp"
#include "vector_format.hpp"

namespace rios {

/// What a vector_output writes.
struct vector_output_options {
    /// Short name of a GDAL driver; empty for what the extension stands for (vector_driver()).
    std::string format{};
    /// Name of the layer; empty for that of the file without its extension.
    std::string layer{};
    OGRwkbGeometryType geometry = wkbMultiPolygon; ///< wkbNone for a table without shapes
    /// Coordinate reference system as WKT; empty for none.
    std::string crs{};
    /// What is there already of the file and of those that the format puts beside it (a.dbf of a.shp).
    rios::existing existing = rios::existing::refused;
    /// Files that are read for it: none of its files may be one of them, whatever `existing` says.
    std::vector<std::string> inputs{};
};

/// A field of the features of a layer.
struct vector_field {
    std::string name;
    OGRFieldType type = OFTString;
    OGRFieldSubType subtype = OFSTNone;
    int width = 0;     ///< in characters; 0 if any
    int precision = 0; ///< digits behind the point; 0 if any

    /// As a layer has it.
    [[nodiscard]] static vector_field of(OGRFieldDefn const& field)
    {
        return {.name = field.GetNameRef(),
                .type = field.GetType(),
                .subtype = field.GetSubType(),
                .width = field.GetWidth(),
                .precision = field.GetPrecision()};
    }
};

/// A field that the file has under another name.
struct renamed_field {
    std::string wanted;
    std::string used;

    friend bool operator==(renamed_field const&, renamed_field const&) = default;
};

/// A vector file that does not exist yet. Features are written in transactions, where the format has them. Without close()
/// nothing is left.
///
/// Thread rule: one thread at a time.
class vector_output {
  public:
    /// @throws options_error if there is no such format, it cannot hold shapes or has another name for the layer, or a file would
    ///         be written over an input
    /// @throws io_error if the file cannot be made, or it or one beside it exists and must not be replaced
    explicit vector_output(std::string path, vector_output_options const& options = {})
        : path_(std::move(path)), existing_(options.existing), inputs_(options.inputs)
    {
        require_different_files(inputs_, {path_});
        if (path_.starts_with("/vsi")) {
            throw options_error(path_ + ": outputs must be real files, as they are renamed when complete; "
                                        "GDAL's virtual files (/vsi...) can only be read");
        }
        auto& driver = vector_driver(path_, options.format);
        format_ = driver.GetDescription();
        require_free(path_, existing_);
        pending_.emplace(path_);
        actual_ = pending_->path().string();
        {
            CPLStringList creation;
            // OGR hides tables without shapes in a database that keeps records of shapes.
            if (options.geometry == wkbNone && format_ == "SQLite") {
                creation.SetNameValue("METADATA", "NO");
            }
            gdal_errors const errors;
            handle_.reset(driver.Create(actual_.c_str(), 0, 0, 0, GDT_Unknown, creation.List()));
            if (!handle_) errors.fail(path_, "cannot create", actual_);
        }
        create_layer(options);
        require_room(); // found out early, as far as the files are there
        begin();
    }
    vector_output(vector_output const&) = delete;
    vector_output& operator=(vector_output const&) = delete;
    ~vector_output() = default;

    /// The file as messages name it.
    [[nodiscard]] std::string const& path() const noexcept { return path_; }
    [[nodiscard]] std::string const& format() const noexcept { return format_; }
    [[nodiscard]] std::string layer_name() const { return layer_->GetName(); }

    /// What features must be made of, when all fields are there.
    [[nodiscard]] OGRFeatureDefn& definition() const { return *layer_->GetLayerDefn(); }

    /// Does the layer have a field, or something else, of that name, whatever the case of its letters?
    [[nodiscard]] bool is_taken(std::string const& name) const
    {
        auto const same = [&](char const* other) { return EQUAL(name.c_str(), other); };
        return same(layer_->GetFIDColumn()) || same(layer_->GetGeometryColumn()) ||
               definition().GetFieldIndex(name.c_str()) >= 0;
    }

    /// Adds a field. A name that the layer has already, whatever the case of its letters, gets a number behind it; some formats
    /// shorten names (ESRI Shapefile: 10 bytes). A type that the format does not have becomes another one.
    /// @returns its place in the features
    /// @throws io_error
    int add_field(vector_field const& wanted)
    {
        auto const& name = wanted.name;
        auto unique = name.empty() ? std::string("column") : name;
        for (int number = 2; is_taken(unique); ++number) unique = name + '_' + std::to_string(number);
        OGRFieldDefn field(unique.c_str(), wanted.type);
        field.SetSubType(wanted.subtype);
        field.SetWidth(wanted.width);
        field.SetPrecision(wanted.precision);
        auto const place = definition().GetFieldCount();
        gdal_errors const errors; // warnings about names are told by renamed()
        auto const result = layer_->CreateField(&field, TRUE);
        errors.check(result == OGRERR_NONE && definition().GetFieldCount() == place + 1, path_,
                     "cannot create field '" + name + "'", actual_);
        std::string const used = definition().GetFieldDefn(place)->GetNameRef();
        if (used != name) renamed_.push_back({name, used});
        return place;
    }

    /// Writes a feature. @throws io_error with what `what` says of it: "segment 7"
    void write(OGRFeature& feature, std::string const& what)
    {
        gdal_errors const errors;
        auto const result = layer_->CreateFeature(&feature);
        errors.check(result == OGRERR_NONE, path_, "cannot write " + what, actual_);
        if (remark_.empty() && !errors.message().empty())
            remark_ = what + ": " + detail::gdal_reason(errors.message(), path_, actual_);
        if (++written_ % transaction_size != 0) return;
        end();
        begin();
    }

    /// Number of features.
    [[nodiscard]] std::uint64_t written() const noexcept { return written_; }
    /// Fields that have other names in the file than were asked for.
    [[nodiscard]] std::vector<renamed_field> const& renamed() const noexcept { return renamed_; }
    /// What the format could not hold as it was, the first time that happened; empty if all is well.
    [[nodiscard]] std::string const& remark() const noexcept { return remark_; }

    /// Completes the file, which keeps its temporary name. Files of formats that do not tell when they could not write (GeoJSON,
    /// FlatGeobuf, KML, ...) are read once more. No features afterwards.
    /// @throws io_error, options_error, also if there is something by now that must stay and that close() would replace
    void finish()
    {
        if (handle_) complete();
        require_room();
    }

    /// Completes the file and gives it its name. @throws io_error, options_error before anything has its name
    void close()
    {
        finish();
        pending_->commit();
    }

  private:
    static constexpr std::uint64_t transaction_size = 100'000; // features

    struct closer {
        void operator()(GDALDataset* handle) const
        {
            gdal_errors const quiet;
            GDALClose(handle);
        }
    };

    void complete()
    {
        end();
        // Databases and shapefiles tell of a full disk; what other formats could not write is just not there.
        bool const tells = handle_->TestCapability(ODsCTransactions) != FALSE || format_ == "ESRI Shapefile";
        {
            gdal_errors const errors;
#if GDAL_VERSION_NUM >= GDAL_COMPUTE_VERSION(3, 7, 0)
            bool const closed = GDALClose(handle_.release()) == CE_None;
#else
            GDALClose(handle_.release());
            bool const closed = true; // as far as it says; failures were reported
#endif
            errors.check(closed, path_, "cannot write", actual_);
        }
        if (!tells) require_complete();
    }

    void create_layer(vector_output_options const& options)
    {
        OGRSpatialReference crs;
        crs.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
        gdal_errors const errors;
        bool const has_crs = !options.crs.empty() && crs.importFromWkt(options.crs.c_str()) == OGRERR_NONE;
        auto const name = options.layer.empty() ? std::filesystem::path(path_).stem().string() : options.layer;
        // SQLite would put names into lower case.
        auto const* const known = handle_->GetDriver()->GetMetadataItem(GDAL_DS_LAYER_CREATIONOPTIONLIST);
        CPLStringList creation;
        if (known != nullptr && std::string_view(known).find("'LAUNDER'") != std::string_view::npos) {
            creation.SetNameValue("LAUNDER", "NO");
        }
        layer_ = handle_->CreateLayer(name.c_str(), has_crs ? &crs : nullptr, options.geometry, creation.List());
        errors.check(layer_ != nullptr, path_, "cannot create layer '" + name + '\'', actual_);
        if (options.geometry != wkbNone && layer_->GetGeomType() == wkbNone) {
            throw options_error(path_ + ": format '" + format_ +
                                "' has no shapes; GPKG, GeoJSON, FlatGeobuf and ESRI Shapefile have");
        }
        if (!options.layer.empty() && layer_->GetName() != options.layer) {
            throw options_error(path_ + ": format '" + format_ + "' calls its layer '" + layer_->GetName() +
                                "', not '" + options.layer + "'; give no name of a layer, or another format");
        }
    }

    /// @throws options_error, io_error if what must stay would be replaced or removed by a commit
    void require_room() const
    {
        require_free(path_, existing_);
        for (auto const& neighbour : pending_->sidecars_in_the_way()) {
            auto const name = neighbour.filename().string();
            for (auto const& input : inputs_) {
                if (!is_same_file(neighbour.string(), input)) continue;
                throw options_error(path_ + ": the format '" + format_ + "' keeps a file '" + name +
                                    "' beside it, which is the input " + input + "; give another name");
            }
            if (existing_ == existing::replaced) continue;
            throw io_error(path_, "the format '" + format_ + "' keeps a file '" + name +
                                      "' beside it, which exists already; have it replaced (--overwrite), or give "
                                      "another name");
        }
    }

    /// Reads the closed file. @throws io_error unless all features are there
    void require_complete() const
    {
        std::uint64_t found = 0;
        std::string reason;
        try {
            gdal_errors const errors;
            std::unique_ptr<GDALDataset, closer> const file(
                GDALDataset::Open(actual_.c_str(), GDAL_OF_VECTOR | GDAL_OF_READONLY, nullptr));
            auto* const layer = file && file->GetLayerCount() > 0 ? file->GetLayer(0) : nullptr;
            while (layer != nullptr && std::unique_ptr<OGRFeature>(layer->GetNextFeature())) ++found;
            errors.check(true, path_, {}, actual_);
        } catch (io_error const& failure) {
            reason = std::string(failure.what()).substr(path_.size());
        }
        if (found == written_ && reason.empty()) return;
        throw io_error(path_, "is not complete: of " + std::to_string(written_) + " features " + std::to_string(found) +
                                  " can be read back" + reason + "; is the disk full?");
    }

    void begin()
    {
        if (handle_->TestCapability(ODsCTransactions) == FALSE) return;
        gdal_errors const errors;
        errors.check(handle_->StartTransaction() == OGRERR_NONE, path_, "cannot write", actual_);
        in_transaction_ = true;
    }

    void end()
    {
        if (!std::exchange(in_transaction_, false)) return;
        gdal_errors const errors;
        errors.check(handle_->CommitTransaction() == OGRERR_NONE, path_, "cannot write", actual_);
    }

    std::string path_;
    existing existing_;
    std::vector<std::string> inputs_;
    std::string format_;
    std::string actual_; // the path that GDAL knows
    // The dataset is closed before its directory goes: members end in reverse order.
    std::optional<pending_output> pending_;
    std::unique_ptr<GDALDataset, closer> handle_;
    OGRLayer* layer_ = nullptr;
    bool in_transaction_ = false;
    std::uint64_t written_ = 0;
    std::vector<renamed_field> renamed_;
    std::string remark_;
};

} // namespace rios
