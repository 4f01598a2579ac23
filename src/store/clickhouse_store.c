/* clickhouse_store.c - being written. */
#include "store/store_internal.h"

static const char *const SCHEMES[] = {"none-yet-clickhouse:", NULL};
const struct store_ops clickhouse_store_ops = {.schemes = SCHEMES};
