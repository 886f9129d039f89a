// SPDX-License-Identifier: BSL-1.0
//
// block_pipeline TASK WAY IN OUT [KEY=VALUE...]: one task on one raster of uint16, to be timed as a whole process.
//
// TASK: copy (all bands), ndvi (of bands 1 and 2, float32), read (no output: sums the pixels).
// WAY:  bare (a loop over GDAL's own calls, block by block, on one thread), inline, read-ahead:N, threads:READERS,WORKERS.
// KEY=VALUE: creation options of the output instead of the defaults; COMPRESSION_THREADS=N for the writer; SUMMARIES=nearest or
// SUMMARIES=average for statistics, histogram and such overviews (not with bare).
//
// Prints the seconds that it took, without the start of the process.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <cpl_string.h>
#include <gdal_priv.h>

#include <rios/apply.hpp>
#include <rios/executor/read_ahead.hpp>
#include <rios/executor/threads.hpp>
#include <rios/gdal/block_cache.hpp>
#include <rios/gdal/reader.hpp>
#include <rios/gdal/writer.hpp>

namespace {

constexpr std::ptrdiff_t window = 256;

struct request {
    std::string task;
    std::string way;
    std::string in;
    std::string out;
    std::vector<std::string> creation_options;
    int compression_threads = 1;
    std::optional<rios::summary_options> summaries;
};

inline float ndvi_of(std::uint16_t red, std::uint16_t nir)
{
    auto const sum = static_cast<float>(red) + static_cast<float>(nir);
    auto const value = (static_cast<float>(nir) - static_cast<float>(red)) / sum;
    return sum == 0 ? -9.0F : value;
}

/// What a careful programmer writes without a library: one dataset each, one buffer each, all bands in one call.
void run_bare(request const& r)
{
    GDALAllRegister();
    auto const in = std::unique_ptr<GDALDataset>(GDALDataset::Open(r.in.c_str(), GDAL_OF_RASTER));
    if (!in) throw std::runtime_error("cannot open " + r.in);
    int const rows = in->GetRasterYSize();
    int const cols = in->GetRasterXSize();
    int const bands = r.task == "ndvi" ? 2 : in->GetRasterCount();
    std::unique_ptr<GDALDataset> out;
    if (r.task != "read") {
        CPLStringList options;
        for (auto const& each : r.creation_options) options.AddString(each.c_str());
        if (r.compression_threads > 1) {
            options.SetNameValue("NUM_THREADS", std::to_string(r.compression_threads).c_str());
        }
        auto* const driver = GetGDALDriverManager()->GetDriverByName("GTiff");
        out.reset(driver->Create(r.out.c_str(), cols, rows, r.task == "ndvi" ? 1 : bands,
                                 r.task == "ndvi" ? GDT_Float32 : GDT_UInt16, options.List()));
        if (!out) throw std::runtime_error("cannot create " + r.out);
        std::array<double, 6> place{};
        if (in->GetGeoTransform(place.data()) == CE_None) out->SetGeoTransform(place.data());
        out->SetSpatialRef(in->GetSpatialRef());
    }
    std::vector<std::uint16_t> pixels(static_cast<std::size_t>(window * window * bands));
    std::vector<float> result(static_cast<std::size_t>(window * window));
    std::vector<int> numbers;
    for (int band = 1; band <= bands; ++band) numbers.push_back(band);
    std::uint64_t sum = 0;
    for (int row = 0; row < rows; row += window) {
        for (int col = 0; col < cols; col += window) {
            int const height = std::min<int>(window, rows - row);
            int const width = std::min<int>(window, cols - col);
            auto const size = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
            if (in->RasterIO(GF_Read, col, row, width, height, pixels.data(), width, height, GDT_UInt16, bands,
                             numbers.data(), 0, 0, 0, nullptr) != CE_None) {
                throw std::runtime_error("cannot read");
            }
            CPLErr written = CE_None;
            if (r.task == "copy") {
                written = out->RasterIO(GF_Write, col, row, width, height, pixels.data(), width, height, GDT_UInt16,
                                        bands, numbers.data(), 0, 0, 0, nullptr);
            } else if (r.task == "ndvi") {
                for (std::size_t i = 0; i < size; ++i) result[i] = ndvi_of(pixels[i], pixels[size + i]);
                written = out->RasterIO(GF_Write, col, row, width, height, result.data(), width, height, GDT_Float32, 1,
                                        nullptr, 0, 0, 0, nullptr);
            } else {
                for (std::size_t i = 0; i < size * static_cast<std::size_t>(bands); ++i) sum += pixels[i];
            }
            if (written != CE_None) throw std::runtime_error("cannot write");
        }
    }
    if (sum == 1) std::puts(""); // the sum is used
}

struct ndvi {
    rios::image<float> operator()(rios::block const& /*where*/, rios::image<std::uint16_t> const& in) const
    {
        rios::image<float> out(1, in.rows(), in.cols());
        for (std::ptrdiff_t row = 0; row < in.rows(); ++row) {
            auto const red = in.row(0, row);
            auto const nir = in.row(1, row);
            auto const to = out.row(0, row);
            for (std::size_t i = 0; i < to.size(); ++i) to[i] = ndvi_of(red[i], nir[i]);
        }
        return out;
    }
};

struct summing {
    std::uint64_t sum = 0;
    void operator()(rios::block const& /*where*/, rios::image<std::uint16_t> const& in)
    {
        for (auto const* p = in.data(); p != in.data() + in.bands() * in.pixel_count(); ++p) sum += *p;
    }
    void merge(summing const& other) { sum += other.sum; }
};

template <typename E>
void run_pipeline(request const& r, E executor)
{
    rios::apply_options const options{.window = window};
    rios::gdal_writer_options to{
        .creation_options = r.creation_options, .summaries = r.summaries, .compression_threads = r.compression_threads};
    if (r.task == "copy") {
        rios::gdal_reader<std::uint16_t> const reader(r.in);
        to.bands = static_cast<int>(reader.band_count());
        auto const copy = [](rios::block const&, rios::image<std::uint16_t> in) { return in; };
        rios::apply(reader, copy, rios::gdal_writer<std::uint16_t>(r.out, to), executor, options);
    } else if (r.task == "ndvi") {
        rios::apply(rios::gdal_reader<std::uint16_t>(r.in, {.bands = {1, 2}}), ndvi{},
                    rios::gdal_writer<float>(r.out, to), executor, options);
    } else {
        auto const done =
            rios::apply(rios::gdal_reader<std::uint16_t>(r.in), summing{}, rios::no_output{}, executor, options);
        if (done.worker.sum == 1) std::puts(""); // the sum is used
    }
}

void run(request const& r)
{
    std::string_view const way = r.way;
    auto const number_after = [](std::string_view text, char before) {
        return static_cast<std::size_t>(std::stoul(std::string(text.substr(text.find(before) + 1))));
    };
    if (way == "bare") run_bare(r);
    else if (way == "inline") run_pipeline(r, rios::inline_executor{});
    else if (way.starts_with("read-ahead:")) run_pipeline(r, rios::read_ahead{{.readers = number_after(way, ':')}});
    else if (way.starts_with("threads:")) {
        run_pipeline(r, rios::thread_executor{{.readers = number_after(way, ':'), .workers = number_after(way, ',')}});
    } else {
        throw std::runtime_error("no way '" + r.way + "'");
    }
}

} // namespace

int main(int argc, char** argv)
try {
    if (argc < 5) throw std::runtime_error("usage: block_pipeline copy|ndvi|read WAY IN OUT [KEY=VALUE...]");
    request r{.task = argv[1], .way = argv[2], .in = argv[3], .out = argv[4], .creation_options = {}, .summaries = {}};
    for (int i = 5; i < argc; ++i) {
        std::string_view const option = argv[i];
        constexpr std::string_view threads = "COMPRESSION_THREADS=";
        if (option == "SUMMARIES=nearest") r.summaries = {.overviews = rios::overview_method::nearest};
        else if (option == "SUMMARIES=average") r.summaries = {.overviews = rios::overview_method::average};
        else if (option.starts_with(threads))
            r.compression_threads = std::stoi(std::string(option.substr(threads.size())));
        else r.creation_options.emplace_back(option);
    }
    rios::limit_block_cache(64 << 20);
    auto const begun = std::chrono::steady_clock::now();
    run(r);
    std::printf("%.4f\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
    return 0;
} catch (std::exception const& error) {
    std::fprintf(stderr, "block_pipeline: error: %s\n", error.what());
    return 1;
}
