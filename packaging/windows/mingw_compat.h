/* Included before every file of llama.cpp when mingw-w64 compiles it (mingw.cmake).
 *
 * It includes nothing of Windows: <windows.h> ahead of C++ headers defines min and max. */
#ifndef HOMEBODY_MINGW_COMPAT_H
#define HOMEBODY_MINGW_COMPAT_H

#include <_mingw.h>

/* ggml-cpu.c asks Windows not to park its threads; the headers before mingw-w64 11 know the class
 * of that request and not its structure. */
#if __MINGW64_VERSION_MAJOR < 11
#define THREAD_POWER_THROTTLING_CURRENT_VERSION 1
#define THREAD_POWER_THROTTLING_EXECUTION_SPEED 0x1
#define THREAD_POWER_THROTTLING_VALID_FLAGS THREAD_POWER_THROTTLING_EXECUTION_SPEED
typedef struct _THREAD_POWER_THROTTLING_STATE {
    unsigned long Version;
    unsigned long ControlMask;
    unsigned long StateMask;
} THREAD_POWER_THROTTLING_STATE;
#endif

/* GCC 12 passes the stride of a tile as a `long`, which has 32 bits on Windows: the assembler then
 * refuses `(%rax,%esi,1)`. The same instructions, with a stride of 64 bits. */
#if defined(__AMX_TILE__) && defined(__x86_64__)
#include <immintrin.h>
#undef _tile_loadd
#undef _tile_stored
#define _tile_loadd(dst, base, stride) HOMEBODY_TILE_LOADD(dst, base, stride)
#define HOMEBODY_TILE_LOADD(dst, base, stride)                                                     \
    __asm__ volatile("{tileloadd\t(%0,%1,1), %%tmm" #dst "|tileloadd\t%%tmm" #dst ", [%0+%1*1]}"   \
                     ::"r"((const void *)(base)), "r"((long long)(stride)))
#define _tile_stored(src, base, stride) HOMEBODY_TILE_STORED(src, base, stride)
#define HOMEBODY_TILE_STORED(src, base, stride)                                                    \
    __asm__ volatile("{tilestored\t%%tmm" #src ", (%0,%1,1)|tilestored\t[%0+%1*1], %%tmm" #src "}" \
                     ::"r"((void *)(base)), "r"((long long)(stride))                               \
                     : "memory")
#endif

#endif
