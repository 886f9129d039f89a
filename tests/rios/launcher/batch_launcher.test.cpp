// SPDX-License-Identifier: BSL-1.0
// Batch systems that are not there, or fail.
#include <rios/launcher/batch_launcher.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/executor/remote.hpp>
#include <rios/launcher/pbs.hpp>
#include <rios/launcher/slurm.hpp>

#include "support/cluster_jobs.hpp"
#include "support/environment.hpp"
#include "support/message_of.hpp"
#include "support/temporary_directory.hpp"

namespace {

using namespace std::chrono_literals;
using test::cluster_place;
using test::message_of;
namespace fs = std::filesystem;

} // namespace

TEST_CASE("a folder in which no output can be written ends the run before anything is submitted")
{
    auto const run = [](auto launcher) {
        return message_of<rios::io_error>(
            [&] { static_cast<void>(launcher.submit({.name = "a", .words = {"/bin/true"}})); });
    };
    CHECK(run(rios::slurm_launcher({.log_directory = "/proc/no"})) ==
          "/proc/no: no logs can be written there: No such file or directory");
    CHECK(run(rios::pbs_launcher({.log_directory = "/proc"})) ==
          "/proc: no logs can be written there: No such file or directory");
}

TEST_CASE("a cluster whose commands are missing, fail or hang is named with them")
{
    test::temporary_directory const folder;
    fs::create_directory(folder / "bin");
    test::environment_variable const path("PATH", folder / "bin");
    cluster_place const here;
    auto const refused = [](auto launcher) {
        return message_of<rios::remote_error>(
            [&] { static_cast<void>(launcher.submit({.name = "a", .words = {"/bin/true"}})); });
    };
    auto const unknown = [](auto launcher) {
        std::vector<rios::job_id> const jobs{"1"};
        return message_of<rios::remote_error>([&] { static_cast<void>(launcher.status(jobs)); });
    };
    CHECK(refused(rios::slurm_launcher()) == "there is no command 'sbatch' on the PATH");
    CHECK(refused(rios::pbs_launcher()) == "there is no command 'qsub' on the PATH");
    CHECK(unknown(rios::slurm_launcher()) == "there is no command 'squeue' on the PATH");
    CHECK(unknown(rios::pbs_launcher()) == "there is no command 'qstat' on the PATH");
    auto const make = [&](std::string const& name, std::string const& does) {
        std::ofstream(fs::path(folder / "bin") / name) << "#!/bin/sh\n" << does << "\n";
        fs::permissions(fs::path(folder / "bin") / name, fs::perms::owner_all);
    };
    for (auto const* const name : {"sbatch", "squeue", "qsub", "qstat"}) make(name, "echo 'no\nserver' >&2; exit 3");
    CHECK(refused(rios::slurm_launcher()) == "SLURM refuses job a: no server");
    CHECK(refused(rios::pbs_launcher()) == "PBS refuses job a: no server");
    CHECK(unknown(rios::slurm_launcher()) == "SLURM does not answer: no server");
    CHECK(unknown(rios::pbs_launcher()) == "PBS does not answer: no server");
    for (auto const* const name : {"sbatch", "qsub"}) make(name, "exit 3");
    CHECK(refused(rios::slurm_launcher()) == "SLURM refuses job a: it says nothing, and exits with status 3");
    for (auto const* const name : {"sbatch", "qsub"}) make(name, "echo what");
    CHECK(refused(rios::slurm_launcher()) == "SLURM refuses job a: what");
    CHECK(refused(rios::pbs_launcher()) == "PBS refuses job a: what");
    make("sbatch", "exec /bin/sleep 60");
    CHECK(refused(rios::slurm_launcher({.patience = 0.1s})) == "command 'sbatch' has not ended within 0.1 seconds");
}

TEST_CASE("options of jobs that cannot be are refused")
{
    auto const refusal = [](rios::batch_options const& options) {
        return message_of<rios::options_error>([&] { rios::slurm_launcher const launcher(options); });
    };
    CHECK(refusal({.poll_interval = 0ms}) == "poll_interval 0: allowed are 0.1 to 86400 seconds");
    CHECK(refusal({.patience = 1e9s}) == "patience 1e+09: allowed are 0.01 to 86400 seconds");
}
