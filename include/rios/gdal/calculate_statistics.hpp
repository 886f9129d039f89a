// SPDX-License-Identifier: BSL-1.0
//
// Statistics, histograms and overviews for rasters that exist already: what gdal_writer makes with an output, made afterwards.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gdal_priv.h>

#include "../band_histogram.hpp"
#include "../cancellation.hpp"
#include "../concepts.hpp"
#include "../error.hpp"
#include "../handle_pool.hpp"
#include "../image.hpp"
#include "../null_test.hpp"
#include "../pixel_moments.hpp"
#include "../pixel_type.hpp"
#include "../progress.hpp"
#include "../timing.hpp"
#include "../value_counts.hpp"
#include "call.hpp"
#include "data_type.hpp"
#include "dataset.hpp"
#include "output_summaries.hpp"
#include "reader.hpp"
#include "statistics.hpp"
#include "table_change.hpp"

namespace rios {

/// What calculate_statistics() does.
struct calculation_options {
    /// Becomes the null value of all bands first, and is left out.
    std::optional<double> null_value{};
    /// some: statistics and histogram come from the smallest overview that has 2500 pixels or more, instead of all pixels.
    counted_pixels counted = counted_pixels::all;
    summary_options summaries{};
    /// Told the part of the blocks that is done; may cancel.
    progress_function progress{};
};

namespace detail {

/// A Job: looks at the blocks of a raster, and writes to the file that they came from what output_summaries make of them.
template <Pixel T>
class summaries_job {
  public:
    using result = summary_digest<T>;

    /// @param file open for changes; blocks are read by other handles
    summaries_job(gdal_dataset& file, std::string const& path, summary_options const& options,
                  std::optional<double> null_value, progress_function progress)
        : file_(&file), summaries_(file, options, null_value), readers_(gdal_reader<T>(path)),
          preparers_(summary_preparer<T>(summaries_.plan())), cancellation_(std::move(progress))
    {
    }

    [[nodiscard]] std::size_t size() const
    {
        return summaries_.wants_blocks() ? static_cast<std::size_t>(blocks().size()) : 0;
    }

    result compute(std::size_t index)
    {
        cancellation_.check();
        auto const where = blocks()[static_cast<std::ptrdiff_t>(index)];
        auto const pixels = [&] {
            auto const timed = log_.measure("reading");
            return readers_.lend()->read(where);
        }();
        return (*preparers_.lend())(where, pixels.view(), log_);
    }

    void deliver(std::size_t index, result digest)
    {
        {
            auto const timed = log_.measure("writing");
            summaries_.add(*file_, blocks()[static_cast<std::ptrdiff_t>(index)], std::move(digest));
        }
        cancellation_.report("blocks", static_cast<double>(++delivered_) / static_cast<double>(size()));
    }

    void poll() { cancellation_.poll(); }
    void stop() noexcept { cancellation_.stop(); }

    /// @pre all blocks were delivered
    timings finish()
    {
        preparers_.for_each([&](summary_preparer<T>& each) { summaries_.absorb(each); });
        summaries_.finish(*file_, log_);
        return log_.snapshot();
    }

  private:
    [[nodiscard]] auto blocks() const { return readers_.original().grid().blocks(256); }

    gdal_dataset* file_;
    output_summaries<T> summaries_;
    handle_pool<gdal_reader<T>> readers_;
    handle_pool<summary_preparer<T>> preparers_;
    cancellation cancellation_;
    timing_log log_{rios_timer_order()};
    std::size_t delivered_ = 0;
};

/// Statistics and histogram of a sample of a band.
template <Pixel T>
void sample_band(gdal_dataset& file, int number, summary_options const& options, std::optional<double> null_value)
{
    auto const type = file.band_type(number);
    bool const thematic = file.is_thematic(number);
    auto const most_direct = most_direct_for(file.format());
    gdal_errors const errors;
    auto* const source = file.band(number).GetRasterSampleOverview(2500);
    if (source == nullptr) errors.fail(file.path(), "cannot read an overview");
    auto const rows = source->GetYSize();
    auto const cols = source->GetXSize();
    image<T> pixels(1, rows, cols);
    auto const result = source->RasterIO(GF_Read, 0, 0, cols, rows, pixels.data(), cols, rows,
                                         gdal_type_of(pixel_type_of<T>), 0, 0, nullptr);
    errors.check(result == CE_None, file.path(), "cannot read an overview", file.raw()->GetDescription());
    null_test<T> const is_null(null_value);
    pixel_moments<T> moments;
    value_counts<T> counts(is_null);
    std::span<T const> const all(pixels.data(), static_cast<std::size_t>(pixels.pixel_count()));
    moments.add(all, is_null);
    counts.add(all);
    auto const statistics = statistics_of(moments);
    std::optional<band_histogram> histogram;
    if (statistics && options.histogram) {
        if (counts.complete()) {
            histogram = histogram_of(type, thematic, *statistics, counts.values(), most_direct);
        } else {
            histogram = empty_histogram(type, thematic, *statistics, most_direct);
            histogram_bins const bins(*histogram);
            for (auto const pixel : all) {
                if (!is_null(pixel)) ++histogram->counts[bins.bin_of(static_cast<double>(pixel))];
            }
            set_centre_by_bins(*histogram, type);
        }
    }
    write_statistics(file, number, options.statistics ? statistics : std::nullopt, histogram, null_value,
                     counted_pixels::some);
}

} // namespace detail

/// Computes statistics, histogram and overviews of all bands of a raster of a format that GDAL can update, and writes them to
/// the file, or to where GDAL keeps them for the format. Attribute tables keep their rows. Overviews that are there already,
/// of the same sizes, are made anew. What is written before an error stays.
/// @returns what took how long
/// @throws io_error if there is no such raster, or it cannot be changed
/// @throws options_error if bands have different null values, as overviews are made of all at once: give one; if a band's
/// pixels cannot have the null value that is given
/// @throws grid_error if a band has pixels of a type that rios does not have
/// @throws cancelled
template <AnyExecutor E>
timings calculate_statistics(std::string const& path, calculation_options const& options, E& executor)
{
    detail::check(path, options.summaries);
    auto file = gdal_dataset::open_for_update(path);
    table_change change(file);
    std::vector<pixel_type> types;
    for (int number = 1; number <= file.band_count(); ++number) types.push_back(file.band_type(number));
    if (options.null_value) {
        for (auto const type : types) {
            bool const held = dispatch(
                type, [&]<typename T>(std::type_identity<T>) { return to_pixel<T>(*options.null_value).has_value(); });
            if (held) continue;
            throw options_error(path + ": null value " + detail::number_text(*options.null_value) + " is not a " +
                                std::string(name_of(type)) + " value");
        }
        for (int number = 1; number <= file.band_count(); ++number) {
            gdal_errors const errors;
            errors.check(file.band(number).SetNoDataValue(*options.null_value) == CE_None, path,
                         "cannot set the null value");
        }
    }
    auto const null_value = options.null_value ? options.null_value : common_null_value(file);
    auto const wanted = detail::whole_record(file.format(), options.summaries);
    auto const result = dispatch(common_pixel_type(types), [&]<typename T>(std::type_identity<T>) {
        auto summaries = wanted;
        if (options.counted == counted_pixels::some) summaries.statistics = summaries.histogram = false;
        detail::summaries_job<T> job(file, path, summaries, null_value, options.progress);
        executor.run(job); // of no blocks if nothing is to be taken from them
        auto times = job.finish();
        if (options.counted == counted_pixels::some && (wanted.statistics || wanted.histogram)) {
            for (int number = 1; number <= file.band_count(); ++number) {
                detail::sample_band<T>(file, number, wanted, null_value);
            }
        }
        return times;
    });
    change.finish();
    return result;
}

} // namespace rios
