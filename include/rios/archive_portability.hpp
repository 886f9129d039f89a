// SPDX-License-Identifier: BSL-1.0
//
// Which values may travel as bytes (archive.hpp) to a machine of another architecture.
#pragma once

#include <string>
#include <tuple>
#include <type_traits>

#include "archive.hpp"

namespace rios {

namespace detail {

template <typename T>
bool is_portable_archive();

/// An archive that only looks at types.
struct portability_check {
    bool portable = true;
    template <typename... Members>
    void operator()(Members&...)
    {
        portable = portable && (is_portable_archive<std::remove_cv_t<Members>>() && ...);
    }
};

/// Do the bytes of a T mean the same on every architecture (of one byte order)? Structures that travel as their bytes may be
/// laid out otherwise elsewhere.
template <typename T>
bool is_portable_archive()
{
    if constexpr (is_vector<T> || is_optional<T> || is_archived_array<T>) {
        return is_portable_archive<typename T::value_type>();
    } else if constexpr (is_archived_tuple<T> || is_archived_variant<T>) {
        return []<template <typename...> typename Several, typename... Ts>(Several<Ts...> const*) {
            return (is_portable_archive<Ts>() && ...);
        }(static_cast<T const*>(nullptr));
    } else if constexpr (requires { T::travels_anywhere(); }) {
        return T::travels_anywhere();
    } else if constexpr (ListsMembers<T>) {
        thread_local bool inside = false; // of a type that holds others of its kind
        if (inside) return true;
        inside = true;
        T example{};
        portability_check check;
        T::members(example, check);
        inside = false;
        return check.portable;
    } else if constexpr (Described<T>) {
        return is_portable_archive<typename T::description_type>();
    } else if constexpr (requires { requires T::archive_is_portable; }) {
        return true;
    } else {
        return !std::is_same_v<T, long double> &&
               (std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_same_v<T, std::string> || Stateless<T>);
    }
}

} // namespace detail

} // namespace rios
