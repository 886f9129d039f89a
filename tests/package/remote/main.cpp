// SPDX-License-Identifier: BSL-1.0
#include <rios/apply.hpp>
#include <rios/executor/remote.hpp>
#include <rios/launcher/subprocess.hpp>
#include <rios/memory_reader.hpp>
#include <rios/memory_writer.hpp>
#include <rios/serve_if_worker.hpp>

#include <iostream>

int main(int argc, char** argv)
{
    if (auto const status = rios::serve_if_worker(argc, argv)) return *status;
    rios::image<float> image(1, 50, 40);
    for (auto [row, col] : image.pixels()) image(0, row, col) = static_cast<float>(row * col);
    rios::image<float> result;
    rios::apply(rios::memory_reader(image),
                [](rios::block_info const&, rios::image<float> block) {
                    for (auto [row, col] : block.pixels()) block(0, row, col) += 1;
                    return block;
                },
                rios::memory_writer(result), rios::remote_executor(rios::subprocess_launcher(), {.workers = 2}),
                {.window = 16});
    std::cout << result(0, 49, 39) << '\n';
    return result(0, 49, 39) == 49 * 39 + 1 ? 0 : 1;
}
