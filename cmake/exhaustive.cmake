# SPDX-License-Identifier: MIT
# The exhaustive tests: every input, every short sequence of operations, or many random ones. ctest runs the short form,
# `npm run test:exhaustive` the long one (LM_EXHAUSTIVE).
option(LM_EXHAUSTIVE "the exhaustive tests in their long form: minutes each" OFF)
if(EMSCRIPTEN)
  # The shipped modules, and the operations in a module that lies below them in the same memory.
  add_library(operations OBJECT test/c/exhaustive/operations_wasm.c)
  target_compile_options(operations PRIVATE ${LM_WARNINGS} ${LM_WASM_COMPILE} -O2 -fno-builtin)
  lm_wasm_link(operations.wasm operations --no-entry --import-memory --stack-first -z stack-size=65536
               --export=__heap_base)
  add_custom_target(operations_wasm ALL DEPENDS operations.wasm)
  add_test(NAME operations
           COMMAND ${LM_NODE} ${CMAKE_CURRENT_SOURCE_DIR}/test/c/exhaustive/operations.mjs ${CMAKE_CURRENT_BINARY_DIR}
                   300000 ${LM_SEED})
endif()

set(LM_ALL_SOURCES ${LM_SOURCES} ${LM_STRATEGY_SOURCES})
lm_test(test_fuzz test/c/exhaustive/test_fuzz.c ${LM_ALL_SOURCES})
if(LM_EXHAUSTIVE)
  add_compile_definitions(LM_EXHAUSTIVE)
endif()

option(LM_FUZZ "native, by clang: the program for libFuzzer" OFF)
if(LM_FUZZ)
  set(flags -g -O1 -fno-omit-frame-pointer -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all)
  add_executable(fuzz EXCLUDE_FROM_ALL test/c/exhaustive/test_fuzz.c ${LM_ALL_SOURCES})
  target_compile_options(fuzz PRIVATE ${LM_WARNINGS} -fno-strict-aliasing ${flags} -DLM_DEBUG -DLM_FUZZ)
  target_link_options(fuzz PRIVATE ${flags})
endif()

# Every size.
foreach(of allocator heap tlsf bestfit buddy bump arena)
  set(sources test/c/exhaustive/test_sizes_${of}.c)
  if(of STREQUAL arena)
    list(APPEND sources ${LM_SOURCES})  # slices refer to heaps
  endif()
  lm_test(test_sizes_${of} ${sources})
endforeach()

# Every short sequence.
lm_test(test_sequences test/c/exhaustive/test_sequences.c ${LM_ALL_SOURCES})
