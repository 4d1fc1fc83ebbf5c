# A short form of scripts/torture.sh: what a user's bad day looks like, in seconds.
set(required "")
if(NOT OCTET_TESTS STREQUAL AUTO)
  set(required REQUIRED)
endif()
find_package(Python3 QUIET ${required} COMPONENTS Interpreter)
if(Python3_FOUND AND TARGET octet)
  add_test(NAME torture COMMAND ${PROJECT_SOURCE_DIR}/scripts/torture.sh --binary $<TARGET_FILE:octet> --kills 30 --seconds 12)
  set_tests_properties(torture PROPERTIES LABELS torture TIMEOUT 600 COST 60)  # begins first, being the longest
endif()
