# SPDX-License-Identifier: MIT
# For find_package(linmem) in the npm package, with nothing installed: it builds the libraries with the caller.
#   find_package(linmem REQUIRED PATHS node_modules/linmem/cmake NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
if(NOT TARGET linmem::core)
  add_subdirectory("${CMAKE_CURRENT_LIST_DIR}/.." "${CMAKE_CURRENT_BINARY_DIR}/linmem" EXCLUDE_FROM_ALL)
endif()
