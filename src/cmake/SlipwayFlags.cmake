# One interface target carries the language level, the warnings and the sanitizers of every target
# of this project. Nothing is set directory-wide.
include(CheckCCompilerFlag)

add_library(slipway_flags INTERFACE)
target_compile_definitions(slipway_flags INTERFACE _GNU_SOURCE)
target_compile_options(slipway_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wwrite-strings
  -Wstrict-prototypes -Wmissing-prototypes -Wmissing-declarations -Wold-style-definition -Wundef
  -Wvla -Wformat=2 -Wformat-nonliteral -Wimplicit-fallthrough -Wnull-dereference
  -Wdouble-promotion -fno-common -fstack-protector-strong)
if(SLIPWAY_WERROR)
  target_compile_options(slipway_flags INTERFACE -Werror)
endif()
if(SLIPWAY_SANITIZE)
  target_compile_options(slipway_flags INTERFACE
    -fsanitize=${SLIPWAY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(slipway_flags INTERFACE -fsanitize=${SLIPWAY_SANITIZE})
endif()
