// SPDX-License-Identifier: BSL-1.0
// Calls of `shepseg` whose options are wrong or ask for more than there is (refusals.hpp).
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/stat.h>

#include <gdal_priv.h>

#include <doctest/doctest.h>

#include "support/raster_files.hpp"
#include "support/refusals.hpp"
#include "support/sanitizers.hpp"
#include "support/segment_tool.hpp"
#include "support/temporary_directory.hpp"

namespace fs = std::filesystem;
using test::check_refused;
using test::desk;
using test::make_raster;
using test::shepseg;
using test::status;
using test::strings;
using test::with;
using test::write_file;

TEST_CASE("a call without a command, with an unknown one or without its files is wrong usage")
{
    desk const d;
    check_refused(d.path(), {}, status::usage, {"subcommand"});
    check_refused(d.path(), {"frobnicate"}, status::usage, {"frobnicate"});
    check_refused(d.path(), {"--frobnicate"}, status::usage, {"--frobnicate"});
    check_refused(d.path(), {"segment"}, status::usage, {"IMAGE"});
    check_refused(d.path(), {"segment", d.in()}, status::usage, {"OUTPUT"});
    check_refused(d.path(), {"segment", d.in(), d.out(), d / "third.tif"}, status::usage, {"third.tif"});
    check_refused(d.path(), {"segment", d.in(), d.out(), "--frobnicate"}, status::usage, {"--frobnicate"});
    check_refused(d.path(), {"segment", d.in(), d.out(), "-x"}, status::usage, {"-x"});
    check_refused(d.path(), {"segment", d.in(), d.out(), "--cluster", "5"}, status::usage, {"--cluster"});
    check_refused(d.path(), {"segment", d.in(), d.out(), "--clusters"}, status::usage, {"--clusters"});
    check_refused(d.path(), {"segment", d.in(), d.out(), "--clusters", "5", "--clusters", "6"}, status::usage,
                  {"--clusters"});
    check_refused(d.path(), {"segment", d.in(), d.out(), "--quiet=perhaps"}, status::usage, {"--quiet", "perhaps"});
    check_refused(d.path(), {"segment", "", d.out()}, status::either, {});
    check_refused(d.path(), {"segment", d.in(), ""}, status::either, {});
}

TEST_CASE("numbers that are none, negative or out of range are refused with what is allowed")
{
    desk const d;
    struct refusal {
        std::string option;
        strings values;
        strings says;
    };
    std::string const huge = "99999999999999999999999999";
    for (auto const& [option, values, says] : std::vector<refusal>{
             {"--clusters", {"0", "-3", "65536", huge, "1.5", "1e3", "abc", "", "5 ", "0x5"}, {"clusters", "65535"}},
             {"--kmeans-starts", {"0", "-1", huge, "1.5", "abc", ""}, {"starts", "1"}},
             {"--seed", {"-1", "18446744073709551616", huge, "1.5", "abc", ""}, {"seed", "0"}},
             {"--sample-pixels", {"0", "-1", huge, "9223372036854775808", "1.5", "abc", ""}, {"sample", "1"}},
             {"--sample-percent", {"0", "-1", "100.5", "nan", "inf", "1e400", "abc", "5%", ""}, {"sample", "100"}},
             {"--min-segment-size", {"0", "-1", huge, "9223372036854775808", "1.5", "abc", ""}, {"segment", "1"}},
             {"--max-spectral-diff",
              {"-1", "-0.5", "nan", "inf", "1e400", "automatic", "", "5,5"},
              {"spectral", "number"}},
             {"--spectral-diff-percentile", {"-1", "100.5", "nan", "inf", "abc", ""}, {"percentile", "100"}},
             {"--connectivity",
              {"0", "1", "5", "-4", "6", "16", "260", "264", "-252", "4.5", "four", "", huge},
              {"connectivity", "8"}},
             {"--threads", {"0", "-1", "1000000", huge, "1.5", "abc", ""}, {"threads", "1"}},
             {"--readers", {"-1", "1000000", huge, "1.5", "abc", ""}, {"readers", "4096"}},
             {"--tile-size", {"0", "-1", "16385", huge, "1.5", "abc", ""}, {"tile", "16384"}},
             {"--max-concurrent-reads", {"0", "-1", huge, "1.5", "abc", ""}, {"--max-concurrent-reads", "1"}},
             {"--memory-limit",
              {"0", "-1", "-5M", "M", "5 M", "5X", "5MM", "nan", "inf", "infG", "1e400", "0x10", "abc", ""},
              {"--memory-limit", "500M"}},
             {"--window",
              {"0", "0,0", "0,0,1", "0,0,1,1,1", "0,0,0,1", "0,0,1,0", "-1,0,1,1", "0,0,1,-1", "a,0,1,1", "0;0;1;1",
               "0,0,1,1,", ",0,0,1,1", "0, 0,1,1", "0.5,0,1,1", huge + ",0,1,1", ""},
              {"--window", "width"}},
             {"--null-value", {"null", "1e400", "0x10", "5 ", " 5", "1,5", "+-5", "--", ""}, {"--null-value", "none"}},
             {"--bands",
              {"0", "-1", "1,0", "1,-2", "1,,2", ",1", "1,", ",", "1.5", "1 2", "1;2", "a", "1,b", huge, "1-3", ""},
              {"--bands", "1"}},
             {"--preview-bands", {"0", "-1", "1,2", "1,2,3,1", "a,b,c", "1,,2", huge, ""}, {"--preview-bands"}},
             {"--kmeans-init", {"random", "KMEANS++", ""}, {"--kmeans-init", "kmeans++", "diagonal"}}}) {
        for (auto const& value : values) {
            auto parts = value.empty() ? strings{says.front()} : says; // nothing to quote: that it is missing is enough
            if (!value.empty()) parts.push_back(value);
            auto argument = option;
            argument.append("=").append(value);
            d.refuses_options({argument}, status::usage, parts);
        }
    }
    d.refuses({"--sample-pixels", "100", "--sample-percent", "5"}, status::usage,
              {"--sample-pixels", "--sample-percent"});
}

TEST_CASE("numbers with a leading zero are not octal")
{
    desk const d;
    // Decimal or refused, but not another number in silence.
    auto const result =
        shepseg({"segment", d.in(), d.out(), "--clusters", "010", "--summary", d / "s.json", "--quiet"});
    if (result.status == 0) CHECK(test::read_json(d / "s.json").at("parameters").at("clusters") == 10);
    else CHECK(result.err.find("010") != std::string::npos);
}

TEST_CASE("a parameter that another one makes useless is checked all the same")
{
    desk const d;
    d.refuses({"--spectral-diff-percentile", "101", "--max-spectral-diff", "none"}, status::usage,
              {"percentile", "101", "100"});
    write_file(d / "m.json", R"({"bands": [1], "null_value": null, "centres": [[10], [90]]})");
    d.refuses_options({"--cluster-model", d / "m.json", "--clusters", "0"}, status::usage, {"clusters", "0", "65535"});
    d.refuses_options({"--cluster-model", d / "m.json", "--sample-percent", "101"}, status::usage,
                      {"sample", "101", "100"});
}

TEST_CASE("an empty value of an option is refused, not taken for none")
{
    desk const d;
    for (auto const& option :
         strings{"--summary", "--trace", "--preview", "--save-cluster-model", "--cluster-model", "--format"}) {
        d.refuses({option, ""}, status::either, {option});
    }
}

TEST_CASE("standard output that cannot be written is an error")
{
    desk const d;
    for (auto const& arguments : {strings{"segment", d.in(), d / "new.tif", "--clusters", "5"},
                                  strings{"segment", d.in(), d / "new.tif", "--clusters", "5", "--quiet", "--timings"},
                                  strings{"--version"}, strings{"--help"}, strings{"segment", "--help"}}) {
        INFO(arguments.front(), " ", arguments.back());
        auto const full = shepseg(arguments, {.out_file = "/dev/full"});
        CHECK(complaints(full, status::failed, {"output"}) == "");
    }
    // Nothing to say, nothing to fail.
    auto const quiet =
        shepseg({"segment", d.in(), d / "new.tif", "--clusters", "5", "--quiet"}, {.out_file = "/dev/full"});
    CHECK(quiet.status == 0);
}

TEST_CASE("closed standard streams do not spoil the files")
{
    desk const d;
    auto const expected = test::segmented(d.in(), d / "expected.tif", {"--clusters", "5"});
    for (auto const out : {test::stream::captured, test::stream::closed}) {
        for (auto const err : {test::stream::captured, test::stream::closed}) {
            auto const result = shepseg({"segment", d.in(), d / "new.tif", "--clusters", "5", "--summary", d / "s.json",
                                         "--preview", d / "p.png", "--timings", "--trace", d / "t.json"},
                                        {.out = out, .err = err});
            INFO(result.text());
            CHECK(result.status == (out == test::stream::closed ? 1 : 0));
            CHECK(test::read_file(d / "new.tif") == test::read_file(d / "expected.tif"));
            CHECK(test::read_json(d / "s.json").at("counts").at("pixels") == 600);
            CHECK(test::read_json(d / "t.json").contains("traceEvents"));
            fs::remove(d / "new.tif");
        }
    }
}

TEST_CASE("a memory limit that leaves no room for the work is refused in words")
{
    desk const d;
    d.refuses({"--memory-limit", "20M"}, status::usage, {d.in(), "memory limit", "21 MB", "at least"});
    // So many segments before elimination that their graph does not fit.
    make_raster(d / "noise.tif", "GTiff", test::noise<std::uint8_t>(3, 1500, 1500));
    d.refuses_files(d / "noise.tif", d.out(),
                    {"--memory-limit", "85M", "--threads", "1", "--kmeans-init", "diagonal", "--sample-pixels", "1000"},
                    status::failed, {d / "noise.tif", "limit is 90 MB", "need about", "% of the tiles"});
}

TEST_CASE("an image of more pixels than fit into memory is segmented all the same")
{
    if (test::sanitized) return; // a sanitizer needs more address space than the limit
    desk const d;
    strings const sparse{"SPARSE_OK=YES", "TILED=YES"};
    static_cast<void>(test::create_raster(d / "large.tif", "GTiff", 12000, 12000, 1, GDT_Byte, sparse));
    // The labels alone take 288 MB.
    auto const result = shepseg(
        {"segment", d / "large.tif", d / "new.tif", "--clusters", "5", "--threads", "2", "--summary", d / "s.json"},
        {.memory = rlim_t{640} << 20});
    INFO(result.text());
    CHECK(result.status == 0);
    auto const summary = test::read_json(d / "s.json");
    CHECK(summary.at("counts").at("segments") == 1);
    CHECK(summary.at("scratch_bytes") > 0);
    CHECK(summary.at("parameters").at("memory_limit") == (rlim_t{320} << 20));
}

TEST_CASE("a window outside the image and a scratch folder that is none are refused before any work")
{
    desk const d; // 20 rows, 30 columns
    for (std::string const window : {"0,0,31,20", "0,0,30,21", "30,0,1,1", "0,20,1,1", "29,19,2,1"}) {
        d.refuses({"--window", window}, status::failed, {d.in(), "window", "20 rows", "30 cols"});
    }
    d.refuses({"--scratch-dir", d / "nowhere"}, status::failed, {d / "nowhere", "scratch"});
    d.refuses({"--scratch-dir", d.in()}, status::failed, {d.in(), "scratch"});
    d.refuses({"--scratch-dir", "/proc"}, status::failed, {"/proc", "scratch"});
}

TEST_CASE("more threads than there is work for are refused or no burden")
{
    desk const d;
    auto const result = shepseg({"segment", d.in(), d / "new.tif", "--clusters", "5", "--threads", "4096", "--quiet"},
                                {.timeout = std::chrono::seconds(10)});
    INFO(result.text());
    CHECK_FALSE(result.timed_out);
    CHECK((result.status == 0 || result.status == 1));
}
