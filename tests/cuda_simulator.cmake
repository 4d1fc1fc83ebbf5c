# octet_cuda_simulator stands in for octet_cuda: the kernels of tensor/cuda/ as C++, on the simulated GPU of tensor/cuda_simulator/. Every
# build with tests has it, with nvcc or without.
file(GLOB_RECURSE kernels CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tensor/cuda/*.cu ${PROJECT_SOURCE_DIR}/tensor/cuda/*.cpp)
list(FILTER kernels EXCLUDE REGEX "/(absent|runtime|cublaslt|cublaslt_library)\\.cpp$")  # what speaks to the driver has a twin in the simulator
file(GLOB simulator CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tensor/cuda_simulator/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/cuda/kernels/*.cu)
set(cuda_kernels ${kernels} ${simulator})
list(FILTER cuda_kernels INCLUDE REGEX "\\.cu$")
set_source_files_properties(${cuda_kernels} PROPERTIES LANGUAGE CXX)  # in this directory; tensor/cuda's own library has CUDA

add_library(octet_cuda_simulator OBJECT ${kernels} ${simulator})
target_compile_definitions(octet_cuda_simulator PUBLIC OCTET_CUDA_SIMULATOR)
target_compile_options(octet_cuda_simulator PRIVATE -Wno-unknown-pragmas)  # "unroll" means nothing to a C++ compiler
target_link_libraries(octet_cuda_simulator PRIVATE octet_settings PUBLIC octet_tensor Boost::context)

# The steps of bench/ladder/cuda/ likewise.
file(GLOB ladder_steps CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/ladder/cuda/*.cu)
set_source_files_properties(${ladder_steps} PROPERTIES LANGUAGE CXX)
add_library(octet_gpu_ladder_simulated OBJECT ${ladder_steps})
target_compile_options(octet_gpu_ladder_simulated PRIVATE -Wno-unknown-pragmas)
target_link_libraries(octet_gpu_ladder_simulated PRIVATE octet_settings PUBLIC octet_cuda_simulator)

# The command line with it, to try whole runs.
add_executable(octet_simulated)
target_link_libraries(octet_simulated PRIVATE octet_cli octet_cuda_simulator)

# A process for each case: the simulator opens and closes all memory that it ever gave out with every kernel, so that a case after others
# takes several times as long.
octet_test(test_cuda_kernel kernel EACH_CASE SOURCES ${cuda_tests} LINK octet_eval octet_gpu_ladder_simulated
  octet_cuda_simulator)
# The simulator grants shared memory as the smallest chip does, 99 KiB for a block. Attention has larger tiles for an H100: again with those.
octet_add_suites(test_cuda_kernel kernel EACH_CASE PREFIX large_chip. FILTER CudaAttention.* ENVIRONMENT OCTET_SIMULATED_SHARED_KIB=227)
