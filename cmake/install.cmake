# SPDX-License-Identifier: BSL-1.0

# Two packages, rios and shepseg. Each component is an export set of its own, so that a package's core can be used on a
# machine that has nothing of what its other components need. Header-only, hence below share/ and for any architecture.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(rios_components core pipeline remote aws rios)
set(shepseg_components core shepseg)
foreach(package IN ITEMS rios shepseg)
    set(package_dir "${CMAKE_INSTALL_DATADIR}/cmake/${package}")
    foreach(component IN LISTS ${package}_components)
        install(TARGETS ${package}_${component} EXPORT ${package}-${component}
            FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
        install(EXPORT ${package}-${component} NAMESPACE ${package}:: DESTINATION "${package_dir}"
            FILE ${package}-${component}-targets.cmake)
    endforeach()

    configure_package_config_file(
        "${CMAKE_CURRENT_LIST_DIR}/${package}-config.cmake.in" "${PROJECT_BINARY_DIR}/${package}-config.cmake"
        INSTALL_DESTINATION "${package_dir}" NO_SET_AND_CHECK_MACRO)
    write_basic_package_version_file("${PROJECT_BINARY_DIR}/${package}-config-version.cmake"
        COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
    install(FILES "${PROJECT_BINARY_DIR}/${package}-config.cmake" "${PROJECT_BINARY_DIR}/${package}-config-version.cmake"
        DESTINATION "${package_dir}")
endforeach()
