// SPDX-License-Identifier: BSL-1.0
#include <rios/remote/worker_process.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <unistd.h>

#include <doctest/doctest.h>

#include <rios/cancellation.hpp>
#include <rios/error.hpp>
#include <rios/executor/remote.hpp>
#include <rios/launcher/subprocess.hpp>
#include <rios/timing.hpp>

#include "support/channel_ends.hpp"
#include "support/cluster_jobs.hpp"
#include "support/message_of.hpp"
#include "support/process.hpp"
#include "support/remote_runs.hpp"
#include "support/squares_job.hpp"
#include "support/temporary_directory.hpp"
#include "support/test_program.hpp"

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;
using rios::remote::message;
using test::all_squares;
using test::message_of;
using test::soon;
namespace fs = std::filesystem;

/// Launches processes by other words than they should have.
class wrapping_launcher {
  public:
    using wrapper = std::function<std::vector<std::string>(rios::worker_command const&)>;

    wrapping_launcher(wrapper words, bool one_host) : words_(std::move(words)), one_host_(one_host) {}
    [[nodiscard]] bool one_host() const noexcept { return one_host_; }
    [[nodiscard]] rios::job_id submit(rios::worker_command command)
    {
        command.words = words_(command);
        return processes_.submit(command);
    }
    [[nodiscard]] std::vector<rios::job_status> status(std::span<rios::job_id const> jobs)
    {
        return processes_.status(jobs);
    }
    void cancel(std::span<rios::job_id const> jobs) { processes_.cancel(jobs); }
    [[nodiscard]] static std::chrono::milliseconds poll_interval() { return 50ms; }

  private:
    wrapper words_;
    bool one_host_;
    rios::subprocess_launcher processes_;
};

std::vector<std::string> behind(std::vector<std::string> words, rios::worker_command const& command)
{
    words.insert(words.end(), command.words.begin(), command.words.end());
    return words;
}

/// Launches one worker after the other on the hosts of support/two_hosts.sh in turn.
wrapping_launcher on_hosts(std::vector<std::string> const& hosts)
{
    return {[hosts](rios::worker_command const& command) {
                return behind(
                    {"/bin/sh", "-c",
                     "exec ip netns exec \"$0\" unshare --uts sh -c 'hostname \"$0\"; exec \"$@\"' \"$0\" \"$@\"",
                     hosts[command.number % hosts.size()]},
                    command);
            },
            false};
}

/// Launches each worker as the first process of a namespace of processes, as containers do.
wrapping_launcher in_containers()
{
    return {[](rios::worker_command const& command) {
                return behind({"/usr/bin/unshare", "--pid", "--fork", "--kill-child"}, command);
            },
            true};
}

std::string self()
{
    return fs::read_symlink("/proc/self/exe").string();
}

bool begins(std::string const& text, std::string const& with)
{
    CAPTURE(text);
    CHECK(text.substr(0, with.size()) == with);
    return text.starts_with(with);
}

/// Squares numbers, but needs a while to arrive in another process.
struct heavy_square {
    std::uint64_t milliseconds = 0;

    std::uint64_t operator()(std::size_t index, rios::timing_log&, rios::cancellation&) const { return index * index; }
    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.milliseconds);
        if constexpr (!std::is_const_v<Self>) std::this_thread::sleep_for(std::chrono::milliseconds(self.milliseconds));
    }
};

bool must_run()
{
    auto const* const ci = std::getenv("CI");
    return ci != nullptr && std::string(ci) == "true";
}

/// The only child of a process.
int child_of(int process)
{
    auto const number = std::to_string(process);
    int child = 0;
    std::ifstream("/proc/" + number + "/task/" + number + "/children") >> child;
    return child;
}

/// What becomes of a run whose one worker gets a signal in the middle of a step. @param contained in a namespace of its own
template <typename L>
std::string fate_after(int signal, L launcher, bool contained)
{
    test::temporary_directory const folder;
    test::remote_place const place;
    auto options = place.options(1);
    options.attempts = 1;
    std::jthread const sender([&](std::stop_token const& over) {
        while (!over.stop_requested() && folder.names().empty()) std::this_thread::sleep_for(5ms);
        for (auto const child : test::children()) {
            auto const worker = contained ? child_of(child) : child;
            if (worker > 0) ::kill(worker, signal);
        }
    });
    test::squares_job job(1, test::square{.milliseconds = 600000, .mark = folder.path().string()});
    auto const begun = clock_type::now();
    auto const text = message_of<rios::remote_error>([&] {
        rios::remote_executor executor(std::move(launcher), options);
        executor.run(job);
    });
    CHECK(clock_type::now() - begun < 5s);
    CHECK(place.nothing_left());
    if (contained) CHECK(folder.names() == std::set<std::string>{"1"}); // the worker's number among processes
    return text;
}

/// A main process that waits to be told to end.
int waiting_main()
{
    std::string const folder = std::getenv("RIOS_TEST_FOLDER");
    static std::atomic<bool> told = false;
    std::signal(SIGTERM, [](int) { told = true; });
    rios::remote_options options{.workers = 2};
    options.directory = folder;
    test::squares_job job(10, test::square{.milliseconds = 600000, .mark = folder + "/marks"});
    job.polled = [] {
        if (told) throw rios::cancelled();
    };
    try {
        rios::remote_executor executor(rios::subprocess_launcher(), options);
        executor.run(job);
    } catch (rios::cancelled const&) {
        return 0;
    }
    return 1;
}

test::test_program const waiting("wait", waiting_main);

/// A main process with workers on two other hosts. @returns 0 if all was done, by both
int main_with_hosts()
{
    test::remote_place const place;
    std::istringstream names(std::getenv("RIOS_TEST_HOSTS"));
    std::vector<std::string> const hosts{std::istream_iterator<std::string>(names), {}};
    auto options = place.options(4);
    options.min_workers = 4;
    options.timeouts.joining = 20s;
    test::squares_on_hosts job;
    try {
        rios::remote_executor executor(on_hosts(hosts), options);
        executor.run(job);
    } catch (rios::error const& failure) {
        std::fprintf(stderr, "%s\n", failure.what());
        return 1;
    }
    std::printf("squares: %d, hosts: %zu of %zu, left: %d\n", job.done(), job.hosts.size(), hosts.size(),
                !place.nothing_left());
    auto const done = job.done() && place.nothing_left();
    return done && job.hosts == std::set<std::string>(hosts.begin(), hosts.end()) ? 0 : 1;
}

test::test_program const with_hosts("hosts", main_with_hosts);

} // namespace

TEST_CASE("a worker that the main process refuses or does not make sense to goes, and says why")
{
    auto const key = rios::net::channel_key::make();
    test::temporary_directory const folder;
    auto const fate_of_worker = [&](rios::net::channel_key const& own, rios::net::frame_bytes greeting) {
        test::channel_server server(key);
        server.greet_with(std::move(greeting));
        rios::net::address_file const file(folder / "address",
                                           {.hosts = {"127.0.0.1"}, .port = server.port(), .key = own});
        return test::run({self(), "--rios-worker", file.path(), "5"}, {.timeout = 20s});
    };
    using rios::remote::frame;
    auto result = fate_of_worker(key, frame(message::refused, rios::remote::refused{.reason = "no"}));
    auto const begin = "worker 5 of rios on " + rios::net::host_name() + ": ";
    CHECK(result.status == rios::remote::worker_failed);
    CHECK(result.err == begin + "the main process refused it: no\n");
    result = fate_of_worker(rios::net::channel_key::make(), {});
    CHECK(result.status == rios::remote::worker_unheard);
    begins(result.err, begin + "could not join: no handshake: ");
    CHECK(result.err.find("alert") != std::string::npos);
    // Those that have been made welcome, first.
    auto const after_welcome = [&](rios::net::frame_bytes const& next) {
        auto both = frame(message::welcome, rios::remote::welcome());
        both.insert(both.end(), next.begin(), next.end());
        return fate_of_worker(key, both);
    };
    result = after_welcome(frame(static_cast<message>(700)));
    CHECK(result.status == rios::remote::worker_deserted);
    CHECK(result.err == begin + "the main process is gone: the main process sent a message of unknown type\n");
    result = after_welcome(frame(message::begin, std::uint8_t{1}));
    CHECK(result.status == rios::remote::worker_deserted);
    CHECK(result.err == begin + "the main process is gone: the data of a worker are damaged, or end too early\n");
    result = after_welcome(frame(message::bye));
    CHECK(result.status == rios::remote::worker_done);
    CHECK(result.err.empty());
}

TEST_CASE("a worker that takes long to begin a job gives signs of life meanwhile")
{
    test::remote_place const place;
    auto options = place.options(1);
    options.timeouts.silence = 3s; // a sign of life comes each second
    test::squares_job job(3, heavy_square{.milliseconds = 4500});
    rios::remote_executor executor(rios::subprocess_launcher(), options);
    executor.run(job);
    CHECK(all_squares(job.results));
}

TEST_CASE("a worker ends at once when it gets SIGTERM or SIGINT in the middle of a step, also as the first process of "
          "a container")
{
    for (int const signal : {SIGTERM, SIGINT}) {
        auto const expected = "exited with status " + std::to_string(128 + signal);
        CAPTURE(signal);
        auto text = fate_after(signal, rios::subprocess_launcher(), false);
        CAPTURE(text);
        CHECK(text.find(expected) != std::string::npos);
        if (test::run({"/usr/bin/unshare", "--pid", "--fork", "true"}).status != 0 && !must_run()) {
            std::printf("SKIPPED: a worker as the first process of a container: that needs namespaces of processes\n");
            return;
        }
        auto const contained = fate_after(signal, in_containers(), true);
        CAPTURE(contained);
        CHECK(contained.find(expected) != std::string::npos);
    }
}

TEST_CASE("a main process that ends, in whatever way, takes its workers with it")
{
    test::temporary_directory const folder;
    fs::create_directory(folder / "marks");
    test::process main({self(), "--test-program", "wait"},
                       {.environment = {"RIOS_TEST_FOLDER=" + folder.path().string()}});
    auto const workers = [&] {
        std::vector<int> result;
        for (auto const& each : fs::directory_iterator(folder / "marks")) {
            result.push_back(std::stoi(each.path().filename().string()));
        }
        return result;
    };
    REQUIRE(soon([&] { return workers().size() == 2; }, 20s));
    auto const processes = workers();
    CHECK((test::is_alive(processes[0]) && test::is_alive(processes[1])));
    auto const none_lives = [&] { return !test::is_alive(processes[0]) && !test::is_alive(processes[1]); };
    auto const begun = clock_type::now();
    SUBCASE("told to, and it has asked to be told: nothing is left")
    {
        main.send(SIGTERM);
        auto const result = main.wait();
        CAPTURE(result.text());
        CHECK(result.status == 0);
        CHECK(none_lives());
        CHECK(folder.names() == std::set<std::string>{"marks"});
    }
    SUBCASE("killed: its workers end by themselves, and take the file with the address along")
    {
        main.send(SIGKILL);
        CHECK(main.wait().signal == SIGKILL);
        CHECK(soon(none_lives));
        CHECK(soon([&] { return folder.names() == std::set<std::string>{"marks"}; }));
    }
    CHECK(clock_type::now() - begun < 6s);
}

TEST_CASE("workers on other hosts reach the main process by the addresses that it tells them, of IPv4 or IPv6")
{
    auto const script =
        fs::absolute(fs::path(__FILE__)).parent_path().parent_path().parent_path() / "support/two_hosts.sh";
    for (auto const* const family : {"4", "6"}) {
        auto const result = test::run({script.string(), family, self(), "--test-program", "hosts"});
        if (result.status == 77 && !must_run()) {
            std::printf("SKIPPED: %s", result.out.c_str());
            return;
        }
        CAPTURE(family);
        CAPTURE(result.text());
        CHECK(result.status == 0);
    }
}
