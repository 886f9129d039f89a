// SPDX-License-Identifier: BSL-1.0
#include <rios/launcher/launcher.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace std::chrono_literals;
using rios::any_launcher;
using rios::job_id;
using rios::job_status;
using rios::worker_command;

/// Notes what it is asked to do.
class noting_launcher {
  public:
    explicit noting_launcher(std::vector<std::string>& notes) : notes_(notes) {}

    job_id submit(worker_command const& command)
    {
        notes_.get().push_back("submit " + command.name);
        return "job " + std::to_string(++*jobs_);
    }
    std::vector<job_status> status(std::span<job_id const> jobs)
    {
        std::vector<job_status> result;
        for (auto const& each : jobs) result.push_back({.state = rios::job_state::running, .reason = each + " runs"});
        return result;
    }
    void cancel(std::span<job_id const> jobs)
    {
        for (auto const& each : jobs) notes_.get().push_back("cancel " + each);
    }
    [[nodiscard]] std::chrono::milliseconds poll_interval() const { return 123ms; }
    [[nodiscard]] bool one_host() const { return true; }

  private:
    std::reference_wrapper<std::vector<std::string>> notes_;
    std::unique_ptr<int> jobs_ = std::make_unique<int>(0); // it can be moved only
};

struct without_cancel {
    job_id submit(worker_command const&);
    std::vector<job_status> status(std::span<job_id const>);
    [[nodiscard]] std::chrono::milliseconds poll_interval() const;
    [[nodiscard]] bool one_host() const;
};

static_assert(rios::Launcher<noting_launcher> && rios::Launcher<any_launcher>);
static_assert(!rios::Launcher<without_cancel>);

} // namespace

TEST_CASE("a launcher of any kind hands everything on to the one that it was made of, also when it has been moved")
{
    std::vector<std::string> notes;
    any_launcher first{noting_launcher(notes)};
    CHECK(first.submit({.name = "a"}) == "job 1");
    auto second = std::move(first);
    CHECK(second.submit({.name = "b"}) == "job 2");
    std::vector<job_id> const jobs{"job 2", "job 1"};
    auto const found = second.status(jobs);
    REQUIRE(found.size() == 2);
    CHECK(found[0].reason == "job 2 runs");
    CHECK(found[1].state == rios::job_state::running);
    second.cancel(jobs);
    CHECK(notes == std::vector<std::string>{"submit a", "submit b", "cancel job 2", "cancel job 1"});
    CHECK(second.poll_interval() == 123ms);
    CHECK(second.one_host());
}
