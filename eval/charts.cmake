# Charts go through gnuplot-iostream, a header of its own package. Without it (or with OCTET_CHARTS=OFF) everything
# still builds; charts_available() then says why there are none.
if(OCTET_CHARTS)
  find_path(GNUPLOT_IOSTREAM_INCLUDE_DIR gnuplot-iostream.h)
  find_package(Boost QUIET COMPONENTS iostreams filesystem)
  if(GNUPLOT_IOSTREAM_INCLUDE_DIR AND Boost_IOSTREAMS_FOUND AND Boost_FILESYSTEM_FOUND)
    target_compile_definitions(octet_eval PRIVATE OCTET_HAVE_CHARTS)
    target_include_directories(octet_eval SYSTEM PRIVATE ${GNUPLOT_IOSTREAM_INCLUDE_DIR})
    target_link_libraries(octet_eval PRIVATE Boost::iostreams Boost::filesystem)
  else()
    message(STATUS "gnuplot-iostream, Boost.Iostreams or Boost.Filesystem not found: building without charts "
                   "(Debian: libgnuplot-iostream-dev libboost-iostreams-dev libboost-filesystem-dev)")
  endif()
endif()
