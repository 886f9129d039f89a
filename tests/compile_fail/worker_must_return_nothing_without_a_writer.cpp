// SPDX-License-Identifier: BSL-1.0
#include <rios/apply.hpp>
#include <rios/image.hpp>
#include <rios/memory_reader.hpp>

int main()
{
    rios::apply(rios::memory_reader(rios::image<float>(1, 2, 3)),
                [](rios::block_info const&, rios::image<float> const& in) {
#ifdef RIOS_MUST_COMPILE
                    static_cast<void>(in);
#else
        return in;
#endif
                });
}
