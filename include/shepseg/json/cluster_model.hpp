// SPDX-License-Identifier: BSL-1.0
//
// Cluster models as JSON files, so that several images can be segmented with the same clusters:
//     {"bands": [1, 2, 3], "null_value": 0, "centres": [[52.5, 61.0, 40.25], ...]}
// null_value is null where no value was left out.
#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <rios/error.hpp>
#include <rios/text_file.hpp>

#include "../cluster_model.hpp"

namespace shepseg {

/// The JSON form of a model. A null value that is NaN becomes null: pixels that are NaN are null in any case.
[[nodiscard]] inline nlohmann::ordered_json to_json(cluster_model const& model)
{
    nlohmann::ordered_json json;
    json["bands"] = model.bands;
    json["null_value"] = nullptr;
    if (model.null_value && std::isfinite(*model.null_value)) json["null_value"] = *model.null_value;
    json["centres"] = nlohmann::ordered_json::array();
    for (std::size_t k = 0; k < model.centres.clusters(); ++k) {
        auto const centre = model.centres[k];
        json["centres"].push_back(std::vector<double>(centre.begin(), centre.end()));
    }
    return json;
}

/// The model that a JSON value stands for.
/// @throws rios::options_error saying what is missing or wrong
[[nodiscard]] inline cluster_model model_from_json(nlohmann::json const& json)
{
    auto const fail = [](std::string const& reason) { throw rios::options_error("not a cluster model: " + reason); };
    if (!json.is_object()) fail("the JSON value must be an object");
    if (!json.contains("centres") || !json["centres"].is_array() || json["centres"].empty()) {
        fail("\"centres\" must be a list of at least one centre");
    }
    if (json["centres"].size() > 65535) {
        fail(std::to_string(json["centres"].size()) + " \"centres\" are too many; at most 65535 are allowed");
    }
    std::vector<std::vector<double>> centres;
    for (auto const& centre : json["centres"]) {
        if (!centre.is_array()) fail("each of \"centres\" must be a list of numbers");
        auto& values = centres.emplace_back();
        for (auto const& value : centre) {
            if (!value.is_number() || !std::isfinite(value.get<double>())) {
                fail("each of \"centres\" must be a list of finite numbers");
            }
            values.push_back(value.get<double>());
        }
    }
    cluster_model model{.bands = {}, .null_value = {}, .centres = cluster_centres(centres)};
    if (!json.contains("bands") || !json["bands"].is_array()) fail("\"bands\" must be a list of band numbers");
    for (auto const& band : json["bands"]) {
        if (!band.is_number_integer() || band.get<long long>() < 1 || band.get<long long>() > 1'000'000) {
            fail("each of \"bands\" must be a whole number from 1 up");
        }
        model.bands.push_back(band.get<int>());
    }
    if (model.bands.size() != model.centres.bands()) {
        fail(std::to_string(model.bands.size()) + " \"bands\" for centres of " + std::to_string(model.centres.bands()) +
             " values");
    }
    if (json.contains("null_value") && !json["null_value"].is_null()) {
        if (!json["null_value"].is_number()) fail("\"null_value\" must be a number or null");
        model.null_value = json["null_value"].get<double>();
    }
    return model;
}

/// Reads a model from a file. @throws rios::io_error naming the file and what is wrong with it
[[nodiscard]] inline cluster_model load_cluster_model(std::string const& path)
{
    auto const json = nlohmann::json::parse(rios::read_text_file(path), nullptr, false);
    if (json.is_discarded()) throw rios::io_error(path, "not a cluster model: not valid JSON");
    try {
        return model_from_json(json);
    } catch (rios::options_error const& wrong) {
        throw rios::io_error(path, wrong.what());
    }
}

/// Writes a model to a file; an older file is replaced only when the new one is complete. @throws rios::io_error
inline void save_cluster_model(cluster_model const& model, std::string const& path)
{
    rios::write_text_file(path, to_json(model).dump(1) + '\n');
}

} // namespace shepseg
