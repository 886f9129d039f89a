// SPDX-License-Identifier: BSL-1.0
//
// What users' functions, readers and writers throw, as the errors of error.hpp. Used wherever rios calls them.
#pragma once

#include <exception>
#include <string>

#include "error.hpp"

namespace rios::detail {

/// Calls `f` and returns what it returns.
/// @throws a rios::error as `f` throws it; `make_error(reason)` with whatever else it throws nested in it
template <typename F, typename G>
decltype(auto) with_typed_errors(F&& f, G make_error)
{
    try {
        return f();
    } catch (error const&) {
        throw;
    } catch (std::exception const& failure) {
        std::throw_with_nested(make_error(std::string(failure.what())));
    } catch (...) {
        std::throw_with_nested(make_error(std::string("an exception that is no std::exception")));
    }
}

} // namespace rios::detail
