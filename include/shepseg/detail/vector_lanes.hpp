// SPDX-License-Identifier: BSL-1.0
//
// Registers of several numbers, through the vector extensions that GCC and clang share, for the kernels.
#pragma once

#include <cstdint>
#include <type_traits>

namespace shepseg::detail {

/// `Lanes` numbers of type T, float or double, in one register.
template <typename T, int Lanes>
struct vector_of {
    using index = std::conditional_t<sizeof(T) == 8, std::int64_t, std::int32_t>;

    typedef T values __attribute__((vector_size(Lanes * sizeof(T))));
    typedef index indexes
        __attribute__((vector_size(Lanes * sizeof(T)))); ///< also what comparisons give: all bits or none
    /// The same in memory, where no more is known than where a single number may begin.
    typedef T values_in_memory __attribute__((vector_size(Lanes * sizeof(T)), aligned(sizeof(T)), may_alias));
    typedef index indexes_in_memory __attribute__((vector_size(Lanes * sizeof(T)), aligned(sizeof(T)), may_alias));
};

} // namespace shepseg::detail
