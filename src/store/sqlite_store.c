/* sqlite_store.c - being written. */
#include "store/store_internal.h"

static const char *const SCHEMES[] = {"none-yet-sqlite:", NULL};
const struct store_ops sqlite_store_ops = {.schemes = SCHEMES};
