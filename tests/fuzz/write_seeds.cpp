// SPDX-License-Identifier: BSL-1.0
// Writes the inputs that the fuzzer begins with, one good one of each kind: after a change of the wire format,
//
//     g++ -std=c++20 -Iinclude tests/fuzz/write_seeds.cpp -lzstd -o write_seeds && ./write_seeds tests/fuzz/corpus/decoders
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rios/remote/architecture.hpp>

#include "decoders.hpp"

namespace {

using fuzz::decoder;

class seed_writer {
  public:
    explicit seed_writer(std::string folder) : folder_(std::move(folder)) {}

    void write(std::string const& name, decoder which, std::vector<std::byte> const& bytes) const
    {
        std::ofstream file(folder_ + '/' + name, std::ios::binary);
        file.put(static_cast<char>(which));
        file.write(reinterpret_cast<char const*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
    template <typename T>
    void write_value(std::string const& name, decoder which, T const& value) const
    {
        write(name, which, rios::to_bytes(value));
    }

  private:
    std::string folder_;
};

std::vector<std::byte> bytes_of(std::string_view text)
{
    auto const all = std::as_bytes(std::span(text));
    return {all.begin(), all.end()};
}

template <typename T>
shepseg::tile_regions<T> regions()
{
    shepseg::tile_regions<T> result;
    result.where = {.index = 1, .row = 2, .col = 3, .rows = 2, .cols = 2};
    result.bands = 1;
    result.labels = rios::image<std::uint32_t>(1, 2, 2);
    result.sizes.resize(1);
    result.sums.resize(1);
    result.first_pixels.resize(1);
    result.first_met.resize(2);
    result.neighbours.resize(1);
    result.meetings.resize(1);
    result.top = result.left = {{.label = 1, .cluster = 2}, {}};
    result.late = {.pixels = {3}, .labels = {1}, .values = {T{5}}};
    return result;
}

template <typename T>
shepseg::block_statistics<T> statistics()
{
    shepseg::block_statistics<T> result;
    result.complete = {.labels = {1}, .pixels = {4}, .numbers = {0.5, 2}};
    result.pieces.labels = {2, 3};
    result.pieces.pixels = {1, 2};
    result.pieces.bands.resize(1);
    result.pieces.bands[0].counts = {1, 2};
    result.pieces.bands[0].values = {T{5}, T{6}, T{7}};
    result.pieces.rows = {0, 1, 1};
    result.pieces.cols = {2, 0, 1};
    result.pieces.values = {{T{5}, T{6}, T{7}}};
    result.pieces.neighbour_counts = {1, 0};
    result.pieces.neighbours = {3};
    return result;
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 2) return 2;
    seed_writer const seeds(argv[1]);
    namespace remote = rios::remote;
    auto const frame = remote::frame(remote::message::step, remote::step{.job = 1, .index = 2});
    seeds.write("frame_header", decoder::frame_header, {frame.begin(), frame.begin() + rios::net::frame_header::size});
    std::string const key = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    seeds.write("address", decoder::address, bytes_of("rios-channel-1/40123/" + key + "/10.1.2.3/node-7/fd00::1\n"));
    seeds.write_value(
        "hello", decoder::hello,
        remote::hello{.version = "1.0", .architecture = "x86-64", .number = 3, .host = "n", .process = 4});
    seeds.write_value("welcome", decoder::welcome, remote::welcome{.threads = 2, .readers = 1, .asks_for_reads = true});
    seeds.write_value("begin", decoder::begin, remote::begin{.job = 1, .type = "4work", .ships_input = true});
    seeds.write_value("step", decoder::step, remote::step{.job = 1, .index = 2});
    seeds.write_value("failure", decoder::failure,
                      remote::failure{.job = 1, .what = remote::failure::kind::io, .text = "a: b", .path = "a"});
    rios::timings times{.walltime = 2, .intervals = {{.name = "reading", .thread = 1, .start = 0.5, .duration = 1}}};
    times.order = {"reading", "writing"};
    times.uncounted = {{.name = "reading", .count = 3, .seconds = 1, .minimum = 0.1, .maximum = 0.5}};
    seeds.write_value("finished", decoder::finished, remote::finished{.job = 1, .times = times});
    seeds.write_value("timings", decoder::timings, times);
    rios::net::frame_bytes zeros(rios::net::frame_header::size + 3000);
    rios::net::set_header(zeros, 1);
    auto const small = rios::net::packed(zeros);
    seeds.write("packed", decoder::packed, {small.begin() + rios::net::frame_header::size, small.end()});
    seeds.write_value("refused", decoder::refused, remote::refused{.reason = "no"});
    seeds.write_value("stalled", decoder::stalled, remote::stalled{.which = {.job = 3, .index = 4}, .reading = true});
    seeds.write_value("job_end", decoder::job_end, remote::job_end{.job = 3});
    rios::run_info run{.window_rows = 2, .window_cols = 3, .overlap = 1};
    run.grid.rows = 4;
    run.grid.cols = 5;
    run.inputs = {{{.filename = "a.tif", .null_values = {0.0, std::nullopt}}}};
    seeds.write_value("run_info", decoder::run_info, run);
    seeds.write_value("byte_statistics", decoder::byte_statistics, statistics<std::uint8_t>());
    seeds.write_value("float_statistics", decoder::float_statistics, statistics<float>());
    shepseg::statistics_plan_description plan{.spatial_bands = {1},
                                              .bands = {1, 2},
                                              .null_values = {0.0, std::nullopt},
                                              .column_format = "b{band}_{statistic}"};
    plan.grid = run.grid;
    seeds.write_value("plan", decoder::plan, plan);
    std::vector<std::byte> stream{std::byte{6}}; // bytes of a piece, less one
    for (auto const& each : {frame, small, remote::frame(remote::message::bye)}) {
        stream.insert(stream.end(), each.begin(), each.end());
    }
    seeds.write("frames", decoder::frames, stream);
    seeds.write_value("byte_image", decoder::byte_image, rios::image<std::uint8_t>(2, 3, 4));
    seeds.write_value("double_image", decoder::double_image, rios::image<double>(1, 2, 2));
    seeds.write_value("byte_regions", decoder::byte_regions, regions<std::uint8_t>());
    seeds.write_value("float_regions", decoder::float_regions, regions<float>());
}
