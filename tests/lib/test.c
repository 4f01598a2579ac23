#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *test_corpus(const char *path)
{
    static char full[4096];
    const char *root = getenv("SLOWDIVE_CORPORA");
    if (!root || !*root)
        return NULL;
    snprintf(full, sizeof full, "%s/%s", root, path);
    return access(full, R_OK) == 0 ? full : NULL;
}

const char *test_file(const char *path)
{
    static char full[4096];
    const char *root = getenv("SLOWDIVE_TESTS");
    snprintf(full, sizeof full, "%s/%s", root && *root ? root : "tests", path);
    return full;
}
