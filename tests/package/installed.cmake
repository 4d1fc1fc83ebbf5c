# Installs the build BUILD, builds an example of SOURCE against what was installed, with COMPILER, and runs it.
set(work ${BUILD}/tests/package)
file(REMOVE_RECURSE ${work})
function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${work}/prefix)
file(COPY ${SOURCE}/tests/package/CMakeLists.txt DESTINATION ${work})
run(${CMAKE_COMMAND} -S ${work} -B ${work}/build -DCMAKE_PREFIX_PATH=${work}/prefix -DCMAKE_CXX_COMPILER=${COMPILER}
  -DCMAKE_BUILD_TYPE=Release -DEXAMPLES=${SOURCE}/examples)
run(${CMAKE_COMMAND} --build ${work}/build)
run(${work}/prefix/bin/octet --version)
run(${work}/build/fit_line)
