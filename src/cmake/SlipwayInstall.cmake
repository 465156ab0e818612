# What `cmake --install` puts where. Man pages and completions are written by the program itself
# from its option tables, so they are made after it is built.
set(docs ${PROJECT_BINARY_DIR}/docs)
if(NOT CMAKE_CROSSCOMPILING OR CMAKE_CROSSCOMPILING_EMULATOR)
  add_custom_command(OUTPUT ${docs}/stamp
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${docs}
    COMMAND slipway help --format man --directory ${docs}/man
    COMMAND slipway completion bash > ${docs}/slipway.bash
    COMMAND slipway completion zsh > ${docs}/_slipway
    COMMAND slipway completion fish > ${docs}/slipway.fish
    COMMAND ${CMAKE_COMMAND} -E touch ${docs}/stamp
    DEPENDS slipway
    COMMENT "Writing man pages and completions" VERBATIM)
  add_custom_target(slipway_docs ALL DEPENDS ${docs}/stamp)

  # Brings the reference in the README up to date.
  add_custom_target(reference
    COMMAND ${PROJECT_SOURCE_DIR}/tests/cli/reference --update $<TARGET_FILE:slipway>
    DEPENDS slipway VERBATIM)

  install(DIRECTORY ${docs}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${docs}/slipway.bash RENAME slipway
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES ${docs}/_slipway DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  install(FILES ${docs}/slipway.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()

configure_file(${CMAKE_CURRENT_LIST_DIR}/slipway.pc.in ${PROJECT_BINARY_DIR}/slipway.pc @ONLY)

install(TARGETS slipway RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(PROGRAMS $<TARGET_FILE_DIR:slipway>/docker-credential-slipway
  DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS slipway_core ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/slipway DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h")
install(FILES ${PROJECT_BINARY_DIR}/slipway.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/README.md
  DESTINATION ${CMAKE_INSTALL_DOCDIR})
