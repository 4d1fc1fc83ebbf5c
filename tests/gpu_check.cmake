# scripts/gpu_check.sh on machines that are played by scripts, and its dry run with the programs of this build.
if(Python3_FOUND)
  add_test(NAME gpu_check COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/gpu_check/gpu_check_test.py)
  set_tests_properties(gpu_check PROPERTIES LABELS cuda TIMEOUT 300 COST 30)
  if(TARGET octet AND OCTET_BENCH)  # most of its programs are those of bench/
    add_test(NAME gpu_check_dry_run
      COMMAND ${PROJECT_SOURCE_DIR}/scripts/gpu_check.sh --dry-run --programs $<TARGET_FILE_DIR:octet>)
    set_tests_properties(gpu_check_dry_run PROPERTIES LABELS cuda TIMEOUT 300 ENVIRONMENT OMP_WAIT_POLICY=passive)
  endif()
endif()
