# SPDX-License-Identifier: BSL-1.0
set(RIOS_COMPILE_FAIL_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/compile_fail_check.cmake")

# rios_add_compile_fail_test(NAME <name> SOURCE <file> MESSAGE <regex> LIBRARY <target>)
#
# Adds the CTest test "compile_fail.<name>": <file> must compile with the macro RIOS_MUST_COMPILE, and without it must
# not, for a reason that the regular expression recognises in the compiler's output. The variant that compiles proves
# that it is the one difference, and no misspelt include, that is refused.
function(rios_add_compile_fail_test)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;SOURCE;MESSAGE;LIBRARY" "")
    foreach(argument IN ITEMS NAME SOURCE MESSAGE LIBRARY)
        if(NOT arg_${argument})
            message(FATAL_ERROR "rios_add_compile_fail_test needs ${argument}")
        endif()
    endforeach()
    cmake_path(ABSOLUTE_PATH arg_SOURCE)
    add_test(NAME compile_fail.${arg_NAME}
        COMMAND "${CMAKE_COMMAND}"
            "-DCOMPILER=${CMAKE_CXX_COMPILER}"
            "-DSOURCE=${arg_SOURCE}"
            "-DMESSAGE=${arg_MESSAGE}"
            "-DINCLUDE_DIRS=$<TARGET_PROPERTY:${arg_LIBRARY},INTERFACE_INCLUDE_DIRECTORIES>"
            "-DIMPLICIT_DIRS=${CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES}"
            -P "${RIOS_COMPILE_FAIL_SCRIPT}")
    set_tests_properties(compile_fail.${arg_NAME} PROPERTIES TIMEOUT 120)
endfunction()
