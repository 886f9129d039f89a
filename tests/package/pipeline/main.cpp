// SPDX-License-Identifier: BSL-1.0
#include <rios/apply.hpp>
#include <rios/executor/threads.hpp>
#include <rios/memory_reader.hpp>
#include <rios/memory_writer.hpp>

#include <iostream>

int main()
{
    rios::image<float> image(1, 50, 40);
    for (auto [row, col] : image.pixels()) image(0, row, col) = static_cast<float>(row * col);
    rios::image<float> result;
    rios::apply(rios::memory_reader(image),
                [](rios::block_info const&, rios::image<float> block) {
                    for (auto [row, col] : block.pixels()) block(0, row, col) += 1;
                    return block;
                },
                rios::memory_writer(result), rios::thread_executor({.readers = 1, .workers = 2}), {.window = 16});
    std::cout << result(0, 49, 39) << '\n';
    return result(0, 49, 39) == 49 * 39 + 1 ? 0 : 1;
}
