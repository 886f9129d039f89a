// SPDX-License-Identifier: BSL-1.0
// Jobs on a real SLURM cluster that never start, end, or are ended.
#include <rios/launcher/pbs.hpp>
#include <rios/launcher/slurm.hpp>

#include <chrono>
#include <concepts>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include <rios/cancellation.hpp>
#include <rios/error.hpp>
#include <rios/executor/remote.hpp>

#include "support/cluster.hpp"
#include "support/cluster_jobs.hpp"
#include "support/message_of.hpp"
#include "support/squares_job.hpp"
#include "support/temporary_directory.hpp"

namespace {

using namespace std::chrono_literals;
using test::cluster_place;
using test::error_of;
using test::message_of;
using test::quick;
using test::said_by;
using test::squares_on_hosts;
namespace fs = std::filesystem;

} // namespace

TEST_CASE("a job that can never start ends the run at once, with the reason of SLURM")
{
    if (test::done_in_cluster()) return;
    cluster_place const here;
    auto const begun = std::chrono::steady_clock::now();
    auto const error =
        error_of(rios::slurm_launcher(quick({"--partition=short --time=10:00"})), cluster_place::options(2));
    CAPTURE(error);
    CHECK(error.find("no worker is left to go on:\nworker 0, job ") == 0);
    CHECK(error.find(", never joined: can never start (PartitionConfig), and was cancelled\nworker 1, job ") !=
          std::string::npos);
    CHECK(std::chrono::steady_clock::now() - begun < 10s);
    CHECK(here.is_clean());
}

TEST_CASE("jobs that wait for longer than they may end the run, with what they wait for")
{
    if (test::done_in_cluster()) return;
    cluster_place const here;
    auto const other = said_by("sbatch --parsable --nodes=2 --exclusive --output=/dev/null --wrap='sleep 60'");
    auto options = cluster_place::options(2);
    options.timeouts.joining = 4s;
    auto const error = error_of(rios::slurm_launcher(quick()), options);
    CAPTURE(error);
    CHECK(error.find(
              "0 of the 1 workers that are needed to begin have joined within 4 seconds (timeouts.joining; 0 switches "
              "it off)\nworker 0, job 2, waits to be started: ") == 0);
    CHECK((error.find("Resources") != std::string::npos || error.find("Priority") != std::string::npos));
    static_cast<void>(said_by("scancel " + other));
    CHECK(test::soon([] { return said_by("squeue --noheader --states=pending,running,completing").empty(); }, 10s));
    CHECK(here.is_clean());
}

TEST_CASE_TEMPLATE("a job that is refused ends the run at once, with the reason", launcher, rios::slurm_launcher,
                   rios::pbs_launcher)
{
    if (test::done_in_cluster()) return;
    cluster_place const here;
    bool const slurm = std::same_as<launcher, rios::slurm_launcher>;
    auto const error =
        error_of(launcher(quick({slurm ? "--partition=nowhere" : "-q nowhere"})), cluster_place::options(2));
    CAPTURE(error);
    CHECK(error.find(slurm ? "SLURM refuses job RIOS_rios_0: " : "PBS refuses job RIOS_rios_0: ") == 0);
    CHECK(error.find("nvalid partition") != std::string::npos);
    CHECK(error.find('\n') == std::string::npos);
    CHECK(here.is_clean());
}

TEST_CASE_TEMPLATE("a worker that ends or is killed on a node costs nothing but time, unless it does so always",
                   launcher, rios::slurm_launcher, rios::pbs_launcher)
{
    if (test::done_in_cluster()) return;
    cluster_place const here;
    test::temporary_directory const marks;
    for (std::uint64_t const how : {7U, 128U + SIGKILL}) {
        CAPTURE(how);
        squares_on_hosts job{.does = {.ends_at = 5, .how = how, .mark = marks / std::to_string(how)}};
        {
            rios::remote_executor executor(launcher(quick()), cluster_place::options(2));
            executor.run(job);
        }
        CHECK(job.done());
        CHECK(fs::exists(job.does.mark));
        auto options = cluster_place::options(1);
        options.attempts = 1;
        auto const error = error_of(launcher(quick()), options, {.ends_at = 5, .how = how});
        CAPTURE(error);
        CHECK(error.find(": has been begun 1 times, and its worker was lost each time; the last was worker 0, job ") !=
              std::string::npos);
        CHECK(error.find("its output ends:\nthis was it") != std::string::npos);
        if (!std::same_as<launcher, rios::slurm_launcher>) continue; // the wrappers do not know how a job ended
        CHECK(error.find(": FAILED") != std::string::npos);
        CHECK(error.find(how == 7 ? ", exited with status 7" : ", was ended by signal 9") != std::string::npos);
    }
    CHECK(here.is_clean());
}

TEST_CASE_TEMPLATE("jobs that are cancelled by somebody else are done by others, and end the run if there are none",
                   launcher, rios::slurm_launcher, rios::pbs_launcher)
{
    if (test::done_in_cluster()) return;
    cluster_place const here;
    squares_on_hosts job{.does = {.milliseconds = 100}};
    bool cancelled = false;
    job.polled = [&] {
        if (cancelled || job.hosts.empty()) return;
        static_cast<void>(said_by("scancel $(squeue --noheader --states=running --format=%i | head -n 1)"));
        cancelled = true;
    };
    {
        rios::remote_executor executor(launcher(quick()), cluster_place::options(2));
        executor.run(job);
    }
    CHECK(job.done());
    CHECK(cancelled);
    job = squares_on_hosts{.does = {.milliseconds = 100}};
    job.polled = [&] { // again and again: the second may begin later than the first
        if (!job.hosts.empty()) static_cast<void>(said_by("scancel $(squeue --noheader --format=%i)"));
    };
    auto const error = message_of<rios::remote_error>([&] {
        rios::remote_executor executor(launcher(quick()), cluster_place::options(2));
        executor.run(job);
    });
    CAPTURE(error);
    CHECK(error.find("no worker is left to go on:\nworker 0, job ") == 0);
    if (std::same_as<launcher, rios::slurm_launcher>) CHECK(error.find(": CANCELLED") != std::string::npos);
    CHECK(here.is_clean());
}

TEST_CASE("a folder for logs that the nodes cannot write to is told of with the reason of SLURM")
{
    if (test::done_in_cluster()) return;
    cluster_place const here;
    auto batch = quick();
    batch.log_directory = std::getenv("RIOS_TEST_UNWRITABLE");
    auto const error = error_of(rios::slurm_launcher(batch), cluster_place::options(1));
    CAPTURE(error);
    CHECK(error.find("no worker is left to go on:\nworker 0, job 1, never joined: FAILED (JobLaunchFailure)") == 0);
    CHECK(here.is_clean());
}

TEST_CASE("an error does not tell the key of the run")
{
    if (test::done_in_cluster()) return;
    cluster_place const here;
    auto options = cluster_place::options(1);
    options.address_in_environment = true;
    auto const error = error_of(rios::pbs_launcher(quick({"-q nowhere"})), options);
    CAPTURE(error);
    CHECK(error.find("RIOS_WORKER_CHANNEL=...") != std::string::npos);
    CHECK(error.find("rios-channel") == std::string::npos);
}
