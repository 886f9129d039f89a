// SPDX-License-Identifier: BSL-1.0
#include "compare_command.hpp"

#include <cstdint>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <rios/error.hpp>
#include <rios/executor/threads.hpp>
#include <rios/gdal/block_cache.hpp>
#include <rios/terminal_progress.hpp>
#include <shepseg/gdal/compare_files.hpp>

#include "support/command_line.hpp"
#include "support/interrupt.hpp"
#include "support/text.hpp"

namespace tools {

namespace {

/// " (2.17 %)", with digits enough not to be 0 when the part is not.
std::string fine_share(std::uint64_t part, std::uint64_t whole)
{
    if (whole == 0) return "";
    return fmt::format(" ({:.3g} %)", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string report_text(compare_arguments const& arguments, shepseg::segmentation_difference const& found)
{
    std::string text;
    auto const line = [&](std::string_view name, std::string const& value) {
        text += fmt::format("{:<22}{}\n", name, value);
    };
    line("Segmentations", found.identical() ? "identical, but perhaps for their numbers" : "different");
    line("Segments of A", grouped(found.segments_a) + " in " + arguments.a);
    line("Segments of B", grouped(found.segments_b) + " in " + arguments.b);
    line("Pixels", grouped(found.pixels));
    if (found.exact()) {
        line("Differing pixels",
             grouped(found.differing_at_least) + fine_share(found.differing_at_least, found.pixels));
    } else {
        line("Differing pixels", fmt::format("{} to {}{}: bounds only, as the best matching takes too long",
                                             grouped(found.differing_at_least), grouped(found.differing_at_most),
                                             fine_share(found.differing_at_most, found.pixels)));
    }
    line("Split segments", grouped(found.split) + " of A, each in several of B");
    line("Merged segments", grouped(found.merged) + " of B, each out of several of A");
    line("Null pixels", fmt::format("{} in both, {} in A only, {} in B only", grouped(found.null_in_both),
                                    grouped(found.null_in_a_only), grouped(found.null_in_b_only)));
    line("Adjusted Rand index", found.adjusted_rand_index ? fmt::format("{:.6g}", *found.adjusted_rand_index)
                                                          : "none, as no pixel has a segment in both");
    return text;
}

std::string report_json(compare_arguments const& arguments, shepseg::segmentation_difference const& found)
{
    using json = nlohmann::ordered_json;
    json report;
    report["identical"] = found.identical();
    report["a"] = {{"file", arguments.a}, {"segments", found.segments_a}, {"split", found.split}};
    report["b"] = {{"file", arguments.b}, {"segments", found.segments_b}, {"merged", found.merged}};
    report["pixels"] = found.pixels;
    report["differing_pixels"] = {
        {"exact", found.exact()}, {"at_least", found.differing_at_least}, {"at_most", found.differing_at_most}};
    report["null_pixels"] = {
        {"in_both", found.null_in_both}, {"in_a_only", found.null_in_a_only}, {"in_b_only", found.null_in_b_only}};
    report["adjusted_rand_index"] = found.adjusted_rand_index ? json(*found.adjusted_rand_index) : json(nullptr);
    // Names of files need not be UTF-8.
    return report.dump(2, ' ', false, json::error_handler_t::replace) + '\n';
}

} // namespace

CLI::App* add_compare_command(CLI::App& app, compare_arguments& arguments)
{
    auto* const command =
        app.add_subcommand("compare", "Tell whether two files of segments are the same, and how they differ");
    command->add_option("A", arguments.a, "File of segments: one band of integers")->required()->type_name("");
    command->add_option("B", arguments.b, "Another one with the same pixels")->required()->type_name("");
    command->add_flag("--json", arguments.json, "Print a JSON object");
    command->add_option("--threads", arguments.threads, "Threads to work with, 0 to 4096; 0: one for each core")
        ->type_name("N")
        ->check(CLI::Range(0, 4096).description(""))
        ->capture_default_str();
    command->add_flag("-q,--quiet", arguments.quiet, "Print nothing but errors: the exit status says it");
    command->footer(
        "Two segmentations are the same if they differ in nothing but the numbers of segments; null (0, and the "
        "file's\n"
        "null value) must be in the same places.\n\n"
        "Differing pixels are those that are null in one file only, and those outside of the best matching: pairs of\n"
        "a segment of A and one of B, each in one pair at most, that have as many pixels in common as possible. The\n"
        "adjusted Rand index is over pixels that are null in neither: 1 for the same segments, about 0 for chance.\n\n"
        "Exit status, as that of diff and cmp: 0 the same, 1 different, 2 failed or wrong usage, 128 + n ended by\n"
        "signal n; messages go to standard error.\n\n"
        "Example:\n"
        "  shepseg compare segments.tif again.tif && echo nothing has changed");
    return command;
}

int run_compare(CLI::App const& app, compare_arguments const& arguments)
try {
    rios::limit_block_cache(256 << 20);
    rios::thread_executor executor({.readers = 0, .workers = arguments.threads});
    rios::terminal_progress bar;
    shepseg::matching_options options;
    options.progress = [&](std::string_view phase, double done) {
        if (!arguments.quiet) bar(phase, done);
        return received_signal() == 0;
    };
    auto const found = shepseg::compare_files(arguments.a, arguments.b, options, executor);
    bar.clear();
    if (!arguments.quiet) {
        auto const text = arguments.json ? report_json(arguments, found) : report_text(arguments, found);
        std::fputs(text.c_str(), stdout);
        if (std::fflush(stdout) != 0) return fail(app, 2, "cannot write to standard output");
    }
    return found.identical() ? 0 : 1;
} catch (rios::cancelled const&) {
    throw;
} catch (std::bad_alloc const&) {
    return fail(app, 2, "out of memory");
} catch (std::exception const& error) {
    return fail(app, 2, error.what());
}

} // namespace tools
