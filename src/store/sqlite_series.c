/* sqlite_series.c - the dictionary of a SQLite history: what rows are of.
 *
 * A series has the record with its texts, and its other key fields, as columns_encode writes it; numbers are
 * in the blobs. The whole dictionary is in memory, and what others add is read before each transaction. When
 * somebody removed series, `epoch` has changed, and all is read anew. */
#include <stdlib.h>
#include <uthash.h>

#include "format/record/recording.h"
#include "store/sqlite_internal.h"

struct text_name {
    int64_t id;
    char *text;
    UT_hash_handle by_id, by_text;
};

/* What is remembered of a series; the handles are behind what others see. */
struct entry {
    struct series series; /* first */
    struct strbuf key;
    UT_hash_handle by_id, by_key;
};

struct dictionary {
    struct entry *by_id, *by_key;
    struct text_name *names, *names_by_text;
};

static struct dictionary *dictionary(struct sqlite_store *s)
{
    if (!s->dictionary)
        s->dictionary = mem_alloc(sizeof *s->dictionary);
    return s->dictionary;
}

void series_forget(struct sqlite_store *s)
{
    struct dictionary *d = dictionary(s);
    struct entry *e, *next;
    struct text_name *n, *next_name;
    HASH_CLEAR(by_key, d->by_key);
    HASH_ITER(by_id, d->by_id, e, next)
    {
        HASH_DELETE(by_id, d->by_id, e);
        strbuf_free(&e->key);
        free(e);
    }
    HASH_CLEAR(by_text, d->names_by_text);
    HASH_ITER(by_id, d->names, n, next_name)
    {
        HASH_DELETE(by_id, d->names, n);
        free(n->text);
        free(n);
    }
    free(d);
    s->dictionary = NULL;
    arena_free(s->texts);
    s->texts = arena_new();
    s->last_series = s->last_name = 0;
}

/* ---- names ---- */

const char *name_of(struct sqlite_store *s, int64_t id)
{
    struct text_name *n = NULL;
    HASH_FIND(by_id, dictionary(s)->names, &id, sizeof id, n);
    return n ? n->text : NULL;
}

static void remember_name(struct sqlite_store *s, int64_t id, const char *text)
{
    struct dictionary *d = dictionary(s);
    if (name_of(s, id))
        return;
    struct text_name *n = mem_alloc(sizeof *n);
    n->id = id;
    n->text = mem_strdup(text);
    HASH_ADD(by_id, d->names, id, sizeof n->id, n);
    HASH_ADD_KEYPTR(by_text, d->names_by_text, n->text, strlen(n->text), n);
    s->last_name = MAX(s->last_name, id);
}

/* 0 of NULL. */
static int64_t name_for(struct sqlite_store *s, const char *text)
{
    struct text_name *n = NULL;
    if (!text)
        return 0;
    HASH_FIND(by_text, dictionary(s)->names_by_text, text, strlen(text), n);
    if (n)
        return n->id;
    if (!sql_do(s, sql_bind(s, "INSERT INTO name (text) VALUES (?)", "t", text)))
        return 0;
    int64_t id = sqlite3_last_insert_rowid(s->db);
    remember_name(s, id, text);
    return id;
}

/* ---- series ---- */

static void key_of(struct strbuf *key, int64_t owner, enum sd_kind kind, int64_t host, int64_t source,
                   const void *thing, size_t len)
{
    int64_t head[4] = {owner, kind, host, source};
    strbuf_clear(key);
    strbuf_add(key, head, sizeof head);
    strbuf_add(key, thing, len);
}

struct series *series_of(struct sqlite_store *s, uint32_t id)
{
    struct entry *e = NULL;
    HASH_FIND(by_id, dictionary(s)->by_id, &id, sizeof id, e);
    return e ? &e->series : NULL;
}

const void *series_base(void *ctx, uint32_t series)
{
    struct series *e = series_of(ctx, series);
    return e ? e->record : NULL;
}

struct head {
    int64_t id, owner, kind, host, source, last, fields;
};

static struct series *remember(struct sqlite_store *s, const struct head *h, const void *thing, size_t len)
{
    struct dictionary *d = dictionary(s);
    const struct sd_schema *sc =
        h->kind > 0 && h->kind < SD_KIND_END ? schema_of((enum sd_kind)h->kind) : NULL;
    if (h->id <= 0 || h->id > UINT32_MAX || h->fields < 0 || (h->kind < SD_KIND_END && !sc)) {
        sql_damaged(s, "a series is not valid");
        return NULL;
    }
    if (!sc) /* a kind that a newer program keeps: not for this one */
        return NULL;
    struct arena *a = arena_new();
    void *found = len ? columns_decode(sc, thing, len, 1, (size_t)h->fields, a) : NULL;
    struct entry *e = series_of(s, (uint32_t)h->id) ? NULL : mem_alloc(sizeof *e);
    if (!e || (len && !found)) {
        free(e);
        arena_free(a);
        sql_damaged(s, "a series is not valid");
        return NULL;
    }
    void *record = arena_alloc(s->texts, sc->size);
    schema_clear(sc, record);
    if (found)
        record = schema_copy(sc, found, arena_alloc(s->texts, schema_need(sc, found)));
    arena_free(a);
    e->series = (struct series){.id = (uint32_t)h->id,
                                .owner = h->owner,
                                .kind = sc->kind,
                                .host = name_of(s, h->host),
                                .source = name_of(s, h->source),
                                .record = record,
                                .last = h->last};
    key_of(&e->key, h->owner, sc->kind, h->host, h->source, thing, len);
    HASH_ADD(by_id, d->by_id, series.id, sizeof e->series.id, e);
    HASH_ADD_KEYPTR(by_key, d->by_key, e->key.text, e->key.len, e);
    s->last_series = MAX(s->last_series, h->id);
    return &e->series;
}

static void read_names(struct sqlite_store *s)
{
    sqlite3_stmt *st = sql_bind(s, "SELECT id, text FROM name WHERE id > ? ORDER BY id", "i", s->last_name);
    while (sql_row(s, st)) {
        const char *text = (const char *)sqlite3_column_text(st, 1);
        if (text)
            remember_name(s, sqlite3_column_int64(st, 0), text);
    }
}

bool series_refresh(struct sqlite_store *s)
{
    int64_t epoch = sql_int(s, sql_bind(s, "SELECT value FROM meta WHERE name = 'epoch'", ""), 0);
    if (epoch != s->epoch || !s->texts)
        series_forget(s);
    s->epoch = epoch;
    read_names(s);
    sqlite3_stmt *st =
        sql_bind(s,
                 "SELECT id, owner, kind, host, source, last, fields, thing FROM series WHERE id > ? "
                 "ORDER BY id",
                 "i", s->last_series);
    while (sql_row(s, st)) {
        int64_t v[7];
        for (int i = 0; i < 7; i++)
            v[i] = sqlite3_column_int64(st, i);
        const void *thing = sqlite3_column_blob(st, 7);
        remember(s, &(struct head){v[0], v[1], v[2], v[3], v[4], v[5], v[6]}, thing ? thing : "",
                 (size_t)sqlite3_column_bytes(st, 7));
    }
    return s->rc == SQLITE_OK;
}

/* The record without what is in blobs. Empty of kinds whose records are there whole. */
static void thing_of(const struct history_row *row, struct strbuf *out)
{
    const struct sd_schema *sc = schema_of(row->kind);
    const struct history_kind *k = history_kind(row->kind);
    strbuf_clear(out);
    if (k->how == HISTORY_EACH)
        return;
    char *record = mem_alloc(sc->size);
    memcpy(record, row->record, sc->size);
    for (size_t i = 0; i < sc->n_fields; i++) {
        if (!blob_holds(sc, i))
            continue;
        char *to = record + sc->fields[i].offset;
        if (sc->fields[i].type == SD_FIELD_INT)
            memcpy(to, &(int64_t){SD_UNKNOWN}, sizeof(int64_t));
        else if (sc->fields[i].type == SD_FIELD_REAL)
            memcpy(to, &(double){(double)NAN}, sizeof(double));
        else
            memcpy(to, &(const void *){NULL}, sizeof(void *));
    }
    columns_encode(sc, (const void *const[]){record}, 1, out);
    free(record);
}

struct series *series_for(struct sqlite_store *s, int64_t owner, const struct history_row *row)
{
    struct strbuf thing = {0}, key = {0};
    struct entry *e = NULL;
    struct series *result = NULL;
    int64_t host = name_for(s, row->host), source = name_for(s, row->source), end = history_row_end(row);
    thing_of(row, &thing);
    key_of(&key, owner, row->kind, host, source, strbuf_text(&thing), thing.len);
    HASH_FIND(by_key, dictionary(s)->by_key, key.text, key.len, e);
    if (e) {
        result = &e->series;
    } else if (sql_do(s, sql_bind(s,
                                  "INSERT INTO series (owner, kind, host, source, first, last, fields, "
                                  "thing) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                                  "iiiiiiib", owner, (int64_t)row->kind, host, source, row->at, end,
                                  (int64_t)schema_of(row->kind)->n_fields, strbuf_text(&thing), thing.len))) {
        int64_t id = sqlite3_last_insert_rowid(s->db);
        result = remember(
            s,
            &(struct head){id, owner, row->kind, host, source, end, (int64_t)schema_of(row->kind)->n_fields},
            strbuf_text(&thing), thing.len);
    }
    strbuf_free(&thing);
    strbuf_free(&key);
    return result;
}

void series_each(struct sqlite_store *s, void (*f)(void *ctx, struct series *e), void *ctx)
{
    for (struct entry *e = dictionary(s)->by_id; e; e = e->by_id.next)
        f(ctx, &e->series);
}

struct history_row row_of(struct sqlite_store *s, enum sd_kind kind, const struct blob_row *r)
{
    struct series *e = series_of(s, r->series);
    return (struct history_row){.kind = kind,
                                .host = e ? e->host : NULL,
                                .source = e ? e->source : NULL,
                                .at = r->at,
                                .length_ns = r->length_ns,
                                .record = r->record,
                                .series = r->series};
}

struct put_reader {
    struct sqlite_store *s;
    enum sd_kind kind;
    bool keys; /* no records */
    bool (*wants)(void *ctx, uint32_t lo, uint32_t hi);
    void (*f)(void *ctx, const struct blob_row *rows, size_t n);
    void *ctx;
};

static void read_section(const struct put_reader *r, const struct pack_section *p)
{
    struct arena *a = arena_new();
    size_t n = 0;
    const struct blob_row *rows = r->keys ? blob_keys(r->kind, p->bytes, p->len, a, &n)
                                          : blob_decode(r->kind, p->bytes, p->len, series_base, r->s, a, &n);
    if (!rows || n != p->rows)
        sql_damaged(r->s, "a put cannot be decoded");
    else
        r->f(r->ctx, rows, n);
    arena_free(a);
}

static bool read_put(const struct put_reader *r, const void *bytes, size_t len)
{
    struct arena *pack = arena_new();
    size_t n = 0;
    const struct pack_section *p = pack_open(bytes, len, pack, &n);
    if (!p)
        sql_damaged(r->s, "a put cannot be decoded");
    for (size_t i = 0; p && i < n && r->s->rc == SQLITE_OK; i++) {
        uint32_t hi = i + 1 < n ? p[i + 1].series : UINT32_MAX; /* a series may go on in the next one */
        if (!r->wants || r->wants(r->ctx, p[i].series, hi))
            read_section(r, &p[i]);
    }
    arena_free(pack);
    return r->s->rc == SQLITE_OK;
}

bool put_each(struct sqlite_store *s, enum sd_kind kind, const void *bytes, size_t len,
              bool (*wants)(void *ctx, uint32_t lo, uint32_t hi),
              void (*f)(void *ctx, const struct blob_row *rows, size_t n), void *ctx)
{
    const struct put_reader r = {.s = s, .kind = kind, .wants = wants, .f = f, .ctx = ctx};
    return read_put(&r, bytes, len);
}

bool put_each_key(struct sqlite_store *s, enum sd_kind kind, const void *bytes, size_t len,
                  void (*f)(void *ctx, const struct blob_row *rows, size_t n), void *ctx)
{
    const struct put_reader r = {.s = s, .kind = kind, .keys = true, .f = f, .ctx = ctx};
    return read_put(&r, bytes, len);
}
