# SPDX-License-Identifier: MIT
# Finds Emscripten and holds every flag of the wasm builds, each with its reason.
#
#   cmake -S . -B build/wasm -G Ninja -DCMAKE_TOOLCHAIN_FILE=emscripten.cmake
#
# A toolchain file; or include() it before project(). Works with Debian's emscripten 3.1.6, which
# calls its linker wasm-ld-14, and with an emsdk, which calls it wasm-ld.
include_guard(DIRECTORY)

# Where Emscripten is: an activated emsdk, or emcc on the PATH. em-config knows the rest.
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

# The linker of this very toolchain: an object file is only sure to link with its own LLVM.
find_program(LM_WASM_LD NAMES wasm-ld wasm-ld-14 wasm-ld-15 wasm-ld-16 wasm-ld-17 wasm-ld-18 wasm-ld-19
             HINTS "${_lm_llvm}" NO_DEFAULT_PATH REQUIRED NO_CMAKE_FIND_ROOT_PATH)
# Makes the module a fifth smaller. Without it the module is larger and works as well.
find_program(LM_WASM_OPT wasm-opt HINTS "${_lm_binaryen}/bin" NO_CMAKE_FIND_ROOT_PATH)

# Compiling, for every wasm: (emcc -c; no JS, no libc)
set(LM_WASM_COMPILE
    -mbulk-memory         # memory.copy and memory.fill instead of calls to a libc that is not there
    -fno-strict-aliasing  # an allocator writes words where its callers had any type, and they where it had words
    -fvisibility=hidden   # only what is marked with an export name leaves the module
)
set(LM_WASM_FAST -O2)   # for what runs at every call: emcc -Oz inlines nothing, which makes malloc+free 3.5 times slower
set(LM_WASM_SMALL -Oz)  # for the rest: every page that uses linmem loads these bytes
# Linking the core. emcc's own link declares a maximum and then refuses memories with none, or with more.
set(LM_WASM_LINK
    --no-entry         # a reactor: nothing runs at start
    --import-memory    # the memory is the caller's; its minimum is 1 page and it has no maximum
    -z stack-size=0    # no shadow stack: a foreign memory has no place for one
    --strip-all        # no names
    --fatal-warnings   # a warning here is a wrong module
)
# wasm-opt: the features must be named since --strip-all drops the section that lists them.
set(LM_WASM_OPT_FLAGS -Oz --enable-bulk-memory)

# Compiling the tests: asserts on, names kept, and quick to build.
set(LM_WASM_TEST_COMPILE -O1 -g1 -mbulk-memory -fno-strict-aliasing -fvisibility=hidden -DLM_DEBUG
    -fno-builtin  # no loop of a test becomes a call to a libc that is not there
)
# Linking a test: it has its own memory, with room to grow to 64 MiB and no further, so that running out is quick.
set(LM_WASM_TEST_LINK --no-entry --stack-first -z stack-size=131072 --max-memory=67108864)

include("${_lm_root}/cmake/Modules/Platform/Emscripten.cmake")
