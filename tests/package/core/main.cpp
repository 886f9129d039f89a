// SPDX-License-Identifier: BSL-1.0
#include <shepseg/segment.hpp>

#include <cstdint>
#include <iostream>

int main()
{
    rios::image<std::uint16_t> const im{1, 4, 4};
    std::cout << im.rows() << " rows\n";
    return im.rows() == 4 ? 0 : 1;
}
