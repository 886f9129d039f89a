// SPDX-License-Identifier: BSL-1.0
// What OpenPBS and Torque say, which cannot be had here: played by scripts.
#include <rios/launcher/pbs.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>

#include "support/files.hpp"
#include "support/message_of.hpp"
#include "support/scripted_commands.hpp"

namespace {

using rios::job_state;

std::vector<rios::job_status> states(rios::pbs_launcher& launcher, std::vector<rios::job_id> const& jobs)
{
    return launcher.status(jobs);
}

} // namespace

TEST_CASE("jobs are known by all that qstat says of them, long values and names of servers included")
{
    test::scripted_commands const pbs;
    pbs.does("qstat", R"(cat <<'END'
Job Id: 12.server
    Job_Name = RIOS_a_0
    job_state = R
    Variable_List = PBS_O_HOME=/home/a,PBS_O_PATH=/usr/bin:/bin,
	job_state = H,A=1
    comment = Job run at Sat Nov 28 at 10:00 on (n1:ncpus=1)

Job Id: 13.server
    job_state = Q
    comment = Not Running: Insufficient amount of resource: ncpus (R: 1 A:
	 0 T: 2)

Job Id: 14[].server
    job_state = F
    Exit_status = 7

END)");
    rios::pbs_launcher launcher({.log_directory = "/tmp"});
    auto const found = states(launcher, {"12.server", "13.server", "14[].server"});
    CHECK(found[0].state == job_state::running);
    CHECK(found[0].reason == "Job run at Sat Nov 28 at 10:00 on (n1:ncpus=1)");
    CHECK(found[1].state == job_state::waiting);
    CHECK(found[1].reason == "Not Running: Insufficient amount of resource: ncpus (R: 1 A:0 T: 2)");
    CHECK(found[2].state == job_state::ended);
    CHECK(found[2].exit_status == 7);
    CHECK(found[2].reason == "exited with status 7");
}

TEST_CASE("a job that can never run is cancelled, and has ended with that reason")
{
    test::scripted_commands const pbs;
    pbs.does("qstat", "if [ -e '" + pbs.path("deleted") + R"(' ]; then
    [ "$1" = -x ] || { echo 'qstat: 5.server Job has finished, use -x or -H to obtain historical job information' >&2; exit 35; }
    printf 'Job Id: 5.server\n    job_state = F\n    Exit_status = 0\n'
else
    printf 'Job Id: 5.server\n    job_state = Q\n    comment = Can Never Run: Insufficient amount of resource: ncpus\n'
fi)");
    pbs.does("qdel", "echo \"$@\" >'" + pbs.path("deleted") + "'");
    rios::pbs_launcher launcher({.log_directory = "/tmp"});
    CHECK(states(launcher, {"5.server"})[0].state == job_state::waiting);
    auto const found = states(launcher, {"5.server"})[0];
    CHECK(found.state == job_state::ended);
    CHECK(found.reason == "can never start (Can Never Run: Insufficient amount of resource: ncpus), and was cancelled");
    CHECK(test::read_file(pbs.path("deleted")) == "5.server\n");
}

TEST_CASE(
    "a job that is not known any more has ended, with what is remembered of it, but a server that is down is an error")
{
    test::scripted_commands const pbs;
    rios::pbs_launcher launcher({.log_directory = "/tmp"});
    pbs.does("qstat",
             R"(if [ "$1" = -x ]; then printf 'Job Id: 3.server\n    job_state = F\n    Exit_status = 137\n'; exit 0; fi
echo 'qstat: 3.server Job has finished, use -x or -H to obtain historical job information' >&2; exit 35)");
    auto found = states(launcher, {"3.server"})[0];
    CHECK(found.state == job_state::ended);
    CHECK(found.exit_status == 137);
    pbs.does("qstat", "echo 'qstat: Unknown Job Id 4.server' >&2; exit 153");
    found = states(launcher, {"4.server"})[0];
    CHECK(found.state == job_state::ended);
    CHECK_FALSE(found.exit_status);
    CHECK(found.reason == "has ended");
    pbs.does("qstat", "echo 'qstat: cannot connect to server 10.0.0.1 (errno=15010)' >&2; exit 255");
    CHECK(test::message_of<rios::remote_error>([&] { states(launcher, {"1"}); }) ==
          "PBS does not answer: qstat: cannot connect to server 10.0.0.1 (errno=15010)");
}
