# SPDX-License-Identifier: BSL-1.0

# rios_add_header_library(<package> <component> HEADERS <file>... LINK <target>...)
#
# Adds the INTERFACE target <package>_<component>, known as <package>::<component> in this build and when installed.
# No compiler flag but the language standard: warnings, optimisation and sanitizers are the presets' and the user's.
function(rios_add_header_library package component)
    cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "HEADERS;LINK")
    set(target ${package}_${component})
    add_library(${target} INTERFACE)
    add_library(${package}::${component} ALIAS ${target})
    set_target_properties(${target} PROPERTIES
        EXPORT_NAME ${component}
        VERIFY_INTERFACE_HEADER_SETS "${RIOS_BUILD_TESTS}")
    target_sources(${target} INTERFACE
        FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}/include" FILES ${arg_HEADERS})
    target_compile_features(${target} INTERFACE cxx_std_20)
    target_link_libraries(${target} INTERFACE ${arg_LINK})
endfunction()
