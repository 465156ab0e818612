# slipway_test(<folder> <module> [extra sources...]): tests/<folder>/test_<module>.c as the ctest
# "<folder>.<module>", linked with the test doubles of tests/support.
function(slipway_test folder module)
  set(target test_${folder}_${module})
  add_executable(${target} test_${module}.c ${ARGN})
  target_include_directories(${target} PRIVATE
    ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests/support)
  target_link_libraries(${target} PRIVATE slipway_test_support slipway_core slipway_flags)
  target_compile_definitions(${target} PRIVATE
    TEST_DATA_DIR="${PROJECT_SOURCE_DIR}/tests/data" TEST_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME ${folder}.${module} COMMAND ${target})
  set_tests_properties(${folder}.${module} PROPERTIES
    LABELS unit SKIP_RETURN_CODE 77 TIMEOUT 120 ENVIRONMENT "SLIPWAY_PROGRAM=$<TARGET_FILE:slipway>")
endfunction()

# slipway_bats(<name>): tests/cli/<name>.bats as the ctest "cli.<name>", with the built program in
# $SLIPWAY_PROGRAM.
function(slipway_bats name)
  find_program(BATS_EXECUTABLE bats)
  if(NOT BATS_EXECUTABLE)
    message(WARNING "bats not found: cli.${name} is not built into the test suite")
    return()
  endif()
  add_test(NAME cli.${name}
    COMMAND ${BATS_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tests/cli/${name}.bats)
  set_tests_properties(cli.${name} PROPERTIES LABELS cli TIMEOUT 300
    ENVIRONMENT "SLIPWAY_PROGRAM=$<TARGET_FILE:slipway>;SLIPWAY_SOURCE=${PROJECT_SOURCE_DIR};SLIPWAY_BUILD=${PROJECT_BINARY_DIR}")
endfunction()
