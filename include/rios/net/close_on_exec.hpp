// SPDX-License-Identifier: BSL-1.0
//
// Sockets that programs which this one starts do not inherit: asio makes them without that.
#pragma once

#include <fcntl.h>

namespace rios::net {

/// Has a file of this process closed in programs that it starts from now on.
inline void close_on_exec(int file) noexcept
{
    ::fcntl(file, F_SETFD, FD_CLOEXEC);
}

} // namespace rios::net
