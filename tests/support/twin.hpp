// SPDX-License-Identifier: BSL-1.0
// The brute-force twin of the segmentation: section 1, "The right answer", of the design note "Segmentation without
// seams", written down literally, in memory and untiled. It is the oracle of the tests and shares no code with the
// library. Quotations in the comments are from that section; each numbered step is a function of its own.
// For small images: written for clarity, not for speed.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace twin {

/// An image: `pixels` is planar, (band, row, col). Only the selected bands are in it.
/// `null_value` is compared in the pixel's type: an integer type that cannot hold it has no such pixel, a
/// floating-point type rounds it first.
/// @pre Valid floating-point pixels are multiples of 2^-20 of magnitude < 2^20 (else std::invalid_argument).
template <typename T>
struct scene {
    int bands;
    int rows;
    int cols;
    std::vector<T> pixels;
    std::optional<double> null_value;
};

struct parameters {
    enum class limit { auto_percentile, none, number };

    std::vector<std::vector<double>> centres;  ///< one vector of `bands` values per cluster
    int min_segment_size = 50;                 ///< pixels
    int connectivity = 4;                      ///< 4 or 8
    limit limit_kind = limit::auto_percentile; ///< how max_spectral_diff is found
    double limit_value = 50.0;                 ///< auto_percentile: 0 to 100; number: pixel units; none: ignored
};

struct result {
    std::vector<std::uint32_t> labels; ///< (row, col); 0 is null, segments are 1 to `segments`
    std::uint64_t clumps;
    std::uint64_t single_pixels_eliminated;
    std::uint64_t small_segments_eliminated;
    std::uint64_t segments;
    std::uint64_t null_pixels;
    double max_spectral_diff; ///< the one used; infinity where there is no limit
};

/// A pixel is known by its scan index, row * cols + col.
using scan_index = std::size_t;

/// A segment is known by its key, "the scan index of its first pixel", and keeps it for ever.
using segment_key = scan_index;

/// In place of a key: the pixel is null and has no segment; or the pixel has not been reached yet.
constexpr segment_key no_segment = std::numeric_limits<segment_key>::max();

// ---------------------------------------------------------------------------------------------------------------------
// Arithmetic

/// "No fused multiply-add": the product is rounded before anything can be added to it, whatever the compiler flags.
inline double exact_product(double a, double b)
{
    double const volatile product = a * b;
    return product;
}

/// Sums are exact: integers, or whole numbers of 2^-20 for floating-point pixels.
using exact_sum = std::int64_t;

constexpr double units_per_one = 1048576.0; // 2^20: times and divided by this is exact

template <typename T>
exact_sum to_units(T value)
{
    if constexpr (std::is_integral_v<T>) {
        return static_cast<exact_sum>(value);
    } else {
        double const units = static_cast<double>(value) * units_per_one;
        if (!(std::abs(units) < units_per_one * units_per_one) || units != std::trunc(units)) {
            throw std::invalid_argument("twin: a floating-point pixel is no multiple of 2^-20 of magnitude < 2^20");
        }
        return static_cast<exact_sum>(units);
    }
}

/// "Converted to double once": the only rounding is that of the conversion.
template <typename T>
double to_double(exact_sum sum)
{
    return std::is_integral_v<T> ? static_cast<double>(sum) : static_cast<double>(sum) / units_per_one;
}

// ---------------------------------------------------------------------------------------------------------------------
// The image

template <typename T>
std::size_t pixel_count(scene<T> const& image)
{
    return static_cast<std::size_t>(image.rows) * static_cast<std::size_t>(image.cols);
}

template <typename T>
T sample(scene<T> const& image, int band, scan_index pixel)
{
    return image.pixels[static_cast<std::size_t>(band) * pixel_count(image) + pixel];
}

template <typename T>
void check_input(scene<T> const& image, parameters const& params)
{
    if (image.bands < 1 || image.rows < 0 || image.cols < 0) {
        throw std::invalid_argument("twin: an image needs a band, and no size may be negative");
    }
    if (image.pixels.size() != static_cast<std::size_t>(image.bands) * pixel_count(image)) {
        throw std::invalid_argument("twin: the number of samples is not bands * rows * cols");
    }
    if (params.connectivity != 4 && params.connectivity != 8) {
        throw std::invalid_argument("twin: connectivity is neither 4 nor 8");
    }
    if (params.centres.empty()) {
        throw std::invalid_argument("twin: no cluster centres");
    }
    for (auto const& centre : params.centres) {
        if (centre.size() != static_cast<std::size_t>(image.bands)) {
            throw std::invalid_argument("twin: a cluster centre does not have one value per band");
        }
    }
}

/// The neighbours of every pixel, "in scan order too (4-connected: up, left, right, down; 8-connected: the ring of 8,
/// row by row)".
inline std::vector<std::vector<scan_index>> neighbours_of_pixels(int rows, int cols, int connectivity)
{
    std::vector<std::vector<scan_index>> neighbours;
    for (int row = 0; row < rows; ++row) {
        for (int col = 0; col < cols; ++col) {
            std::vector<scan_index> met;
            for (int r = row - 1; r <= row + 1; ++r) {
                for (int c = col - 1; c <= col + 1; ++c) {
                    bool const inside = r >= 0 && r < rows && c >= 0 && c < cols;
                    bool const itself = r == row && c == col;
                    bool const diagonal = r != row && c != col;
                    if (inside && !itself && (connectivity == 8 || !diagonal)) {
                        met.push_back(static_cast<scan_index>(r) * static_cast<scan_index>(cols) +
                                      static_cast<scan_index>(c));
                    }
                }
            }
            neighbours.push_back(std::move(met));
        }
    }
    return neighbours;
}

using neighbour_lists = std::vector<std::vector<scan_index>>;

// ---------------------------------------------------------------------------------------------------------------------
// Step 1. Null

/// "Compared in the pixel's type": the null value in that type, or nothing.
template <typename T>
std::optional<T> null_value_in_pixel_type(std::optional<double> null_value)
{
    if (!null_value) return std::nullopt;
    if constexpr (std::is_integral_v<T>) {
        bool const in_range = *null_value >= static_cast<double>(std::numeric_limits<T>::min()) &&
                              *null_value <= static_cast<double>(std::numeric_limits<T>::max());
        if (!in_range || *null_value != std::trunc(*null_value)) return std::nullopt;
    }
    return static_cast<T>(*null_value);
}

/// "A pixel is null when any selected band holds the null value or is not finite."
template <typename T>
std::vector<bool> find_null_pixels(scene<T> const& image)
{
    auto const null_value = null_value_in_pixel_type<T>(image.null_value);
    std::vector<bool> is_null(pixel_count(image), false);
    for (scan_index pixel = 0; pixel < pixel_count(image); ++pixel) {
        for (int band = 0; band < image.bands; ++band) {
            T const value = sample(image, band, pixel);
            if (null_value && value == *null_value) is_null[pixel] = true;
            if (!std::isfinite(static_cast<double>(value))) is_null[pixel] = true;
        }
    }
    return is_null;
}

// ---------------------------------------------------------------------------------------------------------------------
// Step 2. Clusters

/// "Squared Euclidean distance in double from the differences themselves", "bands summed in order from the first".
template <typename T>
double squared_distance_to_centre(scene<T> const& image, scan_index pixel, std::vector<double> const& centre)
{
    double sum = 0.0;
    for (int band = 0; band < image.bands; ++band) {
        double const difference =
            static_cast<double>(sample(image, band, pixel)) - centre[static_cast<std::size_t>(band)];
        sum += exact_product(difference, difference);
    }
    return sum;
}

/// "Every other pixel takes the nearest centre; the lowest index wins ties." Null pixels have no cluster.
template <typename T>
std::vector<std::optional<std::size_t>> assign_clusters(scene<T> const& image, std::vector<bool> const& is_null,
                                                        std::vector<std::vector<double>> const& centres)
{
    std::vector<std::optional<std::size_t>> clusters(pixel_count(image));
    for (scan_index pixel = 0; pixel < pixel_count(image); ++pixel) {
        if (is_null[pixel]) continue;
        std::size_t nearest = 0;
        double nearest_distance = squared_distance_to_centre(image, pixel, centres[0]);
        for (std::size_t k = 1; k < centres.size(); ++k) {
            double const distance = squared_distance_to_centre(image, pixel, centres[k]);
            if (distance < nearest_distance) {
                nearest = k;
                nearest_distance = distance;
            }
        }
        clusters[pixel] = nearest;
    }
    return clusters;
}

// ---------------------------------------------------------------------------------------------------------------------
// Step 3. Clumps

/// "Connected components of equal cluster. No limit on their size. A clump's key is the scan index of its first pixel."
/// Returns the key of each pixel's clump, no_segment for null pixels.
inline std::vector<segment_key> find_clumps(std::vector<std::optional<std::size_t>> const& clusters,
                                            neighbour_lists const& neighbours)
{
    std::vector<segment_key> clump_of(clusters.size(), no_segment);
    for (scan_index first = 0; first < clusters.size(); ++first) {
        if (!clusters[first] || clump_of[first] != no_segment) continue;
        clump_of[first] = first;
        std::vector<scan_index> to_visit{first};
        while (!to_visit.empty()) {
            scan_index const pixel = to_visit.back();
            to_visit.pop_back();
            for (scan_index const neighbour : neighbours[pixel]) {
                if (clusters[neighbour] == clusters[pixel] && clump_of[neighbour] == no_segment) {
                    clump_of[neighbour] = first;
                    to_visit.push_back(neighbour);
                }
            }
        }
    }
    return clump_of;
}

/// Sizes in pixels, indexed by key.
inline std::vector<std::size_t> segment_sizes(std::vector<segment_key> const& segment_of)
{
    std::vector<std::size_t> sizes(segment_of.size(), 0);
    for (segment_key const key : segment_of) {
        if (key != no_segment) ++sizes[key];
    }
    return sizes;
}

inline std::uint64_t count_segments(std::vector<segment_key> const& segment_of)
{
    auto const sizes = segment_sizes(segment_of);
    return static_cast<std::uint64_t>(
        std::count_if(sizes.begin(), sizes.end(), [](std::size_t size) { return size > 0; }));
}

// ---------------------------------------------------------------------------------------------------------------------
// Step 4. Single pixels

/// "Squared distance between the two pixels: exact integers for pixel types up to 16 bits, double for the others."
template <typename T>
auto squared_distance_of_pixels(scene<T> const& image, scan_index a, scan_index b)
{
    if constexpr (std::is_integral_v<T> && sizeof(T) <= 2) {
        std::int64_t sum = 0;
        for (int band = 0; band < image.bands; ++band) {
            std::int64_t const difference = std::int64_t{sample(image, band, a)} - std::int64_t{sample(image, band, b)};
            sum += difference * difference;
        }
        return sum;
    } else {
        double sum = 0.0;
        for (int band = 0; band < image.bands; ++band) {
            double const difference =
                static_cast<double>(sample(image, band, a)) - static_cast<double>(sample(image, band, b));
            sum += exact_product(difference, difference);
        }
        return sum;
    }
}

/// "Its neighbouring pixels that belong to a segment of more than one pixel at the start of the round": the
/// "spectrally nearest such pixel", "the first met wins ties", or nothing.
template <typename T>
std::optional<scan_index>
nearest_pixel_of_larger_segment(scene<T> const& image, scan_index single, neighbour_lists const& neighbours,
                                std::vector<segment_key> const& segment_of, std::vector<std::size_t> const& sizes)
{
    std::optional<scan_index> nearest;
    for (scan_index const neighbour : neighbours[single]) {
        if (segment_of[neighbour] == no_segment || sizes[segment_of[neighbour]] <= 1) continue;
        if (!nearest || squared_distance_of_pixels(image, single, neighbour) <
                            squared_distance_of_pixels(image, single, *nearest)) {
            nearest = neighbour;
        }
    }
    return nearest;
}

/// One synchronous round: everything is judged on `before`, the state at its start. Returns the state at its end.
template <typename T>
std::vector<segment_key> single_pixels_round(scene<T> const& image, neighbour_lists const& neighbours,
                                             std::vector<segment_key> const& before)
{
    auto const sizes = segment_sizes(before);
    auto after = before;
    for (scan_index pixel = 0; pixel < before.size(); ++pixel) {
        if (before[pixel] == no_segment || sizes[before[pixel]] != 1) continue;
        auto const nearest = nearest_pixel_of_larger_segment(image, pixel, neighbours, before, sizes);
        if (nearest) after[pixel] = before[*nearest];
    }
    return after;
}

/// "Always, whatever min_segment_size. In synchronous rounds, until nothing changes."
template <typename T>
std::vector<segment_key> eliminate_single_pixels(scene<T> const& image, neighbour_lists const& neighbours,
                                                 std::vector<segment_key> segment_of)
{
    while (true) {
        auto after = single_pixels_round(image, neighbours, segment_of);
        if (after == segment_of) return segment_of;
        segment_of = std::move(after);
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// max_spectral_diff

/// "The K(K−1)/2 distances between pairs of centres, each computed in double and rounded to float32", ascending.
inline std::vector<float> distances_of_centres(std::vector<std::vector<double>> const& centres)
{
    std::vector<float> distances;
    for (std::size_t i = 0; i < centres.size(); ++i) {
        for (std::size_t j = i + 1; j < centres.size(); ++j) {
            double sum = 0.0;
            for (std::size_t band = 0; band < centres[i].size(); ++band) {
                double const difference = centres[i][band] - centres[j][band];
                sum += exact_product(difference, difference);
            }
            distances.push_back(static_cast<float>(std::sqrt(sum)));
        }
    }
    std::sort(distances.begin(), distances.end());
    return distances;
}

/// "Percentile: linear interpolation at rank p/100 · (n−1), computed in double and not rounded again."
inline double percentile(std::vector<float> const& sorted, double p)
{
    if (!(p >= 0.0 && p <= 100.0)) throw std::invalid_argument("twin: a percentile is from 0 to 100");
    double const rank = exact_product(p / 100.0, static_cast<double>(sorted.size() - 1));
    auto const below = static_cast<std::size_t>(rank);
    auto const above = std::min(below + 1, sorted.size() - 1);
    auto const low = static_cast<double>(sorted[below]);
    auto const high = static_cast<double>(sorted[above]);
    return low + exact_product(high - low, rank - static_cast<double>(below));
}

/// "A number; or auto; or none = float32(10 × the largest float32 distance). With one centre there is no limit."
inline double find_max_spectral_diff(parameters const& params)
{
    if (params.limit_kind == parameters::limit::number) return params.limit_value;
    if (params.centres.size() == 1) return std::numeric_limits<double>::infinity();
    auto const distances = distances_of_centres(params.centres);
    if (params.limit_kind == parameters::limit::none) {
        return static_cast<double>(static_cast<float>(10.0F * distances.back()));
    }
    return percentile(distances, params.limit_value);
}

// ---------------------------------------------------------------------------------------------------------------------
// Step 5. Small segments

struct pixels_and_sums {
    std::vector<scan_index> pixels; // "lists are never sorted again"
    std::vector<exact_sum> sums;    // per band
};

/// In the order of the keys, because a std::map is.
using segment_map = std::map<segment_key, pixels_and_sums>;

/// "At the start, each segment has a pixel list: all its pixels, those absorbed in step 4 included, in scan order."
template <typename T>
segment_map make_pixel_lists(scene<T> const& image, std::vector<segment_key> const& segment_of)
{
    segment_map segments;
    for (scan_index pixel = 0; pixel < segment_of.size(); ++pixel) {
        if (segment_of[pixel] == no_segment) continue;
        auto& segment = segments[segment_of[pixel]];
        segment.pixels.push_back(pixel);
        segment.sums.resize(static_cast<std::size_t>(image.bands), 0);
        for (int band = 0; band < image.bands; ++band) {
            segment.sums[static_cast<std::size_t>(band)] += to_units(sample(image, band, pixel));
        }
    }
    return segments;
}

/// "Mean spectrum of a band = sum / size, one double division."
template <typename T>
double mean_of_band(pixels_and_sums const& segment, std::size_t band)
{
    return to_double<T>(segment.sums[band]) / static_cast<double>(segment.pixels.size());
}

template <typename T>
double squared_distance_of_means(pixels_and_sums const& a, pixels_and_sums const& b)
{
    double sum = 0.0;
    for (std::size_t band = 0; band < a.sums.size(); ++band) {
        double const difference = mean_of_band<T>(a, band) - mean_of_band<T>(b, band);
        sum += exact_product(difference, difference);
    }
    return sum;
}

struct partner {
    segment_key key;
    double squared_distance;
};

/// "Picks among its neighbouring segments larger than t the one with the nearest mean spectrum (the first met wins
/// ties)"; "a segment meets its neighbours in the order of its pixel list, and for each pixel in the neighbour order".
template <typename T>
std::optional<partner> nearest_larger_neighbour(pixels_and_sums const& segment, segment_map const& segments,
                                                std::vector<segment_key> const& segment_of,
                                                neighbour_lists const& neighbours)
{
    std::size_t const t = segment.pixels.size();
    std::optional<partner> nearest;
    for (scan_index const pixel : segment.pixels) {
        for (scan_index const neighbour : neighbours[pixel]) {
            segment_key const key = segment_of[neighbour];
            if (key == no_segment || key == segment_of[pixel]) continue;
            auto const& candidate = segments.at(key);
            if (candidate.pixels.size() <= t) continue;
            double const distance = squared_distance_of_means<T>(segment, candidate);
            if (!nearest || distance < nearest->squared_distance) nearest = partner{key, distance};
        }
    }
    return nearest;
}

struct merge {
    segment_key absorbed;
    segment_key absorbing;
};

/// What "every segment of exactly t pixels, judged on sizes, means and memberships at the start of the pass" does,
/// "in the order of the keys of the segments being absorbed". It merges "if d² ≤ max_spectral_diff² (one double
/// product)".
template <typename T>
std::vector<merge> decide_merges(std::size_t t, segment_map const& segments, std::vector<segment_key> const& segment_of,
                                 neighbour_lists const& neighbours, double max_spectral_diff)
{
    double const limit = exact_product(max_spectral_diff, max_spectral_diff);
    std::vector<merge> merges;
    for (auto const& [key, segment] : segments) {
        if (segment.pixels.size() != t) continue;
        auto const nearest = nearest_larger_neighbour<T>(segment, segments, segment_of, neighbours);
        if (nearest && nearest->squared_distance <= limit) merges.push_back({key, nearest->key});
    }
    return merges;
}

/// "A merge appends the absorbed segment's list to the absorbing one's." "The absorbing segment keeps its own key, even
/// where the absorbed one's is smaller."
inline void apply_merge(merge const& m, segment_map& segments, std::vector<segment_key>& segment_of)
{
    auto const& absorbed = segments.at(m.absorbed);
    auto& absorbing = segments.at(m.absorbing);
    for (scan_index const pixel : absorbed.pixels) {
        absorbing.pixels.push_back(pixel);
        segment_of[pixel] = m.absorbing;
    }
    for (std::size_t band = 0; band < absorbing.sums.size(); ++band) {
        absorbing.sums[band] += absorbed.sums[band];
    }
    segments.erase(m.absorbed);
}

/// "For t = 1, 2, …, min_segment_size − 1: up to 10 passes (the count restarts for each t; a pass that merges nothing
/// ends this t)."
template <typename T>
std::vector<segment_key> eliminate_small_segments(scene<T> const& image, neighbour_lists const& neighbours,
                                                  std::vector<segment_key> segment_of, int min_segment_size,
                                                  double max_spectral_diff)
{
    auto segments = make_pixel_lists(image, segment_of);
    for (int t = 1; t <= min_segment_size - 1; ++t) {
        for (int pass = 1; pass <= 10; ++pass) {
            auto const merges =
                decide_merges<T>(static_cast<std::size_t>(t), segments, segment_of, neighbours, max_spectral_diff);
            if (merges.empty()) break;
            for (auto const& m : merges) apply_merge(m, segments, segment_of);
        }
    }
    return segment_of;
}

// ---------------------------------------------------------------------------------------------------------------------
// Step 6. Labels

/// "The surviving segments are numbered 1 … n in the order of their keys, without gaps." Null is 0.
inline std::vector<std::uint32_t> number_segments(std::vector<segment_key> const& segment_of)
{
    std::map<segment_key, std::uint32_t> label_of_key;
    for (segment_key const key : segment_of) {
        if (key != no_segment) label_of_key[key] = 0;
    }
    std::uint32_t last = 0;
    for (auto& [key, label] : label_of_key) label = ++last;

    std::vector<std::uint32_t> labels;
    for (segment_key const key : segment_of) labels.push_back(key == no_segment ? 0 : label_of_key.at(key));
    return labels;
}

// ---------------------------------------------------------------------------------------------------------------------

/// The six steps in order.
/// @throws std::invalid_argument for input that contradicts itself or that this twin cannot sum exactly.
template <typename T>
result segment(scene<T> const& image, parameters const& params)
{
    check_input(image, params);
    auto const neighbours = neighbours_of_pixels(image.rows, image.cols, params.connectivity);
    double const max_spectral_diff = find_max_spectral_diff(params);

    auto const is_null = find_null_pixels(image);                                    // step 1
    auto const clusters = assign_clusters(image, is_null, params.centres);           // step 2
    auto const clumps = find_clumps(clusters, neighbours);                           // step 3
    auto const without_singles = eliminate_single_pixels(image, neighbours, clumps); // step 4
    auto const final_segments = eliminate_small_segments(image, neighbours, without_singles, params.min_segment_size,
                                                         max_spectral_diff); // step 5

    result answer{};
    answer.labels = number_segments(final_segments); // step 6
    answer.clumps = count_segments(clumps);
    answer.single_pixels_eliminated = answer.clumps - count_segments(without_singles);
    answer.segments = count_segments(final_segments);
    answer.small_segments_eliminated = count_segments(without_singles) - answer.segments;
    answer.null_pixels = static_cast<std::uint64_t>(std::count(is_null.begin(), is_null.end(), true));
    answer.max_spectral_diff = max_spectral_diff;
    return answer;
}

} // namespace twin
