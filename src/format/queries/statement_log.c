#include "format/queries/statement_log.h"

#include <stdlib.h>

#include "base/num.h"
#include "core/endpoints/route.h"
#include "core/schema.h"
#include "core/sql/digest.h"
#include "core/sql/statement.h"

#define uthash_malloc(size) mem_realloc(NULL, size)
#define uthash_fatal(text)  abort()
#include <uthash.h>

#define STEP_NS (2 * SD_S)
enum { EMIT_MAX = 500, CACHE_BYTES = 8 << 20 };

/* A statement as it is parsed; that costs more than all else here, so it is done once for all texts that are
 * the same without their constants. */
struct form {
    uint64_t hash; /* of the text without its constants, as a scanner leaves it */
    char fingerprint[17];
    char *text, *route; /* route NULL: no tags */
    UT_hash_handle hh;
};

struct counted {
    char *key; /* database, role and fingerprint */
    struct sd_statement now;
    double square; /* of the calls' times */
    bool changed, fresh;
    UT_hash_handle hh;
};

struct statement_log {
    struct statement_log_options o;
    struct form *forms;
    size_t form_bytes;
    struct counted *counted;
    size_t n;
    int64_t calls;
    sd_time first, from, last; /* of the log; of the step that is open; newest end. SD_UNKNOWN */
    bool pending;
};

struct statement_log *statement_log_new(const struct statement_log_options *o)
{
    struct statement_log *l = mem_alloc(sizeof *l);
    l->o = *o;
    l->first = l->from = l->last = SD_UNKNOWN;
    return l;
}

static void forget_forms(struct statement_log *l)
{
    struct form *f, *next;
    HASH_ITER(hh, l->forms, f, next)
    {
        HASH_DEL(l->forms, f);
        free(f->text);
        free(f->route);
        free(f);
    }
    l->form_bytes = 0;
}

void statement_log_free(struct statement_log *l)
{
    struct counted *c, *next;
    if (!l)
        return;
    forget_forms(l);
    HASH_ITER(hh, l->counted, c, next)
    {
        HASH_DEL(l->counted, c);
        free((char *)c->now.text);
        free((char *)c->now.fingerprint);
        free((char *)c->now.route);
        free((char *)c->now.database);
        free((char *)c->now.role);
        free(c->key);
        free(c);
    }
    free(l);
}

/* ---- which statement ---- */

static char *route_of_tags(const char *text)
{
    struct sql_tags tags = {0};
    char folded[ROUTE_MAX], *route = NULL;
    if (sql_tags(text, &tags) && tags.route && route_fold_tag(tags.route, folded))
        route = tags.method ? mem_printf("%.16s %s", tags.method, folded) : mem_strdup(folded);
    sql_tags_free(&tags);
    return route;
}

/* `bare`: without tags; `scanned`: without constants. */
static void make_form(const struct statement_log *l, struct form *f, const char *bare, const char *scanned)
{
    if (l->o.mysql) {
        f->text = mem_strdup(scanned);
        sql_digest_fingerprint(scanned, f->fingerprint);
    } else {
        f->text = sql_hide_literals(bare);
        if (!sql_fingerprint(bare, f->fingerprint)) /* cut, or not SQL */
            sql_digest_fingerprint(f->text, f->fingerprint);
    }
}

static const struct form *form_of(struct statement_log *l, const char *text)
{
    char *cut = mem_strndup(text, strnlen(text, STATEMENT_LOG_TEXT_MAX)), *bare = sql_strip_tags(cut),
         *scanned = l->o.mysql ? sql_digest(bare) : sql_hide_expression(bare);
    struct form *f;
    uint64_t hash = str_hash(scanned, strlen(scanned));
    HASH_FIND(hh, l->forms, &hash, sizeof hash, f);
    if (!f) {
        if (l->form_bytes > CACHE_BYTES)
            forget_forms(l);
        f = mem_alloc(sizeof *f);
        f->hash = hash;
        f->route = route_of_tags(cut);
        make_form(l, f, bare, scanned);
        l->form_bytes += sizeof *f + strlen(f->text);
        HASH_ADD(hh, l->forms, hash, sizeof f->hash, f);
    }
    free(scanned);
    free(bare);
    free(cut);
    return f;
}

static struct counted *counted_of(struct statement_log *l, const struct logged_execution *x)
{
    static const struct form others = {.fingerprint = "other", .text = (char *)"(other statements)"};
    const struct form *f = form_of(l, x->text);
    struct counted *c;
    for (;;) {
        char *key =
            mem_printf("%s\n%s\n%s", x->database ? x->database : "", x->role ? x->role : "", f->fingerprint);
        HASH_FIND_STR(l->counted, key, c);
        if (!c && l->n >= l->o.max && f != &others) {
            free(key);
            f = &others;
            continue;
        }
        if (c) {
            free(key);
            return c;
        }
        c = mem_alloc(sizeof *c);
        c->key = key;
        break;
    }
    schema_clear(schema_of(SD_STATEMENT), &c->now);
    c->now.database = x->database && *x->database ? mem_strdup(x->database) : NULL;
    c->now.role = x->role && *x->role ? mem_strdup(x->role) : NULL;
    c->now.fingerprint = mem_strdup(f->fingerprint);
    c->now.text = mem_strdup(f->text);
    c->now.route = mem_strdup(f->route);
    c->now.since = l->first;
    c->now.calls = c->now.total_ns = 0;
    c->now.logged = 1;
    c->fresh = true;
    HASH_ADD_KEYPTR(hh, l->counted, c->key, strlen(c->key), c);
    l->n++;
    return c;
}

/* ---- handing out ---- */

static void emit_at(struct statement_log *l, sd_time at, bool all)
{
    struct sd_statement *records = mem_array(EMIT_MAX, sizeof *records);
    size_t n = 0;
    for (struct counted *c = l->counted; c; c = c->hh.next) {
        if (!c->changed && !all)
            continue;
        records[n] = c->now;
        records[n].absent_at = c->fresh ? l->from : SD_UNKNOWN;
        c->changed = c->fresh = false;
        if (++n == EMIT_MAX || all) {
            l->o.emit(l->o.ctx, at, records, n);
            n = 0;
        }
        if (all)
            break;
    }
    if (n)
        l->o.emit(l->o.ctx, at, records, n);
    free(records);
}

void statement_log_flush(struct statement_log *l)
{
    if (!l->pending)
        return;
    emit_at(l, l->last, false);
    l->from = l->last;
    l->pending = false;
}

/* The step that an execution belongs to; one that ended before the step began is late, and counts in it. */
static void step_to(struct statement_log *l, sd_time at, int64_t took)
{
    sd_time began = at - MIN(MAX(took, 0), STEP_NS / 2) - 1;
    if (!sd_known(l->first))
        l->first = l->from = began;
    if (at - l->from > STEP_NS) {
        statement_log_flush(l);
        /* Nothing was logged meanwhile: said by one that has not changed, so that growth is not dealt over
         * the gap. */
        if (began - l->from > STEP_NS && l->counted) {
            emit_at(l, began, true);
            l->from = began;
        }
    }
    l->last = MAX(MAX(l->last, at), l->from + 1);
}

static void square_add(struct counted *c, int64_t ns)
{
    struct sd_statement *s = &c->now;
    c->square += (double)ns * (double)ns;
    double n = (double)s->calls, mean = n > 0 ? (double)s->total_ns / n : 0,
           v = n > 0 ? c->square / n - mean * mean : 0;
    s->stddev_ns = v > 0 && v < 1e36 ? (int64_t)sqrt(v) : 0;
}

void statement_log_add(struct statement_log *l, const struct logged_execution *x)
{
    if (!sd_known(x->at) || x->at < 0 || !x->text || !*x->text || sql_is_tool(x->text))
        return;
    step_to(l, x->at, x->total_ns);
    struct counted *c = counted_of(l, x);
    struct sd_statement *s = &c->now;
    s->plan_ns = add_known(s->plan_ns, x->plan_ns);
    s->rows = add_known(s->rows, x->rows);
    s->rows_examined = add_known(s->rows_examined, x->rows_examined);
    s->temp_written = add_known(s->temp_written, x->temp_written);
    if (x->calls > 0 && sd_known(x->total_ns)) {
        s->calls += x->calls;
        s->total_ns = add_known(s->total_ns, x->total_ns);
        s->min_ns = sd_known(s->min_ns) ? MIN(s->min_ns, x->total_ns) : x->total_ns;
        s->max_ns = MAX(s->max_ns, x->total_ns);
        square_add(c, x->total_ns);
        l->calls += x->calls;
    }
    c->changed = l->pending = true;
}

bool statement_log_pending(const struct statement_log *l)
{
    return l->pending;
}

int64_t statement_log_calls(const struct statement_log *l)
{
    return l->calls;
}

sd_time statement_log_last(const struct statement_log *l)
{
    return l->last;
}
