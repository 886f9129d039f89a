// SPDX-License-Identifier: BSL-1.0
//
// How a program is told to be a worker: the words on its command line and the names in its environment.
#pragma once

#include <string_view>

namespace rios::remote {

/// First argument of a worker's command line. The second is the path of the file with the address, or `in_environment`; the
/// third is the worker's number.
inline constexpr std::string_view worker_argument = "--rios-worker";
inline constexpr std::string_view in_environment = "environment";
/// The variable that holds the address then.
inline constexpr char const* address_variable = "RIOS_WORKER_CHANNEL";

/// The variable that names the folder for the output of this run's workers, if it should go with the run: should the main process
/// be killed, the workers remove it.
inline constexpr char const* log_folder_variable = "RIOS_WORKER_LOGS";

/// The variable that says how many seconds a worker may live at most, where nobody may be left to end it, and its time costs money.
inline constexpr char const* lifetime_variable = "RIOS_WORKER_LIFETIME";

/// How a worker process ends.
enum worker_exit : int {
    worker_done = 0,
    worker_failed = 1,   ///< it was refused, or something that only concerns this process went wrong
    worker_misused = 2,  ///< wrong arguments
    worker_unheard = 3,  ///< the main process could not be reached
    worker_deserted = 4, ///< the channel ended before the main process said goodbye
    worker_expired = 5,  ///< it has lived for as long as it may
};

} // namespace rios::remote
