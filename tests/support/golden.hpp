// SPDX-License-Identifier: BSL-1.0
//
// The reference segmentations that lie outside the repository: two real images, five segmentations of them.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace golden {

inline std::filesystem::path folder()
{
    return SHEPSEG_SHARED_DATA;
}

/// The list of cases. Where they are not to be had it is empty, and the test says that it is skipped; in CI it fails.
inline std::vector<nlohmann::json> cases()
{
    auto const list = folder() / "golden" / "cases.json";
    if (!std::filesystem::exists(list)) {
        auto const* const ci = std::getenv("CI");
        if (ci != nullptr && std::string_view(ci) == "true") FAIL("no reference data in CI: ", list.string());
        else std::cout << "SKIPPED: no reference data at " << list << std::endl;
        return {};
    }
    std::ifstream file(list);
    return nlohmann::json::parse(file).get<std::vector<nlohmann::json>>();
}

inline std::string image_of(nlohmann::json const& one)
{
    return folder() / one["image"].get<std::string>();
}

inline std::string model_of(nlohmann::json const& one)
{
    return folder() / "golden" / (one["name"].get<std::string>() + ".model.json");
}

inline std::string labels_of(nlohmann::json const& one)
{
    return folder() / "golden" / (one["name"].get<std::string>() + ".labels.tif");
}

} // namespace golden
