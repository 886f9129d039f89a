// SPDX-License-Identifier: BSL-1.0
// remote_probe WORKER: has blocks computed by the program WORKER, which is this one compiled for another architecture, and compares
// with what this process computes. Exit status 1 and a line for what is wrong.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <sys/utsname.h>

#include <rios/apply.hpp>
#include <rios/executor/inline.hpp>
#include <rios/executor/remote.hpp>
#include <rios/launcher/subprocess.hpp>
#include <rios/memory_reader.hpp>
#include <rios/memory_writer.hpp>
#include <rios/pixel_moments.hpp>
#include <rios/serve_if_worker.hpp>

namespace {

/// A state of all kinds, listed member by member; what it returns says where it was computed.
struct scale {
    std::vector<double> factors;
    std::string name;

    rios::image<double> operator()(rios::block_info const& where, rios::image<std::int16_t> const& in) const
    {
        rios::image<double> out(2, where.rows, where.cols);
        auto const here = rios::remote::architecture();
        for (auto const [row, col] : in.pixels()) {
            out(0, row, col) = in(0, row, col) * factors[static_cast<std::size_t>(row) % factors.size()];
            out(1, row, col) = here == "aarch64" ? 1 : 0;
        }
        return out;
    }

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.factors, self.name);
    }
};

/// Sums of 128 bits go there and come back.
struct gather {
    rios::pixel_moments<std::int16_t> moments;

    void operator()(rios::block_info const& where, rios::image<std::int16_t> const& in)
    {
        for (std::ptrdiff_t row = 0; row < in.rows(); ++row)
            moments.add(in.row(0, row), where.null_test<std::int16_t>(0));
    }
    void merge(gather const& other) { moments.merge(other.moments); }

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.moments);
    }
};

/// Travels as its bytes, which may be laid out otherwise elsewhere.
struct raw {
    short offset = 3;
    long double factor = 2;

    rios::image<double> operator()(rios::block_info const&, rios::image<std::int16_t> const& in) const
    {
        rios::image<double> out(1, in.rows(), in.cols());
        for (auto const [row, col] : in.pixels())
            out(0, row, col) = static_cast<double>(in(0, row, col) * factor + offset);
        return out;
    }
};

int failures = 0;

void check(bool right, char const* what)
{
    if (right) return;
    std::printf("wrong: %s\n", what);
    ++failures;
}

void probe(std::string const& program)
{
    rios::image<std::int16_t> pixels(1, 70, 90);
    for (auto const [row, col] : pixels.pixels()) pixels(0, row, col) = static_cast<std::int16_t>(row * 300 - col * 7);
    rios::memory_reader<std::int16_t> const reader(pixels, 6.0);
    rios::remote_options options{.workers = 2};
    options.program = program;
    rios::apply_options const blocks{.window = 32};
    for (bool const workers_read : {true, false}) {
        options.workers_read = workers_read;
        rios::image<double> here;
        rios::image<double> there;
        scale const worker{.factors = {0.1, 1.0 / 3, 1e300}, .name = "x"};
        rios::apply(reader, worker, rios::memory_writer(here), rios::inline_executor(), blocks);
        rios::apply(reader, worker, rios::memory_writer(there),
                    rios::remote_executor(rios::subprocess_launcher(), options), blocks);
        bool same = true;
        bool elsewhere = true;
        for (auto const [row, col] : here.pixels()) {
            same = same && here(0, row, col) == there(0, row, col);
            elsewhere = elsewhere && there(1, row, col) == 1;
        }
        check(same, "pixels differ");
        check(elsewhere, "blocks were not computed by the other architecture");
    }
    auto const gathered = [&](auto&& executor) {
        return rios::apply(reader, gather(), rios::no_output(), executor, blocks).worker.moments;
    };
    auto const here = gathered(rios::inline_executor());
    auto const there = gathered(rios::remote_executor(rios::subprocess_launcher(), options));
    check(here.count() == there.count() && here.sum() == there.sum() &&
              here.standard_deviation() == there.standard_deviation(),
          "what was accumulated differs");
    try {
        rios::image<double> out;
        rios::apply(reader, raw(), rios::memory_writer(out),
                    rios::remote_executor(rios::subprocess_launcher(), options), blocks);
        check(false, "raw bytes travelled to another architecture");
    } catch (rios::remote_error const& refusal) {
        auto const text = std::string(refusal.what());
        check(text.find("runs on aarch64, this process on x86-64") != std::string::npos, refusal.what());
    }
}

} // namespace

int main(int argc, char** argv)
{
    if (auto const status = rios::serve_if_worker(argc, argv)) return *status;
    if (argc != 2) return 2;
    try {
        probe(argv[1]);
    } catch (std::exception const& failure) {
        check(false, failure.what());
    }
    if (failures == 0) std::printf("the other architecture gives the same\n");
    return failures == 0 ? 0 : 1;
}
