// SPDX-License-Identifier: BSL-1.0
#include <rios/aws/base64.hpp>

#include <doctest/doctest.h>

TEST_CASE("bytes become text as RFC 4648 has it")
{
    using rios::aws::base64;
    CHECK(base64("") == "");
    CHECK(base64("f") == "Zg==");
    CHECK(base64("fo") == "Zm8=");
    CHECK(base64("foo") == "Zm9v");
    CHECK(base64("foob") == "Zm9vYg==");
    CHECK(base64("fooba") == "Zm9vYmE=");
    CHECK(base64("foobar") == "Zm9vYmFy");
    CHECK(base64("\xff\xfe\xfb") == "//77");
}
