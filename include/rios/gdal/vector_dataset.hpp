// SPDX-License-Identifier: BSL-1.0
//
// An open source of vector layers: what vector_reader burns from and what vector_info describes. Rasters: dataset.hpp.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <cpl_string.h>
#include <gdal_priv.h>
#include <ogr_spatialref.h>
#include <ogrsf_frmts.h>

#include "../error.hpp"
#include "call.hpp"

namespace rios {

/// Which layer of a source: its number, from 0, or its name.
using layer_choice = std::variant<int, std::string>;

namespace detail {

/// "'roads', 'rivers'"; "none" for an empty list.
inline std::string quoted_list(std::vector<std::string> const& names)
{
    std::string text;
    for (auto const& name : names) text += (text.empty() ? "'" : ", '") + name + '\'';
    return text.empty() ? "none" : text;
}

/// The coordinate reference system of a layer, or null if it has none: a GeoPackage then says that it is undefined.
inline OGRSpatialReference const* crs_of(OGRLayer& layer)
{
    auto const* const crs = layer.GetSpatialRef();
    if (crs == nullptr || crs->IsEmpty()) return nullptr;
    auto const* const name = crs->GetName();
    return name != nullptr && std::string_view(name).starts_with("Undefined ") ? nullptr : crs;
}

} // namespace detail

/// Owns an open GDAL dataset of vector layers: a file, a folder or a database.
///
/// Thread rule: one thread at a time; open the source once more for another thread.
class vector_dataset {
  public:
    /// Opens a source for reading.
    /// @param options "KEY=VALUE" each, as the format's driver knows them
    /// @throws io_error if there is no such file, GDAL does not recognise it, or it has no vector layers
    [[nodiscard]] static vector_dataset open(std::string path, std::vector<std::string> const& options = {})
    {
        register_drivers();
        gdal_errors const errors;
        CPLStringList list;
        for (auto const& option : options) list.AddString(option.c_str());
        auto* const handle = GDALDataset::Open(path.c_str(), GDAL_OF_VECTOR | GDAL_OF_READONLY | GDAL_OF_VERBOSE_ERROR,
                                               nullptr, list.List());
        if (handle == nullptr) {
            auto reason = detail::gdal_reason(errors.message(), path);
            detail::replace_all(reason, "recognised as a raster", "recognised as a vector source");
            throw io_error(path, reason);
        }
        vector_dataset result(handle, std::move(path));
        errors.check(true, result.path_, "cannot be opened whole"); // GDAL opens what is left of a damaged file
        if (result.layer_count() == 0) throw io_error(result.path_, "has no vector layers");
        return result;
    }

    /// The source as messages name it.
    [[nodiscard]] std::string const& path() const noexcept { return path_; }

    /// The handle, for what rios does not wrap; stays owned by this object.
    [[nodiscard]] GDALDataset* raw() const noexcept { return handle_.get(); }

    /// Short name of the format's driver: GPKG, ESRI Shapefile, ...
    [[nodiscard]] std::string format() const
    {
        auto* const driver = handle_->GetDriver();
        return driver == nullptr ? "" : driver->GetDescription();
    }

    [[nodiscard]] int layer_count() const { return handle_->GetLayerCount(); }

    /// Names of the layers, in the order of their numbers.
    [[nodiscard]] std::vector<std::string> layer_names() const
    {
        std::vector<std::string> names;
        for (int number = 0; number < layer_count(); ++number) {
            names.emplace_back(handle_->GetLayer(number)->GetName());
        }
        return names;
    }

    /// @throws options_error naming the layers that exist if there is no such one
    [[nodiscard]] OGRLayer& layer(layer_choice const& which) const
    {
        auto const* const name = std::get_if<std::string>(&which);
        auto* const found =
            name != nullptr ? handle_->GetLayerByName(name->c_str()) : handle_->GetLayer(std::get<int>(which));
        if (found != nullptr) return *found;
        throw options_error(
            path_ + ": no layer " + (name != nullptr ? '\'' + *name + '\'' : std::to_string(std::get<int>(which))) +
            "; its layers: " + detail::quoted_list(layer_names()) + (name != nullptr ? "" : ", numbered from 0"));
    }

  private:
    struct closer {
        void operator()(GDALDataset* handle) const
        {
            gdal_errors const quiet;
            GDALClose(handle);
        }
    };

    vector_dataset(GDALDataset* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

    std::unique_ptr<GDALDataset, closer> handle_;
    std::string path_;
};

} // namespace rios
