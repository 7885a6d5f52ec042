# llama.cpp's DLLs for Windows, compiled on Debian by mingw-w64: a check of the engine build under
# wine (packaging/check/wine.py). Releases are compiled on Windows itself.
#
# Wants: gcc-mingw-w64-x86-64-posix g++-mingw-w64-x86-64-posix (the win32 variant has no std::thread).
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)

set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc-posix)
set(CMAKE_CXX_COMPILER x86_64-w64-mingw32-g++-posix)
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)

set(CMAKE_FIND_ROOT_PATH /usr/x86_64-w64-mingw32)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)

# What mingw-w64 10 and GCC 12 lack, or have wrong for Windows.
set(CMAKE_C_FLAGS_INIT "-include \"${CMAKE_CURRENT_LIST_DIR}/mingw_compat.h\"")
set(CMAKE_CXX_FLAGS_INIT "${CMAKE_C_FLAGS_INIT}")

# No DLL of the compiler's beside ours. What comes in with -static must not be exported again, or
# the next DLL that links to this one has it twice (_Unwind_Resume).
set(CMAKE_SHARED_LINKER_FLAGS_INIT "-static -Wl,--exclude-libs,ALL")
set(CMAKE_MODULE_LINKER_FLAGS_INIT "-static -Wl,--exclude-libs,ALL")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static")
