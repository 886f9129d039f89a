// SPDX-License-Identifier: BSL-1.0
// A job for the nodes of a cluster, and what there is before and after it.
#pragma once

#include <chrono>
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

#include <doctest/doctest.h>

#include <rios/cancellation.hpp>
#include <rios/error.hpp>
#include <rios/executor/remote.hpp>
#include <rios/launcher/batch_options.hpp>
#include <rios/net/local_addresses.hpp>
#include <rios/timing.hpp>

#include "cluster.hpp"
#include "message_of.hpp"
#include "temporary_directory.hpp"

namespace test {

/// Squares numbers, says where, and may end its process.
struct square_on_host {
    std::uint64_t milliseconds = 20;
    std::uint64_t ends_at = UINT64_MAX; ///< this step, as `how` says
    std::uint64_t how = 0;              ///< an exit status, or 128 + a signal
    std::string mark{};                 ///< a file: it happens once, and is noted there

    std::tuple<std::uint64_t, std::string> operator()(std::size_t index, rios::timing_log&, rios::cancellation&) const
    {
        if (index == ends_at && (mark.empty() || !std::filesystem::exists(mark))) {
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
class cluster_place {
  public:
    cluster_place() { std::filesystem::current_path(folder_.path()); }
    cluster_place(cluster_place const&) = delete;
    cluster_place& operator=(cluster_place const&) = delete;
    ~cluster_place() { std::filesystem::current_path(before_); }

    static rios::remote_options options(std::size_t workers)
    {
        rios::remote_options result{.workers = workers};
        result.timeouts = {.joining = std::chrono::seconds(40),
                           .silence = std::chrono::seconds(30),
                           .progress = std::chrono::seconds(40)};
        return result;
    }
    [[nodiscard]] std::set<std::string> files() const { return folder_.names(); }
    /// Whether neither jobs nor files are left.
    [[nodiscard]] bool is_clean() const
    {
        bool const ended = no_job_is_left();
        CHECK(ended);
        CHECK(folder_.names().empty());
        return ended && folder_.names().empty();
    }

  private:
    std::filesystem::path before_ = std::filesystem::current_path();
    temporary_directory folder_;
};

/// Options with which a cluster is asked more often than a real one should be.
inline rios::batch_options quick(std::vector<std::string> options = {})
{
    return {.options = std::move(options), .poll_interval = std::chrono::milliseconds(100)};
}

/// What a run ends by.
template <typename L>
std::string error_of(L launcher, rios::remote_options const& options, square_on_host does = {})
{
    squares_on_hosts job{.does = std::move(does)};
    return message_of<rios::error>([&] {
        rios::remote_executor executor(std::move(launcher), options);
        executor.run(job);
    });
}

} // namespace test
