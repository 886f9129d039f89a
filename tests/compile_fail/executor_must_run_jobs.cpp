// SPDX-License-Identifier: BSL-1.0
#include <rios/executor/inline.hpp>
#include <shepseg/segment.hpp>

#ifdef RIOS_MUST_COMPILE
using executor = rios::inline_executor;
#else
struct executor {};
#endif

int main()
{
    rios::image<unsigned char> const image(1, 2, 3);
    return static_cast<int>(shepseg::segment(image, shepseg::options{}, executor{}).counts.segments);
}
