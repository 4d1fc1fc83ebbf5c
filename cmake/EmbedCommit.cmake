# octet_embed_commit(TARGET SOURCE): every build writes octet_commit.h for SOURCE, with OCTET_COMMIT, the commit of the sources, or "" where
# they are in no repository. The file is touched only where that changes, so that a commit costs the next build one source.
#
# As a script (cmake -DSOURCE=folder -DOUTPUT=file -P EmbedCommit.cmake) this file writes the header.
if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  cmake_minimum_required(VERSION 3.25)
  execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=10 --exclude=*
    OUTPUT_VARIABLE commit ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#define OCTET_COMMIT \"@commit@\"\n" @ONLY)
  return()
endif()

set(octet_commit_script ${CMAKE_CURRENT_LIST_FILE})
function(octet_embed_commit target source)
  set(header ${PROJECT_BINARY_DIR}/generated/octet_commit.h)
  add_custom_target(octet_commit BYPRODUCTS ${header}
    COMMAND ${CMAKE_COMMAND} -DSOURCE=${PROJECT_SOURCE_DIR} -DOUTPUT=${header} -P ${octet_commit_script})
  add_dependencies(${target} octet_commit)
  set_property(SOURCE ${source} APPEND PROPERTY INCLUDE_DIRECTORIES ${PROJECT_BINARY_DIR}/generated)
endfunction()
