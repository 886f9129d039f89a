// SPDX-License-Identifier: BSL-1.0
//
// Starts a process with posix_spawn, in order: for the workers of subprocess.hpp, and for the commands of batch systems.
#pragma once

#include <algorithm>
#include <csignal>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/types.h>
#include <unistd.h>

#include "inherited_files.hpp"

namespace rios::detail {

struct spawn_request {
    std::vector<std::string> words;                                 ///< the program, and its arguments
    std::vector<std::pair<std::string, std::string>> environment{}; ///< besides that of this process
    int input = -1;                                                 ///< a descriptor; none: it is empty
    int output = -1;                                                ///< a descriptor
    int errors = -1;                                                ///< a descriptor
    bool on_path = false;  ///< the program is looked for where the shell looks for it
    std::string without{}; ///< variables of this process whose names begin so are left out
};

/// The environment of this process, with some variables set. Each as "NAME=value".
[[nodiscard]] inline std::vector<std::string>
environment_with(std::vector<std::pair<std::string, std::string>> const& own, std::string_view without = {})
{
    std::vector<std::string> result;
    for (auto const* const* each = environ; *each != nullptr; ++each) {
        std::string_view const variable = *each;
        bool const replaced =
            std::any_of(own.begin(), own.end(), [&](auto const& one) { return variable.starts_with(one.first + '='); });
        bool const dropped = !without.empty() && variable.starts_with(without);
        if (!replaced && !dropped) result.emplace_back(variable);
    }
    for (auto const& [name, value] : own) result.push_back(name + '=' + value);
    return result;
}

/// Starts a process that is the leader of a process group of its own, inherits no other files, and treats signals as usual.
/// @returns an errno, or 0
[[nodiscard]] inline int spawn(spawn_request request, pid_t& process)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    if (auto const failure = ::posix_spawn_file_actions_init(&actions); failure != 0) return failure;
    if (auto const failure = ::posix_spawnattr_init(&attributes); failure != 0) {
        ::posix_spawn_file_actions_destroy(&actions);
        return failure;
    }
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    if (request.input < 0) ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    else ::posix_spawn_file_actions_adddup2(&actions, request.input, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, request.output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, request.errors, STDERR_FILENO);
    auto failure = close_files(actions, STDERR_FILENO + 1);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setsigmask(&attributes, &none);

    std::vector<char*> arguments;
    for (auto& word : request.words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    auto variables = environment_with(request.environment, request.without);
    std::vector<char*> environment;
    for (auto& variable : variables) environment.push_back(variable.data());
    environment.push_back(nullptr);

    if (failure == 0) {
        auto const start = request.on_path ? &::posix_spawnp : &::posix_spawn;
        failure = start(&process, arguments.front(), &actions, &attributes, arguments.data(), environment.data());
    }
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    return failure;
}

} // namespace rios::detail
