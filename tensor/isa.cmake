# One folder per instruction set; only its files get the flags (reference: docs/architecture.md, "Instruction sets").
# ISO mode switches contraction to fused multiply-add off; kernels want it. They never throw, and without exception tables their
# objects hold no symbol that another file could share.
set(kernel_flags -O3 -fno-math-errno -fno-trapping-math -ffp-contract=fast -fno-exceptions -fno-lto)
# A file of kernels takes ten minutes to compile with all checks of both sanitizers in line and optimised, 18 s like this. The kernels of
# generic/ keep the checks of undefined behaviour: they are the same templates.
set(vector_flags "")
if(CMAKE_BUILD_TYPE STREQUAL Sanitize)
  list(APPEND kernel_flags -O1)
  set(vector_flags -fno-sanitize=undefined)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    list(APPEND vector_flags --param=asan-instrumentation-with-call-threshold=0)
  endif()
endif()
function(octet_isa_flags folder)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tensor/cpu/${folder}/*.cpp)
  set_source_files_properties(${sources} PROPERTIES COMPILE_OPTIONS "${kernel_flags};${ARGN}"
    SKIP_PRECOMPILE_HEADERS ON)
endfunction()
octet_isa_flags(generic)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  octet_isa_flags(avx2 ${vector_flags} -mavx2 -mfma -mf16c)
  # GCC 12 takes its own _mm512_undefined_*() for uninitialized variables (GCC bug 105593).
  octet_isa_flags(avx512 ${vector_flags} -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mfma -mf16c -mprefer-vector-width=512
    -Wno-uninitialized -Wno-maybe-uninitialized)
endif()

# FP32 products come from oneDNN where it is there; without it every backend uses the readable blocked product.
# Found by hand, because Debian's dnnl-config.cmake insists on the OpenCL headers, which only its GPU engine needs.
if(OCTET_ONEDNN)
  find_path(DNNL_INCLUDE_DIR dnnl.h)
  find_library(DNNL_LIBRARY dnnl)
endif()
if(OCTET_ONEDNN AND DNNL_INCLUDE_DIR AND DNNL_LIBRARY)
  message(STATUS "oneDNN: ${DNNL_LIBRARY}")
  target_link_libraries(octet_tensor PUBLIC ${DNNL_LIBRARY})
  target_include_directories(octet_tensor PRIVATE ${DNNL_INCLUDE_DIR})
  target_compile_definitions(octet_tensor PRIVATE OCTET_HAS_ONEDNN)
else()
  message(STATUS "oneDNN: not used")
endif()
