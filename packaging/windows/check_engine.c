/* Asks llama.cpp's DLLs one question: a check of the engine build for Windows, run under wine by
 * packaging/check/wine.py (and on Windows, if one likes).
 *
 *     check_engine.exe FOLDER MODEL.gguf safely|carelessly
 *
 * "safely" registers the processors' code from FOLDER by its absolute path before anything else, as
 * the engine child does. "carelessly" leaves the search to ggml, which also looks in the current
 * folder: it shows that a library planted there would have been found. Prints one line each:
 *
 *     loaded C:\...\ggml-cpu-haswell.dll
 *     answer The capital of France is Paris. */
#include <windows.h>

#include <psapi.h>
#include <stdio.h>
#include <string.h>

#include "ggml-backend.h"
#include "llama.h"

#define MANY 512

static HMODULE library(const wchar_t *folder, const wchar_t *const *names) {
    wchar_t path[MAX_PATH];
    for (; *names; names++) {
        _snwprintf(path, MAX_PATH, L"%ls\\%ls", folder, *names);
        path[MAX_PATH - 1] = 0;
        if (GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES) continue;
        /* What it needs is looked for in its own folder, not in this program's. */
        HMODULE found = LoadLibraryExW(path, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
        if (found) return found;
        fprintf(stderr, "error %lu while %ls was loaded\n", GetLastError(), path);
        exit(3);
    }
    fprintf(stderr, "%ls has no %ls\n", folder, names[-1]);
    exit(3);
}

static void *named(HMODULE from, const char *name) {
    void *found = (void *)GetProcAddress(from, name);
    if (!found) {
        fprintf(stderr, "%s is missing\n", name);
        exit(3);
    }
    return found;
}

#define FROM(library, name) __typeof__(&name) p_##name = named(library, #name)

static void quiet(enum ggml_log_level level, const char *text, void *data) {
    (void)data;
    if (level == GGML_LOG_LEVEL_ERROR) fputs(text, stderr);
}

static void say_what_is_loaded(void) {
    HMODULE modules[MANY];
    DWORD bytes = 0;
    char path[MAX_PATH];
    EnumProcessModules(GetCurrentProcess(), modules, sizeof modules, &bytes);
    for (DWORD i = 0; i < bytes / sizeof *modules && i < MANY; i++) {
        if (!GetModuleFileNameA(modules[i], path, MAX_PATH)) continue;
        if (strstr(path, "ggml") || strstr(path, "llama")) printf("loaded %s\n", path);
    }
}

int wmain(int count, wchar_t **words) {
    static const wchar_t *const ggml_names[] = {L"ggml.dll", L"libggml.dll", NULL};
    static const wchar_t *const llama_names[] = {L"llama.dll", L"libllama.dll", NULL};
    static const char prompt[] = "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n"
                                 "<|im_start|>assistant\n";
    char folder[MAX_PATH], model_path[MAX_PATH], piece[128];
    llama_token tokens[MANY];
    if (count != 4) return 2;
    /* No box for a person where nobody sees it. */
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
    WideCharToMultiByte(CP_UTF8, 0, words[1], -1, folder, MAX_PATH, NULL, NULL);
    WideCharToMultiByte(CP_UTF8, 0, words[2], -1, model_path, MAX_PATH, NULL, NULL);

    HMODULE ggml = library(words[1], ggml_names);
    HMODULE llama = library(words[1], llama_names);
    FROM(ggml, ggml_backend_load_all_from_path);
    FROM(llama, llama_log_set);
    FROM(llama, llama_backend_init);
    FROM(llama, llama_model_default_params);
    FROM(llama, llama_model_load_from_file);
    FROM(llama, llama_model_get_vocab);
    FROM(llama, llama_context_default_params);
    FROM(llama, llama_init_from_model);
    FROM(llama, llama_tokenize);
    FROM(llama, llama_token_to_piece);
    FROM(llama, llama_vocab_is_eog);
    FROM(llama, llama_batch_get_one);
    FROM(llama, llama_decode);
    FROM(llama, llama_sampler_chain_default_params);
    FROM(llama, llama_sampler_chain_init);
    FROM(llama, llama_sampler_chain_add);
    FROM(llama, llama_sampler_init_greedy);
    FROM(llama, llama_sampler_sample);

    p_llama_log_set(quiet, NULL);
    if (wcscmp(words[3], L"safely") == 0) p_ggml_backend_load_all_from_path(folder);
    p_llama_backend_init();
    say_what_is_loaded();
    fflush(stdout);

    struct llama_model *model =
        p_llama_model_load_from_file(model_path, p_llama_model_default_params());
    if (!model) {
        fprintf(stderr, "the model could not be loaded\n");
        return 4;
    }
    const struct llama_vocab *vocab = p_llama_model_get_vocab(model);
    struct llama_context_params wanted = p_llama_context_default_params();
    wanted.n_ctx = MANY;
    wanted.n_threads = wanted.n_threads_batch = 1;
    struct llama_context *context = p_llama_init_from_model(model, wanted);
    struct llama_sampler *sampler = p_llama_sampler_chain_init(p_llama_sampler_chain_default_params());
    if (!context || !sampler) {
        fprintf(stderr, "there is no context\n");
        return 4;
    }
    p_llama_sampler_chain_add(sampler, p_llama_sampler_init_greedy());
    int32_t there = p_llama_tokenize(vocab, prompt, (int32_t)strlen(prompt), tokens, MANY, true, true);
    if (there <= 0) return 4;

    printf("answer ");
    struct llama_batch batch = p_llama_batch_get_one(tokens, there);
    llama_token next;
    for (int said = 0; said < 32; said++) {
        if (p_llama_decode(context, batch) != 0) return 4;
        next = p_llama_sampler_sample(sampler, context, -1);
        if (p_llama_vocab_is_eog(vocab, next)) break;
        int32_t size = p_llama_token_to_piece(vocab, next, piece, sizeof piece, 0, false);
        if (size < 0) return 4;
        printf("%.*s", (int)size, piece);
        batch = p_llama_batch_get_one(&next, 1);
    }
    printf("\n");
    fflush(stdout);
    /* Everything is thrown away with the process. */
    ExitProcess(0);
}
