// SPDX-License-Identifier: BSL-1.0
// What the consumers of rios have worked out, by an executor of theirs.
#pragma once

#include <rios/apply.hpp>
#include <rios/memory_reader.hpp>
#include <rios/memory_writer.hpp>

#include <iostream>
#include <utility>

/// Adds one to each pixel of an image. @returns the exit status: 0 if that is what came out
template <typename Executor>
int add_one(Executor executor)
{
    rios::image<float> image(1, 50, 40);
    for (auto [row, col] : image.pixels()) image(0, row, col) = static_cast<float>(row * col);
    rios::image<float> result;
    rios::apply(rios::memory_reader(image),
                [](rios::block_info const&, rios::image<float> block) {
                    for (auto [row, col] : block.pixels()) block(0, row, col) += 1;
                    return block;
                },
                rios::memory_writer(result), std::move(executor), {.window = 16});
    std::cout << result(0, 49, 39) << '\n';
    return result(0, 49, 39) == 49 * 39 + 1 ? 0 : 1;
}
