# header_check: each public header compiles alone, twice in one file, with every warning.
set(slipway_headers
  slipway/alloc.h
  slipway/attr.h
  slipway/aws.h
  slipway/buf.h
  slipway/build.h
  slipway/challenge.h
  slipway/codedeploy.h
  slipway/compression.h
  slipway/config.h
  slipway/copy.h
  slipway/creds.h
  slipway/deregister.h
  slipway/digest.h
  slipway/dockerconfig.h
  slipway/dotenv.h
  slipway/ecr.h
  slipway/endpoint.h
  slipway/env.h
  slipway/err.h
  slipway/fleet.h
  slipway/fs.h
  slipway/gzip.h
  slipway/http.h
  slipway/image.h
  slipway/index.h
  slipway/inspect.h
  slipway/json.h
  slipway/local.h
  slipway/log.h
  slipway/manifest.h
  slipway/newest.h
  slipway/orbpack.h
  slipway/orbpublish.h
  slipway/preflight.h
  slipway/proc.h
  slipway/progress.h
  slipway/ref.h
  slipway/registry.h
  slipway/registry_auth.h
  slipway/retag.h
  slipway/rollout.h
  slipway/schedule.h
  slipway/service.h
  slipway/sha256.h
  slipway/sigv4.h
  slipway/str.h
  slipway/stream.h
  slipway/subst.h
  slipway/tar.h
  slipway/task.h
  slipway/taskdef.h
  slipway/yaml.h
)
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
