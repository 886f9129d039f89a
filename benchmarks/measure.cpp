// SPDX-License-Identifier: BSL-1.0
//
// measure TIMES COMMAND ARGUMENT…: runs a command so often and prints the medians of its wall time (s), its CPU time (s) and
// its peak memory (MB), separated by blanks. Its standard output is not shown.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

struct run {
    double wall = 0;
    double cpu = 0;
    double megabytes = 0;
};

double seconds(timeval const& time)
{
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

/// Runs the command once. Ends the program if it fails.
run run_once(char** command)
{
    auto const begun = std::chrono::steady_clock::now();
    auto const child = fork();
    if (child < 0) {
        std::perror("measure: fork");
        std::exit(1);
    }
    if (child == 0) {
        auto const nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(nowhere, STDOUT_FILENO);
        execvp(command[0], command);
        std::perror(command[0]);
        _exit(127);
    }
    int status = 0;
    rusage usage{};
    wait4(child, &status, 0, &usage);
    std::chrono::duration<double> const wall = std::chrono::steady_clock::now() - begun;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        std::fprintf(stderr, "measure: error: %s failed\n", command[0]);
        std::exit(1);
    }
    return {.wall = wall.count(),
            .cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime),
            .megabytes = static_cast<double>(usage.ru_maxrss) * 1024 / 1e6};
}

double median(std::vector<run> const& runs, double run::*member)
{
    std::vector<double> values;
    for (auto const& each : runs) values.push_back(each.*member);
    std::ranges::sort(values);
    return values[values.size() / 2];
}

} // namespace

int main(int argc, char** argv)
{
    auto const times = argc > 2 ? std::atoi(argv[1]) : 0;
    if (times < 1) {
        std::fputs("usage: measure TIMES COMMAND ARGUMENT...\n", stderr);
        return 2;
    }
    std::vector<run> runs;
    for (int i = 0; i < times; ++i) runs.push_back(run_once(argv + 2));
    std::printf("%.2f %.2f %.0f\n", median(runs, &run::wall), median(runs, &run::cpu), median(runs, &run::megabytes));
    return 0;
}
