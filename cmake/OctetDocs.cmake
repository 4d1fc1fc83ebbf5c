# cmake --build BUILD --target docs: an API reference of the public headers, BUILD/api/html/index.html. There where Doxygen is
# (Debian: apt-get install doxygen). Comments are plain sentences after ///, so the first of them is the brief description.
find_package(Doxygen QUIET)
if(NOT DOXYGEN_FOUND)
  return()
endif()

set(DOXYGEN_PROJECT_NAME Octet)
set(DOXYGEN_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/api)
set(DOXYGEN_GENERATE_LATEX NO)
set(DOXYGEN_HAVE_DOT NO)
set(DOXYGEN_QUIET YES)
set(DOXYGEN_WARN_AS_ERROR YES)
set(DOXYGEN_JAVADOC_AUTOBRIEF YES)
set(DOXYGEN_MARKDOWN_SUPPORT YES)
set(DOXYGEN_AUTOLINK_SUPPORT NO)
set(DOXYGEN_EXTRACT_ALL YES)
set(DOXYGEN_FILE_PATTERNS *.h)
set(DOXYGEN_STRIP_FROM_PATH ${PROJECT_SOURCE_DIR})
set(DOXYGEN_STRIP_FROM_INC_PATH ${PROJECT_SOURCE_DIR})
set(DOXYGEN_SORT_MEMBER_DOCS NO)
set(DOXYGEN_INPUT_FILTER "awk -f ${PROJECT_SOURCE_DIR}/cmake/doxygen_filter.awk")
# Kernels are called by operations alone; what is in detail namespaces, by the headers around it.
set(DOXYGEN_EXCLUDE_PATTERNS */tensor/kernels/formulas.h */tensor/cpu/* */tensor/cuda/* */tensor/cuda_simulator/*)
set(DOXYGEN_EXCLUDE_SYMBOLS octet::detail octet::config_detail)

set(folders base text tensor io nn quant train eval report)
list(TRANSFORM folders PREPEND ${PROJECT_SOURCE_DIR}/)
doxygen_add_docs(docs ${folders} COMMENT "API reference: ${DOXYGEN_OUTPUT_DIRECTORY}/html/index.html")
