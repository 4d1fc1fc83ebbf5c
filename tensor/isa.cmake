# FP32 products come from oneDNN where it is there; without it every backend uses the readable blocked product.
if(OCTET_ONEDNN)
  find_package(dnnl QUIET)
endif()
if(dnnl_FOUND)
  target_link_libraries(octet_tensor PUBLIC DNNL::dnnl)
  target_compile_definitions(octet_tensor PRIVATE OCTET_HAS_ONEDNN)
endif()
