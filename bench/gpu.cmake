# Programs that measure a GPU: NAME where there is CUDA, and NAME_simulated on the simulator (tests/cuda_simulator.cmake), to try it on little work.
add_library(octet_gpu_bench OBJECT gpu.cpp gpu_document.cpp training_work.cpp)
target_link_libraries(octet_gpu_bench PRIVATE octet_settings PUBLIC octet_products nlohmann_json::nlohmann_json)

# octet_gpu_program(NAME SOURCE...): the smoke test of a program without a GPU is that it says so.
function(octet_gpu_program name)
  if(NOT octet_has_cuda)
    return()
  endif()
  octet_bench_program(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE octet_gpu_bench)
  octet_bench_smoke(${name}_without_gpu ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/without_gpu.sh $<TARGET_FILE:${name}>)
endfunction()

# octet_gpu_simulated(NAME SOURCE ARGUMENT...): the same program on the simulator, run on little work.
function(octet_gpu_simulated name source)
  if(TARGET octet_cuda_simulator)
    add_executable(${name}_simulated ${source})
    target_link_libraries(${name}_simulated PRIVATE octet_settings octet_gpu_bench octet_cuda_simulator)
    octet_precompile(${name}_simulated)
    octet_bench_smoke(${name}_simulated ${name}_simulated ${ARGN})
  endif()
endfunction()

octet_gpu_program(gpu_products gpu_products.cpp empty_kernels.cu)
octet_gpu_program(gpu_cublaslt gpu_cublaslt.cpp)
octet_gpu_program(gpu_profile gpu_profile.cpp)
octet_gpu_program(gpu_vectors gpu_vectors.cpp)
octet_gpu_simulated(gpu_vectors gpu_vectors.cpp --size 64 --rows 1,3 --cold-mib 0 --kinds int8,int4-weight-only)
octet_gpu_program(gpu_training gpu_training.cpp)
octet_gpu_simulated(gpu_training gpu_training.cpp --batch 2 --steps 1 --modes tf32
  --shape architecture=gpt2,vocabulary=64,context=8,width=16,layers=1,heads=2,hidden=32)

if(octet_has_tests)
  octet_test(test_bench_unit unit SOURCES ${PROJECT_SOURCE_DIR}/tests/bench/gpu_document_test.cpp gpu_document.cpp
    LINK octet_eval octet_cuda)
endif()
