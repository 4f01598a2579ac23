#include "format/traces/span_statement.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/caches/key_class.h"
#include "core/sql/digest.h"
#include "core/sql/statement.h"
#include "core/traces/trace.h"
#include "core/traces/trace_statement.h"

#define uthash_malloc(size) mem_realloc(NULL, size)
#define uthash_fatal(text)  abort()
#include <uthash.h>

/* Emptied when they grow past this. */
enum { TEXTS_MAX = 65536, FORM_BYTES_MAX = 8 << 20 };

/* By hash alone: a collision shows another statement's text, never a constant. */
struct form {
    uint64_t hash; /* of the text without its constants, as a scanner leaves it */
    char *shown;
    UT_hash_handle hh;
};
struct known {
    uint64_t hash; /* of the text as it came */
    const struct form *form;
    UT_hash_handle hh;
};

struct span_statement {
    struct form *forms;
    struct known *known;
    size_t n_known, form_bytes;
    struct strbuf out;
};

struct span_statement *span_statement_new(void)
{
    return mem_alloc(sizeof(struct span_statement));
}

static void forget_known(struct span_statement *x)
{
    struct known *k, *next;
    HASH_ITER(hh, x->known, k, next)
    {
        HASH_DEL(x->known, k);
        free(k);
    }
    x->n_known = 0;
}

static void forget_forms(struct span_statement *x)
{
    struct form *f, *next;
    forget_known(x);
    HASH_ITER(hh, x->forms, f, next)
    {
        HASH_DEL(x->forms, f);
        free(f->shown);
        free(f);
    }
    x->form_bytes = 0;
}

void span_statement_free(struct span_statement *x)
{
    if (!x)
        return;
    forget_forms(x);
    strbuf_free(&x->out);
    free(x);
}

/* ---- SQL ---- */

/* Texts between double quotes are strings for these. */
static bool is_mysql(const char *system)
{
    static const char *const NAMES[] = {"mysql", "mariadb", "tidb", "vitess", NULL};
    return str_find(NAMES, system) >= 0;
}

/* A mark that the text was cut can be read as part of its last constant, and is hidden with it. */
static char *with_mark(char *shown, bool cut)
{
    if (!cut || statement_is_cut(shown))
        return shown;
    char *marked = mem_printf("%s...", shown);
    free(shown);
    return marked;
}

static const struct form *form_of(struct span_statement *x, const char *bare, bool mysql)
{
    char *scanned = mysql ? sql_digest(bare) : sql_hide_expression(bare);
    bool cut = statement_is_cut(bare);
    uint64_t hash = str_hash(scanned, strlen(scanned)) ^ mysql ^ (uint64_t)cut << 1;
    struct form *f;
    HASH_FIND(hh, x->forms, &hash, sizeof hash, f);
    if (f) {
        free(scanned);
        return f;
    }
    if (x->form_bytes > FORM_BYTES_MAX)
        forget_forms(x);
    f = mem_alloc(sizeof *f);
    f->hash = hash;
    f->shown = with_mark(mysql ? scanned : sql_hide_literals(bare), cut);
    if (!mysql)
        free(scanned);
    x->form_bytes += sizeof *f + strlen(f->shown);
    HASH_ADD(hh, x->forms, hash, sizeof f->hash, f);
    return f;
}

static const char *sql_shown(struct span_statement *x, const char *text, bool mysql)
{
    char *stripped = strstr(text, "/*") ? sql_strip_tags(text) : NULL;
    const char *bare = stripped ? stripped : text;
    uint64_t hash = str_hash(bare, strlen(bare)) ^ mysql;
    struct known *k;
    HASH_FIND(hh, x->known, &hash, sizeof hash, k);
    if (!k) {
        if (x->n_known == TEXTS_MAX)
            forget_known(x);
        const struct form *form = form_of(x, bare, mysql); /* may forget all */
        k = mem_alloc(sizeof *k);
        k->hash = hash;
        k->form = form;
        HASH_ADD(hh, x->known, hash, sizeof k->hash, k);
        x->n_known++;
    }
    free(stripped);
    return k->form->shown;
}

/* ---- others ---- */

/* "GET user:*:cart": the command, and of its first argument the parts that do not vary. */
static const char *store_command(struct strbuf *out, const char *text)
{
    struct key_segment parts[KEY_SEGMENTS_MAX];
    size_t n = strcspn(text, " \t\r\n");
    const char *key = text + n + strspn(text + n, " \t\r\n");
    strbuf_clear(out);
    strbuf_add(out, text, MIN(n, (size_t)64));
    size_t key_len = strcspn(key, " \t\r\n");
    if (!key_len || !strncasecmp(text, "auth ", 5) ||
        !strncasecmp(text, "hello ", 6)) /* a password follows */
        return strbuf_text(out);
    strbuf_char(out, ' ');
    size_t n_parts = key_split(key, key_len, parts);
    for (size_t i = 0; i < n_parts; i++) {
        if (parts[i].separator)
            strbuf_char(out, parts[i].separator);
        strbuf_add(out, parts[i].text, parts[i].len);
        if (parts[i].varies)
            strbuf_char(out, '*');
    }
    return strbuf_text(out);
}

/* Behind a string that begins at `p`. */
static const char *string_end(const char *p)
{
    for (p++; *p && *p != '"'; p++)
        if (*p == '\\' && p[1])
            p++;
    return *p ? p + 1 : p;
}

/* Keys and what holds them together stay. The first value of all does, too: {"find": "orders", ...} names
 * what it is about. */
static const char *json_command(struct strbuf *out, const char *text)
{
    bool named = false;
    int depth = 0;
    strbuf_clear(out);
    for (const char *p = text, *end; *p; p = end) {
        if (*p == '"') {
            end = string_end(p);
            bool key = end[strspn(end, " \t\r\n")] == ':';
            if (key || (!named && depth == 1))
                strbuf_add(out, p, (size_t)(end - p));
            else
                strbuf_char(out, '?');
            named |= !key;
        } else if (strchr("{}[]:, \t\r\n", *p)) {
            end = p + 1;
            strbuf_char(out, *p);
            depth += *p == '{' || *p == '[' ? 1 : *p == '}' || *p == ']' ? -1 : 0;
            named |= depth > 1;
        } else {
            end = p + strcspn(p, "\"{}[]:, \t\r\n");
            strbuf_char(out, '?');
            named = true;
        }
    }
    return strbuf_text(out);
}

const char *span_statement_shown(struct span_statement *x, const char *text, const char *system)
{
    if (db_system_is_store(system))
        return store_command(&x->out, text);
    if (*text == '{' || *text == '[')
        return json_command(&x->out, text);
    return sql_shown(x, text, is_mysql(system));
}
