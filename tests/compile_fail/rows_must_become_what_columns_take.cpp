// SPDX-License-Identifier: BSL-1.0
#include <cstdint>
#include <span>
#include <vector>

#include <rios/gdal/rat_apply.hpp>

#ifdef RIOS_MUST_COMPILE
using value = double;
#else
using value = std::int32_t;
#endif

int main()
{
    rios::rat_apply(
        rios::table_input("a.img", rios::column<double>("x")),
        [](rios::row_block const&, std::span<double const> x) { return std::vector<value>(x.size()); },
        rios::table_output("a.img", rios::column<double>("y")));
}
