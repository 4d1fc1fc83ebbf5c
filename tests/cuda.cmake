# The same tests twice: on the simulator, and on a GPU where there is one. Those of the simulator itself only there.
file(GLOB cuda_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/cuda/*_test.cpp)
file(GLOB simulator_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/cuda/simulator_*test.cpp)
set_source_files_properties(${simulator_tests} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)  # with the language of kernels
if(boost_context_FOUND)
  include(cuda_simulator.cmake)
endif()
if(octet_has_cuda)
  list(FILTER cuda_tests EXCLUDE REGEX "/simulator_.*test\\.cpp$")
  if(NOT OCTET_BENCH)
    list(FILTER cuda_tests EXCLUDE REGEX "/gpu_ladder_test\\.cpp$")  # its kernels belong to bench/
  endif()
  if(cuda_tests)
    add_subdirectory(cuda/kernels)
    octet_test(test_cuda_gpu gpu SOURCES ${cuda_tests} LINK octet_eval octet_test_kernels
      $<TARGET_NAME_IF_EXISTS:octet_gpu_ladder> octet_cuda)
  endif()
  add_subdirectory(cuda/cublaslt)
endif()
