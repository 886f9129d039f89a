// SPDX-License-Identifier: BSL-1.0
// `shepseg` and an example with their work done on AWS. The control plane is a simulation (aws_world.py); the workers are the real
// programs, and connect to the main process as they would.
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <functional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "support/aws_world.hpp"
#include "support/environment.hpp"
#include "support/example_programs.hpp"
#include "support/raster_files.hpp"
#include "support/segment_tool.hpp"
#include "support/temporary_directory.hpp"

using nlohmann::json;
using test::aws_world;
using test::contains;
using test::failed;
using test::in_world;
using test::make_raster;
using test::printed;
using test::process;
using test::read_file;
using test::strings;
using test::temporary_directory;
using test::with;
using test::write_file;

namespace {

json tasks(aws_world const& world, std::string const& program)
{
    return {{"image", program},
            {"execution_role", world["role"]},
            {"subnets", {world["subnet"]}},
            {"security_groups", {world["security_group"]}},
            {"cpu", "2 vCPU"},
            {"memory", "4GB"},
            {"poll_interval", 0.2},
            {"lifetime", 120},
            {"timeouts", {{"joining", 40}}}};
}

json tasks_on_instances(aws_world const& world, std::string const& program)
{
    auto result = tasks(world, program);
    result["launch_type"] = "EC2";
    result["instances"] = {{"count", 2}, {"image", "ami-12c6146b"}, {"type", "c5.large"}, {"profile", "worker"}};
    return result;
}

json jobs(aws_world const& world, std::string const& program)
{
    json const size = {{{"type", "VCPU"}, {"value", "1"}}, {{"type", "MEMORY"}, {"value", "2048"}}};
    rios::aws::client(world.client())
        .batch("registerjobdefinition",
               {{"jobDefinitionName", "worker"},
                {"type", "container"},
                {"containerProperties", {{"image", program}, {"resourceRequirements", size}}}});
    return {{"queue", world["queue"]},
            {"job_definition", "worker"},
            {"poll_interval", 0.2},
            {"lifetime", 120},
            {"timeouts", {{"joining", 40}}}};
}

std::string const tool = RIOS_TOOL_DIR "/shepseg";

/// Segments, statistics and an example, here and there.
template <typename F>
void works_as(std::string const& kind, F config_of)
{
    aws_world const world;
    in_world const here(world);
    temporary_directory const folder;
    auto const in = folder / "in.tif";
    make_raster(in, "GTiff", test::hills<std::uint16_t>(3, 120, 130));
    write_file(folder / "aws.json", config_of(world, tool).dump());
    strings const there{"--executor", kind, "--workers", "2", "--executor-config", folder / "aws.json"};
    auto const segment = [&](std::string const& name, strings const& how) {
        printed(with({"segment", in, folder / name, "--tile-size", "32", "--clusters", "10", "--quiet"}, how));
        return test::read_pixels<std::uint32_t>(folder / name);
    };
    auto const stats = [&](std::string const& name, strings const& how) {
        printed(with({"stats", in, folder / "a.img", "--no-rat", "--window", "40", "--stats", "mean,median", "--table",
                      folder / name, "--quiet"},
                     how));
        return read_file(folder / name);
    };
    CHECK(segment("a.img", {}) == segment("b.img", there));
    CHECK(stats("a.csv", {}) == stats("b.csv", there));
    write_file(folder / "aws.json", config_of(world, RIOS_EXAMPLE_DIR "/ndvi").dump());
    auto const example = [&](std::string const& name, strings const& how) {
        test::examples::printed(with({"ndvi", in, folder / name, "--red", "1", "--nir", "2", "--window", "32"}, how));
        return test::read_pixels<float>(folder / name);
    };
    CHECK(example("a.tif", {}) == example("b.tif", there));
    CHECK(world.calls(kind == "ecs" ? "ecs RunTask" : "batch submitjob") == 6);
    CHECK(world.is_clean());
}

} // namespace

TEST_CASE("segments, statistics and an example are the same from tasks of Fargate")
{
    if (test::no_aws_world()) return;
    works_as("ecs", tasks);
}

TEST_CASE("segments, statistics and an example are the same from tasks on EC2")
{
    if (test::no_aws_world()) return;
    works_as("ecs", tasks_on_instances);
}

TEST_CASE("segments, statistics and an example are the same from jobs of AWS Batch")
{
    if (test::no_aws_world()) return;
    works_as("aws-batch", jobs);
}

TEST_CASE("nothing is left on AWS of a tool that is told to end, or killed")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    in_world const here(world);
    temporary_directory const folder;
    auto const in = folder / "in.tif";
    make_raster(in, "GTiff", test::hills<std::uint16_t>(3, 1500, 1500));
    std::vector<std::pair<std::string, json>> kinds{{"ecs", tasks_on_instances(world, tool)},
                                                    {"aws-batch", jobs(world, tool)}};
    kinds.front().second["secret"] = "ssm:/rios/";
    for (auto const& each : kinds) {
        for (int const signal : {SIGTERM, SIGKILL}) {
            CAPTURE(each.first);
            CAPTURE(signal);
            write_file(folder / "aws.json", each.second.dump());
            process main(
                test::shepseg_command({"segment", in, folder / "out.img", "--tile-size", "64", "--executor", each.first,
                                       "--workers", "2", "--executor-config", folder / "aws.json"}));
            CHECK(test::soon([&] { return world.state().at("containers") > 0; }, std::chrono::seconds(30)));
            main.send(signal);
            auto const result = main.wait();
            CAPTURE(result.text());
            CHECK((signal == SIGTERM ? result.status == 128 + SIGTERM : result.signal == SIGKILL));
            CHECK(world.is_clean());
        }
    }
    CHECK_FALSE(std::filesystem::exists(folder / "out.img"));
}

TEST_CASE("rasters in a bucket are read by workers and the main process, by one of them at a time if that is wanted")
{
    if (test::no_aws_world()) return;
    aws_world const world;
    in_world const here(world);
    temporary_directory const folder;
    auto const in = folder / "in.tif";
    make_raster(in, "GTiff", test::hills<std::uint16_t>(3, 120, 130));
    auto const endpoint = world["endpoint"];
    std::vector<std::pair<std::string, std::string>> const settings{
        {"AWS_S3_ENDPOINT", endpoint.substr(endpoint.rfind('/') + 1)},
        {"AWS_HTTPS", "NO"},
        {"AWS_VIRTUAL_HOSTING", "FALSE"},
        {"GDAL_HTTP_MULTIRANGE", "SERIAL"}, // otherwise one read makes several requests at once
        {"GDAL_DISABLE_READDIR_ON_OPEN", "EMPTY_DIR"}};
    json environment{{"AWS_ACCESS_KEY_ID", "test"}, {"AWS_SECRET_ACCESS_KEY", "test"}, {"AWS_REGION", "eu-central-1"}};
    std::deque<test::environment_variable> kept;
    for (auto const& [name, value] : settings) {
        environment[name] = value;
        kept.emplace_back(name.c_str(), value.c_str());
    }
    auto const segment = [&](std::string const& from, std::string const& name, strings const& how) {
        printed(with({"segment", from, folder / name, "--tile-size", "32", "--clusters", "10", "--quiet"}, how));
        return test::read_pixels<std::uint32_t>(folder / name);
    };
    auto const stats = [&](std::string const& from, std::string const& segments, std::string const& name,
                           strings const& how) {
        printed(with({"stats", from, segments, "--no-rat", "--window", "40", "--stats", "mean,median", "--table",
                      folder / name, "--overwrite", "--quiet"},
                     how));
        return read_file(folder / name);
    };
    auto const example = [&](std::string const& from, std::string const& name, strings const& how) {
        test::examples::printed(with({"ndvi", from, folder / name, "--red", "1", "--nir", "2", "--window", "32"}, how));
        return test::read_pixels<float>(folder / name);
    };
    auto const segments = segment(in, "a.tif", {});
    auto const table = stats(in, folder / "a.tif", "a.csv", {});
    auto const index = example(in, "index.tif", {});
    std::string const upload = "import boto3, sys\n"
                               "s3 = boto3.client('s3', endpoint_url=sys.argv[1])\n"
                               "s3.create_bucket(Bucket='rasters',"
                               " CreateBucketConfiguration={'LocationConstraint': 'eu-central-1'})\n"
                               "for path in sys.argv[2:]: s3.upload_file(path, 'rasters', path.split('/')[-1])\n";
    auto const uploaded = test::run({"/usr/bin/env", "python3", "-c", upload, endpoint, in, folder / "a.tif"});
    CAPTURE(uploaded.text());
    REQUIRE(uploaded.status == 0);
    CHECK(segment("/vsis3/rasters/in.tif", "b.tif", {}) == segments);
    auto const reads = [&](int at_once) { return world.calls("s3 at once " + std::to_string(at_once)); };

    std::vector<std::pair<std::string, std::function<json(aws_world const&, std::string const&)>>> const kinds{
        {"ecs", tasks}, {"ecs", tasks_on_instances}, {"aws-batch", jobs}};
    auto const work_with = [&](json const& limits) {
        for (auto const& each : kinds) {
            CAPTURE(each.first);
            auto const configure = [&](std::string const& program) {
                auto content = each.second(world, program);
                content["environment"] = environment;
                content.update(limits);
                write_file(folder / "aws.json", content.dump());
            };
            strings const there{"--executor", each.first, "--workers", "3", "--executor-config", folder / "aws.json"};
            configure(tool);
            CHECK(segment("/vsis3/rasters/in.tif", "c.tif", there) == segments);
            CHECK(stats("/vsis3/rasters/in.tif", "/vsis3/rasters/a.tif", "c.csv", there) == table);
            configure(RIOS_EXAMPLE_DIR "/ndvi");
            CHECK(example("/vsis3/rasters/in.tif", "c_index.tif", there) == index);
        }
    };
    auto const before = reads(2);
    auto const alone = reads(1);
    work_with({{"max_concurrent_reads", 1}});
    CHECK(reads(1) > alone + 50);
    CHECK(reads(2) == before);
    write_file(folder / "aws.json", [&] {
        auto content = tasks(world, tool);
        content["environment"] = environment;
        return content.dump();
    }());
    strings const there{"--executor", "ecs", "--workers", "3", "--executor-config", folder / "aws.json"};
    CHECK(segment("/vsis3/rasters/in.tif", "d.tif", with(there, {"--max-concurrent-reads", "1"})) == segments);
    CHECK(reads(2) == before);
    CHECK(segment("/vsis3/rasters/in.tif", "e.tif", there) == segments);
    CHECK(reads(2) > before);
    CHECK(world.is_clean());
}

TEST_CASE("workers on AWS that cannot be are refused in a line, before any work")
{
    temporary_directory const folder;
    auto const in = folder / "in.tif";
    make_raster(in, "GTiff", test::hills<std::uint8_t>(3, 20, 20));
    auto const refused = [&](strings const& options, int status) {
        return failed(with({"segment", in, folder / "out.tif"}, options), status);
    };
    CHECK(contains(refused({"--executor", "ecs"}, 2), "--executor ecs needs --workers, the number of tasks"));
    CHECK(
        contains(refused({"--executor", "aws-batch"}, 2), "--executor aws-batch needs --workers, the number of jobs"));
    CHECK(contains(refused({"--executor", "ecs", "--workers", "2"}, 2), "image: none is given, and a task needs it"));
    CHECK(contains(refused({"--executor", "aws-batch", "--workers", "2"}, 2), "a stack (RIOS_AWSBATCH_STACK)"));
    auto const config = folder / "c.json";
    write_file(config, R"({"image": "i", "execution_role": "r", "subnets": ["s"], "cpu": "4 vCPU", "memory": "4GB"})");
    CHECK(contains(refused({"--executor", "ecs", "--workers", "2", "--executor-config", config}, 1),
                   "c.json: memory 4096 with cpu 4096: allowed on Fargate are 8192 to 30720 in steps of 1024 MiB"));
    CHECK_FALSE(std::filesystem::exists(folder / "out.tif"));
}

TEST_CASE("the image of the workers has the packages of all libraries that the programs in it need")
{
    auto const docker = read_file(std::filesystem::path(__FILE__).parent_path() / "../../docker/worker.Dockerfile");
    auto const release = test::run({"/bin/sh", "-c", ". /etc/os-release && echo \"$ID $VERSION_ID\""}).out;
    if (release != "debian 12\n") {
        std::printf("SKIPPED: this is not the system that docker/worker.Dockerfile builds on\n");
        return;
    }
    for (auto const& program :
         {tool, std::string(RIOS_EXAMPLE_DIR "/ndvi"), std::string(RIOS_EXAMPLE_DIR "/stack_median")}) {
        auto const needed =
            test::run({"/bin/sh", "-c",
                       "ldd \"$1\" | while read -r name arrow path rest; do "
                       "objdump -p \"$1\" | grep -q \" NEEDED *$name\\$\" || continue; "
                       "folder=${path%/*}; dpkg -S \"*/${folder##*/}/$name\" | head -n 1 | cut -d: -f1; "
                       "done",
                       "sh", program});
        CHECK(needed.status == 0);
        std::istringstream packages(needed.out);
        bool has_gdal = false;
        for (std::string package; packages >> package;) {
            CAPTURE(package);
            has_gdal = has_gdal || package == "libgdal32";
            bool const is_always_there = package == "libc6" || package == "libstdc++6" || package == "libgcc-s1";
            CHECK((is_always_there || contains(docker, ' ' + package)));
        }
        CHECK(has_gdal);
    }
}
