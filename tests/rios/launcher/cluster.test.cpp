// SPDX-License-Identifier: BSL-1.0
// Workers on a real SLURM cluster, by its own commands and by those of PBS.
#include <rios/launcher/pbs.hpp>
#include <rios/launcher/slurm.hpp>

#include <atomic>
#include <chrono>
#include <concepts>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include <rios/apply.hpp>
#include <rios/cancellation.hpp>
#include <rios/error.hpp>
#include <rios/executor/inline.hpp>
#include <rios/executor/remote.hpp>
#include <rios/memory_reader.hpp>
#include <rios/memory_writer.hpp>

#include "support/cluster.hpp"
#include "support/cluster_jobs.hpp"
#include "support/environment.hpp"
#include "support/message_of.hpp"
#include "support/pipeline_doubles.hpp"
#include "support/process.hpp"
#include "support/remote_scene.hpp"
#include "support/squares_job.hpp"
#include "support/temporary_directory.hpp"
#include "support/test_program.hpp"

namespace {

using namespace std::chrono_literals;
using test::cluster_place;
using test::quick;
using test::said_by;
using test::squares_on_hosts;
namespace fs = std::filesystem;

/// A main process that waits to be told to end.
template <typename L>
int waiting_main()
{
    static std::atomic<bool> told = false;
    std::signal(SIGTERM, [](int) { told = true; });
    squares_on_hosts job{.does = {.milliseconds = 600000}};
    job.polled = [] {
        if (told) throw rios::cancelled();
    };
    try {
        rios::remote_executor executor(L(quick()), cluster_place::options(2));
        executor.run(job);
    } catch (rios::cancelled const&) {
        return 0;
    }
    return 1;
}

test::test_program const slurm_main("slurm", waiting_main<rios::slurm_launcher>);
test::test_program const pbs_main("pbs", waiting_main<rios::pbs_launcher>);

} // namespace

TEST_CASE_TEMPLATE("the nodes of a cluster do the work together, and leave nothing", launcher, rios::slurm_launcher,
                   rios::pbs_launcher)
{
    if (test::done_in_cluster()) return;
    cluster_place const here;
    auto options = cluster_place::options(4);
    options.min_workers = 4;
    SUBCASE("with the address in a file") {}
    SUBCASE("with the address in the environment")
    {
        options.address_in_environment = true;
    }
    squares_on_hosts job;
    {
        rios::remote_executor executor(launcher(quick()), options);
        executor.run(job);
    }
    CHECK(job.done());
    CHECK(job.hosts == std::set<std::string>{"n1", "n2"});
    CHECK(here.is_clean());
}

TEST_CASE_TEMPLATE("workers on a cluster read for themselves, or get what they need, or come one by one", launcher,
                   rios::slurm_launcher, rios::pbs_launcher)
{
    if (test::done_in_cluster()) return;
    cluster_place const here;
    auto options = cluster_place::options(2);
    auto const pixels = test::random_image<std::int16_t>(2, 60, 70, 1);
    auto const run = [&](auto&& executor) {
        rios::image<std::int32_t> out;
        rios::apply(rios::memory_reader(pixels), test::sum_around(), rios::memory_writer(out), executor,
                    {.window = 35, .overlap = 1});
        return test::first_band(out);
    };
    auto const expected = run(rios::inline_executor());
    options.readers = 2;
    CHECK(run(rios::remote_executor(launcher(quick()), options)) == expected);
    options.workers_read = false;
    CHECK(run(rios::remote_executor(launcher(quick()), options)) == expected);
    options.single_block_workers = true;
    CHECK(run(rios::remote_executor(launcher(quick()), options)) == expected);
    CHECK(here.is_clean());
}

TEST_CASE_TEMPLATE("a site's options, and what prepares for the worker, hold for each job", launcher,
                   rios::slurm_launcher, rios::pbs_launcher)
{
    if (test::done_in_cluster()) return;
    cluster_place const here;
    bool const slurm = std::same_as<launcher, rios::slurm_launcher>;
    test::temporary_directory const folder;
    test::environment_variable const site(slurm ? "RIOS_SLURMJOBMGR_SBATCHOPTIONS" : "RIOS_PBSJOBMGR_QSUBOPTIONS",
                                          slurm ? "--time=50" : "-l walltime=0:50:00");
    test::environment_variable const commands(slurm ? "RIOS_SLURMJOBMGR_INITCMDS" : "RIOS_PBSJOBMGR_INITCMDS",
                                              "echo site >>'" + folder / "said" + "'");
    auto batch = quick({slurm ? "--nodelist=n2" : "-l nodes=n2"});
    batch.init_commands = {"echo \"own in $PWD\" >>'" + folder / "said" + "'"};
    batch.command_prefix = "env PREFIX=1";
    batch.command_suffix = "2>&1";
    batch.log_directory = folder.path().string();
    squares_on_hosts job{.does = {.milliseconds = 100}};
    std::string limits;
    job.polled = [&] {
        if (!job.hosts.empty() && limits.empty()) limits = said_by("squeue --noheader --format='%l %j'");
    };
    {
        rios::remote_executor executor(launcher(batch), cluster_place::options(1));
        executor.run(job);
    }
    CHECK(job.done());
    CHECK(limits == "50:00 RIOS_rios_0\n");
    CHECK(job.hosts == std::set<std::string>{"n2"});
    std::ifstream file(folder / "said");
    std::string first;
    std::string second;
    std::getline(file, first);
    std::getline(file, second);
    CHECK(first == "site");
    CHECK(second == "own in " + fs::current_path().string());
    auto const names = folder.names();
    CHECK(names.size() == 2);
    CHECK(names.begin()->starts_with("RIOS_rios_0.")); // its output
    CHECK(here.is_clean());
}

TEST_CASE_TEMPLATE("the jobs of a main process that is killed, or told to end, end by themselves", launcher,
                   rios::slurm_launcher, rios::pbs_launcher)
{
    if (test::done_in_cluster()) return;
    cluster_place const here;
    for (int const signal : {SIGTERM, SIGKILL}) {
        CAPTURE(signal);
        auto const self = fs::read_symlink("/proc/self/exe").string();
        test::process main({self, "--test-program", std::same_as<launcher, rios::slurm_launcher> ? "slurm" : "pbs"});
        auto const running = [] { return said_by("squeue --noheader --states=running"); };
        CHECK(test::soon([&] { return running().find('\n') != std::string::npos; }, 20s));
        std::this_thread::sleep_for(500ms);
        main.send(signal);
        auto const result = main.wait();
        CAPTURE(result.text());
        if (signal == SIGTERM) CHECK(result.status == 0);
        CHECK(test::soon([&] {
            return said_by("squeue --noheader --states=all --format=%T | grep -v -e COMPLETED -e FAILED "
                           "-e CANCELLED")
                .empty();
        }));
        CHECK(test::soon([&] { return here.files().empty(); }));
        CHECK(here.is_clean());
    }
}

TEST_CASE("jobs that never got their turn hold up nothing, neither the end of a run nor a look")
{
    if (test::done_in_cluster()) return;
    cluster_place const here;
    squares_on_hosts job;
    auto const begun = std::chrono::steady_clock::now();
    {
        rios::remote_executor executor(rios::slurm_launcher(quick()), cluster_place::options(24)); // on 4 processors
        executor.run(job);
    }
    CHECK(job.done());
    CHECK(std::chrono::steady_clock::now() - begun < 12s); // of which the first job needs 3
    CHECK(here.is_clean());
}

TEST_CASE("what a user filters squeue by, and where temporary files would be, does not matter")
{
    if (test::done_in_cluster()) return;
    std::string const odd = "50%used 'here'";
    test::temporary_directory const parent;
    test::environment_variable const filter("SQUEUE_PARTITION", "short");
    test::environment_variable const folder("TMPDIR", "/no/such/folder");
    fs::create_directory(fs::path(parent.path()) / odd);
    auto const before = fs::current_path();
    fs::current_path(parent.path() / odd);
    squares_on_hosts job;
    auto options = cluster_place::options(2);
    options.directory = parent.path().string();
    {
        rios::remote_executor executor(rios::slurm_launcher(quick()), options);
        executor.run(job);
    }
    fs::current_path(before);
    CHECK(job.done());
    CHECK(said_by("squeue --noheader --partition=all --states=pending,running").empty());
    CHECK(parent.names() == std::set<std::string>{odd});
}
