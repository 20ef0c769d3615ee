# SPDX-License-Identifier: MIT
# The libraries for other people's builds, by add_subdirectory or, installed, by find_package:
#
#   linmem::linmem  liblinmem.a: all of linmem, and malloc, free, ... instead of Emscripten's. For programs that are
#                   optimized for speed (-O1 to -O3). (Emscripten only)
#   linmem::small   liblinmem_small.a: the same, optimized for size. For programs that are linked with -Os or -Oz: half
#                   the code of linmem::linmem, and slower. (Emscripten only)
#   linmem::core    liblinmem_core.a: all of linmem without the malloc family
#
# Link one of the first two with -sMALLOC=none, or with any other malloc of Emscripten, which it then replaces.
#
# A module that JavaScript loads has to name its exports. For malloc, the arena and the slices, link it with
#   -sEXPORTED_FUNCTIONS=@<linmem>/cmake/exports.json
# or name those of that list that you call, and add your own functions or mark them EMSCRIPTEN_KEEPALIVE.
get_filename_component(_lm_root_dir "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
foreach(name pages heap_block heap_slab heap heap_inspect tlsf bestfit buddy bump arena slice)
  list(APPEND _lm_core_sources "${_lm_root_dir}/csrc/${name}.c")
endforeach()

# Adds the library lib<output>.a as target linmem::<name>, compiled at `level`.
function(lm_library target output name level)
  add_library(${target} STATIC EXCLUDE_FROM_ALL ${ARGN})
  add_library(linmem::${name} ALIAS ${target})
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${_lm_root_dir}/csrc/include>
                                              $<INSTALL_INTERFACE:include>)
  # -fno-builtin: no loop of an allocator becomes a call of memset or calloc, which may call the allocator.
  target_compile_options(${target} PRIVATE -std=c11 -fno-strict-aliasing -fno-builtin ${level})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${output} EXPORT_NAME ${name} INTERPROCEDURAL_OPTIMIZATION OFF
                                             ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/lib")
endfunction()

lm_library(linmem_core linmem_core core -O2 ${_lm_core_sources})
set(_lm_libraries linmem_core)
if(EMSCRIPTEN)
  option(LINMEM_ABORT_ON_REFUSAL "free and realloc of an address that is not a live block trap, after a line on standard error" OFF)
  # malloc.c by a name that says why wasm-ld refuses its object file in a program with shared memory; without atomics,
  # so that wasm-ld does refuse it.
  set(_lm_malloc "${CMAKE_CURRENT_BINARY_DIR}/linmem_malloc_is_not_thread_safe.c")
  file(CONFIGURE OUTPUT "${_lm_malloc}" CONTENT "#include \"${_lm_root_dir}/csrc/malloc.c\"\n")
  set_source_files_properties("${_lm_malloc}" PROPERTIES COMPILE_OPTIONS "-Xclang;-target-feature;-Xclang;-atomics")
  set(_lm_malloc_sources "${_lm_malloc}" "${_lm_root_dir}/csrc/malloc_refused.c")
  lm_library(linmem_library linmem linmem -O2 ${_lm_core_sources} ${_lm_malloc_sources})
  lm_library(linmem_small linmem_small small -Oz ${_lm_core_sources} ${_lm_malloc_sources})
  if(LINMEM_ABORT_ON_REFUSAL)
    target_compile_definitions(linmem_library PRIVATE LM_ABORT_ON_REFUSAL)
    target_compile_definitions(linmem_small PRIVATE LM_ABORT_ON_REFUSAL)
  endif()
  list(APPEND _lm_libraries linmem_library linmem_small)
endif()
add_custom_target(linmem_libraries DEPENDS ${_lm_libraries})

# `cmake --build <dir> --target linmem_libraries && cmake --install <dir> --prefix <where>`
install(TARGETS ${_lm_libraries} EXPORT linmem ARCHIVE DESTINATION lib)
install(DIRECTORY "${_lm_root_dir}/csrc/include/linmem" DESTINATION include)
install(EXPORT linmem NAMESPACE linmem:: FILE linmemConfig.cmake DESTINATION lib/cmake/linmem)
