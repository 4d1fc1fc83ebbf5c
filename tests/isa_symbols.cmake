# Checks what the objects in tensor/cpu/{avx2,avx512} define: see tests/tensor/isa_symbols.sh. Sanitizers and coverage add
# symbols of their own, so builds with them are left out.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" AND NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize|--coverage")
  set(isa_objects "$<FILTER:$<TARGET_OBJECTS:octet_tensor>,INCLUDE,/cpu/avx[0-9]*/>")
  add_test(NAME isa_symbols COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/tensor/isa_symbols.sh ${isa_objects} COMMAND_EXPAND_LISTS)
  set_tests_properties(isa_symbols PROPERTIES LABELS unit)
endif()
