# Read by ctest, from the files that octet_add_suites (suites.cmake) writes: adds a test for each suite that `program` lists.
if(NOT EXISTS ${program})
  add_test(test_${name}_NOT_BUILT test_${name}_NOT_BUILT)
  return()
endif()

# Unlike a program, ctest has no list of what was skipped: a suite counts as skipped if all of its cases were. The last lines say so,
# down to the end, so that no failure hides behind a case that was skipped.
set(all_skipped "\\[  PASSED  \\] 0 tests[.]\n(\\[  SKIPPED \\][^\n]*\n)+$")

execute_process(COMMAND ${program} --gtest_list_tests --gtest_filter=${filter} OUTPUT_VARIABLE listed COMMAND_ERROR_IS_FATAL ANY)
# A suite is a line "Suite." or "Instance/Suite.", its cases are lines "  case", both perhaps with a comment behind.
string(REGEX MATCHALL "\n[A-Za-z0-9_/]+[.]|\n  [^ \n]+" lines "${listed}")
foreach(line ${lines})
  string(REGEX REPLACE "\n" "" line ${line})
  if(line MATCHES "^  (.+)")
    set(tested ${suite}.${CMAKE_MATCH_1})
    set(test ${name}.${prefix}${tested})
    set(level case)
  else()
    string(REGEX REPLACE "[.]$" "" suite ${line})
    set(tested ${suite}.*)
    set(test ${name}.${prefix}${suite})
    set(level suite)
  endif()
  if(level STREQUAL one_test_for)
    add_test(${test} ${program} --gtest_filter=${tested})
    set_tests_properties(${test} PROPERTIES LABELS ${label} TIMEOUT 600 SKIP_REGULAR_EXPRESSION ${all_skipped}
      ENVIRONMENT "${environment}")
  endif()
endforeach()
