/* advise_action.c - the search for the indexes that the statements of a database miss. */
#include "view/indexes/advise.h"

#include <stdlib.h>

#include "core/table.h"
#include "view/action.h"

enum { INDEXES_MAX = 8192 };
#define LIMIT_NS (180 * SD_S)

/* The database to search for, and how many it could be. */
struct found {
    const char *database, *origin;
    size_t n;
    bool any; /* of the right name or not */
};

static void add_found(struct found *f, const char *wanted, const char *origin, const char *database)
{
    if (!origin || !database)
        return;
    f->any = true;
    if ((wanted && !str_eq(wanted, database)) ||
        (f->n && str_eq(f->database, database) && str_eq(f->origin, origin)))
        return;
    f->database = database;
    f->origin = origin;
    f->n++;
}

/* Those that statements or listings of indexes are known of. */
static void find_known(const struct model *m, const char *wanted, struct found *f)
{
    struct index_entry *e = mem_array(INDEXES_MAX, sizeof *e);
    size_t n = model_indexes(m, SPAN_ALL, INT64_MAX, e, INDEXES_MAX);
    for (size_t i = 0; i < model_queries(m); i++)
        add_found(f, wanted, query_origin(model_query(m, i)), query_database(model_query(m, i)));
    for (size_t i = 0; i < n; i++)
        add_found(f, wanted, e[i].origin, e[i].x->database);
    free(e);
}

/* The database of what is selected, or of what the view is about, or the only one there is. */
static struct found find_database(const struct action_ctx *c)
{
    struct found f = {0};
    bool queried = c->row && str_eq(c->row->dive.view, "query") && c->row->dive.arg;
    const struct query *q = queried ? model_find_query(c->view.model, c->row->dive.arg) : NULL;
    const struct advice_entry *shown =
        c->on == &advise_view ? model_advice(c->view.model, c->view.arg, INT64_MAX) : NULL;
    if (q)
        add_found(&f, NULL, query_origin(q), query_database(q));
    else if (shown && shown->whole)
        add_found(&f, NULL, shown->origin, shown->whole->database);
    if (!f.n)
        find_known(c->view.model, action_row_text(c, "database"), &f);
    return f;
}

static bool can_search(const struct action_ctx *c, struct sd_error *why)
{
    int64_t bytes;
    if (c->running)
        return fail(why, "One at a time: %s still runs on %s", c->running->job->title, c->running->where);
    if (c->arg && !unit_parse_bytes(c->arg, &bytes, why))
        return false;
    struct found f = find_database(c);
    if (!f.any)
        return fail(why, "No open source can search for indexes");
    return f.n == 1 || fail(why, "Select a query or an index first: the search is for all statements of "
                                 "its database");
}

static void run_search(const struct action_ctx *c, struct outcome *out)
{
    struct found f = find_database(c);
    int64_t budget = SD_UNKNOWN;
    struct sd_error ignored;
    if (c->arg && !unit_parse_bytes(c->arg, &budget, &ignored))
        budget = SD_UNKNOWN;
    struct sd_job_advise *args = arena_alloc(out->arena, sizeof *args);
    *args = (struct sd_job_advise){.database = arena_strdup(out->arena, f.database),
                                   .limit_ns = LIMIT_NS,
                                   .budget_bytes = budget,
                                   .literals = 0};
    const char *where = arena_printf(out->arena, "%s@%s", f.database, f.origin);
    out->order = (struct job_order){.job = job_of(SD_JOB_ADVISE),
                                    .args = args,
                                    .origin = arena_strdup(out->arena, f.origin),
                                    .where = where,
                                    .about = where,
                                    .view = "advise"};
}

static const struct view_action FIND_INDEX = {
    .name = "find-index",
    .keys = "a",
    .group = "Diving",
    .help = "search for the indexes the database misses",
    .on_server = "search for indexes",
    .args = "[SIZE]",
    .args_help = "the indexes a database misses, of at most SIZE: 500MB",
    .enabled = can_search,
    .run = run_search,
};

const struct view_action *const advise_actions[] = {&FIND_INDEX, NULL};
