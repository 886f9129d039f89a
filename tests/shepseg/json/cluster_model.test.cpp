// SPDX-License-Identifier: BSL-1.0
#include <fstream>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include <shepseg/json/cluster_model.hpp>

#include "support/message_of.hpp"
#include "support/temporary_directory.hpp"

namespace {

std::string complaint(std::string const& json)
{
    return test::message_of<rios::options_error>(
        [&] { static_cast<void>(shepseg::model_from_json(nlohmann::json::parse(json))); });
}

} // namespace

TEST_CASE("a cluster model comes back from its file bit for bit")
{
    test::temporary_directory const folder;
    auto const path = folder / "model.json";
    shepseg::cluster_model model{.bands = {3, 4}, .null_value = {}, .centres = shepseg::cluster_centres(2, 2)};
    model.centres[0][0] = 1.0 / 3.0;
    model.centres[0][1] = std::numeric_limits<double>::denorm_min();
    model.centres[1][0] = -1e300;
    model.centres[1][1] = 52.5;
    for (auto const null_value :
         {std::optional<double>{}, std::optional(-9999.0), std::optional(-3.4028234663852886e38)}) {
        model.null_value = null_value;
        shepseg::save_cluster_model(model, path);
        CHECK(shepseg::load_cluster_model(path) == model);
    }
}

TEST_CASE("a null value that is NaN is written as null, as pixels that are NaN are null anyway")
{
    shepseg::cluster_model const model{.bands = {1},
                                       .null_value = std::numeric_limits<double>::quiet_NaN(),
                                       .centres = shepseg::cluster_centres(std::vector<std::vector<double>>{{1}})};
    CHECK(shepseg::to_json(model)["null_value"].is_null());
}

TEST_CASE("a model is read whatever the order of its members and with null_value left out")
{
    auto const model = shepseg::model_from_json(
        nlohmann::json::parse(R"({"centres": [[1, 2.5], [3, 4]], "bands": [2, 1], "note": "x"})"));
    CHECK(model.bands == std::vector{2, 1});
    CHECK_FALSE(model.null_value);
    CHECK(model.centres == shepseg::cluster_centres({{1, 2.5}, {3, 4}}));
}

TEST_CASE("what is not a cluster model is refused in words")
{
    CHECK(complaint("[]") == "not a cluster model: the JSON value must be an object");
    CHECK(complaint("{}") == "not a cluster model: \"centres\" must be a list of at least one centre");
    CHECK(complaint(R"({"centres": [[1], ["a"]], "bands": [1]})") ==
          "not a cluster model: each of \"centres\" must be a list of finite numbers");
    CHECK(complaint(R"({"centres": [[1], [1, 2]], "bands": [1]})") ==
          "cluster centre 2 has 2 bands, the first has 1; all must have the same number, at least 1");
    CHECK(complaint(R"({"centres": [[1, 2]], "bands": [1]})") ==
          "not a cluster model: 1 \"bands\" for centres of 2 values");
    CHECK(complaint(R"({"centres": [[1]]})") == "not a cluster model: \"bands\" must be a list of band numbers");
    CHECK(complaint(R"({"centres": [[1]], "bands": [0]})") ==
          "not a cluster model: each of \"bands\" must be a whole number from 1 up");
    CHECK(complaint(R"({"centres": [[1]], "bands": [1], "null_value": "0"})") ==
          "not a cluster model: \"null_value\" must be a number or null");
}

TEST_CASE("errors of model files name the file")
{
    test::temporary_directory const folder;
    auto const path = folder / "model.json";
    auto const load = [&] { static_cast<void>(shepseg::load_cluster_model(path)); };
    CHECK(test::message_of<rios::io_error>(load) == path + ": cannot read: No such file or directory");
    std::ofstream(path) << "{";
    CHECK(test::message_of<rios::io_error>(load) == path + ": not a cluster model: not valid JSON");
    std::ofstream(path) << R"({"bands": [1]})";
    CHECK(test::message_of<rios::io_error>(load) ==
          path + ": not a cluster model: \"centres\" must be a list of at least one centre");
}
