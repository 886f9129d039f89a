// SPDX-License-Identifier: BSL-1.0
// What is done to an image in other processes by the tests of remote_executor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <unistd.h>

#include <rios/apply.hpp>
#include <rios/executor/remote.hpp>
#include <rios/image.hpp>
#include <rios/launcher/subprocess.hpp>
#include <rios/memory_reader.hpp>
#include <rios/memory_writer.hpp>

#include "pipeline_doubles.hpp"

namespace test {

inline auto subprocesses(rios::remote_options options)
{
    return rios::remote_executor(rios::subprocess_launcher(), std::move(options), {.workers = 1});
}

/// Sums of each pixel and those around it, of all bands; the process that did it in band 1.
struct sum_around {
    rios::image<std::int32_t> operator()(rios::block_info const& where, rios::image<std::int16_t> const& in) const
    {
        rios::image<std::int32_t> out(2, where.rows, where.cols);
        auto const margin = where.overlap();
        for (auto const [row, col] : out.pixels()) {
            std::int32_t sum = 0;
            for (std::ptrdiff_t band = 0; band < in.bands(); ++band) {
                for (auto r = row; r <= row + 2 * margin; ++r) {
                    for (auto c = col; c <= col + 2 * margin; ++c) sum += in(band, r, c);
                }
            }
            out(0, row, col) = sum;
            out(1, row, col) = ::getpid();
        }
        return out;
    }
};

/// The first band of an image.
[[nodiscard]] inline rios::image<std::int32_t> first_band(rios::image<std::int32_t> const& all)
{
    rios::image<std::int32_t> result(1, all.rows(), all.cols());
    for (auto const [row, col] : result.pixels()) result(0, row, col) = all(0, row, col);
    return result;
}

[[nodiscard]] inline rios::image<std::int16_t> scene()
{
    return random_image<std::int16_t>(2, 100, 130, 1);
}

template <typename W, typename E>
rios::image<std::int32_t> result_of(W worker, E&& executor, rios::apply_options const& options)
{
    rios::image<std::int32_t> out;
    rios::apply(rios::memory_reader(scene()), worker, rios::memory_writer(out), executor, options);
    return out;
}

} // namespace test
