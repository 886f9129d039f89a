// SPDX-License-Identifier: BSL-1.0
//
// All of shepseg. Programs that segment images in memory need only segment.hpp, which does without GDAL.
#pragma once

#include "colour.hpp"
#include "compare.hpp"
#include "gdal/colour_columns.hpp"
#include "gdal/compare_files.hpp"
#include "gdal/polygons.hpp"
#include "gdal/preview_file.hpp"
#include "gdal/segment_file.hpp"
#include "gdal/segment_statistics.hpp"
#include "gdal/statistics_columns.hpp"
#include "gdal/subset.hpp"
#include "gdal/table_file.hpp"
#include "outline.hpp"
#include "preview.hpp"
#include "segment.hpp"
#include "spatial_statistics.hpp"
#include "subset.hpp"
#include "json/cluster_model.hpp"
