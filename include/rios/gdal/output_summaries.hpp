// SPDX-License-Identifier: BSL-1.0
//
// What a raster file carries beside its pixels: statistics, histogram, overviews. Taken from each block where it is computed,
// put together where it is written. Used by gdal/writer.hpp.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <cpl_port.h>

#include "../band_histogram.hpp"
#include "../block.hpp"
#include "../environment.hpp"
#include "../error.hpp"
#include "../image.hpp"
#include "../image_view.hpp"
#include "../null_test.hpp"
#include "../overview_parts.hpp"
#include "../pixel_moments.hpp"
#include "../pixel_type.hpp"
#include "../timing.hpp"
#include "../value_counts.hpp"
#include "attribute_table.hpp"
#include "dataset.hpp"
#include "overviews.hpp"
#include "raster_io.hpp"
#include "statistics.hpp"

namespace rios {

namespace detail {

/// RIOS_DFLT_OVERVIEWAGGTYPE, by default NEAREST. @throws options_error for other texts than NEAREST and AVERAGE
inline overview_method default_overview_method()
{
    auto const text = environment_text("RIOS_DFLT_OVERVIEWAGGTYPE");
    if (!text || EQUAL(text->c_str(), "NEAREST")) return overview_method::nearest;
    if (EQUAL(text->c_str(), "AVERAGE")) return overview_method::average;
    throw options_error("environment variable RIOS_DFLT_OVERVIEWAGGTYPE='" + *text + "': allowed: NEAREST and AVERAGE");
}

/// RIOS_DFLT_OVERVIEWLEVELS, by default 4, 8, 16, ..., 512. @throws options_error if it is no list of whole numbers
inline std::vector<int> default_overview_levels()
{
    auto const text = environment_text("RIOS_DFLT_OVERVIEWLEVELS");
    if (!text) return {4, 8, 16, 32, 64, 128, 256, 512};
    std::vector<int> levels;
    for (auto const* at = text->data();;) {
        auto const* const end = text->data() + text->size();
        auto const skip_blanks = [end](char const*& place) {
            while (place != end && *place == ' ') ++place;
        };
        skip_blanks(at);
        int level = 0;
        auto [next, failure] = std::from_chars(at, end, level);
        skip_blanks(next);
        if (failure != std::errc{} || (next != end && *next != ',')) {
            throw options_error("environment variable RIOS_DFLT_OVERVIEWLEVELS='" + *text +
                                "': allowed: whole numbers with commas between them, such as 4,8,16");
        }
        levels.push_back(level);
        if (next == end) return levels;
        at = next + 1;
    }
}

} // namespace detail

/// What a writer computes of its pixels and writes with the file. `summary_options{}` is what RIOS writes. Environment
/// variables are looked up when the object is made.
struct summary_options {
    /// Minimum, maximum, mean and standard deviation, as metadata that GDAL knows.
    bool statistics = true;
    /// Histogram, median and mode. HFA has them in one record with the statistics: both are written if either is wanted.
    bool histogram = true;
    overview_method overviews = detail::default_overview_method();
    /// Factors by which overviews are smaller than the raster, ascending, from 2 on. Of these the first are made whose
    /// smaller side has more than overview_min_size pixels.
    std::vector<int> overview_levels = detail::default_overview_levels();
    std::ptrdiff_t overview_min_size = environment_number("RIOS_DFLT_MINOVERLEVELDIM", 128, 0, 1 << 30);
};

namespace detail {

/// @param path of the output, for the message
/// @throws options_error
inline void check(std::string const& path, summary_options const& options)
{
    int last = 1;
    for (auto const level : options.overview_levels) {
        if (level <= last || level > 32767) {
            throw options_error(path + ": overview level " + std::to_string(level) +
                                ": levels must be 2 to 32767, and ascend");
        }
        last = level;
    }
    if (options.overview_min_size < 0) {
        throw options_error(path + ": smallest overview of " + std::to_string(options.overview_min_size) +
                            " pixels: must be at least 0");
    }
}

/// The levels that a raster of this size gets. Of levels that give overviews of the same size the first: GDAL makes no more.
inline std::vector<int> levels_for(summary_options const& options, std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    std::vector<int> levels;
    if (options.overviews == overview_method::none) return levels;
    for (auto const level : options.overview_levels) {
        if (std::min(rows, cols) / level <= options.overview_min_size) break;
        bool const smaller = levels.empty() || overview_size(rows, level) < overview_size(rows, levels.back()) ||
                             overview_size(cols, level) < overview_size(cols, levels.back());
        if (smaller) levels.push_back(level);
    }
    return levels;
}

/// What is asked for, and what has to come with it: HFA has one record for all, where what is left out reads as 0.
inline summary_options whole_record(std::string const& format, summary_options options)
{
    bool const together = format == "HFA" && (options.statistics || options.histogram);
    options.statistics = options.statistics || together;
    options.histogram = options.histogram || together;
    return options;
}

/// Most bins of a direct histogram of a thematic band in a format.
inline std::size_t most_direct_for(std::string const& format)
{
    return keeps_attribute_tables(format) ? most_direct_rows : most_direct_bins;
}

/// How the summaries of an output are made.
template <Pixel T>
struct summary_plan {
    summary_options options{};
    std::optional<double> null_value{};
    std::ptrdiff_t bands = 0;
    overview_maker<T> overviews;
    /// Values of up to 16 bits are counted one by one, which tells all the rest.
    bool counts_values = false;
    bool adds_moments = false;
};

/// What one block tells beside its pixels.
template <Pixel T>
struct summary_digest {
    std::vector<pixel_moments<T>> moments{}; ///< of each band, if the values alone do not tell
    overview_digest<T> overviews{};
};

/// Looks at blocks on the threads that compute them; each thread has a copy.
template <Pixel T>
class summary_preparer {
  public:
    /// None if there is nothing to be done.
    explicit summary_preparer(std::shared_ptr<summary_plan<T> const> plan) : plan_(std::move(plan))
    {
        if (!plan_ || !plan_->counts_values) return;
        counts_.assign(static_cast<std::size_t>(plan_->bands), value_counts<T>(null_test<T>(plan_->null_value)));
    }

    /// @param pixels of the block, without a margin
    [[nodiscard]] summary_digest<T> operator()(block const& where, image_view<T const> pixels, timing_log& log)
    {
        summary_digest<T> digest;
        if (!plan_ || pixels.bands() != plan_->bands) return digest; // which the writer refuses
        if (!plan_->overviews.levels().empty()) {
            auto const timed = log.measure("pyramids");
            digest.overviews = plan_->overviews(where, pixels);
        }
        if (plan_->counts_values) {
            auto const timed = log.measure("histogram");
            for_each_run(pixels, [&](std::ptrdiff_t band, std::span<T const> run) {
                counts_[static_cast<std::size_t>(band)].add(run);
            });
        }
        if (plan_->adds_moments) {
            auto const timed = log.measure("basicstats");
            null_test<T> const is_null(plan_->null_value);
            digest.moments.resize(static_cast<std::size_t>(pixels.bands()));
            for_each_run(pixels, [&](std::ptrdiff_t band, std::span<T const> run) {
                digest.moments[static_cast<std::size_t>(band)].add(run, is_null);
            });
        }
        return digest;
    }

    [[nodiscard]] std::vector<value_counts<T>>& counts() noexcept { return counts_; }

  private:
    template <typename F>
    static void for_each_run(image_view<T const> const& pixels, F f)
    {
        for (std::ptrdiff_t band = 0; band < pixels.bands(); ++band) {
            for (std::ptrdiff_t row = 0; row < pixels.rows(); ++row) f(band, pixels.row(band, row));
        }
    }

    std::shared_ptr<summary_plan<T> const> plan_;
    std::vector<value_counts<T>> counts_; // of each band
};

/// The summaries of an output that is being written.
///
/// Thread rule: one thread at a time.
template <Pixel T>
class output_summaries {
  public:
    /// Makes empty overviews.
    output_summaries(gdal_dataset& file, summary_options options, std::optional<double> null_value)
    {
        options = whole_record(file.format(), std::move(options));
        auto levels = levels_for(options, file.rows(), file.cols());
        create_overviews(file, levels);
        auto const bands = static_cast<std::ptrdiff_t>(file.band_count());
        bool const any = options.statistics || options.histogram;
        constexpr bool is_small = sizeof(T) <= 2;
        plan_ = std::make_shared<summary_plan<T> const>(
            summary_plan<T>{.options = options,
                            .null_value = null_value,
                            .bands = bands,
                            .overviews = {file.rows(), file.cols(), std::move(levels), options.overviews, null_value},
                            .counts_values = is_small ? any : options.histogram,
                            .adds_moments = !is_small && any});
        moments_.resize(plan_->adds_moments ? static_cast<std::size_t>(bands) : 0);
        skipped_.resize(moments_.size());
    }

    [[nodiscard]] std::shared_ptr<summary_plan<T> const> const& plan() const noexcept { return plan_; }

    /// Takes in what a block tells.
    void add(gdal_dataset& file, block const& where, summary_digest<T> digest)
    {
        for (std::size_t band = 0; band < digest.moments.size(); ++band) {
            if (digest.moments[band].count() > 0) moments_[band].add(where.index, std::move(digest.moments[band]));
        }
        add_overviews(file, digest);
    }

    /// Takes in what a block tells that was left out: all of its pixels hold one value, so it need not have a number.
    void add_skipped(gdal_dataset& file, summary_digest<T> const& digest)
    {
        for (std::size_t band = 0; band < digest.moments.size(); ++band) skipped_[band].merge(digest.moments[band]);
        add_overviews(file, digest);
    }

    /// Takes in what a thread has counted.
    void absorb(summary_preparer<T>& preparer)
    {
        if (counts_.empty()) counts_ = std::move(preparer.counts());
        else {
            for (std::size_t band = 0; band < counts_.size(); ++band) counts_[band].merge(preparer.counts()[band]);
        }
    }

    /// Is there anything to be taken from blocks?
    [[nodiscard]] bool wants_blocks() const
    {
        return plan_->counts_values || plan_->adds_moments || !plan_->overviews.levels().empty();
    }

    /// Writes statistics and histograms. @pre all pixels are written, and all was taken in
    void finish(gdal_dataset& file, timing_log& log)
    {
        if (!plan_->options.statistics && !plan_->options.histogram) return;
        for (int number = 1; number <= file.band_count(); ++number) {
            auto const band = static_cast<std::size_t>(number - 1);
            std::optional<band_statistics> statistics;
            std::optional<band_histogram> histogram;
            std::vector<value_count> values;
            bool const counted = plan_->counts_values && !counts_.empty() && counts_[band].complete();
            if (counted) {
                auto const timed = log.measure("histogram");
                values = counts_[band].values();
            }
            {
                auto const timed = log.measure("basicstats");
                statistics = plan_->adds_moments ? statistics_of(total_of(band))
                                                 : statistics_of(std::span<value_count const>(values));
            }
            if (statistics && plan_->options.histogram) {
                auto const timed = log.measure("histogram");
                histogram = counted ? histogram_of(file.band_type(number), file.is_thematic(number), *statistics,
                                                   values, most_direct_for(file.format()))
                                    : count_again(file, number, *statistics);
            }
            if (!plan_->options.statistics) statistics.reset();
            auto const timed = log.measure("basicstats");
            write_statistics(file, number, statistics, histogram, plan_->null_value);
        }
    }

  private:
    void add_overviews(gdal_dataset& file, summary_digest<T> const& digest)
    {
        auto const& levels = plan_->overviews.levels();
        for (auto const& part : digest.overviews.parts) write_overview_part(file, levels, part);
        for (auto const& part : joiner_.add(digest.overviews.shares, plan_->overviews, plan_->bands)) {
            write_overview_part(file, levels, part);
        }
    }

    [[nodiscard]] pixel_moments<T> total_of(std::size_t band) const
    {
        auto total = moments_[band].total();
        total.merge(skipped_[band]);
        return total;
    }

    /// The histogram of a band with too many different values to count each: in a second pass over the file.
    band_histogram count_again(gdal_dataset& file, int number, band_statistics const& statistics)
    {
        auto result = empty_histogram(file.band_type(number), file.is_thematic(number), statistics,
                                      most_direct_for(file.format()));
        histogram_bins const bins(result);
        null_test<T> const is_null(plan_->null_value);
        file.flush();
        auto const block_rows = file.stored_blocks(number).rows;
        auto const strip_rows =
            std::max<std::ptrdiff_t>(1, 256 / block_rows) * block_rows; // so that each block is decoded once
        image<T> pixels;
        for (block const strip : file.grid().blocks(strip_rows, file.cols())) {
            pixels.reshape(1, strip.rows, strip.cols);
            transfer(file, GF_Read, strip, pixels.view(), {number});
            for (std::ptrdiff_t row = 0; row < strip.rows; ++row) {
                for (auto const pixel : pixels.row(0, row)) {
                    if (!is_null(pixel)) ++result.counts[bins.bin_of(static_cast<double>(pixel))];
                }
            }
        }
        set_centre_by_bins(result, file.band_type(number));
        return result;
    }

    std::shared_ptr<summary_plan<T> const> plan_;
    std::vector<ordered_merge<pixel_moments<T>>> moments_; // of each band
    std::vector<pixel_moments<T>> skipped_;                // of each band, of blocks that were left out
    std::vector<value_counts<T>> counts_;                  // of each band
    overview_joiner<T> joiner_;
};

} // namespace detail

} // namespace rios
