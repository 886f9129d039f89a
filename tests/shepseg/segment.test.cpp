// SPDX-License-Identifier: BSL-1.0
#include <shepseg/segment.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/executor/inline.hpp>
#include <rios/executor/threads.hpp>
#include <rios/image.hpp>
#include <rios/timing.hpp>
#include <shepseg/kmeans.hpp>
#include <shepseg/sample.hpp>

#include "support/executors.hpp"
#include "support/hand_worked.hpp"
#include "support/message_of.hpp"
#include "support/pixel_types.hpp"
#include "support/random_numbers.hpp"
#include "support/random_scene.hpp"
#include "support/sanitizers.hpp"
#include "support/twin.hpp"
#include "support/twin_check.hpp"

using rios::image;
using rios::image_view;
using test::every_value;
using test::image_of;
using test::labels_of;
using test::make_random_scene;
using test::options_of;
using test::random_numbers;
using test::random_scene;
using test::seed_of;
using test::view_of;
using rows = std::vector<std::vector<double>>;

static_assert(std::regular<shepseg::segmentation_counts>);

namespace {

constexpr int scenes_of_each_type = test::sanitized ? 60 : 2500;

/// The labels are 0 or 1 to the number of segments, none missing; segments hang together; counts add up.
template <typename T>
std::string broken_property(twin::scene<T> const& scene, int connectivity, shepseg::segmentation const& result)
{
    auto const labels = labels_of(result);
    auto const& counts = result.counts;
    if (counts.segments != counts.clumps - counts.single_pixels_eliminated - counts.small_segments_eliminated) {
        return "the counts do not add up";
    }
    auto const is_null = twin::find_null_pixels(scene);
    std::set<std::uint32_t> met;
    for (std::size_t at = 0; at < labels.size(); ++at) {
        if (is_null[at] != (labels[at] == 0)) return "a null pixel has a label, or another has none";
        if (labels[at] != 0) met.insert(labels[at]);
    }
    if (met.size() != counts.segments) return "the number of labels is not that of the segments";
    if (!met.empty() && (*met.begin() != 1 || *met.rbegin() != counts.segments)) return "labels are not consecutive";
    // Parts that hang together and share a label: as many as labels.
    std::vector<std::optional<std::size_t>> as_clusters;
    for (auto const label : labels)
        as_clusters.push_back(label == 0 ? std::nullopt : std::optional<std::size_t>(label));
    auto const parts = twin::find_clumps(as_clusters, twin::neighbours_of_pixels(scene.rows, scene.cols, connectivity));
    if (twin::count_segments(parts) != counts.segments) return "a segment lies in several places";
    auto const data = static_cast<std::uint64_t>(std::count(is_null.begin(), is_null.end(), false));
    if (counts.pixels - counts.null_pixels != data) return "null pixels are counted wrongly";
    return {};
}

} // namespace

// ---------------------------------------------------------------------------------------------------------------------
// Against the twin

TEST_CASE_TEMPLATE_DEFINE("the library's labels and counts are the twin's on any image, inline and on threads", T,
                          as_twin)
{
    random_numbers random(seed_of<T>(1));
    rios::inline_executor one_by_one;
    std::vector<rios::thread_executor> threads;
    for (std::size_t const workers : {1U, 2U, 5U}) threads.emplace_back(rios::thread_options{.workers = workers});
    std::uint64_t absorbed = 0;
    std::uint64_t eliminated = 0;
    std::uint64_t left = 0;
    for (int i = 0; i < scenes_of_each_type; ++i) {
        auto const scene = make_random_scene<T>(random);
        auto const expected = twin::segment(scene.scene, scene.parameters);
        auto const options = options_of(scene.parameters, scene.scene.null_value);
        auto const compare = [&](auto& executor) {
            auto const actual = shepseg::segment(view_of(scene.scene), options, executor);
            auto const wrong = test::difference(expected, actual) +
                               broken_property(scene.scene, scene.parameters.connectivity, actual);
            if (!wrong.empty()) FAIL("image " << i << ": " << wrong << to_text(scene));
        };
        compare(one_by_one);
        for (auto& executor : threads) compare(executor);
        absorbed += expected.single_pixels_eliminated;
        eliminated += expected.small_segments_eliminated;
        left += expected.segments;
    }
    // The images were worth the trouble.
    CHECK(absorbed > 5 * scenes_of_each_type);
    CHECK(eliminated > (test::sanitized ? 1 : 2) * scenes_of_each_type); // of few images, fewer need be of that kind
    CHECK(left > 2 * scenes_of_each_type);
}
TEST_CASE_TEMPLATE_APPLY(as_twin, test::pixel_types);

TEST_CASE_TEMPLATE_DEFINE("with fitted clusters the labels are the twin's for the model that is returned", T, fitted)
{
    random_numbers random(seed_of<T>(2));
    rios::thread_executor executor({.workers = 2});
    int fits = 0;
    for (int i = 0; i < scenes_of_each_type / 8; ++i) {
        auto scene = make_random_scene<T>(random);
        auto options = options_of(scene.parameters, scene.scene.null_value);
        options.model.reset();
        options.kmeans.clusters = random.between(1, 8);
        options.kmeans.start = random.one_in(2) ? shepseg::kmeans_start::plus_plus : shepseg::kmeans_start::diagonal;
        options.kmeans.starts = 2;
        options.kmeans.seed = random.bits();
        options.sample.pixels = random.between(30, 2000);
        shepseg::segmentation actual;
        try {
            actual = shepseg::segment(view_of(scene.scene), options);
        } catch (rios::options_error const& error) {
            CHECK(std::string(error.what()).find("at most the number of sample pixels") != std::string::npos);
            continue;
        }
        auto const wrong = broken_property(scene.scene, scene.parameters.connectivity, actual);
        if (!wrong.empty()) FAIL("image " << i << ": " << wrong << to_text(scene));
        CHECK(shepseg::segment(view_of(scene.scene), options, executor).labels == actual.labels);
        CHECK(actual.model.null_value.has_value() == scene.scene.null_value.has_value());
        CHECK(actual.model.bands.size() == static_cast<std::size_t>(scene.scene.bands));
        if (actual.model.centres.empty()) {
            CHECK(actual.counts.null_pixels == actual.counts.pixels);
            continue;
        }
        ++fits;
        scene.parameters.centres = test::centres_of(actual.model);
        auto const wrong_labels = test::difference(twin::segment(scene.scene, scene.parameters), actual);
        if (!wrong_labels.empty()) FAIL("image " << i << ": " << wrong_labels << to_text(scene));
    }
    CHECK(fits > scenes_of_each_type / 20);
}
TEST_CASE_TEMPLATE_APPLY(fitted, test::pixel_types);

TEST_CASE_TEMPLATE_DEFINE("a window of a larger image has the labels of its copy", T, window)
{
    random_numbers random(seed_of<T>(3));
    for (int i = 0; i < scenes_of_each_type / 10; ++i) {
        auto const scene = make_random_scene<T>(random);
        auto const small = view_of(scene.scene);
        auto const above = random.between(0, 3);
        auto const left = random.between(0, 3);
        image<T> large(small.bands(), small.rows() + above + random.between(0, 3),
                       small.cols() + left + random.between(0, 3));
        std::generate(large.data(), large.data() + large.bands() * large.pixel_count(),
                      [&] { return random.pick(scene.scene.pixels); });
        auto const part = large.view().window(above, left, small.rows(), small.cols());
        for (std::ptrdiff_t band = 0; band < small.bands(); ++band) {
            for (auto const [row, col] : small.pixels()) part(band, row, col) = small(band, row, col);
        }
        auto const options = options_of(scene.parameters, scene.scene.null_value);
        auto const of_copy = shepseg::segment(small, options);
        auto const of_window = shepseg::segment(part, options);
        CHECK(of_window.labels == of_copy.labels);
        CHECK(of_window.counts == of_copy.counts);
        auto with_fit = options;
        with_fit.model.reset();
        with_fit.kmeans.clusters = 1;
        CHECK(shepseg::segment(part, with_fit).model.centres == shepseg::segment(small, with_fit).model.centres);
    }
}
TEST_CASE_TEMPLATE_APPLY(window, test::pixel_types);

TEST_CASE("thousands of small segments merge alike inline and on threads")
{
    // Pairs and triples of pixels side by side: more of one size than are asked at once on one thread.
    random_numbers random(4);
    random_scene<std::uint8_t> scene{.scene = {2, 220, 230, {}, {}}, .parameters = {}};
    std::vector<std::uint8_t> first;
    std::vector<std::uint8_t> second;
    while (first.size() < 220 * 230) {
        auto const length = random.between<std::size_t>(2, 3);
        first.insert(first.end(), length, random.below<std::uint8_t>(5));
        second.insert(second.end(), length, random.below<std::uint8_t>(2));
    }
    first.resize(220 * 230);
    second.resize(220 * 230);
    scene.scene.pixels = first;
    scene.scene.pixels.insert(scene.scene.pixels.end(), second.begin(), second.end());
    for (int kind = 0; kind < 10; ++kind) {
        scene.parameters.centres.push_back({static_cast<double>(kind / 2), static_cast<double>(kind % 2)});
    }
    scene.parameters.limit_kind = twin::parameters::limit::none;
    scene.parameters.min_segment_size = 9;
    rios::thread_executor executor({.workers = 5});
    for (int const connectivity : {4, 8}) {
        scene.parameters.connectivity = connectivity;
        auto const expected = twin::segment(scene.scene, scene.parameters);
        auto const options = options_of(scene.parameters, {});
        CHECK(expected.small_segments_eliminated > 3000);
        CHECK(test::difference(expected, shepseg::segment(view_of(scene.scene), options)).empty());
        CHECK(test::difference(expected, shepseg::segment(view_of(scene.scene), options, executor)).empty());
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Edges

TEST_CASE_TEMPLATE_DEFINE("an image of nothing but null has labels of nothing but 0, with a model and without", T,
                          all_null)
{
    image<T> nothing(2, 5, 4);
    for (auto const& model :
         {std::optional<shepseg::cluster_model>{},
          std::optional<shepseg::cluster_model>{
              {.bands = {1, 2}, .null_value = {}, .centres = shepseg::cluster_centres(rows{{1, 2}, {3, 4}})}}}) {
        shepseg::options options;
        options.model = model;
        options.null_value = 0;
        auto const result = shepseg::segment(nothing, options);
        CHECK(result.labels == image<std::uint32_t>(1, 5, 4));
        CHECK(result.counts == shepseg::segmentation_counts{.pixels = 20,
                                                            .null_pixels = 20,
                                                            .clumps = 0,
                                                            .single_pixels_eliminated = 0,
                                                            .small_segments_eliminated = 0,
                                                            .segments = 0});
        CHECK(result.model.centres.clusters() == (model ? 2 : 0));
        CHECK(result.model.bands == std::vector<int>{1, 2});
    }
}
TEST_CASE_TEMPLATE_APPLY(all_null, test::pixel_types);

TEST_CASE("an image without pixels is segmented into nothing")
{
    for (auto const& empty : {image<float>(1, 0, 0), image<float>(1, 0, 5), image<float>(1, 5, 0)}) {
        auto const result = shepseg::segment(empty);
        CHECK(result.counts == shepseg::segmentation_counts{});
        CHECK(result.labels.rows() == empty.rows());
        CHECK(result.labels.cols() == empty.cols());
        auto options = every_value(5);
        CHECK(shepseg::segment(empty, options).counts == shepseg::segmentation_counts{});
    }
}

TEST_CASE("the only pixel of an image is a segment")
{
    auto const result = shepseg::segment(image_of(1, 1, {7}), every_value(50));
    CHECK(labels_of(result) == std::vector<std::uint32_t>{1});
    CHECK(result.counts.segments == 1);
}

// ---------------------------------------------------------------------------------------------------------------------
// The interface

TEST_CASE("an image, a view of mutable and a view of constant pixels are segmented alike")
{
    auto scene = image_of(2, 3, {1, 1, 2, 1, 2, 2});
    auto const options = every_value(2);
    auto const expected = shepseg::segment(scene, options).labels;
    CHECK(shepseg::segment(scene.view(), options).labels == expected);
    CHECK(shepseg::segment(std::as_const(scene).view(), options).labels == expected);
    CHECK(shepseg::segment(scene, options, rios::inline_executor{}).labels == expected);
    rios::timing_log log;
    rios::inline_executor executor;
    CHECK(shepseg::segment(scene.view(), options, executor, log).labels == expected);
}

TEST_CASE("every phase is timed, in the caller's log if there is one")
{
    auto const scene = image_of(2, 3, {1, 1, 2, 1, 2, 2});
    shepseg::options options;
    options.kmeans.clusters = 2;
    std::vector<std::string> names;
    for (auto const& each : shepseg::segment(scene, options).timings.totals()) names.push_back(each.name);
    CHECK(names == std::vector<std::string>{"sampling", "kmeans", "tile phase", "graph", "elimination", "labels"});
    rios::timing_log log;
    {
        auto const timed = log.measure("reading");
    }
    rios::inline_executor executor;
    auto const result = shepseg::segment(scene.view(), options, executor, log);
    CHECK(result.timings.totals().size() == 7);
    CHECK(log.snapshot().totals().size() == 7);
    // The caller waits for tiles if others compute them; "reading" is for files.
    rios::thread_executor threads({.workers = 2});
    std::set<std::string> with_threads;
    for (auto const& each : shepseg::segment(scene, options, threads).timings.totals()) with_threads.insert(each.name);
    CHECK(with_threads ==
          std::set<std::string>{"sampling", "kmeans", "tile phase", "wait for tile", "graph", "elimination", "labels"});
}

TEST_CASE("progress is told on the caller's thread, and may cancel at every call")
{
    auto const scene = image_of(4, 4, {1, 1, 9, 9, 1, 2, 2, 9, 5, 5, 3, 3, 7, 7, 7, 8});
    std::vector<std::string> phases;
    // A call that tells the same again comes of long waits, and is not counted.
    std::vector<std::pair<std::string, double>> calls;
    auto const is_new = [&](std::string_view phase, double done) {
        if (!calls.empty() && calls.back().first == phase && calls.back().second == done) return false;
        calls.emplace_back(phase, done);
        return true;
    };
    auto const here = std::this_thread::get_id();
    rios::thread_executor executor({.workers = 2});
    shepseg::options options;
    options.kmeans.clusters = 3;
    options.tile_size = 2;
    options.progress = [&](std::string_view phase, double done) {
        CHECK(std::this_thread::get_id() == here);
        CHECK((done >= 0 && done <= 1));
        if (phases.empty() || phases.back() != phase) phases.emplace_back(phase);
        static_cast<void>(is_new(phase, done));
        return true;
    };
    static_cast<void>(shepseg::segment(scene, options, executor));
    CHECK(phases == std::vector<std::string>{"sampling", "k-means", "tiles", "graph", "small segments", "labels"});
    std::vector<double> tiles;
    for (auto const& [phase, done] : calls) {
        if (phase == "tiles") tiles.push_back(done);
    }
    CHECK(tiles == std::vector<double>{0, 0.25, 0.5, 0.75, 1});
    auto const all = calls.size();
    for (std::size_t last = 1; last <= all; ++last) {
        calls.clear();
        options.progress = [&](std::string_view phase, double done) {
            static_cast<void>(is_new(phase, done));
            return calls.size() < last;
        };
        CHECK_THROWS_AS(static_cast<void>(shepseg::segment(scene, options, executor)), rios::cancelled);
        CHECK(calls.size() == last);
    }
}

TEST_CASE("options that are not allowed are refused before any work, in words")
{
    auto const scene = image_of(1, 2, {1, 2});
    auto const message = [&](auto const& change) {
        shepseg::options options;
        change(options);
        options.progress = [](std::string_view, double) -> bool {
            FAIL("work has begun");
            return false;
        };
        return test::message_of<rios::options_error>([&] { static_cast<void>(shepseg::segment(scene, options)); });
    };
    CHECK(message([](auto& options) { options.min_segment_size = 0; }) ==
          "minimum segment size 0 is not allowed: must be at least 1 pixel");
    CHECK(message([](auto& options) { options.kmeans.clusters = 65536; }) ==
          "number of clusters 65536 is not allowed: must be 1 to 65535");
    CHECK(message([](auto& options) { options.max_spectral_diff = -1.0; }) ==
          "maximum spectral difference -1 is not allowed: must be a number of at least 0");
    CHECK(message([](auto& options) { options.tile_size = 0; }) ==
          "tile size 0 is not allowed: must be 1 to 16384 pixels");
    CHECK(message([](auto& options) { options.halo = 1; }) == "halo 1 is not allowed: must be 2 to 1024 pixels");
}

TEST_CASE("images without bands and images too large for 32-bit labels are refused in words")
{
    auto const message = [](image_view<float const> view) {
        return test::message_of<rios::options_error>([&] { static_cast<void>(shepseg::segment(view)); });
    };
    CHECK(message({nullptr, 0, 5, 5}) == "number of bands 0 is not allowed: must be at least 1");
    CHECK(message({nullptr, 1, 65537, 65535}) ==
          "number of pixels 4294967295 is not allowed: an image in memory must have fewer than 4294967295");
}
