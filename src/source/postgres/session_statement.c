/* session_statement.c - which statement of pg_stat_statements a session runs, where the server does not
 * say it: before 14 pg_stat_activity has no query_id. The statement with the same fingerprint is taken, of
 * the same database; a text that the server has cut has none. */
#include "source/postgres/internal.h"

#include <stdlib.h>
#include <uthash.h>

#define TEXTS_MAX 2000              /* kept; then all are forgotten */
#define BYTES_MAX ((size_t)4 << 20) /* of their texts */

struct session_text {
    char *text; /* the key */
    bool parses;
    char fingerprint[17];
    int parameters; /* of the text when its constants are parameters */
    UT_hash_handle hh;
};

struct session_texts {
    struct session_text *texts;
    size_t bytes;
};

static void forget_all(struct session_texts *t)
{
    struct session_text *e, *next;
    HASH_ITER(hh, t->texts, e, next)
    {
        HASH_DEL(t->texts, e);
        free(e->text);
        free(e);
    }
    t->bytes = 0;
}

void session_texts_free(struct session_texts *t)
{
    if (!t)
        return;
    forget_all(t);
    free(t);
}

/* The same texts come ten times a second. */
static const struct session_text *text_of(struct session_texts *t, const char *query)
{
    struct session_text *e;
    size_t len = strlen(query);
    HASH_FIND(hh, t->texts, query, len, e);
    if (e)
        return e;
    if (HASH_COUNT(t->texts) >= TEXTS_MAX || t->bytes + len > BYTES_MAX)
        forget_all(t);
    e = mem_alloc(sizeof *e);
    e->text = mem_strdup(query);
    e->parses = sql_fingerprint(query, e->fingerprint);
    char *normal = e->parses ? sql_normalize(query) : NULL;
    e->parameters = normal ? sql_parameters(normal) : 0;
    free(normal);
    HASH_ADD_KEYPTR(hh, t->texts, e->text, len, e);
    t->bytes += len;
    return e;
}

int64_t session_statement(struct postgres *p, int64_t dbid, const char *query)
{
    if (!query || !*query || !p->statements || (int64_t)strlen(query) + 1 >= p->query_size)
        return SD_UNKNOWN;
    if (!p->session_texts)
        p->session_texts = mem_alloc(sizeof *p->session_texts);
    const struct session_text *t = text_of(p->session_texts, query);
    return t->parses ? statements_find(p, dbid, t->fingerprint, t->parameters) : SD_UNKNOWN;
}
