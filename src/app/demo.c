#include "app/demo.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"

/* The folder the program is in; false: the system does not tell. */
static bool own_folder(char out[PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
    if (n <= 0)
        return false;
    out[n] = 0;
    char *slash = strrchr(out, '/');
    if (slash)
        *slash = 0;
    return slash != NULL;
}

char *demo_file(const char *name)
{
    static const char *const BESIDE[] = {"../share/slowdive/demo", "../contrib/demo"};
    char folder[PATH_MAX];
    bool known = own_folder(folder);
    for (size_t i = 0; known && i < ARRAY_LEN(BESIDE); i++) {
        char *path = mem_printf("%s/%s/%s", folder, BESIDE[i], name);
        if (access(path, R_OK) == 0)
            return path;
        free(path);
    }
    char *path = mem_printf(SLOWDIVE_PREFIX "/share/slowdive/demo/%s", name);
    if (access(path, R_OK) == 0)
        return path;
    free(path);
    return NULL;
}
