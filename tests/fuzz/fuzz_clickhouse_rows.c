/* Any bytes as an answer of ClickHouse: rows that a fold and a block take, or refused; never read past its
 * end. */
#include <stdlib.h>

#include "format/history/clickhouse_rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct taken {
    struct history_fold *fold;
    struct clickhouse_block *block;
    size_t n;
};

static bool take(void *ctx, const struct history_row *row)
{
    struct taken *t = ctx;
    history_fold_add(t->fold, row);
    clickhouse_block_add(t->block, row);
    return ++t->n < 50;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    char *copy = mem_strndup((const char *)data + 1, 0); /* exact room, so that reading past it is seen */
    copy = mem_realloc(copy, size);
    memcpy(copy, data + 1, size - 1);
    struct rowbinary r = {copy, copy + size - 1, false, false};
    struct arena *a = arena_new();
    struct history_steps steps = {.step_ns = 60 * SD_S};
    struct taken t = {history_fold_new(&steps, HISTORY_BY_HOST), clickhouse_block_new(1, false, 1), 0};
    while (r.at < r.end && t.n < 50) {
        const char *before = r.at;
        bool more = clickhouse_row_decode(data[0] % 3, &r, a, take, &t);
        if (r.at > r.end || r.at < before || (more && r.at == before))
            abort();
        if (!more)
            break;
    }
    for (size_t i = 0; i < history_fold_len(t.fold); i++)
        history_fold_row(t.fold, i);
    struct strbuf out = {0};
    clickhouse_block_encode(t.block, &out);
    strbuf_free(&out);
    history_fold_free(t.fold);
    clickhouse_block_free(t.block);
    arena_free(a);
    free(copy);
    return 0;
}
