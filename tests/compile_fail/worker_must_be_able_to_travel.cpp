// SPDX-License-Identifier: BSL-1.0
#include <memory>

#include <rios/apply.hpp>
#include <rios/executor/remote.hpp>
#include <rios/image.hpp>
#include <rios/launcher/subprocess.hpp>
#include <rios/memory_reader.hpp>

#ifdef RIOS_MUST_COMPILE
using state = int;
#else
using state = std::shared_ptr<int>;
#endif

int main()
{
    rios::apply(
        rios::memory_reader(rios::image<float>(1, 2, 3)),
        [held = state()](rios::block_info const&, rios::image<float> const&) { static_cast<void>(held); },
        rios::no_output(), rios::remote_executor(rios::subprocess_launcher()));
}
