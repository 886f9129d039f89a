// SPDX-License-Identifier: BSL-1.0
#include <rios/aws/query_text.hpp>

#include <doctest/doctest.h>

using rios::aws::detail::percent_encoded;
using rios::aws::detail::query_text;

TEST_CASE("all but unreserved characters are encoded, byte by byte")
{
    CHECK(percent_encoded("azAZ09-_.~") == "azAZ09-_.~");
    CHECK(percent_encoded(" +/=&%:*") == "%20%2B%2F%3D%26%25%3A%2A");
    CHECK(percent_encoded("ä\n\x7f") == "%C3%A4%0A%7F");
    CHECK(percent_encoded("").empty());
}

TEST_CASE("parameters stand in the order of their names, and empty values keep their sign")
{
    CHECK(query_text({{"b", "2"}, {"a.10", "x y"}, {"a.1", ""}, {"B", "1"}}) == "B=1&a.1=&a.10=x%20y&b=2");
    CHECK(query_text({}).empty());
}
