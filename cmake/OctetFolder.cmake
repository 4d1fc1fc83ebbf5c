# octet_folder(NAME [UNITY] [USES folder] [LINK target ...]): the library octet_NAME from all sources below NAME/, but for those of
# tensor/cuda/ (cmake/OctetCuda.cmake) and of its simulator (tests/cuda_simulator.cmake).
# Headers that nearly every source includes are compiled once, with octet_base; that takes half of the time from a usual source.
set(octet_usual_headers <algorithm> <array> <cmath> <cstdint> <filesystem> <functional> <map> <memory> <optional> <set> <span>
  <string> <string_view> <utility> <variant> <vector> <fmt/core.h>)
# Not with clang, which shares such headers only among targets of the same definitions.
set(octet_shares_headers OFF)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  set(octet_shares_headers ON)
endif()
function(octet_precompile target)
  if(NOT octet_shares_headers)
    return()
  endif()
  if(target STREQUAL octet_base)
    target_precompile_headers(${target} PRIVATE ${octet_usual_headers})
  else()
    target_precompile_headers(${target} REUSE_FROM octet_base)
  endif()
endfunction()

# With OCTET_UNITY several sources are compiled as one, which shares what their headers cost: TESTS those of a test program, a third
# of the time; ALL also those of the folders in which no two sources use a name of their own (scripts/test.sh, for the sanitizers).
set(OCTET_UNITY OFF CACHE STRING "Compile several sources at once: OFF, TESTS or ALL")
set_property(CACHE OCTET_UNITY PROPERTY STRINGS OFF TESTS ALL)
function(octet_unity target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
endfunction()

function(octet_folder name)
  cmake_parse_arguments(arg "UNITY" "" "USES;LINK" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${name}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/tensor/cuda(_simulator)?/")
  if(NOT sources)
    add_library(octet_${name} INTERFACE)
    set(scope INTERFACE)
  else()
    add_library(octet_${name} ${sources})
    set(scope PUBLIC)
    target_link_libraries(octet_${name} PRIVATE octet_settings)
    octet_precompile(octet_${name})
    if(arg_UNITY AND OCTET_UNITY STREQUAL ALL)
      octet_unity(octet_${name})
    endif()
  endif()
  target_include_directories(octet_${name} ${scope} $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
  list(TRANSFORM arg_USES PREPEND octet_)
  target_link_libraries(octet_${name} ${scope} ${arg_USES} ${arg_LINK})
endfunction()
