// SPDX-License-Identifier: BSL-1.0
//
// What of a source of vectors is to be burned: the options of a vector_reader, checked when it is made, and the open layer
// that they choose.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ogrsf_frmts.h>

#include "../error.hpp"
#include "call.hpp"
#include "vector_dataset.hpp"

namespace rios {

/// What a vector_reader burns.
struct vector_reader_options {
    /// Number of the layer, from 0, or its name.
    layer_choice layer = 0;
    /// Value of the pixels that a feature covers.
    double burn_value = 1;
    /// Name of an integer or real field whose values are burned instead; empty for none. A feature without a value burns 0.
    /// Values that a pixel cannot have are rounded and clamped; 64-bit integers beyond 2^53 are rounded to float64 first.
    std::string attribute{};
    /// Which features count: what stands behind WHERE in SQL, as OGR knows it (or the database that is the source): "height >
    /// 20 AND kind = 'tower'". Empty for all.
    std::string where{};
    /// Does a polygon or line cover all pixels that it touches? Otherwise a polygon covers those whose centre is inside,
    /// and a line those of the thinnest line of pixels.
    bool all_touched = false;
    /// Value of the pixels that no feature covers.
    double null_value = 0;
    /// Bytes of pixels that are burned at once, in whole rows of the grid (at least one). The layer is read once for each;
    /// the last few are kept. Changes no pixel, except that with all_touched those may differ that an edge touches in
    /// nothing but a corner: there, what GDAL does depends on where its raster ends.
    std::size_t strip_bytes = std::size_t{1} << 25;

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.layer, self.burn_value, self.attribute, self.where, self.all_touched, self.null_value,
                self.strip_bytes);
    }
};

namespace detail {

/// A layer of which features are to be burned. A copy has no handle until it needs one.
class vector_source {
  public:
    vector_source(std::string path, vector_reader_options options)
        : path_(std::move(path)), options_(std::move(options))
    {
        static_cast<void>(layer());
        close();
    }

    vector_source(vector_source const& other) : path_(other.path_), options_(other.options_) {}
    vector_source& operator=(vector_source const&) = delete;
    vector_source(vector_source&&) = default;
    vector_source& operator=(vector_source&&) = delete;
    ~vector_source() = default;

    [[nodiscard]] std::string const& path() const noexcept { return path_; }
    [[nodiscard]] vector_reader_options const& options() const noexcept { return options_; }

    /// The open layer, with its filter. @throws io_error, options_error
    [[nodiscard]] OGRLayer& layer()
    {
        if (!file_) {
            auto file = vector_dataset::open(path_);
            auto& layer = file.layer(options_.layer);
            attribute_ = field_of(layer);
            set_filter(layer);
            file_.emplace(std::move(file));
        }
        return file_->layer(options_.layer);
    }

    /// The field whose values are burned, if it is one. @pre the layer is open
    [[nodiscard]] std::optional<int> attribute() const noexcept { return attribute_; }

    void close() noexcept { file_.reset(); }

  private:
    [[nodiscard]] std::string prefix(OGRLayer& layer) const { return path_ + ": layer '" + layer.GetName() + "': "; }

    [[nodiscard]] std::optional<int> field_of(OGRLayer& layer) const
    {
        auto const& wanted = options_.attribute;
        if (wanted.empty()) return {};
        auto& definition = *layer.GetLayerDefn();
        auto const number = definition.GetFieldIndex(wanted.c_str());
        if (number < 0) {
            std::vector<std::string> names;
            for (int i = 0; i < definition.GetFieldCount(); ++i) {
                names.emplace_back(definition.GetFieldDefn(i)->GetNameRef());
            }
            throw options_error(prefix(layer) + "no attribute '" + wanted + "'; its attributes: " + quoted_list(names));
        }
        auto const type = definition.GetFieldDefn(number)->GetType();
        if (type != OFTInteger && type != OFTInteger64 && type != OFTReal) {
            throw options_error(
                prefix(layer) + "attribute '" + wanted + "' is of type " + OGRFieldDefn::GetFieldTypeName(type) +
                "; allowed: " + OGRFieldDefn::GetFieldTypeName(OFTInteger) + ", " +
                OGRFieldDefn::GetFieldTypeName(OFTInteger64) + " and " + OGRFieldDefn::GetFieldTypeName(OFTReal));
        }
        return number;
    }

    void set_filter(OGRLayer& layer) const
    {
        if (options_.where.empty()) return;
        gdal_errors const errors;
        bool const accepted = layer.SetAttributeFilter(options_.where.c_str()) == OGRERR_NONE;
        // Databases only look at it when they are asked for a feature.
        std::unique_ptr<OGRFeature> const first(accepted ? layer.GetNextFeature() : nullptr);
        if (!accepted || errors.failed()) {
            throw options_error(prefix(layer) + "WHERE " + options_.where +
                                " is refused: " + gdal_reason(errors.message(), path_));
        }
    }

    std::string path_;
    vector_reader_options options_;
    std::optional<vector_dataset> file_;
    std::optional<int> attribute_;
};

} // namespace detail

} // namespace rios
