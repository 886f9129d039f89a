// SPDX-License-Identifier: BSL-1.0
//
// Where the labels of finished tiles wait for their final numbers: in memory as long as there is room, else in a scratch
// file.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include <rios/image.hpp>
#include <rios/scratch_file.hpp>

namespace shepseg {

/// Label images by tile.
///
/// The scratch file has no name, so nothing is left of it however the process ends.
/// Thread rule: put() and keep_within() from one thread; then read() from any threads, each pixel once.
class label_store {
  public:
    /// @param folder for the scratch file, which is made when it is needed
    label_store(std::size_t tiles, std::filesystem::path folder) : tiles_(tiles), file_(std::move(folder)) {}
    label_store(label_store const&) = delete;
    label_store& operator=(label_store const&) = delete;
    ~label_store() = default;

    /// Keeps the labels of a tile; of size 0 if they are all 0.
    void put(std::size_t tile, rios::image<std::uint32_t> labels)
    {
        auto& place = tiles_[tile];
        place.cols = labels.cols();
        place.left = labels.pixel_count();
        place.labels = std::move(labels);
        if (place.left == 0) return;
        in_memory_ += place.bytes();
        kept_.push_back(tile);
    }

    /// Makes the scratch file, if there is none. @throws rios::io_error naming the folder
    void open_file() { file_.open(); }

    /// Moves labels into the scratch file until those that stay in memory take no more than so many bytes.
    /// @throws rios::io_error naming the folder if the scratch file cannot be made or is full
    void keep_within(std::size_t bytes)
    {
        // The first tiles are the first to be written, so they had best stay.
        for (; in_memory_ > bytes && !kept_.empty(); kept_.pop_back()) spill(tiles_[kept_.back()]);
    }

    /// Bytes of labels in memory. To be asked while nobody reads.
    [[nodiscard]] std::size_t in_memory() const noexcept { return in_memory_; }
    /// Bytes in the scratch file.
    [[nodiscard]] std::size_t in_file() const noexcept { return file_.size(); }

    /// Copies a part of a tile's labels. A tile of which all parts have been read is forgotten.
    /// @param row,col of the part's first pixel in the tile
    /// @throws rios::io_error
    void read(std::size_t tile, std::ptrdiff_t row, std::ptrdiff_t col, rios::image_view<std::uint32_t> part)
    {
        auto& place = tiles_[tile];
        if (place.cols == 0) {
            for (std::ptrdiff_t i = 0; i < part.rows(); ++i) std::ranges::fill(part.row(0, i), 0U);
            return;
        }
        for (std::ptrdiff_t i = 0; i < part.rows(); ++i) {
            auto const to = part.row(0, i);
            if (!place.in_file) {
                std::ranges::copy(place.labels.row(0, row + i).subspan(static_cast<std::size_t>(col), to.size()),
                                  to.begin());
                continue;
            }
            auto const offset = place.offset + static_cast<std::size_t>((row + i) * place.cols + col) * pixel_bytes_;
            file_.read(offset, std::as_writable_bytes(to));
        }
        std::lock_guard lock(mutex_);
        place.left -= part.rows() * part.cols();
        if (place.left > 0) return;
        in_memory_ -= place.bytes();
        place.labels = {};
    }

  private:
    static constexpr std::size_t pixel_bytes_ = sizeof(std::uint32_t);

    struct stored_tile {
        std::ptrdiff_t cols = 0;
        std::ptrdiff_t left = 0; // pixels that have not been read
        bool in_file = false;
        std::size_t offset = 0;
        rios::image<std::uint32_t> labels;

        [[nodiscard]] std::size_t bytes() const noexcept
        {
            return static_cast<std::size_t>(labels.pixel_count()) * pixel_bytes_;
        }
    };

    void spill(stored_tile& place)
    {
        auto const bytes = place.bytes();
        place.offset = file_.append(std::as_bytes(std::span(place.labels.data(), bytes / sizeof(std::uint32_t))));
        place.in_file = true;
        place.labels = {};
        in_memory_ -= bytes;
    }

    std::vector<stored_tile> tiles_;
    std::vector<std::size_t> kept_; // tiles in memory, in the order in which they came
    rios::scratch_file file_;
    std::size_t in_memory_ = 0;
    std::mutex mutex_;
};

} // namespace shepseg
