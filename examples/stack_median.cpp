// SPDX-License-Identifier: BSL-1.0
//
// stack_median OUT IN...: the median of many images of one place, pixel by pixel. Shows a list of files as one input, and a
// worker that owns scratch memory.
#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <rios/apply.hpp>
#include <rios/gdal/reader.hpp>
#include <rios/gdal/writer.hpp>
#include <rios/lists.hpp>
#include <rios/null_test.hpp>

#include "example_options.hpp"

namespace {

struct arguments {
    std::string output;
    std::vector<std::string> inputs;
    examples::pipeline_options pipeline;
};

/// What has all values of T: float, or double where that does not suffice.
template <rios::Pixel T>
using median_type = std::conditional_t<rios::holds(rios::pixel_type::float32, rios::pixel_type_of<T>), float, double>;

template <rios::Pixel T>
constexpr median_type<T> no_data = std::numeric_limits<median_type<T>>::lowest();

/// The worker. Each thread has a copy of its own, so it may keep memory from one block to the next.
template <rios::Pixel T>
class stack_median {
  public:
    using out = median_type<T>;

    rios::image<out> operator()(rios::block_info const& block, std::span<rios::image<T> const> stack)
    {
        rios::image<out> result(stack.front().bands(), block.rows, block.cols);
        for (std::ptrdiff_t band = 0; band < result.bands(); ++band) {
            nulls_.clear();
            for (std::size_t file = 0; file < stack.size(); ++file) {
                nulls_.push_back(block.null_test<T>(0, band, file));
            }
            for (auto const [row, col] : result.pixels()) {
                values_.clear();
                for (std::size_t file = 0; file < stack.size(); ++file) {
                    auto const pixel = stack[file](band, row, col);
                    if (!nulls_[file](pixel)) values_.push_back(static_cast<out>(pixel));
                }
                result(band, row, col) = median();
            }
        }
        return result;
    }

    /// What travels when blocks are computed by other processes: nothing, it is the same for every block.
    template <typename Self, typename A>
    static void members(Self& /*self*/, A& /*archive*/)
    {
    }

  private:
    /// Of values_, whose order changes.
    out median()
    {
        if (values_.empty()) return no_data<T>;
        auto const middle = values_.begin() + static_cast<std::ptrdiff_t>(values_.size() / 2);
        std::nth_element(values_.begin(), middle, values_.end());
        if (values_.size() % 2 == 1) return *middle;
        return std::midpoint(*std::max_element(values_.begin(), middle), *middle);
    }

    std::vector<rios::null_test<T>> nulls_; // of each file
    std::vector<out> values_;               // of one pixel
};

template <rios::Pixel T>
void run(arguments const& given)
{
    auto const stack = rios::readers<rios::gdal_reader<T>>(given.inputs);
    auto const& first = stack.members().front();
    for (auto const& each : stack.members()) { // that they cover the same pixels is seen to by rios::apply
        if (each.band_count() == first.band_count()) continue;
        throw rios::grid_error(each.path() + ": has " + std::to_string(each.band_count()) + " bands; " + first.path() +
                               " has " + std::to_string(first.band_count()));
    }
    rios::gdal_writer<median_type<T>> writer(given.output,
                                             {.bands = static_cast<int>(first.band_count()), .null_value = no_data<T>});
    examples::with_executor(given.pipeline, stack.grid(), [&](auto&& executor, auto const& progress) {
        return rios::apply(stack, stack_median<T>(), writer, executor,
                           {.window = given.pipeline.window, .progress = progress});
    });
}

} // namespace

int main(int argc, char** argv)
{
    arguments given;
    CLI::App app(
        "Computes the median of all images for each pixel and band; of an even number of values, the mean of the two\n"
        "in the middle. What is null or not a finite number is left out; where nothing is left, the result is null\n"
        "(null value: the lowest number). OUT is float32, or float64 if an image has pixels of 32-bit integers or\n"
        "float64.",
        "stack_median");
    app.add_option("OUT", given.output, "File to write, such as median.tif or median.img")->required()->type_name("");
    app.add_option("IN", given.inputs, "Images of the same size and place, with the same number of\nbands")
        ->required()
        ->type_name("");
    examples::add_options(app, given.pipeline);
    return examples::run(app, argc, argv, [&] {
        rios::dispatch(examples::pixel_type_of(given.inputs),
                       [&]<typename T>(std::type_identity<T>) { run<T>(given); });
    });
}
