# SPDX-License-Identifier: BSL-1.0
# Runs two builds of one program and compares what they print.
foreach(variant IN ITEMS PLAIN NATIVE)
    execute_process(COMMAND "${${variant}}" OUTPUT_VARIABLE ${variant}_output COMMAND_ERROR_IS_FATAL ANY)
    if(${variant}_output STREQUAL "")
        message(FATAL_ERROR "${${variant}} printed nothing")
    endif()
endforeach()
if(NOT PLAIN_output STREQUAL NATIVE_output)
    message(FATAL_ERROR "built plainly: ${PLAIN_output}built for this processor: ${NATIVE_output}")
endif()
message(STATUS "both print ${PLAIN_output}")
