// SPDX-License-Identifier: BSL-1.0
//
// GDAL's cache of file blocks, as a program that works block by block wants it.
#pragma once

#include <cstdint>

#include <cpl_conv.h>
#include <gdal.h>

namespace rios {

/// For programs, at their start: lets GDAL keep at most so many bytes of file blocks, in the whole process. Its default is
/// 5 % of the machine's memory. A pipeline hardly comes back to a block, so a cache beyond what all threads work on only
/// costs fresh memory: 64 MB is 1.3 to 2 times as fast as the default on uncompressed files. Does nothing where
/// GDAL_CACHEMAX is set, as somebody has decided then.
inline void limit_block_cache(std::uint64_t bytes)
{
    if (CPLGetConfigOption("GDAL_CACHEMAX", nullptr) != nullptr) return;
    GDALSetCacheMax64(static_cast<GIntBig>(bytes));
}

} // namespace rios
