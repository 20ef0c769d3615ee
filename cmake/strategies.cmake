# SPDX-License-Identifier: MIT
# The other strategies, the arena and the slice: their tests and, as wasm, one module per strategy.
if(EMSCRIPTEN)
  # Builds `name`.wasm from sources at -Oz; the other arguments are flags of the linker.
  function(lm_strategy_wasm name sources)
    add_library(${name}_objects OBJECT ${sources})
    target_compile_options(${name}_objects PRIVATE ${LM_WARNINGS} ${LM_WASM_COMPILE} ${LM_WASM_SMALL})
    if(LM_WASM_OPT)
      lm_wasm_link(${name}.linked.wasm ${name}_objects ${ARGN})
      add_custom_command(OUTPUT ${name}.wasm DEPENDS ${name}.linked.wasm VERBATIM
                         COMMAND ${LM_WASM_OPT} ${LM_WASM_OPT_FLAGS} ${name}.linked.wasm -o ${name}.wasm)
    else()
      lm_wasm_link(${name}.wasm ${name}_objects ${ARGN})
    endif()
    add_custom_target(${name}_wasm ALL DEPENDS ${name}.wasm)
  endfunction()

  foreach(x tlsf bestfit buddy bump)
    # The exports of all operations; init and the four of malloc, whose size is limited; AssemblyScript's.
    lm_strategy_wasm(linmem_${x} "csrc/pages.c;csrc/${x}.c;csrc/exports_${x}.c" ${LM_WASM_LINK})
    set(operations)
    foreach(operation init alloc calloc realloc free)
      list(APPEND operations --export=lm_${x}_${operation})
    endforeach()
    lm_strategy_wasm(linmem_${x}_four "csrc/${x}.c" ${LM_WASM_LINK} ${operations})
    if(NOT x STREQUAL bestfit)
      lm_strategy_wasm(linmem_as_${x} "csrc/pages.c;csrc/${x}.c;csrc/exports_as_${x}.c" ${LM_WASM_LINK}
                       --allow-undefined)  # env.heap_base, the other import
    endif()
  endforeach()
  lm_strategy_wasm(linmem_walle "csrc/pages.c;csrc/bestfit.c;csrc/exports_walle.c" --no-entry --stack-first
                   -z stack-size=0 --strip-all --fatal-warnings --export=nil)
  add_test(NAME include_order COMMAND ${LM_NODE} ${CMAKE_CURRENT_SOURCE_DIR}/test/c/include_order.mjs)
  add_test(NAME strategies_wasm
           COMMAND ${LM_NODE} ${CMAKE_CURRENT_SOURCE_DIR}/test/c/strategies_wasm.mjs ${CMAKE_CURRENT_BINARY_DIR})
  # Builds the archives, links modules with them, holds their sizes, and refuses -pthread.
  add_test(NAME library
           COMMAND ${LM_NODE} ${CMAKE_CURRENT_SOURCE_DIR}/test/c/library.mjs ${CMAKE_CURRENT_BINARY_DIR} ${LM_EMCC})
  add_test(NAME emscripten_example
           COMMAND ${LM_NODE} ${CMAKE_CURRENT_SOURCE_DIR}/examples/emscripten/run.mjs
                   ${CMAKE_CURRENT_BINARY_DIR}/example)
endif()

foreach(name test_conformance test_conformance_pages test_arena test_slice test_malloc test_tlsf test_bestfit test_buddy test_bump)
  set(sources test/c/${name}.c csrc/pages.c)
  if(name MATCHES "conformance|arena|slice|malloc")  # the others include the C file of their strategy
    list(APPEND sources ${LM_SOURCES} ${LM_STRATEGY_SOURCES})
    list(REMOVE_DUPLICATES sources)
  endif()
  lm_test(${name} ${sources})
endforeach()

# Code that only the wasm modules have, natively over a simulated memory (test/c/memory.h).
if(NOT EMSCRIPTEN)
  function(lm_memory_test name)
    lm_native_test(${name} ${ARGN})
    target_compile_definitions(${name} PRIVATE LM_TEST_MEMORY)
  endfunction()
  lm_memory_test(test_pages_memory test/c/test_pages.c csrc/pages.c)
  lm_memory_test(test_malloc_memory test/c/test_malloc.c)
  target_link_libraries(test_malloc_memory PRIVATE linmem)  # its holds() must not be limited to the simulated memory
  lm_memory_test(test_exports_strategy test/c/test_exports_strategy.c ${LM_SOURCES} ${LM_STRATEGY_SOURCES})
  lm_memory_test(test_recorder test/c/test_recorder.c)
  lm_memory_test(test_exports_walle test/c/test_exports_walle.c csrc/pages.c csrc/bestfit.c)
  foreach(x tlsf buddy bump)
    lm_memory_test(test_exports_as_${x} test/c/test_exports_as.c csrc/pages.c csrc/${x}.c)
    target_compile_definitions(test_exports_as_${x} PRIVATE "LM_AS_FILE=\"../../csrc/exports_as_${x}.c\"")
  endforeach()
  lm_test(test_layout test/c/test_layout.c)
endif()

# The arena of shared builds, with threads, which these wasm modules do not have.
find_package(Threads)
if(NOT EMSCRIPTEN AND CMAKE_USE_PTHREADS_INIT)
  lm_test(test_arena_shared test/c/test_arena_shared.c)
  target_link_libraries(test_arena_shared PRIVATE Threads::Threads)
endif()
