// SPDX-License-Identifier: BSL-1.0
// A reader, a worker and a writer that do what a test tells them before their work: fail, wait, count. What becomes of
// them is seen through a life_count.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <rios/block.hpp>
#include <rios/block_info.hpp>
#include <rios/image.hpp>
#include <rios/image_view.hpp>
#include <rios/memory_reader.hpp>
#include <rios/memory_writer.hpp>
#include <rios/pixel_grid.hpp>

#include "random_numbers.hpp"

namespace test {

/// Pixels from 0 to 99.
template <rios::Pixel T>
rios::image<T> random_image(std::ptrdiff_t bands, std::ptrdiff_t rows, std::ptrdiff_t cols, std::uint64_t seed)
{
    random_numbers random(seed);
    rios::image<T> result(bands, rows, cols);
    for (std::ptrdiff_t i = 0; i < bands * rows * cols; ++i) result.data()[i] = static_cast<T>(random.below(100));
    return result;
}

/// Counts the objects that exist: each holds a copy.
class life_count {
  public:
    [[nodiscard]] long living() const { return token_.use_count() - 1; }
    [[nodiscard]] std::shared_ptr<int const> one() const { return token_; }

  private:
    std::shared_ptr<int const> token_ = std::make_shared<int const>(0);
};

/// Called before a stage does its work on a block.
using block_hook = std::function<void(rios::block const&)>;

inline void call(block_hook const& hook, rios::block const& where)
{
    if (hook) hook(where);
}

/// A reader of an image in memory that has a name.
template <rios::Pixel T>
class hooked_reader {
  public:
    using value_type = rios::image<T>;

    hooked_reader(std::string path, rios::image<T> pixels, block_hook before = {},
                  std::optional<double> null_value = {}, std::shared_ptr<int const> life = {})
        : pixels_(std::move(pixels), null_value), path_(std::move(path)), before_(std::move(before)),
          life_(std::move(life))
    {
    }

    [[nodiscard]] std::string const& path() const { return path_; }
    [[nodiscard]] rios::pixel_grid const& grid() const { return pixels_.grid(); }
    [[nodiscard]] std::ptrdiff_t band_count() const { return pixels_.band_count(); }
    [[nodiscard]] std::optional<double> null_value(std::size_t band) const { return pixels_.null_value(band); }
    [[nodiscard]] rios::image<T> read(rios::block const& where) const
    {
        call(before_, where);
        return pixels_.read(where);
    }

  private:
    rios::memory_reader<T> pixels_;
    std::string path_;
    block_hook before_;
    std::shared_ptr<int const> life_;
};

/// Doubles its input: the same pixels, times two.
class hooked_worker {
  public:
    explicit hooked_worker(block_hook before = {}, std::shared_ptr<int const> life = {})
        : before_(std::move(before)), life_(std::move(life))
    {
    }

    rios::image<float> operator()(rios::block_info const& where, rios::image<float> pixels) const
    {
        call(before_, where);
        for (std::ptrdiff_t i = 0; i < pixels.bands() * pixels.pixel_count(); ++i) pixels.data()[i] *= 2;
        return pixels;
    }

  private:
    block_hook before_;
    std::shared_ptr<int const> life_;
};

/// What hooked_worker makes of a whole image.
inline rios::image<float> doubled(rios::image<float> pixels)
{
    rios::run_info const run;
    return hooked_worker()(rios::block_info(rios::block{}, run), std::move(pixels));
}

/// What happened to a hooked_writer.
struct writer_history {
    int opened = 0;
    int closed = 0;
    int discarded = 0;
    std::vector<std::size_t> written{}; ///< indexes of the blocks, in order
    bool by_one_thread = true;
    std::thread::id thread = std::this_thread::get_id();
    rios::image<float> result{}; ///< when closed

    void here() { by_one_thread = by_one_thread && std::this_thread::get_id() == thread; }
};

/// What a hooked_writer does before its work.
struct writer_hooks {
    std::function<void()> open{};
    block_hook write{};
    std::function<void()> close{};
};

/// A writer into memory that has a name.
class hooked_writer {
  public:
    hooked_writer(std::string path, writer_history& history, writer_hooks hooks = {},
                  std::shared_ptr<int const> life = {})
        : path_(std::move(path)), history_(&history), hooks_(std::move(hooks)), pixels_(history.result),
          life_(std::move(life))
    {
    }

    [[nodiscard]] std::string const& path() const { return path_; }
    void open(rios::pixel_grid const& grid)
    {
        history_->here();
        if (hooks_.open) hooks_.open();
        pixels_.open(grid);
        ++history_->opened;
    }
    void write(rios::block const& where, rios::image_view<float const> pixels)
    {
        history_->here();
        call(hooks_.write, where);
        pixels_.write(where, pixels);
        history_->written.push_back(where.index);
    }
    void close()
    {
        history_->here();
        if (hooks_.close) hooks_.close();
        pixels_.close();
        ++history_->closed;
    }
    void discard() noexcept
    {
        pixels_.discard();
        ++history_->discarded;
    }

  private:
    std::string path_;
    writer_history* history_;
    writer_hooks hooks_;
    rios::memory_writer<float> pixels_;
    std::shared_ptr<int const> life_;
};

} // namespace test
