# SPDX-License-Identifier: MIT
# Finds Emscripten and holds every flag of the wasm builds, each with its reason.
#
#   cmake -S . -B build/wasm -G Ninja -DCMAKE_TOOLCHAIN_FILE=emscripten.cmake
#
# A toolchain file; or include() it before project(). Works with Debian's emscripten 3.1.6, which
# calls its linker wasm-ld-14, and with an emsdk, which calls it wasm-ld.
include_guard(DIRECTORY)

# Emscripten: an activated emsdk, or emcc on the PATH. em-config tells the rest.
find_program(LM_EMCC emcc HINTS "$ENV{EMSDK}/upstream/emscripten" REQUIRED NO_CMAKE_FIND_ROOT_PATH)
get_filename_component(_lm_emcc_real "${LM_EMCC}" REALPATH)
get_filename_component(_lm_emcc_dir "${_lm_emcc_real}" DIRECTORY)
find_program(LM_EM_CONFIG em-config HINTS "${_lm_emcc_dir}" REQUIRED NO_CMAKE_FIND_ROOT_PATH)

function(lm_em_config name result)
  execute_process(COMMAND "${LM_EM_CONFIG}" ${name} OUTPUT_VARIABLE value RESULT_VARIABLE failed
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(failed)
    message(FATAL_ERROR "em-config ${name} failed (${LM_EM_CONFIG})")
  endif()
  set(${result} "${value}" PARENT_SCOPE)
endfunction()
lm_em_config(EMSCRIPTEN_ROOT _lm_root)
lm_em_config(LLVM_ROOT _lm_llvm)
lm_em_config(BINARYEN_ROOT _lm_binaryen)

# The linker of this toolchain: object files are only compatible with the LLVM that made them.
find_program(LM_WASM_LD NAMES wasm-ld wasm-ld-14 wasm-ld-15 wasm-ld-16 wasm-ld-17 wasm-ld-18 wasm-ld-19
             HINTS "${_lm_llvm}" NO_DEFAULT_PATH REQUIRED NO_CMAKE_FIND_ROOT_PATH)
# Optional: makes the module a fifth smaller.
find_program(LM_WASM_OPT wasm-opt HINTS "${_lm_binaryen}/bin" NO_CMAKE_FIND_ROOT_PATH)

# Compiling, for every wasm: (emcc -c; no JS, no libc)
set(LM_WASM_COMPILE
    -mbulk-memory         # memory.copy and memory.fill instead of calls of a libc, which is not linked
    -fno-strict-aliasing  # an allocator writes words where its callers wrote other types
    -fvisibility=hidden   # only functions with an export name are exported
)
set(LM_WASM_FAST -O2)   # for the functions of each call: emcc -Oz inlines nothing, which makes malloc+free 3.5 times slower
set(LM_WASM_SMALL -Oz)  # for the rest: every page that uses linmem loads it
# Linking the core. A link by emcc declares a maximum and then refuses memories without one or with a larger one.
set(LM_WASM_LINK
    --no-entry         # a reactor: nothing runs at start
    --import-memory    # the caller provides the memory; minimum 1 page, no maximum
    -z stack-size=0    # no shadow stack: a foreign memory has no space for one
    --strip-all        # no names
    --fatal-warnings   # a warning means a wrong module
)
# wasm-opt: the features must be named because --strip-all removes the section that lists them.
set(LM_WASM_OPT_FLAGS --enable-bulk-memory -Oz
    --always-inline-max-function-size=5  # inlines the smallest functions: 1 % smaller
    -Oz                                  # again, for what the first pass left over
)

# Compiling the tests: with assertions and names, and fast to build.
set(LM_WASM_TEST_COMPILE -O1 -g1 -mbulk-memory -fno-strict-aliasing -fvisibility=hidden -DLM_DEBUG
    -fno-builtin  # no loop of a test becomes a call of a libc, which is not linked
)
# Linking a test: it has its own memory of at most 64 MiB, so that tests of exhaustion are fast.
set(LM_WASM_TEST_LINK --no-entry --stack-first -z stack-size=131072 --max-memory=67108864)

include("${_lm_root}/cmake/Modules/Platform/Emscripten.cmake")
