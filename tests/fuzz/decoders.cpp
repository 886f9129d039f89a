// SPDX-License-Identifier: BSL-1.0
// For libFuzzer: fuzz_decoders [-runs=N] tests/fuzz/corpus/decoders
#include <cstddef>
#include <cstdint>
#include <span>

#include "decoders.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    if (size == 0) return 0;
    auto const which = static_cast<fuzz::decoder>(data[0] % static_cast<unsigned>(fuzz::decoder::count));
    fuzz::check(which, std::as_bytes(std::span(data, size)).subspan(1));
    return 0;
}
