/* plans.c - plans with the facts about tables and indexes that came along. */
#include "core/model/parts.h"

#include "base/units.h"
#include "core/job.h"
#include "core/sql/statement.h"

enum { PLANS_PER_QUERY = 16, NAME_BYTES = 256 };

struct plan_item {
    struct plan_entry entry;
    char *key;
    struct arena *arena;
    size_t bytes;
};

struct plans {
    struct plan_item *items; /* by time */
    size_t n, cap;
};

static void plan_free(struct part *p, struct plan_item *item)
{
    model_uncount(p, item->bytes);
    arena_free(item->arena);
}

static void plan_remove(struct part *p, size_t i)
{
    struct plans *x = p->state;
    plan_free(p, &x->items[i]);
    memmove(x->items + i, x->items + i + 1, (x->n - i - 1) * sizeof *x->items);
    x->n--;
}

static const void *keep_record(struct arena *a, enum sd_kind kind, const void *record)
{
    const struct sd_schema *sc = schema_of(kind);
    return schema_copy(sc, record, arena_alloc(a, schema_need(sc, record)));
}

static size_t count(const struct sd_batch *b, enum sd_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; b && batch_each(b, kind, &i);)
        n++;
    return n;
}

/* The statement a plan is of. A server's log may have neither identifier nor database, so its plans are
 * assigned to the query of another source, and that source stays the query's origin, because plans can be
 * requested from it. */
static struct query *query_of(struct model *m, struct origin *o, const struct sd_plan *r)
{
    char fingerprint[17];
    bool prints = !sd_known(r->query_id) && r->query && sql_fingerprint(r->query, fingerprint);
    const struct query *found = NULL;
    for (size_t i = 0; i < model_queries(m); i++) {
        const struct query *q = model_query(m, i);
        bool same =
            sd_known(r->query_id) ? q->by.id == r->query_id : prints && str_eq(q->fingerprint, fingerprint);
        if (!same || (r->database && q->database && !str_eq(q->database->text, r->database)))
            continue;
        if (!found || q->origin == o)
            found = q;
    }
    if (found) /* it may still lack its text */
        return query_seen(m, (struct origin *)found->origin, found->by.id,
                          found->database ? found->database->text : NULL,
                          found->by.fingerprint ? found->by.fingerprint->text : NULL, r->query, false);
    return query_seen(m, o, r->query_id, r->database, prints ? fingerprint : NULL, r->query, false);
}

/* The plan with its facts, those of `b`; NULL: without. `o` is where it came from, `q` what it is of; NULL.
 */
static struct plan_item item_of(const struct origin *o, const struct query *q, const struct sd_batch *b,
                                sd_time at, const struct sd_plan *r)
{
    struct plan_item p = {.arena = arena_new()};
    const struct sd_table **tables = arena_alloc(p.arena, count(b, SD_TABLE) * sizeof *tables);
    const struct sd_index **indexes = arena_alloc(p.arena, count(b, SD_INDEX) * sizeof *indexes);
    const void *fact;
    for (size_t i = 0; b && (fact = batch_each(b, SD_TABLE, &i));)
        tables[p.entry.n_tables++] = keep_record(p.arena, SD_TABLE, fact);
    for (size_t i = 0; b && (fact = batch_each(b, SD_INDEX, &i));)
        indexes[p.entry.n_indexes++] = keep_record(p.arena, SD_INDEX, fact);
    const struct sd_advice **advice = arena_alloc(p.arena, count(b, SD_ADVICE) * sizeof *advice);
    for (size_t i = 0; b && (fact = batch_each(b, SD_ADVICE, &i));)
        advice[p.entry.n_advice++] = keep_record(p.arena, SD_ADVICE, fact);
    p.entry.advice = advice;
    p.entry.tables = tables;
    p.entry.indexes = indexes;
    p.entry.plan = keep_record(p.arena, SD_PLAN, r);
    p.entry.at = at;
    p.entry.origin = o->name;
    p.key = q ? arena_strdup(p.arena, q->key) : NULL;
    p.entry.query_key = p.key;
    p.bytes = arena_bytes(p.arena);
    return p;
}

/* Of each query the newest are kept, and the oldest: it is what a newer one is compared
 * with, however often the statement was logged since. */
static void plans_bound(struct part *p, const char *key)
{
    struct plans *x = p->state;
    size_t same = 0, second = 0;
    for (size_t k = x->n; k-- > 0;) {
        if (!str_eq(x->items[k].key, key))
            continue;
        if (++same > PLANS_PER_QUERY) {
            plan_remove(p, second);
            break;
        }
        second = k;
    }
}

/* In the place of a plan for which there is no memory; `text` lives as long as the result is used. */
static struct sd_plan no_room(const struct sd_plan *r, size_t bytes, char *text, size_t size)
{
    char much[UNIT_TEXT_MAX];
    struct sd_plan none = *r;
    snprintf(text, size, "The plan takes %s, for which the memory of the history has no room.",
             unit_format(UNIT_BYTES, (double)bytes, much));
    none.query = none.body = NULL; /* the query has its text */
    none.database = r->database && strlen(r->database) < NAME_BYTES ? r->database : NULL;
    none.failed = text;
    return none;
}

static void plan_add(struct part *p, struct origin *o, const struct sd_batch *b, const struct sd_plan *r)
{
    enum { PART_OF_ALL = 2 };
    struct plans *x = p->state;
    struct sd_plan none;
    char why[128];
    /* One plan may be larger than the share of all; when memory is short it goes first. */
    bool fits = batch_bytes(b) <= p->model->limits.max_bytes / PART_OF_ALL;
    if (!fits) {
        none = no_room(r, batch_bytes(b), why, sizeof why);
        r = &none;
    }
    struct plan_item item = item_of(o, query_of(p->model, o, r), fits ? b : NULL, batch_time(b), r);
    model_count(p, item.bytes);

    /* Tries that failed one after the other shall not push out the plans there are. */
    for (size_t k = x->n; r->failed && k-- > 0;)
        if (x->items[k].entry.plan->failed && item.key && str_eq(x->items[k].key, item.key))
            plan_remove(p, k);
    x->items = model_grow(p, x->items, x->n, &x->cap, sizeof *x->items);
    size_t i = x->n;
    while (i > 0 && x->items[i - 1].entry.at > item.entry.at)
        i--;
    memmove(x->items + i + 1, x->items + i, (x->n - i) * sizeof *x->items);
    x->items[i] = item;
    x->n++;
    plans_bound(p, item.key);
}

/* A plan that was asked for and did not come: why, in its place. */
static void failure_add(struct part *p, struct origin *o, const struct sd_batch *b,
                        const struct sd_failure *f)
{
    const struct job *j = job_named(f->job);
    const struct query *q = f->about ? model_find_query(p->model, f->about) : NULL;
    if (!j || j->reply != SD_PLAN || !q)
        return;
    plan_add(p, o, b,
             &(struct sd_plan){.query_id = query_id(q),
                               .database = query_database(q),
                               .query = query_text(q),
                               .generic = SD_UNKNOWN,
                               .analyzed = j->id == SD_JOB_ANALYZE,
                               .failed = f->text ? f->text : "the source gave no reason"});
}

static void drop_oldest(struct part *p, size_t want)
{
    struct plans *x = p->state;
    while (p->bytes > want && x->n > 1)
        plan_remove(p, 0);
}

/* The last plan leaves why it is not there. */
static void give_up_last(struct part *p)
{
    struct plans *x = p->state;
    struct plan_item old = x->items[0];
    char why[128];
    struct sd_plan none = no_room(old.entry.plan, old.bytes, why, sizeof why);
    struct plan_item *item = &x->items[0];
    *item = (struct plan_item){.arena = arena_new()};
    item->key = old.key ? arena_strdup(item->arena, old.key) : NULL;
    item->entry = (struct plan_entry){.plan = keep_record(item->arena, SD_PLAN, &none),
                                      .at = old.entry.at,
                                      .origin = old.entry.origin,
                                      .query_key = item->key};
    item->bytes = arena_bytes(item->arena);
    model_count(p, item->bytes);
    plan_free(p, &old);
}

static bool plans_less(struct part *p, size_t want)
{
    struct plans *x = p->state;
    size_t held = p->bytes;
    drop_oldest(p, want);
    if (p->bytes > want && x->n == 1 && x->items[0].bytes > p->share)
        give_up_last(p);
    return p->bytes < held;
}

static void plans_apply(struct part *p, struct origin *o, const struct sd_batch *b)
{
    const struct sd_plan *r;
    const struct sd_failure *f;
    for (size_t i = 0; (r = batch_each(b, SD_PLAN, &i));)
        plan_add(p, o, b, r);
    for (size_t i = 0; (f = batch_each(b, SD_FAILURE, &i));)
        failure_add(p, o, b, f);
    queries_bound(p->model);
    drop_oldest(p, p->share); /* nothing else ends them: they do not age */
}

static void plans_clear(struct part *p)
{
    struct plans *x = p->state;
    for (size_t i = 0; i < x->n; i++)
        plan_free(p, &x->items[i]);
    model_resize(p, x->items, x->cap, 0, sizeof *x->items);
}

const struct domain plans_domain = {
    .name = "plans",
    .kinds = SD_KIND_BIT(SD_PLAN) | SD_KIND_BIT(SD_FAILURE),
    .is_data = true,
    .state_size = sizeof(struct plans),
    .apply = plans_apply,
    .less = plans_less,
    .clear = plans_clear,
};

/* ---- asking ---- */

bool model_plan(const struct model *m, const char *query_key, sd_time at, struct plan_entry *out)
{
    const struct plans *x = m->parts[DOMAIN_plans].state;
    const struct plan_entry *failed = NULL;
    for (size_t i = x->n; i-- > 0;) {
        const struct plan_entry *e = &x->items[i].entry;
        if (e->at > at || !str_eq(x->items[i].key, query_key))
            continue;
        if (e->plan->body && !e->plan->failed) {
            *out = *e;
            out->refused = failed ? failed->plan : NULL;
            return true;
        }
        if (!failed)
            failed = e;
    }
    if (failed)
        *out = *failed;
    return failed != NULL;
}

bool model_plan_nth(const struct model *m, const char *query_key, sd_time at, size_t nth,
                    struct plan_entry *out)
{
    const struct plans *x = m->parts[DOMAIN_plans].state;
    for (size_t i = x->n; i-- > 0;) {
        if (x->items[i].entry.at > at || !str_eq(x->items[i].key, query_key) || nth-- > 0)
            continue;
        *out = x->items[i].entry;
        return true;
    }
    return false;
}
