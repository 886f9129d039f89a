// SPDX-License-Identifier: BSL-1.0
#include "info_command.hpp"

#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <rios/gdal/file_info.hpp>

#include "each_file.hpp"
#include "report.hpp"

namespace tools {

CLI::App* add_info_command(CLI::App& app, info_arguments& arguments)
{
    auto* const command = app.add_subcommand("info", "Tell what raster and vector files hold");
    command->add_option("FILE", arguments.files, "Rasters and vectors: any that GDAL reads")->required()->type_name("");
    command->add_flag("--json", arguments.json, "Print a JSON array with an object for each file");
    command->footer(help_footer_of_files(
        "Tells size, place, bands, overviews and stored statistics of rasters, and layers and attributes of vectors.\n"
        "No pixel is read, and nothing is written."));
    return command;
}

int run_info(CLI::App const& app, info_arguments const& arguments)
{
    auto all = nlohmann::ordered_json::array();
    bool first = true;
    auto const status = for_each_file(app, arguments.files, [&](std::string const& path) {
        auto const file = rios::file_info_of(path);
        if (arguments.json) {
            all.push_back(report_json(file));
        } else {
            fmt::print("{}{}", first ? "" : "\n", report_text(file));
            first = false;
        }
    });
    using nlohmann::ordered_json;
    // Names need not be UTF-8.
    if (arguments.json) fmt::print("{}\n", all.dump(2, ' ', false, ordered_json::error_handler_t::replace));
    return status;
}

} // namespace tools
