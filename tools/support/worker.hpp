// SPDX-License-Identifier: BSL-1.0
//
// A tool as a worker of another process of itself, or as its guardian (--executor).
#pragma once

#include <cstdint>
#include <optional>

#include <rios/aws/guardian.hpp>
#include <rios/gdal/block_cache.hpp>
#include <rios/gdal/call.hpp>
#include <rios/remote/worker_options.hpp>
#include <rios/serve_if_worker.hpp>

namespace tools {

/// The first thing in main().
[[nodiscard]] inline std::optional<int> serve_if_worker(int argc, char** argv)
{
    if (argc > 1 && argv[1] == rios::remote::worker_argument) {
        constexpr std::uint64_t block_cache = 256 << 20; // a block is hardly asked for again
        rios::silence_gdal();
        rios::limit_block_cache(block_cache);
    }
    if (auto const status = rios::aws::serve_if_guardian(argc, argv)) return status;
    return rios::serve_if_worker(argc, argv);
}

} // namespace tools
