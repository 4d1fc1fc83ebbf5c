# Dependencies and compiler settings shared by every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

find_package(fmt REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(PCRE2 REQUIRED)
find_package(Utf8proc REQUIRED)
find_package(Eigen3 REQUIRED NO_MODULE)

# ccache looks into precompiled headers only where the preprocessor names them (and with its setting
# sloppiness=pch_defines,time_macros).
if(CMAKE_CXX_COMPILER_LAUNCHER MATCHES ccache AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
endif()

add_library(octet_settings INTERFACE)
target_include_directories(octet_settings INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
target_compile_options(octet_settings INTERFACE
  # GCC 12 sees impossible overlaps and lengths in std::string concatenation (GCC bugs 105651 and 105329), and where headers are
  # precompiled it no longer keeps that to itself as a matter of system headers. The sanitizers look for the real ones.
  $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict -Wno-stringop-overflow -Wno-array-bounds>
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual
  $<$<BOOL:${OCTET_WERROR}>:-Werror>>)
