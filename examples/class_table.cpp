// SPDX-License-Identifier: BSL-1.0
//
// class_table IN OUT --breaks V,V,...: sorts pixels into classes, and describes these in the attribute table: names, bounds,
// numbers of pixels, colours. Shows a writer of one's own, around that of a file: table and pixels appear at once.
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <rios/apply.hpp>
#include <rios/colour_ramps.hpp>
#include <rios/gdal/colour_table.hpp>
#include <rios/gdal/reader.hpp>
#include <rios/gdal/table_io.hpp>
#include <rios/gdal/writer.hpp>

#include "example_options.hpp"

namespace {

constexpr std::uint8_t no_class = 0;
constexpr std::size_t most_breaks = 254; // 255 classes

struct arguments {
    std::string input;
    std::string output;
    std::vector<double> breaks;
    std::string ramp = "viridis";
    examples::pipeline_options pipeline;
};

/// The worker: the number of a pixel's class is one more than that of the breaks that it has reached.
struct classify {
    std::vector<double> breaks;

    template <rios::Pixel T>
    rios::image<std::uint8_t> operator()(rios::block_info const& block, rios::image<T> const& pixels) const
    {
        auto const is_null = block.null_test<T>(0, 0);
        rios::image<std::uint8_t> classes(1, block.rows, block.cols);
        for (auto const [row, col] : classes.pixels()) {
            auto const pixel = pixels(0, row, col);
            auto const above = std::upper_bound(breaks.begin(), breaks.end(), static_cast<double>(pixel));
            classes(0, row, col) = is_null(pixel) ? no_class : static_cast<std::uint8_t>(above - breaks.begin() + 1);
        }
        return classes;
    }

    /// What travels when blocks are computed by other processes.
    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.breaks);
    }
};

/// The writer: counts what it writes, and adds the table before the file gets its name.
class class_writer {
  public:
    explicit class_writer(arguments const& given)
        : file_(given.output, {.null_value = no_class, .thematic = true, .band_names = {"class"}}),
          breaks_(given.breaks), ramp_(given.ramp), counts_(given.breaks.size() + 2)
    {
    }

    [[nodiscard]] std::string const& path() const noexcept { return file_.path(); }

    void open(rios::pixel_grid const& grid) { file_.open(grid); }

    void write(rios::block const& where, rios::image<std::uint8_t> const& classes)
    {
        for (auto const [row, col] : classes.pixels()) ++counts_[classes(0, row, col)];
        file_.write(where, classes);
    }

    void discard() noexcept { file_.discard(); }

    void close()
    {
        close([](std::string const&) {});
    }

    template <std::invocable<std::string const&> F>
    void close(F before_commit)
    {
        write_table();
        file_.close(std::move(before_commit));
    }

  private:
    void write_table()
    {
        constexpr auto infinity = std::numeric_limits<double>::infinity();
        auto const text = [](double number) {
            char digits[32];
            std::snprintf(digits, sizeof digits, "%.15g", number);
            return std::string(digits);
        };
        std::vector<std::string> names{"no data", "below " + text(breaks_.front())};
        std::vector<double> lower{0, -infinity};
        std::vector<double> upper{0};
        for (std::size_t i = 0; i < breaks_.size(); ++i) {
            bool const last = i + 1 == breaks_.size();
            names.push_back(text(breaks_[i]) + (last ? " and above" : " to " + text(breaks_[i + 1])));
            lower.push_back(breaks_[i]);
            upper.push_back(breaks_[i]);
        }
        upper.push_back(infinity);
        counts_[no_class] = 0; // a histogram is one of data

        auto& file = file_.dataset();
        rios::write_histogram(file, 1, counts_);
        rios::write_column(file, "Class_Names", names, {.usage = rios::column_usage::name});
        rios::write_column(file, "lower", lower, {.usage = rios::column_usage::minimum});
        rios::write_column(file, "upper", upper, {.usage = rios::column_usage::maximum});
        auto colours = rios::ramp_colours(names.size() - 1, ramp_);
        colours.insert(colours.begin(), rios::transparent);
        rios::write_colour_table(file, colours);
    }

    rios::gdal_writer<std::uint8_t> file_;
    std::vector<double> breaks_;
    std::string ramp_;
    std::vector<std::uint64_t> counts_;
};

template <rios::Pixel T>
void run(arguments const& given)
{
    rios::gdal_reader<T> const reader(given.input, {.bands = {1}});
    class_writer writer(given);
    examples::with_executor(given.pipeline, reader.grid(), [&](auto&& executor, auto const& progress) {
        return rios::apply(reader, classify{given.breaks}, writer, executor,
                           {.window = given.pipeline.window, .progress = progress});
    });
}

} // namespace

int main(int argc, char** argv)
{
    arguments given;
    CLI::App app(
        "Sorts the pixels of band 1 into classes: 1 for those below the first break, 2 from there to below the "
        "second,\n"
        "and so on; 0, the null value, for those that are null or not a finite number. The attribute table of the\n"
        "output has a row for each class: name, bounds, number of pixels and colour.",
        "class_table");
    app.add_option("IN", given.input, "Image: any raster that GDAL reads")->required()->type_name("");
    app.add_option("OUT", given.output, "File to write, such as classes.img or classes.tif")->required()->type_name("");
    app.add_option("--breaks", given.breaks, "Numbers that rise, 1 to 254 of them, separated by commas")
        ->required()
        ->delimiter(',')
        ->type_name("V,V,...");
    app.add_option("--ramp", given.ramp, "Colours of the classes: gray, rainbow, viridis and others")
        ->transform(CLI::IsMember(rios::ramp_names()).description(""))
        ->type_name("NAME")
        ->capture_default_str();
    app.callback([&] {
        bool rising = given.breaks.size() <= most_breaks;
        for (std::size_t i = 0; i < given.breaks.size(); ++i) {
            rising = rising && std::isfinite(given.breaks[i]) && (i == 0 || given.breaks[i - 1] < given.breaks[i]);
        }
        if (!rising) throw CLI::ValidationError("--breaks", "must be 1 to 254 finite numbers that rise");
    });
    examples::add_options(app, given.pipeline);
    return examples::run(app, argc, argv, [&] {
        rios::dispatch(examples::pixel_type_of({given.input}, {1}),
                       [&]<typename T>(std::type_identity<T>) { run<T>(given); });
    });
}
