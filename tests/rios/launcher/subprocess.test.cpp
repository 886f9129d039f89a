// SPDX-License-Identifier: BSL-1.0
#include <rios/launcher/subprocess.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <rios/error.hpp>

#include "support/environment.hpp"
#include "support/message_of.hpp"
#include "support/own_threads.hpp"
#include "support/process.hpp"
#include "support/remote_runs.hpp"
#include "support/temporary_directory.hpp"

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;
using rios::job_state;
using rios::subprocess_launcher;

static_assert(rios::Launcher<subprocess_launcher>);

rios::worker_command shell(std::string script)
{
    return {.name = "RIOS_test_0", .words = {"/bin/sh", "-c", std::move(script), "RIOS_test_0"}};
}

rios::job_status status_of(subprocess_launcher& launcher, rios::job_id const& job)
{
    return launcher.status(std::vector{job}).at(0);
}

rios::job_status end_of(subprocess_launcher& launcher, rios::job_id const& job)
{
    auto const deadline = clock_type::now() + test::long_enough;
    auto status = status_of(launcher, job);
    while (status.state != job_state::ended && clock_type::now() < deadline) {
        std::this_thread::sleep_for(2ms);
        status = status_of(launcher, job);
    }
    return status;
}

rios::job_status run(rios::worker_command const& command)
{
    subprocess_launcher launcher;
    return end_of(launcher, launcher.submit(command));
}

/// The number that a script has written into a file.
int number_in(std::string const& path)
{
    auto const deadline = clock_type::now() + test::long_enough;
    int number = 0;
    while (!(std::ifstream(path) >> number) && clock_type::now() < deadline) std::this_thread::sleep_for(2ms);
    return number;
}

bool ends_soon(int process)
{
    auto const deadline = clock_type::now() + 5s;
    while (test::is_alive(process) && clock_type::now() < deadline) std::this_thread::sleep_for(2ms);
    return !test::is_alive(process);
}

} // namespace

TEST_CASE("how a process ended is told, by its status or by the signal")
{
    auto status = run(shell("exit 0"));
    CHECK(status.exit_status == 0);
    CHECK(status.reason == "exited with status 0");
    CHECK(status.log.empty());
    status = run(shell("exit 77"));
    CHECK(status.exit_status == 77);
    CHECK(status.reason == "exited with status 77");
    status = run(shell("kill -9 $$"));
    CHECK(status.exit_status == 137);
    CHECK(status.reason == "was ended by signal 9 (Killed)");
}

TEST_CASE("the end of what a process wrote is kept, of both streams, in whole lines")
{
    CHECK(run(shell("echo to out; echo to err >&2; echo; exit 1")).log == "to out\nto err");
    CHECK(run(shell("printf 'no newline'")).log == "no newline");
    auto const log = run(shell("i=0; while [ $i -lt 1000 ]; do echo line $i; i=$((i + 1)); done")).log;
    CHECK(log.size() <= 2000);
    CHECK(log.size() > 1900);
    CHECK(log.find("line ") == 0);
    CHECK(log.ends_with("\nline 998\nline 999"));
}

TEST_CASE("a process runs until it ends, and then stays ended")
{
    test::temporary_directory const folder;
    subprocess_launcher launcher;
    auto const job = launcher.submit(shell("while [ ! -e " + (folder / "go") + " ]; do sleep 0.01; done; exit 3"));
    auto const status = status_of(launcher, job);
    CHECK(status.state == job_state::running);
    CHECK_FALSE(status.exit_status);
    CHECK(status.reason.empty());
    std::ofstream(folder / "go") << "go";
    CHECK(end_of(launcher, job).exit_status == 3);
    CHECK(status_of(launcher, job).exit_status == 3);
    launcher.cancel(std::vector{job}); // too late, and no harm
    CHECK(status_of(launcher, job).exit_status == 3);
}

TEST_CASE("jobs are told in the order in which they are asked for, unknown ones as ended")
{
    subprocess_launcher launcher;
    auto const one = launcher.submit(shell("exit 1"));
    auto const two = launcher.submit(shell("exit 2"));
    end_of(launcher, one);
    end_of(launcher, two);
    auto const found = launcher.status(std::vector<rios::job_id>{two, "no job", one});
    REQUIRE(found.size() == 3);
    CHECK(found[0].exit_status == 2);
    CHECK(found[1].state == job_state::ended);
    CHECK(found[1].reason == "is no process of this launcher");
    CHECK(found[2].exit_status == 1);
    launcher.cancel(std::vector<rios::job_id>{"no job"});
}

TEST_CASE("a process inherits no file but an empty standard input and its two outputs")
{
    // One that would be inherited, and one at a number far up.
    test::detail::file_descriptor const open_one(::open("/dev/null", O_RDONLY));
    test::detail::file_descriptor const far_up(::fcntl(open_one.get(), F_DUPFD, 300));
    REQUIRE((::fcntl(far_up.get(), F_GETFD) & FD_CLOEXEC) == 0);
    // The shell opens the folder by itself, to list it.
    auto const status = run({.words = {"/bin/ls", "/proc/self/fd"}});
    auto const with_its_own = status.log;
    CHECK(with_its_own == "0\n1\n2\n3");
    CHECK(run(shell("cat; readlink /proc/self/fd/0")).log == "/dev/null");
}

TEST_CASE("signals are as they are by default, whatever this process does with them")
{
    auto const before = std::signal(SIGTERM, SIG_IGN);
    auto const pipe_before = std::signal(SIGPIPE, SIG_IGN);
    sigset_t blocked;
    sigset_t old_mask;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGUSR1);
    ::pthread_sigmask(SIG_BLOCK, &blocked, &old_mask);
    auto const text = run({.words = {"/bin/grep", "-E", "^Sig(Ign|Blk)", "/proc/self/status"}}).log;
    ::pthread_sigmask(SIG_SETMASK, &old_mask, nullptr);
    std::signal(SIGPIPE, pipe_before);
    std::signal(SIGTERM, before);
    // glibc has the two signals that it keeps for itself (32 and 33) ignored in every process that it starts.
    std::string const begin = "SigBlk:\t0000000000000000\nSigIgn:\t";
    CHECK((text == begin + "0000000000000000" || text == begin + "0000000180000000"));
}

TEST_CASE("the environment is this one's, with the job's own variables in place of those of the same name")
{
    test::environment_variable const mine("RIOS_TEST_MINE", "of the test");
    test::environment_variable const replaced("RIOS_TEST_OTHER", "to be replaced");
    auto command = shell("echo \"$RIOS_TEST_MINE|$RIOS_TEST_OTHER|$RIOS_TEST_NEW\"; env | grep -c ^RIOS_TEST_OTHER=");
    command.environment = {{"RIOS_TEST_OTHER", "a = b c"}, {"RIOS_TEST_NEW", ""}};
    CHECK(run(command).log == "of the test|a = b c|\n1");
}

TEST_CASE("words reach the program as they are")
{
    CHECK(run({.words = {"/bin/echo", "-n", "a  b", "$HOME", "*", "'", ""}}).log == "a  b $HOME * ' ");
}

TEST_CASE("a program that cannot be started is an error that names it")
{
    subprocess_launcher launcher;
    auto const refusal = [&](std::string const& program) {
        return test::message_of<rios::remote_error>([&] { static_cast<void>(launcher.submit({.words = {program}})); });
    };
    CHECK(refusal("/no/such program") ==
          "worker process '/no/such program' cannot be started: No such file or directory");
    CHECK(refusal("/etc/passwd") == "worker process '/etc/passwd' cannot be started: Permission denied");
}

TEST_CASE("output that has no place is an error that names the folder")
{
    test::environment_variable const elsewhere("TMPDIR", "/proc/self");
    subprocess_launcher launcher;
    auto const text = test::message_of<rios::io_error>([&] { static_cast<void>(launcher.submit(shell("exit 0"))); });
    CHECK(text.find("/proc/self: cannot make a scratch file there: ") == 0);
}

TEST_CASE("processes that have ended keep the end of their output, and no descriptor")
{
    subprocess_launcher launcher;
    std::vector<rios::job_id> jobs;
    auto const open_files = [] {
        return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
    };
    auto const before = open_files();
    for (int i = 0; i < 20; ++i) {
        jobs.push_back(launcher.submit(shell("echo " + std::to_string(i))));
        end_of(launcher, jobs.back());
    }
    CHECK(open_files() == before);
    jobs.push_back(launcher.submit(shell("echo told to end; exec sleep 600")));
    launcher.cancel(std::vector{jobs.back()});
    CHECK(open_files() == before);
    CHECK(status_of(launcher, jobs[7]).log == "7");
}

TEST_CASE("cancelling ends a process that listens at once, and one that does not when its time is over")
{
    test::temporary_directory const folder;
    subprocess_launcher launcher({.patience = 500ms});
    auto const polite = launcher.submit(shell("exec sleep 600"));
    auto begun = clock_type::now();
    launcher.cancel(std::vector{polite});
    CHECK(clock_type::now() - begun < 400ms);
    CHECK(status_of(launcher, polite).exit_status == 128 + SIGTERM);

    auto const stubborn =
        launcher.submit(shell("trap '' TERM; echo $$ >" + (folder / "id") + "; while :; do sleep 0.05; done"));
    auto const process = number_in(folder / "id");
    begun = clock_type::now();
    launcher.cancel(std::vector{stubborn});
    auto const took = clock_type::now() - begun;
    CHECK(took >= 500ms);
    CHECK(took < 3s);
    CHECK(status_of(launcher, stubborn).exit_status == 128 + SIGKILL);
    CHECK_FALSE(test::is_alive(process));
}

TEST_CASE("one of several is cancelled, and the others run on")
{
    subprocess_launcher launcher;
    auto const one = launcher.submit(shell("exec sleep 600"));
    auto const other = launcher.submit(shell("exec sleep 600"));
    launcher.cancel(std::vector{one});
    CHECK(status_of(launcher, one).state == job_state::ended);
    CHECK(status_of(launcher, other).state == job_state::running);
}

TEST_CASE("a launcher that ends leaves no process behind, nor what its processes have started")
{
    auto const before = test::children();
    test::temporary_directory const folder;
    SUBCASE("processes that run")
    {
        {
            subprocess_launcher launcher;
            for (int i = 0; i < 3; ++i) static_cast<void>(launcher.submit(shell("exec sleep 600")));
            CHECK(test::children().size() == before.size() + 3);
        }
        CHECK(test::children() == before);
    }
    SUBCASE("a process that was not asked for since it ended")
    {
        {
            subprocess_launcher launcher;
            static_cast<void>(launcher.submit(shell("echo 1 >" + (folder / "done"))));
            number_in(folder / "done");
        }
        CHECK(test::children() == before);
    }
    SUBCASE("a child of a process that ends when it is told to, which does not")
    {
        int child = 0;
        {
            subprocess_launcher launcher({.patience = 200ms});
            static_cast<void>(launcher.submit(
                shell("(trap '' TERM; while :; do sleep 0.05; done) & echo $! >" + (folder / "id") + "; wait")));
            child = number_in(folder / "id");
            CHECK(test::is_alive(child));
        }
        CHECK(ends_soon(child));
    }
    SUBCASE("a child of a process that has ended by itself")
    {
        int child = 0;
        {
            subprocess_launcher launcher;
            auto const job = launcher.submit(shell("sleep 600 & echo $! >" + (folder / "id") + "; exit 0"));
            CHECK(end_of(launcher, job).exit_status == 0);
            child = number_in(folder / "id");
        }
        CHECK(ends_soon(child));
    }
    SUBCASE("a launcher that another is put in the place of")
    {
        subprocess_launcher launcher;
        static_cast<void>(launcher.submit(shell("exec sleep 600")));
        launcher = subprocess_launcher();
        CHECK(test::children() == before);
    }
}

TEST_CASE("a launcher that is moved keeps its processes")
{
    subprocess_launcher first;
    auto const job = first.submit(shell("exec sleep 600"));
    subprocess_launcher second(std::move(first));
    CHECK(status_of(second, job).state == job_state::running);
    subprocess_launcher third;
    third = std::move(second);
    CHECK(status_of(third, job).state == job_state::running);
}
