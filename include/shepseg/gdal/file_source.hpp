// SPDX-License-Identifier: BSL-1.0
//
// A raster file, or a window of it, as the source of tiles and of the sample for k-means.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <rios/block.hpp>
#include <rios/cancellation.hpp>
#include <rios/concepts.hpp>
#include <rios/concurrency_limit.hpp>
#include <rios/gdal/reader.hpp>
#include <rios/handle_pool.hpp>
#include <rios/image.hpp>
#include <rios/progress.hpp>
#include <rios/timing.hpp>

#include "../sample.hpp"

namespace shepseg {

/// What a file_source reads, and how.
struct file_source_description {
    std::string path;
    std::vector<int> bands;        ///< from 1; empty for all
    rios::block window;            ///< the part of the file that counts
    std::size_t reads_at_once = 1; ///< at least 1

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.path, self.bands, self.window, self.reads_at_once);
    }
};

/// Reads blocks of a file; every thread through a handle of its own, and no more of them at once than allowed.
///
/// Thread rule: all members may be called from any thread. Copies share their handles.
template <rios::Pixel T>
class file_source {
  public:
    using description_type = file_source_description;

    /// One that reads nothing, to be assigned to.
    file_source() = default;

    /// Opens the file for a moment. @throws rios::io_error, rios::options_error, rios::grid_error
    explicit file_source(file_source_description description) : state_(std::make_shared<state>(std::move(description)))
    {
    }

    [[nodiscard]] file_source_description const& description() const noexcept { return state_->what; }

    /// The pixels of a block of the window, all bands. @throws rios::io_error naming the file and the block
    [[nodiscard]] rios::image<T> pixels(rios::block where, rios::timing_log& log) const
    {
        where.row += state_->what.window.row;
        where.col += state_->what.window.col;
        rios::concurrency_limit::permit const allowed(state_->reads);
        auto const timed = log.measure("reading");
        return state_->readers.lend()->read(where);
    }

    /// Calls `f(reader)` with a handle that reads the file, not the window, when one more read is allowed.
    template <typename F>
    void with_reader(F f) const
    {
        rios::concurrency_limit::permit const allowed(state_->reads);
        f(*state_->readers.lend());
    }

  private:
    struct state {
        explicit state(file_source_description description)
            : what(std::move(description)), readers(rios::gdal_reader<T>(what.path, {.bands = what.bands})),
              reads(what.reads_at_once)
        {
            what.bands = readers.lend()->bands();
        }

        file_source_description what;
        rios::handle_pool<rios::gdal_reader<T>> readers;
        rios::concurrency_limit reads;
    };

    std::shared_ptr<state> state_;
};

/// Takes the sample of one strip of a file's window: a row of the file's blocks, or several low ones. Needs nothing but
/// itself, so it may work in another process.
template <rios::Pixel T>
struct sample_worker {
    file_source<T> source;
    std::optional<double> null_value;
    std::ptrdiff_t step = 1;  ///< every n-th row and column of the window
    std::ptrdiff_t strip = 1; ///< rows of the file, from its first on, that are done at once
    std::ptrdiff_t chunk = 1; ///< columns of the file that are read at once

    [[nodiscard]] std::size_t strips() const noexcept
    {
        auto const& window = source.description().window;
        return static_cast<std::size_t>((window.row + window.rows - 1) / strip - window.row / strip + 1);
    }

    /// The pixels of a strip that are not null, in scan order: an image of one row.
    [[nodiscard]] rios::image<T> operator()(std::size_t index, rios::timing_log& log,
                                            rios::cancellation& cancellation) const
    {
        auto const& window = source.description().window;
        // In rows of the window; strips are those of the file.
        auto const strip_begin = (window.row / strip + static_cast<std::ptrdiff_t>(index)) * strip - window.row;
        auto const first = (std::max<std::ptrdiff_t>(0, strip_begin) + step - 1) / step * step;
        auto const rows_end = std::min(window.rows, strip_begin + strip);
        auto const bands = static_cast<std::ptrdiff_t>(source.description().bands.size());
        auto const rows = std::max<std::ptrdiff_t>(0, (rows_end - first + step - 1) / step);
        if (rows == 0) return rios::image<T>(bands, 1, 0);
        rios::image<T> taken(bands, rows, (window.cols + step - 1) / step);
        source.with_reader([&](rios::gdal_reader<T>& reader) {
            auto const timed = log.measure("sampling");
            for (std::ptrdiff_t col = 0, cols = 0; col < window.cols; col += cols) {
                cols =
                    std::min((window.col + col) / chunk * chunk + chunk, window.col + window.cols) - window.col - col;
                auto const first_col = (col + step - 1) / step;
                if (first_col * step >= col + cols) continue;
                for (std::ptrdiff_t row = 0; row < rows; ++row) {
                    cancellation.check();
                    auto const read = reader.read({0, window.row + first + row * step, window.col + col, 1, cols});
                    for (std::ptrdiff_t band = 0; band < bands; ++band) {
                        for (auto i = first_col; i * step < col + cols; ++i) {
                            taken(band, row, i) = read(band, 0, i * step - col);
                        }
                    }
                }
            }
        });
        return take_sample<T>(std::as_const(taken).view(), null_value, 1);
    }

    /// The same as a read, which is all that it is, and then nothing.
    [[nodiscard]] rios::image<T> read(std::size_t index, rios::timing_log& log) const
    {
        rios::cancellation never;
        return (*this)(index, log, never);
    }
    [[nodiscard]] rios::image<T> compute(std::size_t, rios::image<T>& taken, rios::timing_log&,
                                         rios::cancellation&) const
    {
        return std::move(taken);
    }

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.source, self.null_value, self.step, self.strip, self.chunk);
    }
};

namespace detail {

template <rios::Pixel T>
struct sample_job {
    using result = rios::image<T>;
    using worker_type = sample_worker<T>;

    sample_job(sample_worker<T> worker, rios::timing_log& times, rios::progress_function const& progress)
        : worker_(std::move(worker)), log(times), cancellation(progress), parts(worker_.strips())
    {
    }

    [[nodiscard]] std::size_t size() const noexcept { return parts.size(); }
    [[nodiscard]] sample_worker<T> const& worker() const noexcept { return worker_; }
    rios::image<T> compute(std::size_t index) { return worker_(index, log, cancellation); }
    void deliver(std::size_t index, rios::image<T> part)
    {
        parts[index] = std::move(part);
        cancellation.report("sampling", static_cast<double>(++delivered) / static_cast<double>(size()));
    }
    void absorb_times(rios::timings const& times) { log.merge(times); }
    void poll() { cancellation.poll(); }
    void stop() noexcept { cancellation.stop(); }

    /// There is nothing but reading: where workers cannot read, there is nothing for them.
    static constexpr bool only_reads = true;

    sample_worker<T> worker_;
    rios::timing_log& log;
    rios::cancellation cancellation;
    std::vector<rios::image<T>> parts;
    std::size_t delivered = 0;
};

} // namespace detail

/// The pixels in every step-th row and column of a file's window that are not null, in scan order: an image of one row, the
/// same as take_sample() gives. Only the rows that count are read, each of the file's blocks once.
/// @param block_rows,block_cols size of the file's blocks
/// @throws rios::io_error, rios::cancelled
template <rios::Pixel T, rios::AnyExecutor E>
[[nodiscard]] rios::image<T> sample_file(file_source<T> const& source, std::optional<double> null_value,
                                         std::ptrdiff_t step, std::ptrdiff_t block_rows, std::ptrdiff_t block_cols,
                                         E& executor, rios::timing_log& log,
                                         rios::progress_function const& progress = {})
{
    detail::sample_job<T> job({.source = source,
                               .null_value = null_value,
                               .step = step,
                               .strip = block_rows * std::max<std::ptrdiff_t>(1, 256 / block_rows),
                               .chunk = block_cols * std::max<std::ptrdiff_t>(1, 4096 / block_cols)},
                              log, progress);
    executor.run(job);
    std::ptrdiff_t count = 0;
    for (auto const& part : job.parts) count += part.cols();
    rios::image<T> all(static_cast<std::ptrdiff_t>(source.description().bands.size()), 1, count);
    std::ptrdiff_t at = 0;
    for (auto const& part : job.parts) {
        for (std::ptrdiff_t band = 0; band < all.bands(); ++band) {
            std::ranges::copy(part.row(band, 0), all.row(band, 0).begin() + at);
        }
        at += part.cols();
    }
    return all;
}

} // namespace shepseg
