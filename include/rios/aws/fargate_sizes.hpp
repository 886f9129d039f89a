// SPDX-License-Identifier: BSL-1.0
//
// Processors and memory of a task, as AWS counts them, and which of them go together on Fargate. For ecs_options.hpp.
#pragma once

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>
#include <system_error>

#include "../error.hpp"

namespace rios::aws {

/// What a task gets.
struct task_size {
    unsigned cpu = 0;    ///< in units, of which a virtual processor has 1024
    unsigned memory = 0; ///< MiB

    friend bool operator==(task_size const&, task_size const&) = default;
};

namespace detail {

/// The number of a text like "4 vCPU", "32GB" or "32768"; with the unit, times 1024. 0 if it is none, or no whole number then.
[[nodiscard]] inline unsigned number_of(std::string_view text, std::string_view unit)
{
    double value = 0;
    auto const parsed = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (parsed.ec != std::errc()) return 0;
    std::string rest(parsed.ptr, text.data() + text.size());
    rest.erase(0, rest.find_first_not_of(' '));
    std::transform(rest.begin(), rest.end(), rest.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    if (rest == unit) value *= 1024;
    else if (!rest.empty()) return 0;
    constexpr double most = 1 << 30;
    return value > 0 && value <= most && value == std::floor(value) ? static_cast<unsigned>(value) : 0;
}

/// Memory that a Fargate task of so many CPU units may have.
struct fargate_row {
    unsigned cpu;
    unsigned least, most, step; // MiB; a step of 0: doubled each time
};

/// From the developer guide of Amazon ECS, "Task CPU and memory", Linux.
inline constexpr std::array<fargate_row, 7> fargate_rows{{{256, 512, 2048, 0},
                                                          {512, 1024, 4096, 1024},
                                                          {1024, 2048, 8192, 1024},
                                                          {2048, 4096, 16384, 1024},
                                                          {4096, 8192, 30720, 1024},
                                                          {8192, 16384, 61440, 4096},
                                                          {16384, 32768, 122880, 8192}}};

} // namespace detail

/// @param cpu "4 vCPU" or "4096"
/// @param memory "32GB" or "32768" (MiB)
/// @throws options_error naming the value and what is allowed
[[nodiscard]] inline task_size size_of_task(std::string const& cpu, std::string const& memory)
{
    task_size const size{.cpu = detail::number_of(cpu, "vcpu"), .memory = detail::number_of(memory, "gb")};
    if (size.cpu == 0) throw options_error("cpu '" + cpu + "': allowed are texts like '4 vCPU' or '4096'");
    if (size.memory == 0)
        throw options_error("memory '" + memory + "': allowed are texts like '32GB' or '32768' (MiB)");
    return size;
}

/// @throws options_error if Fargate has no such tasks
inline void require_fargate_size(task_size const& size)
{
    auto const& rows = detail::fargate_rows;
    auto const row = std::find_if(rows.begin(), rows.end(), [&](auto const& each) { return each.cpu == size.cpu; });
    if (row == rows.end()) {
        throw options_error("cpu " + std::to_string(size.cpu) +
                            ": allowed on Fargate are 256, 512, 1024, 2048, 4096, 8192 and 16384 (0.25 to 16 vCPU)");
    }
    bool fits = size.memory >= row->least && size.memory <= row->most;
    if (row->step == 0) fits = fits && size.memory % row->least == 0 && size.memory != 3 * row->least;
    else fits = fits && (size.memory - row->least) % row->step == 0;
    if (fits) return;
    throw options_error("memory " + std::to_string(size.memory) + " with cpu " + std::to_string(size.cpu) +
                        ": allowed on Fargate are " +
                        (row->step == 0 ? std::string("512, 1024 and 2048")
                                        : std::to_string(row->least) + " to " + std::to_string(row->most) +
                                              " in steps of " + std::to_string(row->step)) +
                        " MiB");
}

} // namespace rios::aws
