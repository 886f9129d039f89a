// SPDX-License-Identifier: BSL-1.0
// `shepseg` and an example with their work done by jobs of a SLURM cluster, by its own commands and by those of PBS.
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "support/cluster.hpp"
#include "support/example_programs.hpp"
#include "support/raster_files.hpp"
#include "support/segment_tool.hpp"
#include "support/temporary_directory.hpp"

using test::contains;
using test::failed;
using test::make_raster;
using test::printed;
using test::read_file;
using test::strings;
using test::temporary_directory;
using test::with;
using test::write_file;

namespace {

void works_as_jobs(std::string const& kind)
{
    temporary_directory const folder;
    std::filesystem::current_path(folder.path());
    make_raster("in.tif", "GTiff", test::hills<std::uint16_t>(3, 120, 130));
    write_file("jobs.json",
               "{\"queue\": \"all\", \"min_workers\": 4, \"poll_interval\": 0.1, \"log_directory\": \"logs\", "
               "\"init_commands\": [\"echo this is $(hostname)\"], \"timeouts\": {\"joining\": 40}}");
    std::filesystem::create_directory("logs");
    strings const jobs{"--executor", kind, "--workers", "4", "--executor-config", "jobs.json"};
    auto const segment = [&](std::string const& name, strings const& how) {
        printed(with({"segment", "in.tif", name, "--tile-size", "32", "--clusters", "10", "--quiet"}, how));
        return test::read_pixels<std::uint32_t>(name);
    };
    auto const stats = [&](std::string const& name, strings const& how) {
        printed(with({"stats", "in.tif", "a.img", "--no-rat", "--window", "40", "--stats", "mean,median", "--table",
                      name, "--quiet"},
                     how));
        return read_file(name);
    };
    CHECK(segment("a.img", {}) == segment("b.img", jobs));
    CHECK(stats("a.csv", {}) == stats("b.csv", jobs));
    auto const example = [&](std::string const& name, strings const& how) {
        test::examples::printed(with({"ndvi", "in.tif", name, "--red", "1", "--nir", "2", "--window", "32"}, how));
        return test::read_pixels<float>(name);
    };
    CHECK(example("a.tif", {}) == example("b.tif", jobs));
    std::string logs;
    for (auto const& each : std::filesystem::directory_iterator("logs")) logs += read_file(each.path());
    CHECK(contains(logs, "this is n1\n"));
    CHECK(contains(logs, "this is n2\n"));
    std::filesystem::remove_all("logs");
    CHECK(test::no_job_is_left());
    for (auto const& name : folder.names()) CHECK(!contains(name, "rios"));
    std::filesystem::current_path("/");
}

} // namespace

TEST_CASE("segments, statistics and an example are the same from jobs of SLURM")
{
    if (test::done_in_cluster()) return;
    works_as_jobs("slurm");
}

TEST_CASE("segments, statistics and an example are the same from jobs of PBS")
{
    if (test::done_in_cluster()) return;
    works_as_jobs("pbs");
}

TEST_CASE("jobs of a cluster that cannot be are refused in a line, before any work")
{
    temporary_directory const folder;
    auto const in = folder / "in.tif";
    make_raster(in, "GTiff", test::hills<std::uint8_t>(3, 20, 20));
    auto const refused = [&](strings const& options, int status) {
        return failed(with({"segment", in, folder / "out.tif"}, options), status);
    };
    CHECK(contains(refused({"--executor", "slurm"}, 2), "--executor slurm needs --workers, the number of jobs"));
    write_file(folder / "c.json", R"({"queue": 3})");
    CHECK(contains(refused({"--executor", "pbs", "--workers", "2", "--executor-config", folder / "c.json"}, 1),
                   R"(c.json: the configuration of an executor: "queue": 3; allowed: a text)"));
    write_file(folder / "c.json", R"({"log_directory": "/proc/no"})");
    CHECK(contains(refused({"--executor", "slurm", "--workers", "2", "--executor-config", folder / "c.json"}, 1),
                   "/proc/no: no logs can be written there: No such file or directory"));
    CHECK(folder.names() == std::set<std::string>{"in.tif", "c.json"});
}
