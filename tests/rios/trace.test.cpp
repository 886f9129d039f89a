// SPDX-License-Identifier: BSL-1.0
#include <rios/trace.hpp>

#include <sstream>
#include <string>

#include <doctest/doctest.h>

using rios::timings;

namespace {

std::string trace_of(timings const& times, std::string const& process)
{
    std::ostringstream out;
    rios::write_trace(out, times, process);
    return out.str();
}

} // namespace

TEST_CASE("a trace has a name for the process and for each thread, and a slice for each interval in microseconds")
{
    timings const times{.walltime = 3,
                        .intervals = {{.name = "reading", .thread = 0, .start = 0.5, .duration = 0.25},
                                      {.name = "computing", .thread = 1, .start = 1, .duration = 0.0000015},
                                      {.name = "reading", .thread = 0, .start = 100000, .duration = 1}}};
    CHECK(trace_of(times, "shepseg") == R"({"displayTimeUnit": "ms", "traceEvents": [
{"ph": "M", "pid": 1, "tid": 0, "name": "process_name", "args": {"name": "shepseg"}},
{"ph": "M", "pid": 1, "tid": 0, "name": "thread_name", "args": {"name": "thread 0"}},
{"ph": "X", "pid": 1, "tid": 0, "name": "reading", "ts": 500000.000, "dur": 250000.000},
{"ph": "M", "pid": 1, "tid": 1, "name": "thread_name", "args": {"name": "thread 1"}},
{"ph": "X", "pid": 1, "tid": 1, "name": "computing", "ts": 1000000.000, "dur": 1.500},
{"ph": "X", "pid": 1, "tid": 0, "name": "reading", "ts": 100000000000.000, "dur": 1000000.000}
]}
)");
}

TEST_CASE("a trace of merged timings has rows for the threads of both")
{
    timings times{.walltime = 1, .intervals = {{.name = "writing", .thread = 0, .start = 0, .duration = 1}}};
    times.merge({.walltime = 2, .intervals = {{.name = "reading", .thread = 0, .start = 0.5, .duration = 1}}});
    CHECK(trace_of(times, "x") == R"({"displayTimeUnit": "ms", "traceEvents": [
{"ph": "M", "pid": 1, "tid": 0, "name": "process_name", "args": {"name": "x"}},
{"ph": "M", "pid": 1, "tid": 0, "name": "thread_name", "args": {"name": "thread 0"}},
{"ph": "X", "pid": 1, "tid": 0, "name": "writing", "ts": 0.000, "dur": 1000000.000},
{"ph": "M", "pid": 1, "tid": 1, "name": "thread_name", "args": {"name": "thread 1"}},
{"ph": "X", "pid": 1, "tid": 1, "name": "reading", "ts": 500000.000, "dur": 1000000.000}
]}
)");
}

TEST_CASE("a trace without intervals is still a whole document")
{
    CHECK(trace_of({}, "x") == R"({"displayTimeUnit": "ms", "traceEvents": [
{"ph": "M", "pid": 1, "tid": 0, "name": "process_name", "args": {"name": "x"}}
]}
)");
}

TEST_CASE("names in a trace are quoted as JSON demands")
{
    using rios::detail::json_quoted;
    CHECK(json_quoted("") == R"("")");
    CHECK(json_quoted("größe") == R"("größe")");
    CHECK(json_quoted(R"(a "b" \c)") == R"("a \"b\" \\c")");
    CHECK(json_quoted("line\nend\ttab") == R"("line\u000aend\u0009tab")");
    CHECK(json_quoted(std::string("\x01\x1f\x00", 3)) == R"("\u0001\u001f\u0000")");
    auto const text =
        trace_of({.walltime = 0, .intervals = {{.name = "a\"b", .thread = 0, .start = 0, .duration = 0}}}, "p\\q");
    CHECK(text.find(R"("name": "a\"b")") != std::string::npos);
    CHECK(text.find(R"({"name": "p\\q"})") != std::string::npos);
}
