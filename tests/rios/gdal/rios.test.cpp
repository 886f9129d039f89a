// SPDX-License-Identifier: BSL-1.0
#include <rios/rios.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

namespace fs = std::filesystem;

static_assert(rios::Reader<rios::gdal_reader<float>>);
static_assert(rios::Writer<rios::gdal_writer<float>, rios::image<float>>);

TEST_CASE("rios.hpp includes every public header of rios but those of rios::remote")
{
    auto const root = fs::path(__FILE__).parent_path() / "../../../include/rios";
    if (!fs::exists(root)) {
        std::cout << "SKIPPED: the sources are not where they were compiled\n";
        return;
    }
    std::ifstream file(root / "rios.hpp");
    std::string const umbrella(std::istreambuf_iterator<char>(file), {});
    for (auto const& entry : fs::recursive_directory_iterator(root)) {
        auto const name = entry.path().lexically_relative(root).string();
        if (entry.path().extension() != ".hpp" || name == "rios.hpp" || name.starts_with("detail/")) continue;
        // They need OpenSSL and are slow to compile.
        auto const is_remote = [&](std::string const& begin) { return name.starts_with(begin); };
        if (std::ranges::any_of(std::array<std::string, 8>{"aws/", "net/", "remote/", "launcher/", "json/",
                                                           "executor/remote.hpp", "executor/chosen.hpp",
                                                           "serve_if_worker.hpp"},
                                is_remote)) {
            continue;
        }
        CAPTURE(name);
        CHECK(umbrella.find("#include \"" + name + "\"\n") != std::string::npos);
    }
}
