// SPDX-License-Identifier: BSL-1.0
#include <rios/remote/worker_roster.hpp>

#include <string>

#include <doctest/doctest.h>

#include <rios/launcher/launcher.hpp>
#include <rios/net/connection.hpp>
#include <rios/remote/messages.hpp>

using rios::job_state;
using rios::remote::worker_roster;

TEST_CASE("workers are counted by what is known of them")
{
    worker_roster roster;
    for (std::size_t i = 0; i < 4; ++i) CHECK(roster.add() == i);
    CHECK(roster.contains(3));
    CHECK_FALSE(roster.contains(4));
    CHECK(roster.expected() == 4);
    roster.join(0);
    CHECK_FALSE(roster.set_status(1, {.state = job_state::running}));
    CHECK(roster.set_status(2, {.state = job_state::ended}));
    CHECK(roster.joined() == 1);
    CHECK(roster.expected() == 2);
    CHECK(roster.never_joined() == 1);
    CHECK(roster.alive() == 3);
    roster.join(3);
    CHECK(roster.never_joined() == 0); // since one did
    CHECK_FALSE(roster.all_have_ended());
    for (std::size_t i = 0; i < 4; ++i) roster.set_status(i, {.state = job_state::ended});
    CHECK(roster.all_have_ended());
    CHECK(roster.alive() == 0);
    CHECK(roster.expected() == 0);
}

TEST_CASE("the story of a worker has what its launcher and its connection say, and the end of its output")
{
    worker_roster roster;
    roster.add();
    CHECK(roster.story_of(0) == "worker 0, waits to be started");
    roster[0].id = "77";
    roster.set_status(0, {.state = job_state::waiting, .reason = "Resources"});
    CHECK(roster.story_of(0) == "worker 0, job 77, waits to be started: Resources");
    roster.set_status(0, {.state = job_state::running});
    CHECK(roster.story_of(0) == "worker 0, job 77, runs and has not joined");
    CHECK(roster.story_of_missing() == "\nworker 0, job 77, runs and has not joined");
    roster.join(0);
    CHECK(roster.story_of_missing().empty());
    CHECK(roster.story_of(0) == "worker 0, job 77, runs");
    roster[0].gone = "nothing was heard of it for 60 seconds";
    CHECK(roster.story_of(0) == "worker 0, job 77, runs: nothing was heard of it for 60 seconds");
    roster.set_status(0, {.state = job_state::ended, .reason = "cancelled", .log = "the end"});
    CHECK(roster.story_of(0) ==
          "worker 0, job 77: cancelled; nothing was heard of it for 60 seconds; its output ends:\n"
          "the end");
    roster[0].gone = rios::net::closed_by_other_end; // which goes without saying
    CHECK(roster.story_of(0) == "worker 0, job 77: cancelled; its output ends:\nthe end");
}

TEST_CASE("of many workers the first ones that did not go as told are named, and the launcher's silence")
{
    worker_roster roster;
    for (std::size_t i = 0; i < 6; ++i) roster.add();
    roster.join(1);
    roster[1].gone = worker_roster::told_to_go;
    CHECK(roster.stories() == "\nworker 0, waits to be started\nworker 2, waits to be started\nworker 3, waits to be "
                              "started");
    roster.trouble = "no answer";
    CHECK(roster.stories().ends_with("started\nhow the jobs are cannot be found out: no answer"));
}

TEST_CASE("a worker is called by its number, host and job")
{
    worker_roster roster;
    roster.add();
    CHECK(roster.name_of({.number = 0, .host = "n1"}) == "worker 0 on host n1");
    roster[0].id = "5";
    CHECK(roster.name_of({.number = 0, .host = ""}) == "worker 0 on host unknown, job 5");
    CHECK(roster.name_of({.number = 9, .host = "n1"}) == "worker 9 on host n1");
}
