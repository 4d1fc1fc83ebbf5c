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
