// SPDX-License-Identifier: BSL-1.0
#ifndef RIOS_MUST_COMPILE
#include <gdal_priv.h>
#endif

int main() {}
