// SPDX-License-Identifier: BSL-1.0
#ifndef RIOS_MUST_COMPILE
#define __FAST_MATH__ 1 // as -ffast-math and -Ofast do
#endif
#include <shepseg/segment.hpp>

int main() {}
