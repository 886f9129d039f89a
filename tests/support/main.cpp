// SPDX-License-Identifier: BSL-1.0
// The first macro too, because the precompiled header has already included doctest's declarations, which would derive it.
#define DOCTEST_CONFIG_IMPLEMENT
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
