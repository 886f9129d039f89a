// SPDX-License-Identifier: BSL-1.0
#include <rios/executor/remote.hpp>
#include <rios/launcher/subprocess.hpp>
#include <rios/serve_if_worker.hpp>

#include "../add_one.hpp"

int main(int argc, char** argv)
{
    if (auto const status = rios::serve_if_worker(argc, argv)) return *status;
    return add_one(rios::remote_executor(rios::subprocess_launcher(), {.workers = 2}));
}
