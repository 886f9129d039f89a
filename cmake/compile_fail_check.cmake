# SPDX-License-Identifier: BSL-1.0

# The test that rios_add_compile_fail_test adds. COMPILER, SOURCE, MESSAGE, INCLUDE_DIRS and IMPLICIT_DIRS come from there.
cmake_minimum_required(VERSION 3.25)

# Named again, a system folder would change its place in the search order, and the standard headers rely on that order.
list(REMOVE_ITEM INCLUDE_DIRS ${IMPLICIT_DIRS})
list(REMOVE_DUPLICATES INCLUDE_DIRS)
list(TRANSFORM INCLUDE_DIRS PREPEND "-I")
set(command "${COMPILER}" -std=c++20 -fsyntax-only ${INCLUDE_DIRS})

# The messages are looked for in English.
set(ENV{LC_ALL} C)

execute_process(COMMAND ${command} -DRIOS_MUST_COMPILE "${SOURCE}"
    RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT result EQUAL 0)
    message("${output}")
    message(FATAL_ERROR "${SOURCE} must compile with RIOS_MUST_COMPILE, but does not")
endif()

execute_process(COMMAND ${command} "${SOURCE}"
    RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(result EQUAL 0)
    message(FATAL_ERROR "${SOURCE} must not compile, but does")
endif()
if(NOT output MATCHES "${MESSAGE}")
    message("${output}")
    message(FATAL_ERROR "${SOURCE} does not compile, but no message matches \"${MESSAGE}\"")
endif()
