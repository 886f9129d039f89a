// SPDX-License-Identifier: BSL-1.0
// What SLURM says, and how often it is asked: played by scripts. cluster.test.cpp has the real one.
#include <rios/launcher/slurm.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/launcher/launcher.hpp>

#include "support/files.hpp"
#include "support/message_of.hpp"
#include "support/scripted_commands.hpp"

namespace {

using rios::job_state;
using test::message_of;

rios::batch_options in_tmp()
{
    return {.log_directory = "/tmp"};
}

} // namespace

TEST_CASE("all jobs are looked at by one command, and only those that failed are asked about once more")
{
    test::scripted_commands const slurm;
    slurm.does("squeue", "echo \"$*\" >>'" + slurm.path("asked") + R"('
cat <<'END'
1|PENDING|Priority
2|RUNNING|None
3|COMPLETED|None
4|FAILED|NonZeroExitCode
5|SUSPENDED|None
6|CONFIGURING|None
END)");
    slurm.does("scontrol", "echo \"$*\" >>'" + slurm.path("shown") + R"('
echo 'JobId=4 JobName=a JobState=FAILED Reason=NonZeroExitCode ExitCode=7:0 WorkDir=/')");
    rios::slurm_launcher launcher(in_tmp());
    std::vector<rios::job_id> const jobs{"1", "2", "3", "4", "5", "6"};
    auto const found = launcher.status(jobs);
    CHECK(found[0].state == job_state::waiting);
    CHECK(found[0].reason == "Priority");
    CHECK(found[1].state == job_state::running);
    CHECK(found[1].reason.empty());
    CHECK(found[2].state == job_state::ended);
    CHECK(found[2].exit_status == 0);
    CHECK(found[3].state == job_state::ended);
    CHECK(found[3].exit_status == 7);
    CHECK(found[3].reason == "FAILED, exited with status 7");
    CHECK(found[4].state == job_state::running);
    CHECK(found[5].state == job_state::waiting);
    std::string const asked = "--noheader --states=all --format=%i|%T|%r --jobs=";
    CHECK(test::read_file(slurm.path("asked")) == asked + "1,2,3,4,5,6\n");
    CHECK(test::read_file(slurm.path("shown")) == "--oneliner show job 4\n");
    // What has ended is not asked about again.
    CHECK(launcher.status(jobs)[3].exit_status == 7);
    CHECK(test::read_file(slurm.path("asked")) == asked + "1,2,3,4,5,6\n" + asked + "1,2,5,6\n");
}

TEST_CASE("a job that is missing from the list has ended only if SLURM says so, or does not know it")
{
    test::scripted_commands const slurm;
    slurm.does("squeue", "exit 0");
    slurm.does("scontrol", "echo 'JobId=9 JobState=PENDING Reason=Priority ExitCode=0:0 X=1'");
    rios::slurm_launcher launcher(in_tmp());
    std::vector<rios::job_id> const job{"9"};
    CHECK(launcher.status(job)[0].state == job_state::waiting);
    slurm.does("squeue", "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1");
    slurm.does("scontrol", "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1");
    auto const gone = launcher.status(job)[0];
    CHECK(gone.state == job_state::ended);
    CHECK(gone.reason == "is not known to SLURM any more");
    CHECK_FALSE(gone.exit_status);
}

TEST_CASE("a job that can never start is cancelled until that works")
{
    test::scripted_commands const slurm;
    slurm.does("squeue", "echo '1|PENDING|QOSNotAllowed'");
    slurm.does("scancel", "echo 'scancel: error: busy' >&2; exit 1");
    rios::slurm_launcher launcher(in_tmp());
    std::vector<rios::job_id> const job{"1"};
    CHECK(message_of<rios::remote_error>([&] { static_cast<void>(launcher.status(job)); }) ==
          "SLURM does not cancel jobs: scancel: error: busy");
    slurm.does("scancel", "echo \"$@\" >'" + slurm.path("cancelled") + "'");
    CHECK(launcher.status(job)[0].state == job_state::waiting);
    CHECK(test::read_file(slurm.path("cancelled")) == "1\n");
    slurm.does("squeue", "echo '1|CANCELLED|None'");
    slurm.does("scontrol", "echo 'JobId=1 JobState=CANCELLED Reason=None ExitCode=0:0 X=1'");
    auto const found = launcher.status(job)[0];
    CHECK(found.state == job_state::ended);
    CHECK(found.reason == "can never start (QOSNotAllowed), and was cancelled");
}

TEST_CASE("a job of another cluster, or one that was ended by a signal, is known for what it is")
{
    test::scripted_commands const slurm;
    slurm.does("sbatch", "cat >'" + slurm.path("script") + "'; echo \"$*\" >'" + slurm.path("asked") +
                             "'; echo \"$SECRET\" >'" + slurm.path("secret") + "'; echo '17;north'");
    slurm.does("squeue", "echo '17|NODE_FAIL|None'");
    slurm.does("scontrol", "echo 'JobId=17 JobState=NODE_FAIL Reason=NodeDown ExitCode=0:9 X=1'");
    rios::slurm_launcher launcher(
        {.queue = "long", .options = {"--mem=1G"}, .init_commands = {"module load gdal"}, .log_directory = "/tmp"});
    auto const id = launcher.submit(
        {.number = 3, .name = "RIOS_a_3", .words = {"/bin/worker", "it's"}, .environment = {{"SECRET", "s"}}});
    CHECK(id == "17");
    CHECK(test::read_file(slurm.path("asked")) ==
          "--parsable --job-name=RIOS_a_3 --output=/tmp/RIOS_a_3.%j.log --error=/tmp/RIOS_a_3.%j.log "
          "--open-mode=append --no-requeue --partition=long --export=ALL,SECRET\n");
    CHECK(test::read_file(slurm.path("secret")) == "s\n");
    auto const script = test::read_file(slurm.path("script"));
    CHECK(script.starts_with("#!/bin/bash\n#SBATCH --mem=1G\ncd '"));
    CHECK(script.ends_with("'\nmodule load gdal\nexec '/bin/worker' 'it'\\''s'\n"));
    auto const found = launcher.status(std::vector<rios::job_id>{id})[0];
    CHECK(found.exit_status == 137);
    CHECK(found.reason == "NODE_FAIL (NodeDown), was ended by signal 9");
}

TEST_CASE("an option that chooses another cluster is refused, as other commands would not follow it")
{
    test::scripted_commands const slurm;
    slurm.does("sbatch", "echo 17");
    for (std::string const option : {"--clusters=north", "--clusters north", "--time=1 -M north"}) {
        rios::slurm_launcher launcher({.options = {"--mem=1G", option}, .log_directory = "/tmp"});
        CHECK(message_of<rios::options_error>([&] {
                  static_cast<void>(launcher.submit({.name = "RIOS_a_0", .words = {"/bin/worker"}}));
              }) == "option '" + option + "' of SLURM: another cluster is chosen by the variable SLURM_CLUSTERS");
    }
}
