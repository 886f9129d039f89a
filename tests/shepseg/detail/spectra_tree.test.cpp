// SPDX-License-Identifier: BSL-1.0
#include <shepseg/detail/spectra_tree.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/executor/inline.hpp>
#include <rios/executor/threads.hpp>
#include <rios/image.hpp>

#include "support/random_numbers.hpp"

using shepseg::detail::spectra;
using shepseg::detail::spectra_tree;

namespace {

rios::image<std::uint16_t> random_sample(std::ptrdiff_t bands, std::ptrdiff_t count, std::uint16_t range)
{
    test::random_numbers random(static_cast<std::uint64_t>(count));
    rios::image<std::uint16_t> sample(bands, 1, count);
    for (std::ptrdiff_t i = 0; i < bands * count; ++i) sample.data()[i] = random.below(range);
    return sample;
}

/// What is wrong with a tree over that data; empty if it is right.
std::string wrong_with(spectra_tree const& tree, spectra const& data)
{
    std::vector<std::uint32_t> pixels;
    std::size_t next = 0; // leaf
    std::vector<double> room(data.bands() * spectra_tree::leaf);
    for (std::size_t branch = 0; branch < tree.branches(); ++branch) {
        auto const* const outer = tree.branch_box(branch);
        if (tree.branch_begin(branch) != next) return "branches with gaps";
        next = tree.branch_end(branch);
        if (next - tree.branch_begin(branch) > spectra_tree::branch) return "a branch that is too large";
        for (auto leaf = tree.branch_begin(branch); leaf < next; ++leaf) {
            auto const begin = tree.leaf_begin(leaf);
            if (tree.leaf_end(leaf) <= begin) return "a leaf without pixels";
            if (tree.leaf_end(leaf) - begin > spectra_tree::leaf) return "a leaf that is too large";
            pixels.insert(pixels.end(), tree.order() + begin, tree.order() + tree.leaf_end(leaf));
            for (std::size_t band = 0; band < data.bands(); ++band) {
                auto const low = tree.leaf_box(leaf)[band];
                auto const high = tree.leaf_box(leaf)[data.bands() + band];
                if (low < outer[band] || high > outer[data.bands() + band]) return "a leaf outside its branch";
                for (auto i = begin; i < tree.leaf_end(leaf); ++i) {
                    auto const value = tree.values(leaf, room.data())[band * spectra_tree::leaf + i - begin];
                    if (value != data(band, tree.order()[i])) return "a wrong value";
                    if (value < low || value > high) return "a pixel outside its leaf";
                }
            }
        }
    }
    if (next != tree.leaves() || tree.places() != next * spectra_tree::leaf) return "not all leaves";
    std::ranges::sort(pixels);
    for (std::uint32_t i = 0; i < data.count(); ++i) {
        if (i >= pixels.size() || pixels[i] != i) return "not every pixel once";
    }
    return pixels.size() == data.count() ? "" : "pixels twice";
}

} // namespace

TEST_CASE("a tree holds every pixel of the sample once, inside its leaf and its branch")
{
    rios::inline_executor here;
    rios::thread_executor threads({.workers = 3});
    for (std::ptrdiff_t const bands : {1, 3, 10}) {
        for (std::ptrdiff_t const count :
             {1, 63, 64, 65, 127, 128, 129, 2047, 2048, 2049, 5000, 16'383, 16'384, 16'385, 20'001, 300'000}) {
            for (std::uint16_t const range : {std::uint16_t{1}, std::uint16_t{3}, std::uint16_t{60'000}}) {
                auto const sample = random_sample(bands, count, range);
                spectra const data(sample.view());
                CAPTURE(bands);
                CAPTURE(count);
                CAPTURE(range);
                CHECK(wrong_with(spectra_tree(data, here), data) == "");
                CHECK(wrong_with(spectra_tree(data, threads), data) == "");
            }
        }
    }
}

TEST_CASE("pixels of a leaf are similar")
{
    rios::inline_executor here;
    auto const sample = random_sample(2, 64 * 1024, 32'000);
    spectra const data(sample.view());
    spectra_tree const tree(data, here);
    double area = 0;
    for (std::size_t leaf = 0; leaf < tree.leaves(); ++leaf) {
        auto const* const box = tree.leaf_box(leaf);
        area += (box[2] - box[0]) * (box[3] - box[1]);
    }
    CHECK(area <= 32'000.0 * 32'000.0); // leaves overlap in their edges at most
}
