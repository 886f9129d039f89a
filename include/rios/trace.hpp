// SPDX-License-Identifier: BSL-1.0
//
// Timings as a picture: the Trace Event format, which Perfetto (ui.perfetto.dev) and chrome://tracing open.
#pragma once

#include <cstddef>
#include <cstdio>
#include <ostream>
#include <set>
#include <string>
#include <string_view>

#include "timing.hpp"

namespace rios {

namespace detail {

inline std::string json_quoted(std::string_view text)
{
    std::string quoted = "\"";
    for (char const c : text) {
        if (static_cast<unsigned char>(c) < 0x20) {
            char code[8];
            std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
            quoted += code;
            continue;
        }
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

} // namespace detail

/// Writes one row for each thread and one slice for each interval. Times in the file are microseconds.
///
/// The caller checks the stream's state. Format: "Trace Event Format", complete events (`"ph": "X"`).
inline void write_trace(std::ostream& out, timings const& times, std::string_view process_name)
{
    out << "{\"displayTimeUnit\": \"ms\", \"traceEvents\": [\n"
        << R"({"ph": "M", "pid": 1, "tid": 0, "name": "process_name", "args": {"name": )"
        << detail::json_quoted(process_name) << "}}";
    std::set<std::size_t> threads;
    for (auto const& each : times.intervals) {
        if (threads.insert(each.thread).second) {
            out << ",\n"
                << R"({"ph": "M", "pid": 1, "tid": )" << each.thread
                << R"(, "name": "thread_name", "args": {"name": "thread )" << each.thread << "\"}}";
        }
        char times_in_microseconds[80];
        std::snprintf(times_in_microseconds, sizeof times_in_microseconds, "\"ts\": %.3f, \"dur\": %.3f",
                      1e6 * each.start, 1e6 * each.duration);
        out << ",\n"
            << R"({"ph": "X", "pid": 1, "tid": )" << each.thread << ", \"name\": " << detail::json_quoted(each.name)
            << ", " << times_in_microseconds << '}';
    }
    out << "\n]}\n";
}

} // namespace rios
