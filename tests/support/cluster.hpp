// SPDX-License-Identifier: BSL-1.0
// Test cases that need a batch system run beside one of their own, in a process of their own (slurm_cluster.sh).
#pragma once

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "process.hpp"
#include "squares_job.hpp"

namespace test {

/// Is the test case done? Outside a cluster it is run inside one: by itself, as a process, whose result is checked here. Where
/// there can be no cluster it is skipped with the reason; with CI=true it fails then.
///
///     TEST_CASE("...") { if (test::done_in_cluster()) return; ... }
[[nodiscard]] inline bool done_in_cluster()
{
    if (std::getenv("SLURM_CONF") != nullptr && std::getenv("RIOS_TEST_HOSTS") != nullptr) return false;
    namespace fs = std::filesystem;
    std::string name = doctest::getContextOptions()->currentTest->m_name;
    for (std::size_t at = 0; (at = name.find(',', at)) != std::string::npos; at += 2) name.insert(at, "\\");
    auto const script = fs::absolute(fs::path(__FILE__)).parent_path() / "slurm_cluster.sh";
    auto const result = run({script.string(), fs::read_symlink("/proc/self/exe").string(), "--test-case=" + name},
                            {.timeout = std::chrono::seconds(180)});
    auto const* const ci = std::getenv("CI");
    if (result.status == 77 && !(ci != nullptr && std::string(ci) == "true")) {
        std::printf("SKIPPED: %s", result.out.c_str());
        return true;
    }
    CAPTURE(result.text());
    CHECK(result.status == 0);
    CHECK(result.out.find(" 1 passed | 0 failed") != std::string::npos);
    return true;
}

/// What a command of the shell writes.
[[nodiscard]] inline std::string said_by(std::string const& command)
{
    auto const result = run({"/bin/sh", "-c", command});
    return result.out + result.err;
}

/// Whether no job waits or runs. Those that end may take a moment: the cluster has to see that their processes are gone.
[[nodiscard]] inline bool no_job_is_left()
{
    auto const jobs = said_by("squeue --noheader --states=pending,running,suspended");
    CAPTURE(jobs);
    CHECK(jobs.empty());
    auto const ending = [] { return said_by("squeue --noheader --states=completing"); };
    return jobs.empty() && soon([&] { return ending().empty(); }, std::chrono::seconds(10));
}

} // namespace test
