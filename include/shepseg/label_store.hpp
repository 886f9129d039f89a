// SPDX-License-Identifier: BSL-1.0
//
// Where the labels of finished tiles wait for their final numbers: in memory as long as there is room, else in a scratch
// file.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include <rios/image.hpp>
#include <rios/large_vector.hpp>
#include <rios/memory.hpp>
#include <rios/scratch_file.hpp>

namespace shepseg {

/// Label images by tile. A pixel takes 2 bytes where all labels of its tile are that small, as they mostly are, and 4
/// elsewhere.
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
        if (place.left == 0) return;
        auto const all = std::span(labels.data(), static_cast<std::size_t>(place.left));
        place.is_narrow = std::ranges::max(all) <= std::numeric_limits<std::uint16_t>::max();
        if (place.is_narrow) {
            place.narrow.resize(all.size());
            std::ranges::transform(all, place.narrow.begin(),
                                   [](auto each) { return static_cast<std::uint16_t>(each); });
        } else {
            place.wide = std::move(labels);
        }
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
        if (place.is_narrow) read_from<std::uint16_t>(place, place.narrow.data(), row, col, part);
        else read_from<std::uint32_t>(place, place.wide.data(), row, col, part);
        std::lock_guard lock(mutex_);
        place.left -= part.rows() * part.cols();
        if (place.left > 0) return;
        in_memory_ -= place.bytes();
        place.forget();
    }

  private:
    struct stored_tile {
        std::ptrdiff_t cols = 0;
        std::ptrdiff_t left = 0; // pixels that have not been read
        bool is_narrow = false;
        bool in_file = false;
        std::size_t offset = 0;
        // Either of them:
        rios::raw_vector<std::uint16_t> narrow;
        rios::image<std::uint32_t> wide;

        [[nodiscard]] std::span<std::byte const> content() const noexcept
        {
            if (is_narrow) return std::as_bytes(std::span(narrow));
            return std::as_bytes(std::span(wide.data(), static_cast<std::size_t>(wide.pixel_count())));
        }
        [[nodiscard]] std::size_t bytes() const noexcept { return content().size(); }
        void forget() noexcept
        {
            rios::release(narrow);
            wide = {};
        }
    };

    template <typename Label>
    void read_from(stored_tile const& place, Label const* labels, std::ptrdiff_t row, std::ptrdiff_t col,
                   rios::image_view<std::uint32_t> part) const
    {
        std::vector<Label> of_file(place.in_file ? static_cast<std::size_t>(part.cols()) : 0);
        for (std::ptrdiff_t i = 0; i < part.rows(); ++i) {
            auto const first = (row + i) * place.cols + col;
            if (place.in_file) {
                auto const offset = place.offset + static_cast<std::size_t>(first) * sizeof(Label);
                file_.read(offset, std::as_writable_bytes(std::span(of_file)));
            }
            auto const* const from = place.in_file ? of_file.data() : labels + first;
            std::copy_n(from, part.cols(), part.row(0, i).begin());
        }
    }

    void spill(stored_tile& place)
    {
        auto const bytes = place.bytes();
        place.offset = file_.append(place.content());
        place.in_file = true;
        place.forget();
        in_memory_ -= bytes;
    }

    std::vector<stored_tile> tiles_;
    std::vector<std::size_t> kept_; // tiles in memory, in the order in which they came
    rios::scratch_file file_;
    std::size_t in_memory_ = 0;
    std::mutex mutex_;
};

} // namespace shepseg
