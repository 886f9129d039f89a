// SPDX-License-Identifier: BSL-1.0
#include <rios/apply.hpp>
#include <rios/image.hpp>
#include <rios/memory_reader.hpp>
#include <rios/memory_writer.hpp>

#include <tuple>

int main()
{
    rios::image<float> result;
    rios::image<float> other;
    rios::apply(
        rios::memory_reader(rios::image<float>(1, 2, 3)),
        [](rios::block_info const&, rios::image<float> const& in) {
#ifdef RIOS_MUST_COMPILE
            return std::tuple(in, in);
#else
            return in;
#endif
        },
        std::tuple(rios::memory_writer(result), rios::memory_writer(other)));
}
