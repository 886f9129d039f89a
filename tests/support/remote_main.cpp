// SPDX-License-Identifier: BSL-1.0
// As main.cpp, for tests of which some processes are workers, or other programs that tests start.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <rios/serve_if_worker.hpp>

#include "test_program.hpp"

int main(int argc, char** argv)
{
    if (auto const status = rios::serve_if_worker(argc, argv)) return *status;
    if (auto const status = test::test_program::run_if_asked(argc, argv)) return *status;
    return doctest::Context(argc, argv).run();
}
