// SPDX-License-Identifier: BSL-1.0
#include <rios/executor/threads.hpp>

#include "../add_one.hpp"

int main()
{
    return add_one(rios::thread_executor({.readers = 1, .workers = 2}));
}
