# Charts are drawn by the program gnuplot, which is looked for when it is needed; nothing is linked. With OCTET_CHARTS=OFF
# everything else still builds and charts_available() says why there are none.
if(OCTET_CHARTS)
  target_compile_definitions(octet_report PRIVATE OCTET_HAVE_CHARTS)
endif()
