# header_check: each public header compiles alone, twice in one file, with every warning. The
# headers are found by pattern, for a forgotten one is what this is about.
file(GLOB slipway_headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/include
  ${PROJECT_SOURCE_DIR}/include/slipway/*.h)
set(slipway_header_sources)
foreach(header ${slipway_headers})
  get_filename_component(name ${header} NAME_WE)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/header_check/${name}.c)
  file(CONFIGURE OUTPUT ${source} CONTENT
"#include <${header}>
#include <${header}>
extern int header_check_${name};
")
  list(APPEND slipway_header_sources ${source})
endforeach()
add_library(header_check OBJECT ${slipway_header_sources})
target_link_libraries(header_check PRIVATE slipway_core slipway_flags)
# Generated files are not linted; the headers are, wherever they are used.
set_target_properties(header_check PROPERTIES C_CLANG_TIDY "")
