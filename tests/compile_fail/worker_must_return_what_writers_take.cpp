// SPDX-License-Identifier: BSL-1.0
#include <rios/apply.hpp>
#include <rios/image.hpp>
#include <rios/memory_reader.hpp>
#include <rios/memory_writer.hpp>

#ifdef RIOS_MUST_COMPILE
using pixel = float;
#else
using pixel = unsigned char;
#endif

int main()
{
    rios::image<pixel> result;
    rios::apply(
        rios::memory_reader(rios::image<float>(1, 2, 3)),
        [](rios::block_info const&, rios::image<float> const& in) { return in; }, rios::memory_writer(result));
}
