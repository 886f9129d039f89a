// SPDX-License-Identifier: BSL-1.0
//
// Which GDAL driver writes an output, and with which creation options. For gdal_writer; everything that can be wrong
// about them is found here, before any work is done.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <type_traits>
#include <vector>

#include <cpl_string.h>
#include <gdal_priv.h>
#include <sys/resource.h>

#include "../environment.hpp"
#include "../error.hpp"
#include "../pixel_type.hpp"
#include "call.hpp"
#include "data_type.hpp"

namespace rios {

namespace detail {

/// The last extension of a path, in lower case and with its dot; empty if there is none.
inline std::string extension_of(std::string_view path)
{
    auto const name = path.substr(path.find_last_of('/') + 1); // npos + 1 is 0
    auto const dot = name.find_last_of('.');
    std::string extension(dot == std::string_view::npos || dot == 0 ? "" : name.substr(dot));
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return extension;
}

inline std::optional<std::string> known_format(std::string_view extension)
{
    if (extension == ".tif" || extension == ".tiff") return "GTiff";
    if (extension == ".img") return "HFA";
    if (extension == ".kea") return "KEA";
    return {};
}

} // namespace detail

/// The format that a file's extension stands for, as the short name of its GDAL driver: .tif and .tiff GTiff, .img HFA,
/// .kea KEA. Whether this GDAL has the driver is not asked.
/// @throws options_error for any other extension
[[nodiscard]] inline std::string driver_for(std::string_view path)
{
    auto const extension = detail::extension_of(path);
    if (auto const format = detail::known_format(extension)) return *format;
    throw options_error(
        std::string(path) + ": " + (extension.empty() ? "without an extension" : "the extension '" + extension + "'") +
        " no format is known (.tif and .tiff: GTiff, .img: HFA, .kea: KEA); give the format explicitly");
}

/// Do the environment variables RIOS_DFLT_DRIVER, RIOS_DFLT_CREOPT_<driver> and RIOS_DFLT_DRIVEROPTIONS change the defaults of outputs? Programs whose
/// files must not depend on them say no.
enum class site_defaults : std::uint8_t { used, ignored };

namespace detail {

/// @throws options_error if this GDAL has no such driver
inline GDALDriver& known_driver(std::string const& path, std::string const& format)
{
    register_drivers();
    auto* const driver = GetGDALDriverManager()->GetDriverByName(format.c_str());
    if (driver == nullptr) {
        throw options_error(path + ": unknown format '" + format + "'; gdalinfo --formats lists those of this GDAL (" +
                            GDALVersionInfo("RELEASE_NAME") + ')');
    }
    return *driver;
}

/// Can a driver do that with rasters that stay?
inline bool can(GDALDriver& driver, char const* what)
{
    return driver.GetMetadataItem(GDAL_DCAP_RASTER) != nullptr && driver.GetMetadataItem(what) != nullptr &&
           !EQUAL(driver.GetDescription(), "MEM");
}

} // namespace detail

/// The format of an output for which none is given: the environment variable RIOS_DFLT_DRIVER, else what the extension
/// stands for (driver_for(), else the first driver of this GDAL that writes files with that extension), else HFA.
/// @throws options_error if the environment variable names no format of this GDAL
[[nodiscard]] inline std::string default_format(std::string_view path, site_defaults site = site_defaults::used)
{
    if (auto const format = environment_text("RIOS_DFLT_DRIVER"); format && site == site_defaults::used) {
        register_drivers();
        if (GetGDALDriverManager()->GetDriverByName(format->c_str()) != nullptr) return *format;
        throw options_error("environment variable RIOS_DFLT_DRIVER='" + *format +
                            "': allowed: short names of formats that gdalinfo --formats lists");
    }
    auto const extension = detail::extension_of(path);
    if (auto const format = detail::known_format(extension)) return *format;
    register_drivers();
    auto* const manager = GetGDALDriverManager();
    for (char const* const way : {GDAL_DCAP_CREATE, GDAL_DCAP_CREATECOPY}) {
        for (int i = 0; i < manager->GetDriverCount() && extension.size() > 1; ++i) {
            auto& driver = *manager->GetDriver(i);
            if (!detail::can(driver, way)) continue;
            auto const* const listed = driver.GetMetadataItem(GDAL_DMD_EXTENSIONS);
            CPLStringList const extensions(CSLTokenizeString(listed == nullptr ? "" : listed));
            if (extensions.FindString(extension.c_str() + 1) >= 0) return driver.GetDescription();
        }
    }
    return "HFA";
}

/// The driver that creates files of a format block by block.
/// @param path of the output, for the message
/// @throws options_error if this GDAL does not have it, or it can only copy finished rasters (PNG, COG)
[[nodiscard]] inline GDALDriver& writable_driver(std::string const& path, std::string const& format)
{
    auto* const driver = &detail::known_driver(path, format);
    if (!detail::can(*driver, GDAL_DCAP_CREATE)) {
        throw options_error(
            path + ": format '" + format +
            "' cannot be written block by block; GTiff, HFA, KEA and others of gdalinfo --formats with 'rw+' can");
    }
    return *driver;
}

/// The driver that makes files of a format, block by block or, as for COG and PNG, as a copy of a finished raster.
/// @param path of the output, for the message
/// @throws options_error if this GDAL does not have it, or it can only read
[[nodiscard]] inline GDALDriver& output_driver(std::string const& path, std::string const& format)
{
    auto& driver = detail::known_driver(path, format);
    if (!detail::can(driver, GDAL_DCAP_CREATE) && !detail::can(driver, GDAL_DCAP_CREATECOPY)) {
        throw options_error(path + ": format '" + format +
                            "' cannot be written; those of gdalinfo --formats with 'rw' and 'rw+' can");
    }
    return driver;
}

namespace detail {

/// So many threads as GDAL may be asked for. Where it cannot start them it waits for them for ever: under a limit of
/// address space (ulimit -v), or of processes.
inline int startable_threads(int wanted)
{
    rlimit limit{};
    if (wanted <= 1 || (::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)) return 1;
    try {
        std::vector<std::jthread> threads;
        for (int i = 0; i < wanted; ++i) threads.emplace_back([] {});
        return wanted;
    } catch (std::system_error const&) {
        return 1;
    }
}

/// @throws options_error if the format cannot hold pixels of the type
inline void require_type(std::string const& path, GDALDriver& driver, pixel_type type)
{
    auto const* const listed = driver.GetMetadataItem(GDAL_DMD_CREATIONDATATYPES);
    CPLStringList const allowed(CSLTokenizeString(listed == nullptr ? "" : listed));
    bool held = listed == nullptr || allowed.FindString(GDALGetDataTypeName(gdal_type_of(type))) >= 0;
    if (type == pixel_type::int8 && !gdal_has_int8) {
        auto const* const options = driver.GetMetadataItem(GDAL_DMD_CREATIONOPTIONLIST);
        held = options != nullptr && std::string_view(options).find("SIGNEDBYTE") != std::string_view::npos;
    }
    if (held) return;
    throw options_error(path + ": format '" + driver.GetDescription() + "' has no " + std::string(name_of(type)) +
                        " pixels" + (listed == nullptr ? "" : " (it has: " + std::string(listed) + ')'));
}

/// Creation options that a site has set for a driver, and the environment variable where they stand.
struct site_options {
    std::string variable;
    std::string text; ///< "KEY=VALUE KEY=VALUE"
};

/// RIOS_DFLT_CREOPT_<driver>; for the default driver also RIOS_DFLT_DRIVEROPTIONS, as RIOS had it before, where "None" stands
/// for no options.
inline std::optional<site_options> site_options_for(std::string const& driver)
{
    auto const own = "RIOS_DFLT_CREOPT_" + driver;
    if (auto const text = environment_text(own)) return site_options{own, *text};
    auto const default_driver = environment_text("RIOS_DFLT_DRIVER").value_or("HFA");
    std::string const old = "RIOS_DFLT_DRIVEROPTIONS";
    auto const text = EQUAL(driver.c_str(), default_driver.c_str()) ? environment_text(old) : std::nullopt;
    if (!text) return {};
    return site_options{old, *text == "None" ? "" : *text};
}

/// The user's creation options on top of the defaults for a format and pixel type: those of the site, else our own.
/// @param threads that compress, where the format can use several
/// @throws options_error if one is not KEY=VALUE, or the driver does not know it or its value
inline CPLStringList creation_options(std::string const& path, GDALDriver& driver, pixel_type type, int threads,
                                      std::vector<std::string> const& user_options,
                                      site_defaults site = site_defaults::used)
{
    auto const add = [&](CPLStringList& list, std::vector<std::string> const& texts, std::string const& what) {
        for (auto const& option : texts) {
            auto const equals = option.find('=');
            if (equals == std::string::npos || equals == 0) {
                throw options_error(path + ": " + what + " '" + option + "': must be KEY=VALUE");
            }
            list.SetNameValue(option.substr(0, equals).c_str(), option.substr(equals + 1).c_str());
        }
    };
    CPLStringList user;
    add(user, user_options, "creation option");
    auto const of_site = site == site_defaults::used ? site_options_for(driver.GetDescription()) : std::nullopt;
    bool const integer = dispatch(type, []<typename T>(std::type_identity<T>) { return std::is_integral_v<T>; });
    std::string const compression =
        user.FetchNameValueDef("COMPRESS", "DEFLATE"); // unless the site says something else
    auto const is = [&](char const* name) { return EQUAL(compression.c_str(), name); };
    CPLStringList options;
    if (of_site) {
        std::istringstream words(of_site->text);
        std::vector<std::string> const texts(std::istream_iterator<std::string>(words), {});
        add(options, texts, "environment variable " + of_site->variable + ": creation option");
    } else if (EQUAL(driver.GetDescription(), "GTiff")) {
        options.SetNameValue("TILED", "YES");
        options.SetNameValue("BIGTIFF", "IF_SAFER");
        options.SetNameValue("COMPRESS", "DEFLATE");
        // The next ones belong to some ways of compression only.
        if (is("DEFLATE")) options.SetNameValue("ZLEVEL", "1");
        bool const takes_predictor = is("DEFLATE") || is("LZW") || is("ZSTD");
        if (takes_predictor && startable_threads(threads) > 1) {
            options.SetNameValue("NUM_THREADS", std::to_string(threads).c_str());
        }
        if (takes_predictor && integer && user.FetchNameValue("NBITS") == nullptr)
            options.SetNameValue("PREDICTOR", "2");
    } else if (EQUAL(driver.GetDescription(), "COG")) {
        options.SetNameValue("BIGTIFF", "IF_SAFER");
        options.SetNameValue("COMPRESS", "DEFLATE");
        bool const takes_predictor = is("DEFLATE") || is("LZW") || is("ZSTD");
        if (takes_predictor && integer) options.SetNameValue("PREDICTOR", "STANDARD");
        if (startable_threads(threads) > 1) options.SetNameValue("NUM_THREADS", std::to_string(threads).c_str());
    } else if (EQUAL(driver.GetDescription(), "HFA")) {
        options.SetNameValue("COMPRESSED", "YES");
    }
    if (type == pixel_type::int8 && !gdal_has_int8) options.SetNameValue("PIXELTYPE", "SIGNEDBYTE");
    add(options, user_options, "creation option");
    if (EQUAL(driver.GetDescription(), "GTiff") && type != pixel_type::uint8) {
        // GDAL finds this out when it writes, and does not always say so.
        std::string const chosen = options.FetchNameValueDef("COMPRESS", "");
        if (EQUAL(chosen.c_str(), "JPEG") || EQUAL(chosen.c_str(), "WEBP") || STARTS_WITH_CI(chosen.c_str(), "CCITT")) {
            throw options_error(path + ": COMPRESS=" + chosen + " cannot hold pixels of type " +
                                std::string(name_of(type)) + "; DEFLATE, ZSTD and LZW can");
        }
    }
    gdal_errors const errors;
    if (GDALValidateCreationOptions(&driver, options.List()) == FALSE) {
        throw options_error(path + ": " + gdal_reason(errors.message(), path) + "; gdalinfo --format " +
                            driver.GetDescription() + " lists what is allowed");
    }
    return options;
}

} // namespace detail

} // namespace rios
