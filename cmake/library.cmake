# SPDX-License-Identifier: MIT
# The libraries for other people's builds, by add_subdirectory or, installed, by find_package:
#
#   linmem::linmem  liblinmem.a: all of linmem, and malloc, free, ... in the place of Emscripten's. Link it with
#                   -sMALLOC=none, or with any other malloc, which it then replaces. (Emscripten only)
#   linmem::core    liblinmem_core.a: the same without the malloc family
#
# A module that JavaScript loads has to name what it exports. For malloc, the arena and the slices, link it with
#   -sEXPORTED_FUNCTIONS=@<linmem>/cmake/exports.json
# or name those of that list that you call; your own functions go there too, or are EMSCRIPTEN_KEEPALIVE.
get_filename_component(_lm_root_dir "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
file(GLOB _lm_core_sources CONFIGURE_DEPENDS "${_lm_root_dir}/csrc/heap*.c")
foreach(name pages tlsf bestfit buddy bump arena slice)
  list(APPEND _lm_core_sources "${_lm_root_dir}/csrc/${name}.c")
endforeach()

function(lm_library target output name)
  add_library(${target} STATIC EXCLUDE_FROM_ALL ${ARGN})
  add_library(linmem::${name} ALIAS ${target})
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${_lm_root_dir}/csrc/include>
                                              $<INSTALL_INTERFACE:include>)
  # -fno-builtin: no loop of an allocator becomes a call to itself. -O2: it runs at every call.
  target_compile_options(${target} PRIVATE -std=c11 -fno-strict-aliasing -fno-builtin -O2)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${output} EXPORT_NAME ${name} INTERPROCEDURAL_OPTIMIZATION OFF
                                             ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/lib")
endfunction()

lm_library(linmem_core linmem_core core ${_lm_core_sources})
set(_lm_libraries linmem_core)
if(EMSCRIPTEN)
  lm_library(linmem_library linmem linmem ${_lm_core_sources} "${_lm_root_dir}/csrc/malloc.c")
  list(APPEND _lm_libraries linmem_library)
endif()
add_custom_target(linmem_libraries DEPENDS ${_lm_libraries})

# `cmake --build <dir> --target linmem_libraries && cmake --install <dir> --prefix <where>`
install(TARGETS ${_lm_libraries} EXPORT linmem ARCHIVE DESTINATION lib)
install(DIRECTORY "${_lm_root_dir}/csrc/include/linmem" DESTINATION include)
install(EXPORT linmem NAMESPACE linmem:: FILE linmemConfig.cmake DESTINATION lib/cmake/linmem)
