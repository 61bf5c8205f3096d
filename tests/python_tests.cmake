# The tests on real parts: each tests/{integration,e2e,crash}/NAME_test.py is one test "FOLDER: NAME" with the
# folder as its label. tests/run.sh brings the parts; run by hand, a test brings what it needs itself.
find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)

set(integration_timeout_s 300)
set(e2e_timeout_s 600)
set(crash_timeout_s 600)
# of the two a core that tests/run.sh gives to ctest
set(integration_processors 1)
set(e2e_processors 2)  # a Kubernetes API server each
set(crash_processors 1)

foreach(folder integration e2e crash)
  file(GLOB files CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}/${folder}
    ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*_test.py)
  foreach(file ${files})
    string(REGEX REPLACE "_test\\.py$" "" name ${file})
    add_test(NAME "${folder}: ${name}"
      COMMAND ${Python3_EXECUTABLE} -u -m unittest -v ${folder}.${name}_test
      WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    # COST: first, as they mostly wait, with unit tests beside them
    set_tests_properties("${folder}: ${name}" PROPERTIES LABELS ${folder} TIMEOUT ${${folder}_timeout_s}
      PROCESSORS ${${folder}_processors} COST 10 ENVIRONMENT "LIMPET_BIN=$<TARGET_FILE:limpet>;PYTHONDONTWRITEBYTECODE=1")
  endforeach()
endforeach()
# The longest: it starts before all others, and they end beside it.
set_tests_properties("integration: prometheus_agent" PROPERTIES COST 20)
