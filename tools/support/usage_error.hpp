// SPDX-License-Identifier: BSL-1.0
//
// What a command line asks for that cannot be meant: the tool then ends with status 2.
#pragma once

#include <rios/error.hpp>

namespace tools {

/// A value, or a combination of options, that is wrong whatever the files hold.
class usage_error : public rios::options_error {
  public:
    using rios::options_error::options_error;
};

} // namespace tools
