/* plans.c - plans with the facts about tables and indexes that came along. */
#include "core/model/parts.h"

#include "core/job.h"
#include "core/sql/statement.h"

enum { PLANS_PER_QUERY = 16 };

static void plan_free(struct model *m, struct plan_item *p)
{
    m->bytes -= p->bytes;
    m->plan_bytes -= p->bytes;
    arena_free(p->arena);
}

static void plan_remove(struct model *m, size_t i)
{
    plan_free(m, &m->plans[i]);
    memmove(m->plans + i, m->plans + i + 1, (m->n_plans - i - 1) * sizeof *m->plans);
    m->n_plans--;
}

static const void *keep(struct arena *a, enum sd_kind kind, const void *record)
{
    const struct sd_schema *sc = schema_of(kind);
    return schema_copy(sc, record, arena_alloc(a, schema_need(sc, record)));
}

static size_t count(const struct sd_batch *b, enum sd_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; batch_each(b, kind, &i);)
        n++;
    return n;
}

/* The statement a plan is of. A server's log may say neither identifier nor database, and
 * its plans belong to what another source told of the statement: whoever can be asked
 * for a plan stays the query's origin. */
static struct query *query_of(struct model *m, struct origin *o, const struct sd_plan *r)
{
    char fingerprint[17];
    bool prints = !sd_known(r->query_id) && r->query && sql_fingerprint(r->query, fingerprint);
    const struct query *found = NULL;
    for (size_t i = 0; i < m->n_queries; i++) {
        const struct query *q = m->queries[i];
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

static void plan_add(struct model *m, struct origin *o, const struct sd_batch *b, const struct sd_plan *r)
{
    if (batch_bytes(b) > m->limits.max_bytes / 8)
        return;
    struct query *q = query_of(m, o, r);
    struct plan_item p = {.arena = arena_new()};
    const struct sd_table **tables = arena_alloc(p.arena, count(b, SD_TABLE) * sizeof *tables);
    const struct sd_index **indexes = arena_alloc(p.arena, count(b, SD_INDEX) * sizeof *indexes);
    const void *fact;
    for (size_t i = 0; (fact = batch_each(b, SD_TABLE, &i));)
        tables[p.entry.n_tables++] = keep(p.arena, SD_TABLE, fact);
    for (size_t i = 0; (fact = batch_each(b, SD_INDEX, &i));)
        indexes[p.entry.n_indexes++] = keep(p.arena, SD_INDEX, fact);
    const struct sd_advice **advice = arena_alloc(p.arena, count(b, SD_ADVICE) * sizeof *advice);
    for (size_t i = 0; (fact = batch_each(b, SD_ADVICE, &i));)
        advice[p.entry.n_advice++] = keep(p.arena, SD_ADVICE, fact);
    p.entry.advice = advice;
    p.entry.tables = tables;
    p.entry.indexes = indexes;
    p.entry.plan = keep(p.arena, SD_PLAN, r);
    p.entry.at = batch_time(b);
    p.entry.origin = o->name;
    p.key = q ? arena_strdup(p.arena, q->key) : NULL;
    p.entry.query_key = p.key;
    p.bytes = arena_bytes(p.arena);
    m->bytes += p.bytes;
    m->plan_bytes += p.bytes;

    /* Tries that failed one after the other shall not push out the plans there are. */
    for (size_t k = m->n_plans; r->failed && k-- > 0;)
        if (m->plans[k].entry.plan->failed && p.key && str_eq(m->plans[k].key, p.key))
            plan_remove(m, k);
    size_t i = m->n_plans, same = 0, second = 0;
    while (i > 0 && m->plans[i - 1].entry.at > p.entry.at)
        i--;
    if (m->n_plans == m->cap_plans) {
        size_t want = m->cap_plans ? m->cap_plans * 2 : 8;
        m->plans = model_resize(m, m->plans, m->cap_plans, want, sizeof *m->plans);
        m->cap_plans = want;
    }
    memmove(m->plans + i + 1, m->plans + i, (m->n_plans - i) * sizeof *m->plans);
    m->plans[i] = p;
    m->n_plans++;
    /* The oldest stays: it is what a newer one is compared with, however often the
     * statement was logged since. */
    for (size_t k = m->n_plans; k-- > 0;) {
        if (!str_eq(m->plans[k].key, p.key))
            continue;
        if (++same > PLANS_PER_QUERY) {
            plan_remove(m, second);
            break;
        }
        second = k;
    }
    while (m->plan_bytes > m->limits.max_bytes / 8 && plans_shorten(m))
        ;
}

/* A plan that was asked for and did not come: why, in its place. */
static void failure_add(struct model *m, struct origin *o, const struct sd_batch *b,
                        const struct sd_failure *f)
{
    const struct job *j = job_named(f->job);
    const struct query *q = f->about ? model_find_query(m, f->about) : NULL;
    if (!j || j->reply != SD_PLAN || !q)
        return;
    plan_add(m, o, b,
             &(struct sd_plan){.query_id = query_id(q),
                               .database = query_database(q),
                               .query = query_text(q),
                               .generic = SD_UNKNOWN,
                               .analyzed = j->id == SD_JOB_ANALYZE,
                               .failed = f->text ? f->text : "the source did not say why"});
}

void plans_apply(struct model *m, struct origin *o, const struct sd_batch *b)
{
    const struct sd_plan *r;
    const struct sd_failure *f;
    for (size_t i = 0; (r = batch_each(b, SD_PLAN, &i));)
        plan_add(m, o, b, r);
    for (size_t i = 0; (f = batch_each(b, SD_FAILURE, &i));)
        failure_add(m, o, b, f);
}

bool plans_shorten(struct model *m)
{
    if (m->n_plans < 2)
        return false;
    plan_remove(m, 0);
    return true;
}

void plans_free(struct model *m)
{
    for (size_t i = 0; i < m->n_plans; i++)
        plan_free(m, &m->plans[i]);
    m->plans = model_resize(m, m->plans, m->cap_plans, 0, sizeof *m->plans);
    m->n_plans = m->cap_plans = 0;
}

bool model_plan(const struct model *m, const char *query_key, sd_time at, struct plan_entry *out)
{
    const struct plan_entry *failed = NULL;
    for (size_t i = m->n_plans; i-- > 0;) {
        const struct plan_entry *e = &m->plans[i].entry;
        if (e->at > at || !str_eq(m->plans[i].key, query_key))
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
    for (size_t i = m->n_plans; i-- > 0;) {
        if (m->plans[i].entry.at > at || !str_eq(m->plans[i].key, query_key) || nth-- > 0)
            continue;
        *out = m->plans[i].entry;
        return true;
    }
    return false;
}
