// SPDX-License-Identifier: BSL-1.0
// Runs whose workers are played by threads of the test.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/executor/remote.hpp>

#include "fake_workers.hpp"
#include "remote_runs.hpp"
#include "squares_job.hpp"

namespace test {

/// Runs a job of ten steps with fake workers, and has them all gone within seconds.
struct fake_run {
    std::string error = "(nothing was thrown)";
    std::vector<std::uint64_t> results{};

    explicit fake_run(fake_launcher::play script, std::size_t workers = 1)
        : fake_run(fake_launcher(std::move(script)), {.workers = workers})
    {
    }
    /// @param options but for the folder, and the size of messages
    template <typename L>
    fake_run(L launcher, rios::remote_options options, rios::run_options const& how = {})
    {
        remote_place const place;
        auto const begun = std::chrono::steady_clock::now();
        {
            options.directory = place.options().directory;
            options.largest_message = 100000;
            rios::remote_executor executor(std::move(launcher), options);
            squares_job job(10, square());
            try {
                executor.run(job, how);
            } catch (rios::error const& thrown) {
                error = thrown.what();
            }
            results = job.results;
        }
        CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(10));
        CHECK(place.nothing_left());
    }
};

} // namespace test
