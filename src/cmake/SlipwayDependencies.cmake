# The libraries Slipway stands on, as imported targets under one interface target.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(CURL 7.80 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson>=2.13)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1>=0.2.5)
pkg_check_modules(ISAL REQUIRED IMPORTED_TARGET libisal>=2.30)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd>=1.5)
pkg_check_modules(EXPAT REQUIRED IMPORTED_TARGET expat>=2.4)
pkg_check_modules(NGHTTP2 REQUIRED IMPORTED_TARGET libnghttp2>=1.43)

add_library(slipway_deps INTERFACE)
target_link_libraries(slipway_deps INTERFACE
  CURL::libcurl PkgConfig::NGHTTP2 $<$<BOOL:${SLIPWAY_STATIC}>:OpenSSL::SSL> OpenSSL::Crypto Threads::Threads
  PkgConfig::JANSSON PkgConfig::YAML PkgConfig::ISAL PkgConfig::ZSTD PkgConfig::EXPAT)
