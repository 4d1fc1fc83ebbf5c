# cmake --install: the program, the library with its headers, and what find_package(Octet) reads. Users link Octet::octet and include
# headers as in the sources: #include "nn/gpt.h".
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(octet_package ${CMAKE_INSTALL_LIBDIR}/cmake/Octet)
add_library(octet_library INTERFACE)
set_target_properties(octet_library PROPERTIES EXPORT_NAME octet)
# Objects reach only who links them directly, so they are named beside what they need.
target_link_libraries(octet_library INTERFACE octet_report octet_cuda $<INSTALL_INTERFACE:$<TARGET_OBJECTS:$<TARGET_NAME:octet_cuda>>>)
target_include_directories(octet_library INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/octet>)

set(folders base text tensor io nn quant train eval report)
list(TRANSFORM folders PREPEND octet_ OUTPUT_VARIABLE libraries)
install(TARGETS octet_library octet_settings octet_cuda ${libraries} EXPORT OctetTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  OBJECTS DESTINATION ${CMAKE_INSTALL_LIBDIR}/octet)
install(TARGETS octet RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
foreach(folder ${folders})
  install(DIRECTORY ${folder} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/octet FILES_MATCHING PATTERN "*.h")
endforeach()

# The variable is the path of nvcc, which if() would not take for a truth in the file that is written.
set(octet_package_cuda OFF)
if(octet_has_cuda)
  set(octet_package_cuda ON)
endif()
install(EXPORT OctetTargets NAMESPACE Octet:: DESTINATION ${octet_package})
configure_package_config_file(cmake/OctetConfig.cmake.in ${PROJECT_BINARY_DIR}/OctetConfig.cmake INSTALL_DESTINATION ${octet_package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/OctetConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/OctetConfig.cmake ${PROJECT_BINARY_DIR}/OctetConfigVersion.cmake cmake/FindPCRE2.cmake
  cmake/FindUtf8proc.cmake
  DESTINATION ${octet_package})

# An example outside the tree, against an installed Octet.
if(octet_has_tests AND CMAKE_BUILD_TYPE STREQUAL Release)
  add_test(NAME example_installed COMMAND ${CMAKE_COMMAND} -DBUILD=${PROJECT_BINARY_DIR} -DSOURCE=${PROJECT_SOURCE_DIR}
    -DCOMPILER=${CMAKE_CXX_COMPILER} -P ${PROJECT_SOURCE_DIR}/tests/package/installed.cmake)
  set_tests_properties(example_installed PROPERTIES LABELS example TIMEOUT 300 PASS_REGULAR_EXPRESSION "made from y = 3 x")
endif()
