// SPDX-License-Identifier: BSL-1.0
// An image of real containers, in which workers run that aws_world.hpp starts (worker_image.sh, podman).
#pragma once

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "environment.hpp"
#include "process.hpp"
#include "temporary_directory.hpp"

namespace test {

/// As long as the object lives, podman has an image whose entry point is a program, and nothing else. A world for AWS that begins
/// later can start containers of it.
///
///     TEST_CASE("...") { test::worker_image const image(test::this_program()); if (!image) return; ... image.name() ... }
class worker_image {
  public:
    /// Says so for CTest where podman does not work.
    explicit worker_image(std::string const& program)
    {
        auto const made = script("make", {name_, program});
        works_ = made.status == 0;
        if (works_) return;
        auto const why = made.err.substr(0, made.err.find_last_not_of('\n') + 1);
        std::printf("SKIPPED: no containers here: %s\n", why.substr(why.rfind('\n') + 1).c_str());
    }
    worker_image(worker_image const&) = delete;
    worker_image& operator=(worker_image const&) = delete;
    ~worker_image() { static_cast<void>(script("remove", {})); }

    [[nodiscard]] explicit operator bool() const noexcept { return works_; }
    [[nodiscard]] std::string name() const { return "localhost/" + name_; }

  private:
    process_result script(std::string const& what, std::vector<std::string> const& words) const
    {
        auto const path = std::filesystem::absolute(std::filesystem::path(__FILE__)).parent_path() / "worker_image.sh";
        std::vector<std::string> all{path.string(), what, folder_.path().string()};
        all.insert(all.end(), words.begin(), words.end());
        return run(all, {.timeout = std::chrono::seconds(120)});
    }

    std::string const name_ = "worker";
    temporary_directory folder_;
    environment_variable settings_{"CONTAINERS_CONF", (folder_ / "containers.conf")};
    environment_variable storage_{"CONTAINERS_STORAGE_CONF", (folder_ / "storage.conf")};
    bool works_ = false;
};

} // namespace test
