// SPDX-License-Identifier: BSL-1.0
#include <rios/concepts.hpp>
#include <rios/image.hpp>

struct reader {
    using value_type = rios::image<float>;
    rios::pixel_grid place;
    rios::pixel_grid const& grid() const { return place; }
#ifdef RIOS_MUST_COMPILE
    rios::image<float> read(rios::block const& where) { return {1, where.rows, where.cols}; }
#else
    rios::image<double> read(rios::block const& where) { return {1, where.rows, where.cols}; }
#endif
};

template <rios::Reader R>
void use(R const& /*reader*/)
{
}

int main()
{
    use(reader{});
}
