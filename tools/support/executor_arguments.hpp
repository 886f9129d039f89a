// SPDX-License-Identifier: BSL-1.0
//
// What a command line says about where the work is done (executor_options.hpp).
#pragma once

#include <string>

namespace tools {

struct executor_arguments {
    std::string kind = "threads";
    std::string workers{};
    std::string config{};
};

} // namespace tools
