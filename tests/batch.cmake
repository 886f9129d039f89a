# SPDX-License-Identifier: BSL-1.0
#
# cmake -DOUTPUT=<file> -DSOURCES=<list of files> -P batch.cmake
#
# Writes a file that compiles several test files as one, each in a namespace of its own, so that they need not mind each
# other's names. What they include is included before, outside of these namespaces; once more, it is empty.
set(includes "")
set(tests "")
foreach(source IN LISTS SOURCES)
    file(STRINGS "${source}" lines REGEX "^#include ")
    cmake_path(GET source PARENT_PATH folder)
    foreach(line IN LISTS lines)
        if(line MATCHES "\"(.*)\"")
            cmake_path(ABSOLUTE_PATH CMAKE_MATCH_1 BASE_DIRECTORY "${folder}" OUTPUT_VARIABLE beside)
            if(EXISTS "${beside}")
                set(line "#include \"${beside}\"")
            endif()
        endif()
        string(APPEND includes "${line}\n")
    endforeach()
    cmake_path(RELATIVE_PATH source BASE_DIRECTORY "${CMAKE_CURRENT_LIST_DIR}" OUTPUT_VARIABLE name)
    string(MAKE_C_IDENTIFIER "${name}" name)
    string(APPEND tests "namespace ${name} {\n#include \"${source}\"\n}\n")
endforeach()
file(WRITE "${OUTPUT}" "${includes}\n${tests}")
