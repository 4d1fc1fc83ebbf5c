# The backend `cuda`: the library octet_cuda from tensor/cuda/. Without nvcc it is absent.cpp, which says so. It belongs to programs
# and not to octet_tensor, since tests link the simulator in its place (tests/CMakeLists.txt).
set(OCTET_CUDA AUTO CACHE STRING "CUDA backend: ON, OFF, or AUTO: where nvcc and a driver are found")
set_property(CACHE OCTET_CUDA PROPERTY STRINGS AUTO ON OFF)
# Off, since it makes the machine code three times as large.
option(OCTET_CUDA_LINEINFO "Line numbers of kernels, for the source view of a profiler" OFF)

# octet_find_nvcc(FOUND): on PATH, by CUDACXX, or where the toolkit installs itself.
function(octet_find_nvcc found)
  include(CheckLanguage)
  find_program(OCTET_NVCC nvcc PATHS /usr/local/cuda/bin)
  mark_as_advanced(OCTET_NVCC)
  if(NOT DEFINED ENV{CUDACXX} AND OCTET_NVCC)
    set(ENV{CUDACXX} ${OCTET_NVCC})
  endif()
  check_language(CUDA)
  set(${found} ${CMAKE_CUDA_COMPILER} PARENT_SCOPE)
endfunction()

# A third of the time of a build goes into kernels, which without a driver nobody can run. The driver brings this library.
function(octet_find_driver found)
  find_library(OCTET_CUDA_DRIVER NAMES libcuda.so.1 PATHS /usr/lib/wsl/lib)
  mark_as_advanced(OCTET_CUDA_DRIVER)
  if(OCTET_CUDA_DRIVER)
    set(${found} ON PARENT_SCOPE)
  endif()
endfunction()

set(octet_has_cuda OFF)
set(without_cuda "not used")
if(OCTET_CUDA STREQUAL AUTO)
  octet_find_driver(has_driver)
  if(has_driver)
    octet_find_nvcc(octet_has_cuda)
    set(without_cuda "a driver, but no nvcc (looked at CUDACXX, PATH and /usr/local/cuda/bin)")
  else()
    set(without_cuda "not used, no driver found (-DOCTET_CUDA=ON builds it all the same)")
  endif()
elseif(OCTET_CUDA)
  octet_find_nvcc(octet_has_cuda)
  if(NOT octet_has_cuda)
    message(FATAL_ERROR "OCTET_CUDA is ON, but there is no nvcc (looked at CUDACXX, PATH and /usr/local/cuda/bin)")
  endif()
endif()

if(octet_has_cuda)
  # Set before the language is enabled, which would choose the oldest chip that nvcc knows. A release for all chips:
  # 80-real;86-real;89-real;90-real;100-real;120-real;120-virtual
  set(CMAKE_CUDA_ARCHITECTURES 90-real CACHE STRING "Chips to compile kernels for")
  enable_language(CUDA)
  find_package(CUDAToolkit REQUIRED)
  # CMake before 3.26 does not know nvcc's flag for C++20.
  foreach(kind STANDARD EXTENSION)
    if(NOT DEFINED CMAKE_CUDA20_${kind}_COMPILE_OPTION)
      set(CMAKE_CUDA20_${kind}_COMPILE_OPTION -std=c++20)
    endif()
  endforeach()
  set(CMAKE_CUDA_STANDARD 20)
  set(CMAKE_CUDA_STANDARD_REQUIRED ON)
  set(CMAKE_CUDA_EXTENSIONS OFF)
  set(CMAKE_CUDA_RUNTIME_LIBRARY None)  # linked by name below, so that there is one

  file(GLOB_RECURSE cuda_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tensor/cuda/*.cu ${PROJECT_SOURCE_DIR}/tensor/cuda/*.cpp)
  list(REMOVE_ITEM cuda_sources ${PROJECT_SOURCE_DIR}/tensor/cuda/absent.cpp)
  add_library(octet_cuda OBJECT ${cuda_sources})
  target_compile_options(octet_cuda PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:
    --expt-relaxed-constexpr --extended-lambda -Xcompiler=-Wall,-Wextra
    $<$<BOOL:${OCTET_CUDA_LINEINFO}>:-lineinfo>
    $<$<BOOL:${OCTET_WERROR}>:-Werror=all-warnings>
    # Registers that do not suffice, and arrays that are no registers, are memory: each access would wait for it.
    -Xptxas=--warn-on-spills,--warn-on-local-memory-usage$<$<BOOL:${OCTET_WERROR}>:,--warning-as-error>>)
  list(JOIN CMAKE_CUDA_ARCHITECTURES "," chips)
  set_property(SOURCE ${PROJECT_SOURCE_DIR}/tensor/cuda/runtime/runtime.cpp APPEND PROPERTY
    COMPILE_DEFINITIONS "OCTET_CUDA_CHIPS=\"${chips}\"")
  # Never CUDA::cuda_driver: a stub, where no driver is. Nor CUDA::cublasLt: it is opened where it is needed (cublaslt_library.cpp).
  target_link_libraries(octet_cuda PUBLIC CUDA::cudart_static ${CMAKE_DL_LIBS})
  target_link_options(octet_cuda INTERFACE LINKER:-rpath,${CUDAToolkit_LIBRARY_DIR})
  message(STATUS "CUDA: ${CMAKE_CUDA_COMPILER} ${CMAKE_CUDA_COMPILER_VERSION} for ${CMAKE_CUDA_ARCHITECTURES}")
else()
  add_library(octet_cuda OBJECT ${PROJECT_SOURCE_DIR}/tensor/cuda/absent.cpp)
  message(STATUS "CUDA: ${without_cuda}")
endif()
target_link_libraries(octet_cuda PRIVATE octet_settings PUBLIC octet_tensor)
