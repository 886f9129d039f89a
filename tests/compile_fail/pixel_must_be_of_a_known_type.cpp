// SPDX-License-Identifier: BSL-1.0
#include <rios/image.hpp>

#ifdef RIOS_MUST_COMPILE
using pixel = int;
#else
using pixel = long double;
#endif

int main()
{
    return static_cast<int>(rios::image<pixel>(1, 2, 3).rows());
}
