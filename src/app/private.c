/* private.c - hides passwords in the arguments and the memory of this process from other users and core
 * files. */
#include "app/app.h"

#include <stdlib.h>
#include <sys/prctl.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(leak_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

void private_memory(bool on)
{
    if (!SANITIZED)
        prctl(PR_SET_DUMPABLE, on ? 0 : 1, 0, 0, 0);
}

/* In place: the kernel shows these bytes, wherever argv points to. What comes behind the
 * first password is cut: it may be the rest of it. */
static void overwrite(char *arg, const char *shown)
{
    const char *stars = strstr(shown, "***");
    size_t n = strlen(arg), k = stars ? (size_t)(stars - shown) + 3 : strlen(shown);
    explicit_bzero(arg, n);
    memcpy(arg, shown, MIN(n, k));
}

char **private_arguments(int argc, char **argv)
{
    static char **copy; /* used until the end */
    copy = mem_array((size_t)argc + 1, sizeof *copy);
    for (int i = 0; i < argc; i++) {
        char *shown = registry_redact(argv[i]);
        copy[i] = mem_strdup(argv[i]);
        if (i && strcmp(shown, argv[i]) != 0)
            overwrite(argv[i], shown);
        free(shown);
    }
    return copy;
}
