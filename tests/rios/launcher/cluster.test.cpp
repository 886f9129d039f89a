// SPDX-License-Identifier: BSL-1.0
// Workers on a real SLURM cluster, by its own commands and by those of PBS.
#include <rios/launcher/pbs.hpp>
#include <rios/launcher/slurm.hpp>

#include <atomic>
#include <chrono>
#include <concepts>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <unistd.h>

#include <doctest/doctest.h>

#include <rios/apply.hpp>
#include <rios/cancellation.hpp>
#include <rios/error.hpp>
#include <rios/executor/inline.hpp>
#include <rios/executor/remote.hpp>
#include <rios/memory_reader.hpp>
#include <rios/memory_writer.hpp>
#include <rios/net/local_addresses.hpp>
#include <rios/timing.hpp>

#include "support/cluster.hpp"
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
using test::message_of;
using test::said_by;
namespace fs = std::filesystem;

/// Squares numbers, says where, and may end its process.
struct square_on_host {
    std::uint64_t milliseconds = 20;
    std::uint64_t ends_at = UINT64_MAX; ///< this step, as `how` says
    std::uint64_t how = 0;              ///< an exit status, or 128 + a signal
    std::string mark{};                 ///< a file: it happens once, and is noted there

    std::tuple<std::uint64_t, std::string> operator()(std::size_t index, rios::timing_log&, rios::cancellation&) const
    {
        if (index == ends_at && (mark.empty() || !fs::exists(mark))) {
            if (!mark.empty()) std::ofstream(mark) << index;
            std::fprintf(stderr, "this was it\n");
            if (how > 128) ::raise(static_cast<int>(how) - 128);
            else std::exit(static_cast<int>(how));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
        return {index * index, rios::net::host_name()};
    }
    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.milliseconds, self.ends_at, self.how, self.mark);
    }
};

struct squares_on_hosts {
    using result = std::tuple<std::uint64_t, std::string>;
    using worker_type = square_on_host;

    square_on_host does{};
    std::vector<std::uint64_t> results = std::vector<std::uint64_t>(40);
    std::set<std::string> hosts{};
    std::function<void()> polled{};

    [[nodiscard]] std::size_t size() const { return results.size(); }
    [[nodiscard]] static result compute(std::size_t index) { return {index * index, rios::net::host_name()}; }
    void deliver(std::size_t index, result const& value)
    {
        results[index] += std::get<0>(value);
        hosts.insert(std::get<1>(value));
    }
    [[nodiscard]] worker_type worker() const { return does; }
    void poll() const
    {
        if (polled) polled();
    }
    [[nodiscard]] bool done() const
    {
        for (std::size_t i = 0; i < results.size(); ++i) {
            if (results[i] != i * i) return false;
        }
        return true;
    }
};

/// Where a run puts its files. All of them are gone when it is over.
class place {
  public:
    place() { fs::current_path(folder_.path()); }
    ~place() { fs::current_path(before_); }

    static rios::remote_options options(std::size_t workers)
    {
        rios::remote_options result{.workers = workers};
        result.timeouts = {.joining = 40s, .silence = 30s, .progress = 40s};
        return result;
    }
    /// Whether neither jobs nor files are left.
    [[nodiscard]] bool is_clean() const
    {
        auto const jobs = said_by("squeue --noheader --states=pending,running,completing,suspended");
        CAPTURE(jobs);
        CHECK(jobs.empty());
        CHECK(folder_.names().empty());
        return jobs.empty() && folder_.names().empty();
    }

  private:
    fs::path before_ = fs::current_path();
    test::temporary_directory folder_;
};

constexpr auto often = 100ms; // for tests; a real cluster is asked less often

rios::batch_options quick(std::vector<std::string> options = {})
{
    return {.options = std::move(options), .poll_interval = often};
}

template <typename L>
std::string error_of(L launcher, rios::remote_options const& options, square_on_host does = {})
{
    squares_on_hosts job{.does = std::move(does)};
    return message_of<rios::error>([&] {
        rios::remote_executor executor(std::move(launcher), options);
        executor.run(job);
    });
}

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
        rios::remote_executor executor(L(quick()), place::options(2));
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
    place const here;
    auto options = place::options(4);
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
    place const here;
    auto options = place::options(2);
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

TEST_CASE("a job that can never start ends the run at once, with the reason of SLURM")
{
    if (test::done_in_cluster()) return;
    place const here;
    auto const begun = std::chrono::steady_clock::now();
    auto const error = error_of(rios::slurm_launcher(quick({"--partition=short --time=10:00"})), place::options(2));
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
    place const here;
    auto const other = said_by("sbatch --parsable --nodes=2 --exclusive --output=/dev/null --wrap='sleep 60'");
    auto options = place::options(2);
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
    place const here;
    bool const slurm = std::same_as<launcher, rios::slurm_launcher>;
    auto const error = error_of(launcher(quick({slurm ? "--partition=nowhere" : "-q nowhere"})), place::options(2));
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
    place const here;
    test::temporary_directory const marks;
    for (std::uint64_t const how : {7U, 128U + SIGKILL}) {
        CAPTURE(how);
        squares_on_hosts job{.does = {.ends_at = 5, .how = how, .mark = marks / std::to_string(how)}};
        {
            rios::remote_executor executor(launcher(quick()), place::options(2));
            executor.run(job);
        }
        CHECK(job.done());
        CHECK(fs::exists(job.does.mark));
        auto options = place::options(1);
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
    place const here;
    squares_on_hosts job{.does = {.milliseconds = 100}};
    bool cancelled = false;
    auto const one_of = [&](std::string const& which) {
        job.polled = [&, which] {
            if (!cancelled && !job.hosts.empty())
                static_cast<void>(said_by("scancel $(squeue --noheader --states=running --format=%i" + which + ")"));
            cancelled = !job.hosts.empty();
        };
    };
    one_of(" | head -n 1");
    {
        rios::remote_executor executor(launcher(quick()), place::options(2));
        executor.run(job);
    }
    CHECK(job.done());
    CHECK(cancelled);
    job = squares_on_hosts{.does = {.milliseconds = 100}};
    cancelled = false;
    one_of("");
    auto const error = message_of<rios::remote_error>([&] {
        rios::remote_executor executor(launcher(quick()), place::options(2));
        executor.run(job);
    });
    CAPTURE(error);
    CHECK(error.find("no worker is left to go on:\nworker 0, job ") == 0);
    if (std::same_as<launcher, rios::slurm_launcher>) CHECK(error.find(": CANCELLED") != std::string::npos);
    CHECK(here.is_clean());
}

TEST_CASE_TEMPLATE("a site's options, and what prepares for the worker, hold for each job", launcher,
                   rios::slurm_launcher, rios::pbs_launcher)
{
    if (test::done_in_cluster()) return;
    place const here;
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
        rios::remote_executor executor(launcher(batch), place::options(1));
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
    place const here;
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
        if (signal == SIGTERM) CHECK(here.is_clean()); // killed, it leaves its folder
    }
}

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
    place const here;
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

TEST_CASE("jobs that never got their turn hold up nothing, neither the end of a run nor a look")
{
    if (test::done_in_cluster()) return;
    place const here;
    squares_on_hosts job;
    auto const begun = std::chrono::steady_clock::now();
    {
        rios::remote_executor executor(rios::slurm_launcher(quick()), place::options(24)); // on 4 processors
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
    auto options = place::options(2);
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

TEST_CASE("a folder for logs that the nodes cannot write to is told of with the reason of SLURM")
{
    if (test::done_in_cluster()) return;
    place const here;
    auto batch = quick();
    batch.log_directory = std::getenv("RIOS_TEST_UNWRITABLE");
    auto const error = error_of(rios::slurm_launcher(batch), place::options(1));
    CAPTURE(error);
    CHECK(error.find("no worker is left to go on:\nworker 0, job 1, never joined: FAILED (JobLaunchFailure)") == 0);
    CHECK(here.is_clean());
}

TEST_CASE("an error does not tell the key of the run")
{
    if (test::done_in_cluster()) return;
    place const here;
    auto options = place::options(1);
    options.address_in_environment = true;
    auto const error = error_of(rios::pbs_launcher(quick({"-q nowhere"})), options);
    CAPTURE(error);
    CHECK(error.find("RIOS_WORKER_CHANNEL=...") != std::string::npos);
    CHECK(error.find("rios-channel") == std::string::npos);
}

TEST_CASE("options of jobs that cannot be are refused")
{
    auto const refusal = [](rios::batch_options const& options) {
        return message_of<rios::options_error>([&] { rios::slurm_launcher const launcher(options); });
    };
    CHECK(refusal({.poll_interval = 0ms}) == "poll_interval 0: allowed are 0.1 to 86400 seconds");
    CHECK(refusal({.patience = 1e9s}) == "patience 1e+09: allowed are 0.01 to 86400 seconds");
}
