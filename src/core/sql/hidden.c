#include "core/sql/hidden.h"

#include <stdlib.h>

#include "core/sql/statement.h"

#define uthash_malloc(size) mem_realloc(NULL, size)
#define uthash_fatal(text)  abort()
#include <uthash.h>

/* Emptied when it grows past this. */
enum { MAX_BYTES = 4 << 20 };

/* By hash alone: a collision shows another statement's hidden text, never a literal. */
struct entry {
    uint64_t key;
    UT_hash_handle hh;
    char text[];
};

struct sql_hidden {
    struct entry *entries;
    size_t bytes;
};

struct sql_hidden *sql_hidden_new(void)
{
    return mem_alloc(sizeof(struct sql_hidden));
}

static void forget_all(struct sql_hidden *h)
{
    struct entry *e, *next;
    HASH_ITER(hh, h->entries, e, next)
    {
        HASH_DEL(h->entries, e);
        free(e);
    }
    h->bytes = 0;
}

void sql_hidden_free(struct sql_hidden *h)
{
    if (!h)
        return;
    forget_all(h);
    free(h);
}

const char *sql_hidden_text(struct sql_hidden *h, const char *sql)
{
    struct entry *e;
    if (!sql)
        return NULL;
    uint64_t key = str_hash(sql, strlen(sql));
    HASH_FIND(hh, h->entries, &key, sizeof key, e);
    if (e)
        return e->text;
    char *text = sql_hide_literals(sql);
    size_t len = text ? strlen(text) : 0, size = sizeof *e + len + 1;
    if (h->bytes + size > MAX_BYTES)
        forget_all(h);
    e = mem_alloc(size);
    e->key = key;
    memcpy(e->text, text ? text : "", len + 1);
    free(text);
    HASH_ADD(hh, h->entries, key, sizeof e->key, e);
    h->bytes += size;
    return e->text;
}
