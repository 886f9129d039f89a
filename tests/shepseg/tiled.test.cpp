// SPDX-License-Identifier: BSL-1.0
// Tiles, executors and the order in which tiles come must not show in the labels. Scenes that are hard on seams, cut in
// many ways, against the twin; where that is too slow, or cannot add up the pixels, against the segmentation in one tile.
#include <shepseg/tiled.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/archive.hpp>
#include <rios/block.hpp>
#include <rios/executor/inline.hpp>
#include <rios/executor/threads.hpp>
#include <rios/image.hpp>
#include <rios/timing.hpp>
#include <shepseg/clusters.hpp>
#include <shepseg/segment.hpp>
#include <shepseg/single_pixels.hpp>
#include <shepseg/spectral_difference.hpp>

#include "support/bytes_executor.hpp"
#include "support/pixel_types.hpp"
#include "support/random_numbers.hpp"
#include "support/random_scene.hpp"
#include "support/sanitizers.hpp"
#include "support/shuffled_executor.hpp"
#include "support/twin.hpp"
#include "support/twin_check.hpp"

using rios::image;
using test::options_of;
using test::random_numbers;
using test::random_scene;
using test::view_of;
using limit = twin::parameters::limit;

namespace {

constexpr int scenes_of_each_type = test::sanitized ? 12 : 400;
constexpr std::ptrdiff_t one_tile = 16384;

template <typename T>
std::uint64_t seed_of(std::uint64_t what)
{
    return 100 * what + static_cast<std::uint64_t>(rios::pixel_type_of<T>);
}

// ---------------------------------------------------------------------------------------------------------------------
// Ways to segment

/// An image that travels with its worker; a tile gets a copy of its pixels.
template <rios::Pixel T>
struct own_source {
    rios::image<T> image;

    [[nodiscard]] rios::image<T> pixels(rios::block const& where, rios::timing_log&) const
    {
        rios::image<T> part(image.bands(), where.rows, where.cols);
        for (std::ptrdiff_t band = 0; band < image.bands(); ++band) {
            for (std::ptrdiff_t row = 0; row < where.rows; ++row) {
                auto const from = image.row(band, where.row + row).subspan(static_cast<std::size_t>(where.col));
                std::copy_n(from.begin(), where.cols, part.row(band, row).begin());
            }
        }
        return part;
    }

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.image);
    }
};

static_assert(rios::Archivable<shepseg::tile_worker<float, own_source<float>>>);
static_assert(!rios::Archivable<shepseg::tile_worker<float, shepseg::detail::view_source<float>>>);

template <rios::Pixel T>
image<T> copy_of(rios::image_view<T const> view)
{
    image<T> copy(view.bands(), view.rows(), view.cols());
    if (view.pixel_count() > 0) std::copy_n(&view(0, 0, 0), view.bands() * view.pixel_count(), copy.data());
    return copy;
}

/// How a raster is cut, and who works on the pieces.
struct way {
    std::ptrdiff_t tile_size = one_tile;
    std::ptrdiff_t halo = 16;
    std::size_t executor = 0; ///< one of every_executor
    std::uint64_t seed = 0;   ///< of the order of tiles

    [[nodiscard]] std::string text() const
    {
        constexpr char const* names[] = {"inline", "1 thread", "2 threads", "5 threads", "shuffled", "bytes"};
        std::ostringstream out;
        out << "tile_size " << tile_size << ", halo " << halo << ", " << names[executor] << ", seed " << seed << ": ";
        return out.str();
    }
};

class every_executor {
  public:
    static constexpr std::size_t count = 6;

    /// Calls `f` with the executor of that number.
    template <typename F>
    void use(way const& how, F f)
    {
        if (how.executor == 0) f(inline_);
        else if (how.executor <= threads_.size()) f(threads_[how.executor - 1]);
        else if (how.executor == 4) {
            test::shuffled_executor shuffled(how.seed);
            f(shuffled);
        } else f(bytes_);
    }

    [[nodiscard]] std::size_t steps_through_bytes() const { return bytes_.steps_through_bytes(); }

  private:
    static std::vector<rios::thread_executor> make_threads()
    {
        std::vector<rios::thread_executor> threads;
        for (std::size_t const workers : {1U, 2U, 5U}) threads.emplace_back(rios::thread_options{.workers = workers});
        return threads;
    }

    rios::inline_executor inline_;
    std::vector<rios::thread_executor> threads_ = make_threads();
    test::bytes_executor bytes_;
};

/// As shepseg::segment, by the phases themselves: with a source that can travel, tiles whose labels are made final in
/// parts, and a look at all that the phases tell. What is wrong with that is added to `wrong`.
template <rios::Pixel T, rios::AnyExecutor E>
shepseg::segmentation segment_by_phases(rios::image_view<T const> pixels, shepseg::options const& options, E& executor,
                                        std::uint64_t seed, std::string& wrong)
{
    random_numbers random(seed);
    rios::timing_log log;
    shepseg::tiled_segmentation<T, own_source<T>> tiled(
        {.source = {copy_of<T>(pixels)},
         .tiles = {.rows = pixels.rows(), .cols = pixels.cols(), .tile_size = options.tile_size, .halo = options.halo},
         .centres = options.model->centres,
         .null_value = options.null_value,
         .neighbours = options.neighbours,
         .min_segment_size = static_cast<std::uint64_t>(options.min_segment_size)},
        {}, log);
    shepseg::segmentation result;
    result.max_spectral_diff = shepseg::max_spectral_difference(options.max_spectral_diff, options.model->centres);
    result.labels = image<std::uint32_t>(1, pixels.rows(), pixels.cols());
    std::vector<int> kept(tiled.tiles().tiles());
    tiled.find_regions(executor, [&](std::size_t number, image<std::uint32_t> const& labels) {
        ++kept[number];
        auto const tile = tiled.tiles().tile(number);
        auto const place = result.labels.view().window(tile.row, tile.col, tile.rows, tile.cols);
        for (std::ptrdiff_t row = 0; row < labels.rows(); ++row) {
            std::ranges::copy(labels.row(0, row), place.row(0, row).begin());
        }
    });
    if (std::ranges::count(kept, 1) != std::ssize(kept)) wrong += "a tile came twice or never\n";
    tiled.find_segments(result.max_spectral_diff, executor);
    for (std::size_t number = 0; number < kept.size(); ++number) {
        auto const tile = tiled.tiles().tile(number);
        auto const place = result.labels.view().window(tile.row, tile.col, tile.rows, tile.cols);
        auto const part_rows = random.between<std::ptrdiff_t>(1, tile.rows);
        auto const part_cols = random.between<std::ptrdiff_t>(1, tile.cols);
        for (std::ptrdiff_t row = 0; row < tile.rows; row += part_rows) {
            for (std::ptrdiff_t col = 0; col < tile.cols; col += part_cols) {
                auto const part =
                    place.window(row, col, std::min(part_rows, tile.rows - row), std::min(part_cols, tile.cols - col));
                tiled.relabel(number, part, row, col);
            }
        }
    }
    result.counts = tiled.counts();
    std::vector<std::uint64_t> histogram(static_cast<std::size_t>(result.counts.segments) + 1);
    for (std::ptrdiff_t at = 0; at < result.labels.pixel_count(); ++at) {
        auto const label = result.labels.data()[at];
        if (label < histogram.size()) ++histogram[label];
    }
    if (histogram != tiled.histogram()) wrong += "the histogram is not that of the labels\n";
    return result;
}

/// Segments in the given way. What is wrong with it, apart from the result, is added to `wrong`.
template <rios::Pixel T>
shepseg::segmentation segment_in(way const& how, rios::image_view<T const> pixels, shepseg::options options,
                                 every_executor& executors, std::string& wrong)
{
    options.tile_size = how.tile_size;
    options.halo = how.halo;
    shepseg::segmentation result;
    executors.use(how, [&]<typename E>(E& executor) {
        if (how.seed % 2 == 0 && !std::same_as<E, test::bytes_executor>) {
            result = shepseg::segment(pixels, options, executor);
        } else {
            result = segment_by_phases<T>(pixels, options, executor, how.seed, wrong);
        }
    });
    return result;
}

/// The segmentation in one tile, in the twin's words.
template <typename T>
twin::result in_one_tile(random_scene<T> const& scene)
{
    auto options = options_of(scene.parameters, scene.scene.null_value);
    options.tile_size = one_tile;
    auto const result = shepseg::segment(view_of(scene.scene), options);
    auto const& counts = result.counts;
    return {.labels = {result.labels.data(), result.labels.data() + result.labels.pixel_count()},
            .clumps = counts.clumps,
            .single_pixels_eliminated = counts.single_pixels_eliminated,
            .small_segments_eliminated = counts.small_segments_eliminated,
            .segments = counts.segments,
            .null_pixels = counts.null_pixels,
            .max_spectral_diff = result.max_spectral_diff};
}

/// A way at random that does not take too long.
way random_way(random_numbers& random, std::ptrdiff_t rows, std::ptrdiff_t cols, std::ptrdiff_t pixels_looked_at)
{
    for (;;) {
        way how{.tile_size = random.one_in(4) ? random.between<std::ptrdiff_t>(1, 20)
                                              : random.pick<std::ptrdiff_t>({1, 2, 3, 7, 37, 64, one_tile}),
                .halo = random.pick<std::ptrdiff_t>({2, 2, 3, 5, 16}),
                .executor = random.below(every_executor::count),
                .seed = random.bits() % 100'000};
        auto const tiles = ((rows - 1) / how.tile_size + 1) * ((cols - 1) / how.tile_size + 1);
        auto const window = [&](std::ptrdiff_t size) { return std::min(size, how.tile_size + 2 * how.halo); };
        if (tiles * window(rows) * window(cols) <= pixels_looked_at) return how;
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Scenes that are hard on seams

/// A pattern in which no pixel touches one of its own kind: 2 and 3 kinds 4-connected, 4 and 5 also 8-connected.
std::size_t unequal_kind(std::size_t kinds, std::ptrdiff_t row, std::ptrdiff_t col)
{
    auto const r = static_cast<std::size_t>(row);
    auto const c = static_cast<std::size_t>(col);
    switch (kinds) {
    case 2: return (r + c) % 2;
    case 3: return (r + c) % 3;
    case 4: return r % 2 * 2 + c % 2;
    default: return (2 * r + c) % 5;
    }
}

/// The kind of each pixel of a raster, while it is painted.
struct kind_map {
    std::ptrdiff_t rows;
    std::ptrdiff_t cols;
    std::vector<std::size_t> kinds = std::vector<std::size_t>(static_cast<std::size_t>(rows * cols));

    [[nodiscard]] std::size_t& operator()(std::ptrdiff_t row, std::ptrdiff_t col)
    {
        return kinds[static_cast<std::size_t>(row * cols + col)];
    }

    /// A clump of two pixels at a place, as far as there is room.
    void plant(std::ptrdiff_t row, std::ptrdiff_t col, bool upright)
    {
        if (upright && row + 1 < rows) (*this)(row + 1, col) = (*this)(row, col);
        if (!upright && col + 1 < cols) (*this)(row, col + 1) = (*this)(row, col);
    }
};

/// Where something is painted.
struct area {
    std::ptrdiff_t row;
    std::ptrdiff_t col;
    std::ptrdiff_t end_row;
    std::ptrdiff_t end_col;
};

area random_area(random_numbers& random, std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    auto const row = random.below(rows);
    auto const col = random.below(cols);
    return {row, col, random.between(row + 1, rows), random.between(col + 1, cols)};
}

/// Paints an area with one of many patterns, of kinds 0 to 5.
void paint(random_numbers& random, kind_map& map, area const& where, int connectivity)
{
    auto const pattern = random.below(12);
    auto const a = random.below<std::size_t>(6);
    auto const b = random.one_in(6) ? a : random.below<std::size_t>(6);
    auto const fewest = connectivity == 4 ? 2U : 4U;
    auto const kinds = random.between<std::size_t>(fewest, 5);
    auto const width = random.between<std::ptrdiff_t>(1, 2);
    auto const slope = random.between<std::ptrdiff_t>(-2, 2);
    auto const begin = random.below(map.cols + 1);
    for (auto row = where.row; row < where.end_row; ++row) {
        for (auto col = where.col; col < where.end_col; ++col) {
            auto& kind = map(row, col);
            switch (pattern) {
            case 0: kind = a; break;
            case 1: kind = col + slope * row < begin ? a : b; break; // two areas
            case 2: kind = row / width % 2 == 0 ? a : b; break;      // stripes
            case 3: kind = col / width % 2 == 0 ? a : b; break;
            case 4: { // one long line that winds through all of it, and between its turns
                bool const turn = row % 4 == 1 ? col + 1 == where.end_col : row % 4 == 3 && col == where.col;
                kind = row % 2 == 0 || turn ? a : b;
                break;
            }
            case 5: { // a comb: teeth that meet at one end only
                kind = col % 2 == 0 || row + 1 == where.end_row ? a : b;
                break;
            }
            case 6: kind = random.below(kinds); break;
            default: kind = unequal_kind(kinds, row, col);
            }
        }
    }
    // A few larger clumps, far away by preference.
    auto const clumps = pattern < 7 ? 0 : random.pick<int>({0, 1, 1, 2, 5, 20});
    for (int i = 0; i < clumps; ++i) {
        auto const far_row = random.one_in(2) ? where.end_row - 1 : where.row;
        auto const far_col = random.one_in(2) ? where.end_col - 1 : where.col;
        bool const far = !random.one_in(4);
        auto const row = far ? far_row : random.between(where.row, where.end_row - 1);
        auto const col = far ? far_col : random.between(where.col, where.end_col - 1);
        bool const upright = random.one_in(2);
        map.plant(std::max<std::ptrdiff_t>(0, row - (upright && row + 1 == map.rows)),
                  std::max<std::ptrdiff_t>(0, col - (!upright && col + 1 == map.cols)), upright);
    }
}

/// Null pixels: here and there, or as a wall with one gap, which waves of joining pixels have to find.
std::vector<bool> random_nulls(random_numbers& random, std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    std::vector<bool> null(static_cast<std::size_t>(rows * cols));
    auto const kind = random.below(6);
    auto const density = random.pick<std::uint64_t>({2, 5, 20, 60});
    auto const every = random.between<std::ptrdiff_t>(2, 9);
    auto const gap = random.below(std::max(rows, cols));
    for (std::ptrdiff_t row = 0; row < rows; ++row) {
        for (std::ptrdiff_t col = 0; col < cols; ++col) {
            auto const at = static_cast<std::size_t>(row * cols + col);
            if (kind == 0) null[at] = random.one_in(density);
            else if (kind == 1) null[at] = row % every == every - 1 && col != (row / every % 2 == 0 ? cols - 1 : 0);
            else if (kind == 2) null[at] = col % every == every - 1 && row != gap % rows;
            else if (kind == 3) null[at] = (row + col) % (2 * every) == every && row != gap % rows;
        }
    }
    return null;
}

/// A spectrum for each kind.
template <typename T>
std::vector<std::vector<T>> random_spectra(random_numbers& random, std::size_t kinds, std::size_t bands, bool spaced)
{
    auto const values = test::detail::random_values<T>(random, 40);
    std::vector<std::vector<T>> spectra;
    std::vector<std::vector<T>> places(bands, std::vector<T>(kinds));
    for (auto& band : places) {
        for (std::size_t kind = 0; kind < kinds; ++kind) band[kind] = static_cast<T>(12 * kind);
        random.shuffle(band);
    }
    for (int tries = 0; spectra.size() < kinds; ++tries) {
        std::vector<T> spectrum(bands);
        for (std::size_t band = 0; band < bands; ++band) {
            spectrum[band] = spaced ? places[band][spectra.size()] : random.pick(values);
        }
        if (tries > 100 || std::ranges::find(spectra, spectrum) == spectra.end()) spectra.push_back(spectrum);
    }
    return spectra;
}

/// Any of all that, of the given size.
template <typename T>
random_scene<T> make_hard_scene(random_numbers& random, std::ptrdiff_t rows, std::ptrdiff_t cols)
{
    constexpr std::size_t kinds = 6;
    auto const bands = random.one_in(2) ? random.between<std::size_t>(1, 2) : random.between<std::size_t>(1, 10);
    int const connectivity = random.one_in(2) ? 4 : 8;
    kind_map map{.rows = rows, .cols = cols};
    paint(random, map, {0, 0, rows, cols}, connectivity);
    while (random.one_in(3)) paint(random, map, random_area(random, rows, cols), connectivity);

    // Spaced spectra leave room for pixels of one cluster that differ, between which single pixels have to choose.
    bool const spaced = random.one_in(2);
    auto const spectra = random_spectra<T>(random, kinds, bands, spaced);
    auto const spread = spaced ? random.between(1, 4) : 1;
    random_scene<T> result{
        .scene = {static_cast<int>(bands), static_cast<int>(rows), static_cast<int>(cols), {}, std::nullopt},
        .parameters = {}};
    auto& pixels = result.scene.pixels;
    for (std::size_t band = 0; band < bands; ++band) {
        for (auto const kind : map.kinds) {
            pixels.push_back(static_cast<T>(spectra[kind][band] + static_cast<T>(random.below(spread))));
        }
    }
    if (random.one_in(3)) {
        auto const null = random.pick<T>({T{0}, std::numeric_limits<T>::max(), T{99}});
        result.scene.null_value = static_cast<double>(null);
        auto const is_null = random_nulls(random, rows, cols);
        for (std::size_t at = 0; at < is_null.size(); ++at) {
            if (is_null[at]) pixels[random.below(bands) * is_null.size() + at] = null;
        }
    }

    std::vector<std::vector<double>> centres;
    for (auto const& spectrum : spectra) centres.emplace_back(spectrum.begin(), spectrum.end());
    result.parameters.centres = centres;
    random.shuffle(result.parameters.centres);
    if (random.one_in(5)) result.parameters.centres = test::detail::random_centres(random, centres);
    result.parameters.connectivity = connectivity;
    result.parameters.min_segment_size = random.one_in(3) ? 1000 : random.between(1, 30);
    test::detail::random_limit(random, centres, result.parameters);
    return result;
}

std::pair<std::ptrdiff_t, std::ptrdiff_t> random_size(random_numbers& random)
{
    switch (random.below(8)) {
    case 0: return {1, random.between(1, 90)};
    case 1: return {random.between(1, 90), 1};
    case 2: return {random.between(1, 8), random.between(1, 8)};
    case 3: return {random.between(30, 50), random.between(30, 70)};
    default: return {random.between(2, 25), random.between(2, 25)};
    }
}

/// A checkerboard of 2 or more kinds that has one larger clump, in the corner that is looked at last.
random_scene<std::uint8_t> make_checkerboard(int rows, int cols, std::size_t kinds, int connectivity)
{
    kind_map map{.rows = rows, .cols = cols};
    for (std::ptrdiff_t row = 0; row < rows; ++row) {
        for (std::ptrdiff_t col = 0; col < cols; ++col) map(row, col) = unequal_kind(kinds, row, col);
    }
    map(rows - 1, cols - 1) = map(rows - 1, cols - 2);
    random_numbers random(kinds);
    random_scene<std::uint8_t> result{.scene = {2, rows, cols, {}, {}}, .parameters = {}};
    for (auto const kind : map.kinds) {
        result.scene.pixels.push_back(static_cast<std::uint8_t>(10 * kind + random.below<std::size_t>(3)));
    }
    for (std::size_t i = 0; i < map.kinds.size(); ++i) {
        result.scene.pixels.push_back(random.below<std::uint8_t>(3));
    }
    for (std::size_t kind = 0; kind < kinds; ++kind) {
        result.parameters.centres.push_back({1.0 + 10.0 * static_cast<double>(kind), 1.0});
    }
    result.parameters.connectivity = connectivity;
    result.parameters.limit_kind = limit::none;
    return result;
}

/// Rounds of joining single pixels that the raster takes.
template <typename T>
std::size_t rounds_of(random_scene<T> const& scene)
{
    auto const pixels = view_of(scene.scene);
    auto const clusters =
        shepseg::assign_clusters<T>(pixels, scene.scene.null_value, shepseg::cluster_centres(scene.parameters.centres));
    return shepseg::join_single_pixels<T>(pixels, clusters.view(),
                                          static_cast<shepseg::connectivity>(scene.parameters.connectivity),
                                          std::numeric_limits<std::size_t>::max())
        .rounds;
}

/// Compares some ways to segment a scene with what is expected; fails with all that is needed to do it again.
template <typename T>
void compare(random_scene<T> const& scene, twin::result const& expected, std::vector<way> const& ways,
             every_executor& executors)
{
    auto const options = options_of(scene.parameters, scene.scene.null_value);
    for (auto const& how : ways) {
        std::string wrong;
        auto const actual = segment_in<T>(how, view_of(scene.scene), options, executors, wrong);
        wrong += test::difference(expected, actual);
        if (wrong.empty()) continue;
        auto const text = scene.scene.pixels.size() < 5000 ? test::to_text(scene) : std::string("a large scene");
        FAIL(how.text() << wrong << text);
    }
}

} // namespace

// ---------------------------------------------------------------------------------------------------------------------
// Against the twin

TEST_CASE_TEMPLATE_DEFINE("labels and counts are the twin's for random tiles, halos and executors", T, random_tiles)
{
    random_numbers random(seed_of<T>(31));
    every_executor executors;
    int late = 0;
    for (int i = 0; i < scenes_of_each_type; ++i) {
        random_scene<T> scene;
        if (i % 3 == 0) scene = test::make_random_scene<T>(random);
        else {
            auto const [rows, cols] = random_size(random);
            scene = make_hard_scene<T>(random, rows, cols);
        }
        auto const expected = twin::segment(scene.scene, scene.parameters);
        auto const rounds = static_cast<std::ptrdiff_t>(rounds_of(scene));
        std::vector<way> ways;
        for (int j = 0; j < 6; ++j) {
            ways.push_back(random_way(random, scene.scene.rows, scene.scene.cols, 60'000));
            late += ways.back().tile_size < std::max(scene.scene.rows, scene.scene.cols) && ways.back().halo <= rounds;
        }
        compare(scene, expected, ways, executors);
    }
    // Often there was something to do that no tile could.
    CHECK(late > scenes_of_each_type / 4);
    CHECK(executors.steps_through_bytes() > 0);
}
TEST_CASE_TEMPLATE_APPLY(random_tiles, test::pixel_types);

TEST_CASE("labels and counts are the twin's for every tile size, halo and executor")
{
    random_numbers random(32);
    every_executor executors;
    std::vector<way> ways;
    for (std::ptrdiff_t const tile_size : {1, 2, 3, 7, 37, 64, 16384}) {
        for (std::ptrdiff_t const halo : {2, 3, 5, 16}) {
            for (std::size_t executor = 0; executor < every_executor::count; ++executor) {
                ways.push_back({tile_size, halo, executor, random.below<std::uint64_t>(1000)});
            }
        }
    }
    for (int i = 0; i < (test::sanitized ? 1 : 8); ++i) {
        auto scene = make_hard_scene<std::uint16_t>(random, random.between(8, 14), random.between(8, 14));
        for (int const connectivity : {4, 8}) {
            scene.parameters.connectivity = connectivity;
            compare(scene, twin::segment(scene.scene, scene.parameters), ways, executors);
        }
    }
    auto const larger = make_hard_scene<std::int16_t>(random, 45, 80);
    std::erase_if(ways, [](way const& how) { return how.tile_size < 7; });
    compare(larger, twin::segment(larger.scene, larger.parameters), ways, executors);
}

TEST_CASE("every checkerboard without a larger clump, or with one in the far corner, has the twin's labels")
{
    every_executor executors;
    for (auto const& [kinds, connectivity] : {std::pair{2U, 4}, {3U, 4}, {5U, 4}, {4U, 8}, {5U, 8}, {2U, 8}}) {
        for (bool const clump : {false, true}) {
            auto scene = make_checkerboard(23, 31, kinds, connectivity);
            if (!clump) { // the pixel in the corner gets its own kind back
                auto& pixels = scene.scene.pixels;
                pixels[23 * 31 - 1] = static_cast<std::uint8_t>(10 * unequal_kind(kinds, 22, 30));
            }
            auto const expected = twin::segment(scene.scene, scene.parameters);
            if (connectivity == 4 || kinds > 2) CHECK(expected.segments == (clump ? 1 : 23 * 31));
            std::vector<way> ways;
            for (std::ptrdiff_t const tile_size : {3, 7, 16}) {
                for (std::ptrdiff_t const halo : {2, 5, 16}) {
                    for (std::size_t const executor : {2U, 4U, 5U}) ways.push_back({tile_size, halo, executor, 7});
                }
            }
            compare(scene, expected, ways, executors);
        }
    }
}

TEST_CASE("segments that grew late, and are small all the same, merge as the twin's do")
{
    // Clumps of two pixels strewn over a checkerboard of few values: ties of pixels and of means wherever waves of joining
    // pixels meet. In half of the scenes the values are those of the kinds, in half there are only two.
    random_numbers random(37);
    every_executor executors;
    std::uint64_t eliminated = 0;
    for (int i = 0; i < (test::sanitized ? 10 : 300); ++i) {
        int const connectivity = random.one_in(2) ? 4 : 8;
        auto const kinds = connectivity == 4 ? 2U : random.between(4U, 5U);
        auto scene = make_checkerboard(random.between(2, 30), random.between(2, 30), kinds, connectivity);
        kind_map map{.rows = scene.scene.rows, .cols = scene.scene.cols};
        for (std::ptrdiff_t row = 0; row < map.rows; ++row) {
            for (std::ptrdiff_t col = 0; col < map.cols; ++col) map(row, col) = unequal_kind(kinds, row, col);
        }
        for (auto left = random.below(map.rows * map.cols / 8 + 1); left > 0; --left) {
            map.plant(random.below(map.rows), random.below(map.cols), random.one_in(2));
        }
        bool const two_values = random.one_in(2);
        auto& pixels = scene.scene.pixels;
        pixels.clear();
        for (int band = 0; band < 2; ++band) {
            for (auto const kind : map.kinds) {
                pixels.push_back(static_cast<std::uint8_t>(band == 0    ? 5 * kind
                                                           : two_values ? random.below<std::size_t>(2)
                                                                        : kind % 2));
            }
        }
        // The second band decides when the first one ties.
        for (auto& centre : scene.parameters.centres) centre = {centre[0] / 2, 0.5};
        scene.parameters.min_segment_size = random.one_in(2) ? 1000 : random.between(3, 60);
        auto const expected = twin::segment(scene.scene, scene.parameters);
        eliminated += expected.small_segments_eliminated;
        std::vector<way> ways;
        for (int j = 0; j < 6; ++j) {
            ways.push_back(random_way(random, map.rows, map.cols, 40'000));
            ways.back().halo = random.between<std::ptrdiff_t>(2, 3);
        }
        compare(scene, expected, ways, executors);

        // All distances are infinite, so nothing counts but who is met first. Too far apart for the twin.
        random_scene<double> tied{.scene = {1, scene.scene.rows, scene.scene.cols, {}, {}},
                                  .parameters = {.centres = {},
                                                 .min_segment_size = scene.parameters.min_segment_size,
                                                 .connectivity = connectivity,
                                                 .limit_kind = limit::number,
                                                 .limit_value = 1e300}};
        for (auto const kind : map.kinds) tied.scene.pixels.push_back(1e200 * static_cast<double>(kind));
        for (unsigned kind = 0; kind < kinds; ++kind) tied.parameters.centres.push_back({1e200 * kind});
        compare(tied, in_one_tile(tied), ways, executors);
    }
    CHECK(eliminated > (test::sanitized ? 10 : 1000));
}

// ---------------------------------------------------------------------------------------------------------------------
// Against the segmentation in one tile, which has the twin's labels (segment.test.cpp, exhaustive.test.cpp)

TEST_CASE("a wave of joining pixels that takes hundreds of rounds through all tiles leaves no seams")
{
    every_executor executors;
    int const shrink = test::sanitized ? 4 : 1;
    for (auto const& [kinds, connectivity] : {std::pair{2U, 4}, {3U, 4}, {5U, 8}}) {
        auto const scene = make_checkerboard(300 / shrink, 400 / shrink, kinds, connectivity);
        auto const expected = in_one_tile(scene);
        CHECK(expected.clumps > scene.scene.pixels.size() / 2 - 3);
        CHECK(expected.single_pixels_eliminated == expected.clumps - 1);
        CHECK(rounds_of(scene) > static_cast<std::size_t>((connectivity == 4 ? 680 : 380) / shrink));
        compare(scene, expected,
                {{7, 2, 4, 1}, {37, 2, 5, 0}, {37, 5, 2, 1}, {64, 16, 3, 2}, {64, 2, 4, 2}, {350, 16, 1, 3}},
                executors);
    }
}

TEST_CASE("thousands of small segments that lie across seams merge alike on any executor")
{
    // Pairs and triples of pixels side by side: more of one size than are asked at once on one thread.
    random_numbers random(33);
    random_scene<std::uint8_t> scene{.scene = {1, 160, 230, {}, {}}, .parameters = {}};
    while (scene.scene.pixels.size() < 160 * 230) {
        scene.scene.pixels.insert(scene.scene.pixels.end(), random.between<std::size_t>(1, 3),
                                  random.below<std::uint8_t>(9));
    }
    scene.scene.pixels.resize(160 * 230);
    for (int kind = 0; kind < 9; ++kind) scene.parameters.centres.push_back({static_cast<double>(kind)});
    scene.parameters.limit_kind = limit::none;
    scene.parameters.min_segment_size = 12;
    every_executor executors;
    for (int const connectivity : {4, 8}) {
        scene.parameters.connectivity = connectivity;
        auto const expected = in_one_tile(scene);
        CHECK(expected.small_segments_eliminated > (test::sanitized ? 0 : 1000));
        compare(scene, expected, {{7, 2, 3, 1}, {37, 3, 2, 2}, {37, 16, 4, 3}, {64, 2, 5, 4}, {100, 5, 3, 6}},
                executors);
    }
}

TEST_CASE_TEMPLATE_DEFINE("large scenes have the labels of one tile in any tiles", T, large_scenes)
{
    random_numbers random(seed_of<T>(34));
    every_executor executors;
    for (int i = 0; i < (test::sanitized ? 1 : 12); ++i) {
        auto const scene = make_hard_scene<T>(random, random.between(80, 160), random.between(80, 160));
        auto const expected = in_one_tile(scene);
        std::vector<way> ways;
        for (int j = 0; j < 4; ++j) ways.push_back(random_way(random, scene.scene.rows, scene.scene.cols, 150'000));
        compare(scene, expected, ways, executors);
    }
}
TEST_CASE_TEMPLATE_APPLY(large_scenes, test::pixel_types);

TEST_CASE_TEMPLATE_DEFINE("pixels of any magnitude have the labels of one tile in any tiles", T, magnitudes)
{
    random_numbers random(seed_of<T>(35));
    every_executor executors;
    std::uint64_t eliminated = 0;
    for (int i = 0; i < 3 * scenes_of_each_type; ++i) {
        auto const [rows, cols] = random_size(random);
        auto scene = make_hard_scene<T>(random, rows, cols);
        scene.scene.null_value.reset();
        // Values of one kind now differ by what the addition of doubles would lose, or by many magnitudes.
        bool const widest = std::same_as<T, double> && random.one_in(4);
        auto const largest = widest ? 300 : random.pick<int>({1, 10, 30});
        auto const any = [&] {
            auto const magnitude = random.between(-largest, largest);
            return static_cast<T>((random.unit() - 0.5) * std::pow(10.0, magnitude));
        };
        bool const noisy = random.one_in(2);
        std::vector<T> often{T{0}};
        for (int j = 0; j < 8; ++j) often.push_back(any());
        for (auto& pixel : scene.scene.pixels) {
            auto const value = often[static_cast<std::size_t>(std::abs(static_cast<double>(pixel))) % often.size()];
            pixel = noisy && random.one_in(2) ? any() : static_cast<T>(value * (1 + random.unit() / 16));
        }
        for (auto& centre : scene.parameters.centres) {
            for (auto& value : centre) value = static_cast<double>(random.pick(often));
        }
        // Distances of centres beyond the range of float have no percentile.
        if (widest && scene.parameters.limit_kind == limit::auto_percentile) {
            scene.parameters.limit_kind = limit::none;
        }
        if (scene.parameters.limit_kind == limit::number) scene.parameters.limit_value = std::abs(double{any()});
        if (scene.parameters.min_segment_size < 10) scene.parameters.min_segment_size *= 10;
        auto const expected = in_one_tile(scene);
        eliminated += expected.small_segments_eliminated;
        std::vector<way> ways;
        for (int j = 0; j < 4; ++j) ways.push_back(random_way(random, rows, cols, 40'000));
        compare(scene, expected, ways, executors);
    }
    CHECK(eliminated > static_cast<std::uint64_t>(10 * scenes_of_each_type));
}
TEST_CASE_TEMPLATE_INVOKE(magnitudes, float, double);

TEST_CASE_TEMPLATE_DEFINE("areas of the same values in another order have the same mean in any tiles", T, same_mean)
{
    // Between them lies a small segment, which is as near to the one as to the other, to the last bit, and meets the one
    // on the left, or above, first.
    random_numbers random(seed_of<T>(36));
    every_executor executors;
    for (int i = 0; i < (test::sanitized ? 5 : 150); ++i) {
        auto const size = random.between(8, 24);
        auto const width = random.between(1, 2);
        bool const upright = random.one_in(2);
        std::vector<T> values(static_cast<std::size_t>(size * size));
        std::ranges::generate(values, [&] { return static_cast<T>(random.unit() * random.pick<double>({1, 1e-6})); });
        auto others = values;
        random.shuffle(others);
        auto const length = 2 * size + width;
        random_scene<T> scene{.scene = {1, upright ? length : size, upright ? size : length, {}, {}}, .parameters = {}};
        std::vector<std::uint32_t> labels;
        for (int row = 0; row < scene.scene.rows; ++row) {
            for (int col = 0; col < scene.scene.cols; ++col) {
                auto const along = upright ? row : col;
                auto const across = upright ? col : row;
                auto const at = [&](int begin) { return static_cast<std::size_t>((along - begin) * size + across); };
                labels.push_back(along < size + width ? 1 : 2);
                scene.scene.pixels.push_back(along < size           ? values[at(0)]
                                             : along < size + width ? T{50}
                                                                    : others[at(size + width)]);
            }
        }
        scene.parameters.centres = {{0.5}, {50}};
        scene.parameters.limit_kind = limit::none;
        auto const expected = in_one_tile(scene);
        CHECK(expected.labels == labels);
        std::vector<way> ways;
        for (int j = 0; j < 6; ++j) ways.push_back(random_way(random, scene.scene.rows, scene.scene.cols, 10'000));
        compare(scene, expected, ways, executors);
    }
}
TEST_CASE_TEMPLATE_INVOKE(same_mean, float, double);

// ---------------------------------------------------------------------------------------------------------------------
// Edges

TEST_CASE("rasters without pixels and of null alone take every way")
{
    every_executor executors;
    shepseg::options options;
    options.model = {
        .bands = {1}, .null_value = {}, .centres = shepseg::cluster_centres(std::vector<std::vector<double>>{{1}})};
    options.null_value = 0;
    for (std::size_t executor = 0; executor < every_executor::count; ++executor) {
        for (auto const& [rows, cols] : {std::pair{0, 5}, {5, 0}, {0, 0}, {5, 4}, {1, 1}}) {
            image<float> const nothing(1, rows, cols);
            options.tile_size = 2;
            options.halo = 2;
            std::string wrong;
            executors.use({.executor = executor}, [&](auto& each) {
                auto const counts = segment_by_phases<float>(nothing.view(), options, each, 1, wrong).counts;
                auto const pixels = static_cast<std::uint64_t>(nothing.pixel_count());
                CHECK(counts == shepseg::segmentation_counts{.pixels = pixels,
                                                             .null_pixels = pixels,
                                                             .clumps = 0,
                                                             .single_pixels_eliminated = 0,
                                                             .small_segments_eliminated = 0,
                                                             .segments = 0});
            });
            CHECK(wrong.empty());
        }
    }
}
