/* What somebody could leave in a folder under a name of ggml's: it says that it was loaded. Used by
 * packaging/check/wine.py. */
#include <windows.h>

BOOL WINAPI DllMain(HINSTANCE self, DWORD why, LPVOID more) {
    (void)self, (void)more;
    if (why == DLL_PROCESS_ATTACH) {
        HANDLE file = CreateFileW(L"planted.txt", GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
        if (file != INVALID_HANDLE_VALUE) CloseHandle(file);
    }
    return TRUE;
}

/* The best processor of all, so that a search would choose it. */
__declspec(dllexport) int ggml_backend_score(void) { return 1000000; }
