// SPDX-License-Identifier: BSL-1.0
// As precompiled.hpp, for tests of what sees GDAL.
#pragma once

#include "precompiled.hpp"

#include <gdal_priv.h>
#include <gdalwarper.h>
#include <ogr_spatialref.h>
#include <ogrsf_frmts.h>
