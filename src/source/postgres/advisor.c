#include "source/postgres/advisor_private.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

#define STATEMENT_NS (10 * SD_S) /* statement_timeout */

#define TRANSACTION_NS (250 * SD_MS) /* then locks are let go for a moment */

#define SAMPLE_PAGES       300
#define SAMPLE_PAGES_WHOLE 600 /* for a whole workload */

#define LINGER 64 /* hypothetical indexes of other tables that may stay */

#define MAX_PARAMETERS 65535 /* as the protocol has them */

/* ---- statements of ours ---- */

bool advisor_stopped(const struct advisor *a)
{
    struct sd_source *s = a->conn->p->s;
    return s->host->should_stop(s) || (s->host->withdrawn && s->host->withdrawn(s));
}

static bool may_ask(const struct advisor *a, struct sd_error *err)
{
    if (advisor_stopped(a))
        return fail(err, "stopped");
    return !a->deadline || clock_mono() < a->deadline || fail(err, "there was not enough time");
}

static bool ask(struct advisor *a, const char *sql, int n, const char *const *values, bool binary,
                PGresult **r, struct sd_error *err)
{
    *r = NULL;
    if (!may_ask(a, err))
        return false;
    if (a->meanwhile)
        a->meanwhile(a->conn->p);
    enum sd_result result = conn_query(a->conn, sql, n, values, binary, r, err);
    if (result == SD_NODATA)
        fail(err, "stopped");
    return result == SD_OK;
}

static bool command(struct advisor *a, const char *sql, struct sd_error *err)
{
    PGresult *r = NULL;
    bool ok = ask(a, sql, 0, NULL, false, &r, err);
    PQclear(r);
    return ok;
}

void advisor_transaction_end(struct advisor *a)
{
    if (a->in_transaction)
        conn_end(a->conn);
    a->in_transaction = false;
    a->state[0] = a->role[0] = '\0';
}

bool advisor_transaction(struct advisor *a, struct sd_error *err)
{
    if (a->in_transaction && clock_mono() - a->since > TRANSACTION_NS)
        advisor_transaction_end(a);
    if (a->in_transaction)
        return true;
    if (!may_ask(a, err))
        return false;
    enum sd_result result = conn_begin(a->conn, a->conn->timeout, err);
    if (result == SD_NODATA)
        fail(err, "stopped");
    a->in_transaction = result == SD_OK;
    a->since = clock_mono();
    return a->in_transaction &&
           command(a, OWN_TAG "SELECT pg_catalog.set_config('plan_cache_mode', 'force_generic_plan', true)",
                   err);
}

bool advisor_checked(struct advisor *a, enum sd_result result, struct sd_error *err)
{
    struct sd_error why = *err;
    if (result == SD_OK)
        return true;
    advisor_transaction_end(a); /* what a check sets for its own queries goes with it */
    *err = why;
    return result == SD_NODATA ? fail(err, "stopped") : false;
}

/* Within a transaction: may the statement be planned, and as whom? Once for as long as the
 * catalog stays as it is. */
static bool may_plan(struct advisor *a, struct statement *st, struct sd_error *err)
{
    enum sd_result result = SD_OK;
    if (!a->state[0])
        result = harmless_state(a->conn, a->state, err);
    if (result == SD_OK && strcmp(st->pass.state, a->state) != 0) {
        if (a->role[0])
            result = harmless_role(a->conn, "", err);
        if (result == SD_OK)
            result = harmless_plan(a->conn, st->sql, a->unattended, &st->pass, err);
        memcpy(a->state, st->pass.state, sizeof a->state);
    } else if (result == SD_OK && strcmp(st->pass.role, a->role) != 0) {
        result = harmless_role(a->conn, st->pass.role, err);
    }
    memcpy(a->role, st->pass.role, sizeof a->role);
    return advisor_checked(a, result, err);
}

static bool find_hypopg(struct advisor *a, struct sd_error *err)
{
    PGresult *r;
    if (!ask(a,
             OWN_TAG "SELECT pg_catalog.current_setting('random_page_cost')::pg_catalog.float8, "
                     "pg_catalog.current_setting('cpu_operator_cost')::pg_catalog.float8, "
                     "pg_catalog.current_setting('search_path')",
             0, NULL, true, &r, err))
        return false;
    a->random_page_cost = conn_real(r, 0, 0);
    a->cpu_operator_cost = conn_real(r, 0, 1);
    a->session_path = mem_strdup(conn_text(r, 0, 2));
    PQclear(r);
    a->conn->path = "pg_catalog";
    if (!ask(a,
             OWN_TAG "SELECT pg_catalog.quote_ident(n.nspname)::text FROM pg_catalog.pg_extension e JOIN "
                     "pg_catalog.pg_namespace n"
                     " ON n.oid = e.extnamespace WHERE e.extname = 'hypopg'",
             0, NULL, true, &r, err))
        return false;
    /* Hypothetical indexes belong to the server session: a pooler gives it to others. */
    a->pooled = PQntuples(r) && a->conn->pooled;
    if (PQntuples(r) && !a->conn->pooled)
        a->hypopg = mem_strdup(conn_text(r, 0, 0));
    PQclear(r);
    return true;
}

struct advisor *advisor_borrow(struct conn *c, int64_t limit, bool unattended, struct sd_error *err)
{
    struct advisor *a = mem_alloc(sizeof *a);
    a->unattended = unattended;
    a->conn = c;
    a->callers_path = c->path;
    a->deadline = clock_mono() + limit;
    a->sample_pages = SAMPLE_PAGES;
    c->timeout = MIN(limit, STATEMENT_NS);
    if (find_hypopg(a, err))
        return a;
    advisor_close(a);
    return NULL;
}

void advisor_whole(struct advisor *a, void (*meanwhile)(struct postgres *p))
{
    a->sample_pages = SAMPLE_PAGES_WHOLE;
    a->meanwhile = meanwhile;
}

void advisor_close(struct advisor *a)
{
    struct sd_error ignored;
    if (!a)
        return;
    a->deadline = 0;
    advisor_transaction_end(a);
    if (a->conn->pg && a->hypopg) {
        char *reset = mem_printf(OWN_TAG "SELECT %s.hypopg_reset()", a->hypopg);
        command(a, reset, &ignored);
        free(reset);
    }
    /* Some poolers hand the session on under its own process id. */
    if (a->conn->pg && a->prepares)
        command(a, OWN_TAG "DEALLOCATE ALL", &ignored);
    for (size_t i = 0; i < a->n_statements; i++) {
        free(a->statements[i].explain);
        free(a->statements[i].generic);
        free(a->statements[i].sql);
        free(a->statements[i].tables);
        for (size_t k = 0; k < a->statements[i].n_first; k++)
            free(a->statements[i].first[k].sql);
        free(a->statements[i].first);
        advisor_free_scans(&a->statements[i]);
        free(a->statements[i].scans);
    }
    for (size_t i = 0; i < a->n_candidates; i++)
        free(a->candidates[i].ddl);
    free(a->statements);
    free(a->candidates);
    free(a->hypopg);
    free(a->session_path);
    a->conn->path = a->callers_path;
    free(a);
}

bool advisor_can_prove(const struct advisor *a)
{
    return a->hypopg != NULL;
}

const char *advisor_why_unproven(const struct advisor *a)
{
    return a->pooled
               ? "a connection pooler stands between, and HypoPG's indexes would stay on a server session "
                 "that others use: name the server itself"
               : "HypoPG is not installed; CREATE EXTENSION hypopg would prove it";
}

int64_t advisor_calls(const struct advisor *a)
{
    return a->calls;
}

/* ---- the workload ---- */

bool advisor_statements(struct advisor *a, size_t most, struct advisor_statement **out, size_t *n,
                        struct sd_error *err)
{
    PGresult *r;
    *out = NULL;
    *n = 0;
    if (!ask(a,
             OWN_TAG "SELECT pg_catalog.quote_ident(n.nspname)::text FROM pg_catalog.pg_extension e JOIN "
                     "pg_catalog.pg_namespace n"
                     " ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'",
             0, NULL, true, &r, err))
        return false;
    char *schema = PQntuples(r) ? mem_strdup(conn_text(r, 0, 0)) : NULL;
    PQclear(r);
    if (!schema)
        return fail(err, "pg_stat_statements is not installed in this database: CREATE EXTENSION "
                         "pg_stat_statements, or name "
                         "the statements with --workload");
    /* The time's name changed in 1.8: by way of JSON it does not matter. */
    char *sql = mem_printf(
        OWN_TAG
        "SELECT queryid::int8, min(query)::text, sum(calls)::float8, "
        "sum(coalesce((j->>'total_exec_time')::float8,"
        " (j->>'total_time')::float8)) t FROM (SELECT s.queryid, s.query, s.calls, pg_catalog.to_jsonb(s) j"
        " FROM %s.pg_stat_statements s WHERE s.dbid = (SELECT oid FROM pg_catalog.pg_database"
        " WHERE datname = pg_catalog.current_database()) AND NOT " OWN_TEXT(
            "s.query") " AND s.query !~* "
                       "'(hypopg|pg_stat_[a-z_]*reset)[a-z_]*[[:space:]]*[(]') x"
                       " WHERE query ~* "
                       "'^[[:space:](]*(/\\*.*\\*/"
                       ")?[[:space:](]*(select|with|update|delete|insert|merge|values|table)\\M'"
                       " GROUP BY 1 ORDER BY t DESC NULLS LAST LIMIT %zu",
        schema, most);
    free(schema);
    bool ok = ask(a, sql, 0, NULL, true, &r, err);
    free(sql);
    if (!ok)
        return false;
    *out = mem_array((size_t)PQntuples(r), sizeof **out);
    for (int i = 0; i < PQntuples(r); i++)
        if (!sql_is_tool(conn_text(r, i, 1)))
            (*out)[(*n)++] = (struct advisor_statement){conn_int(r, i, 0), conn_real(r, i, 2),
                                                        mem_strdup(conn_text(r, i, 1))};
    PQclear(r);
    return true;
}

void advisor_statements_free(struct advisor_statement *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(s[i].text);
    free(s);
}

static size_t add_statement(struct advisor *a, const char *sql, struct sd_error *err)
{
    struct statement st = {.cost = NAN};
    int n = sql_parameters(sql);
    if (!sql_may_explain(sql, err))
        return SIZE_MAX;
    if (n > MAX_PARAMETERS) {
        fail(err, "the statement has more than %d parameters", MAX_PARAMETERS);
        return SIZE_MAX;
    }
    st.sql = mem_strdup(sql);
    if (!advisor_transaction(a, err) || !may_plan(a, &st, err)) {
        free(st.sql);
        return SIZE_MAX;
    }
    if (!n) {
        st.explain = mem_printf(OWN_TAG "EXPLAIN (FORMAT JSON)\n%s", sql);
    } else if (a->conn->pooled) {
        st.generic = explain_rewrite(sql);
        st.n_parameters = n;
    } else {
        char *text = explain_rewrite(sql), name[48];
        bool ok = advisor_transaction(a, err);
        snprintf(name, sizeof name, "slowdive_advise_%zu", a->n_statements);
        if (ok && explain_prepare(a->conn, name, text, n, err) != SD_OK) {
            struct sd_error why = *err;
            advisor_transaction_end(a);
            *err = why;
            ok = false;
        }
        free(text);
        if (!ok) {
            free(st.sql);
            return SIZE_MAX;
        }
        struct strbuf b = {0};
        strbuf_printf(&b, OWN_TAG "EXPLAIN (FORMAT JSON) EXECUTE %s(", name);
        for (int i = 0; i < n; i++)
            strbuf_str(&b, i ? ", NULL" : "NULL");
        strbuf_char(&b, ')');
        st.explain = strbuf_detach(&b);
        st.prepared = a->prepares = true;
    }
    a->statements = mem_grow(a->statements, a->n_statements, &a->cap_statements, sizeof *a->statements);
    a->statements[a->n_statements] = st;
    return a->n_statements++;
}

size_t advisor_add(struct advisor *a, const char *sql, struct sd_error *err)
{
    char *whole = sql_expand_lists(sql);
    size_t added = add_statement(a, whole, err);
    free(whole);
    return added;
}

void advisor_tables(struct advisor *a, size_t statement, const int64_t *oids, size_t n)
{
    struct statement *st = &a->statements[statement];
    free(st->tables);
    st->tables = mem_array(n + 1, sizeof *oids);
    memcpy(st->tables, oids, n * sizeof *oids);
    st->n_tables = n;
}

void advisor_first(struct advisor *a, size_t statement, int64_t oid, const char *sql)
{
    struct statement *st = &a->statements[statement];
    if (!sql || !a->hypopg)
        return;
    st->first = mem_grow(st->first, st->n_first, &st->cap_first, sizeof *st->first);
    st->first[st->n_first++] = (struct first_form){.table = oid, .sql = mem_strdup(sql), .handle = SIZE_MAX};
}

size_t advisor_index(struct advisor *a, const char *ddl, int64_t oid, bool first)
{
    for (size_t i = 0; i < a->n_candidates; i++)
        if (a->candidates[i].table == oid && !strcmp(a->candidates[i].ddl, ddl))
            return i;
    a->candidates = mem_grow(a->candidates, a->n_candidates, &a->cap_candidates, sizeof *a->candidates);
    a->candidates[a->n_candidates] =
        (struct candidate){.ddl = mem_strdup(ddl), .table = oid, .first = first, .bytes = NAN};
    return a->n_candidates++;
}

void advisor_expect(struct advisor *a, size_t index, double bytes, double rows, double heap_pages,
                    double found)
{
    a->candidates[index].found = found;
    a->candidates[index].heap_pages = heap_pages;
    a->candidates[index].bytes = bytes;
    a->candidates[index].rows = rows;
}

/* ---- what if ---- */

/* Those of tables the statement does not read may stay: another one wants them soon. */
static bool in_the_way(const struct statement *st, const struct candidate *c, size_t there)
{
    bool reads = !st->tables || !c->table || there > LINGER;
    for (size_t i = 0; i < st->n_tables && !reads; i++)
        reads = st->tables[i] == c->table;
    return reads;
}

/* "SELECT hypopg_drop_index(...), ..." of what must not be there; empty: nothing. */
static void drop_others(struct advisor *a, const struct statement *st, struct strbuf *b)
{
    size_t there = 0;
    for (size_t i = 0; i < a->n_candidates; i++)
        there += a->candidates[i].oid != 0;
    for (size_t i = 0; i < a->n_candidates; i++) {
        struct candidate *c = &a->candidates[i];
        if (!c->oid || c->wanted || !in_the_way(st, c, there))
            continue;
        strbuf_printf(b, "%s %s.hypopg_drop_index(%lld::pg_catalog.oid)", b->len ? "," : "SELECT", a->hypopg,
                      (long long)c->oid);
        c->oid = 0;
    }
}

static void there(struct candidate *c, const PGresult *r, int row)
{
    c->oid = conn_int(r, row, 0);
    c->hypo_pages = (double)conn_int(r, row, 1) / 8192;
}

static bool create_one(struct advisor *a, struct candidate *c)
{
    struct sd_error why;
    PGresult *r = NULL;
    char *sql = mem_printf(
        OWN_TAG "SELECT h.indexrelid::pg_catalog.int8, %s.hypopg_relation_size(h.indexrelid)::pg_catalog.int8"
                " FROM %s.hypopg_create_index($1) h",
        a->hypopg, a->hypopg);
    const char *values[] = {c->ddl};
    bool ok = command(a, OWN_TAG "SAVEPOINT slowdive_index", &why) &&
              ask(a, sql, 1, values, true, &r, &why) && PQntuples(r) == 1;
    if (ok)
        there(c, r, 0);
    else
        c->refused = true;
    c->accepted = ok;
    command(a,
            ok ? OWN_TAG "RELEASE SAVEPOINT slowdive_index" : OWN_TAG "ROLLBACK TO SAVEPOINT slowdive_index",
            &why);
    PQclear(r);
    free(sql);
    return ok;
}

/* After a failure nobody knows which are there. */
static void forget_indexes(struct advisor *a)
{
    struct sd_error ignored;
    char *reset = mem_printf(OWN_TAG "SELECT %s.hypopg_reset()", a->hypopg);
    if (command(a, reset, &ignored))
        for (size_t i = 0; i < a->n_candidates; i++)
            a->candidates[i].oid = 0;
    free(reset);
}

/* All at once, what is in the way dropped before; when the server refuses one, one by one. */
static bool create_wanted(struct advisor *a, const char *drops, struct sd_error *err)
{
    struct strbuf b = {0};
    size_t *order = mem_array(a->n_candidates + 1, sizeof *order), n = 0;
    bool sure = true;
    strbuf_printf(
        &b,
        OWN_TAG
        "SELECT h.indexrelid::pg_catalog.int8, %s.hypopg_relation_size(h.indexrelid)::pg_catalog.int8 FROM ",
        a->hypopg);
    if (*drops)
        strbuf_printf(&b, "(%s OFFSET 0) d, ", drops);
    strbuf_str(&b, "(VALUES");
    for (size_t i = 0; i < a->n_candidates; i++) {
        const struct candidate *c = &a->candidates[i];
        if (!c->wanted || c->oid || c->refused)
            continue;
        char *literal = PQescapeLiteral(a->conn->pg, c->ddl, strlen(c->ddl));
        strbuf_printf(&b, "%s(%zu, %s)", n ? ", " : " ", n, literal ? literal : "NULL");
        PQfreemem(literal);
        sure = sure && c->accepted;
        order[n++] = i;
    }
    strbuf_printf(&b, ") v(o, s), LATERAL %s.hypopg_create_index(v.s) h ORDER BY v.o", a->hypopg);
    bool ok = true;
    if (n) {
        PGresult *r = NULL;
        struct sd_error why;
        ok = sure || command(a, OWN_TAG "SAVEPOINT slowdive_index", err);
        if (ok && ask(a, b.text, 0, NULL, true, &r, sure ? err : &why) && (size_t)PQntuples(r) == n) {
            for (size_t i = 0; i < n; i++) {
                there(&a->candidates[order[i]], r, (int)i);
                a->candidates[order[i]].accepted = true;
            }
        } else if (ok && sure) {
            ok = false;
        } else if (ok) {
            /* Those made before the refusal stay behind: all are made anew. */
            ok = command(a, OWN_TAG "ROLLBACK TO SAVEPOINT slowdive_index", err);
            if (ok)
                forget_indexes(a);
            for (size_t i = 0; ok && i < a->n_candidates; i++)
                if (a->candidates[i].wanted && !a->candidates[i].refused)
                    create_one(a, &a->candidates[i]);
        }
        PQclear(r);
        if (!sure)
            command(a, OWN_TAG "RELEASE SAVEPOINT slowdive_index", &why);
    } else if (*drops) {
        ok = command(a, drops, err);
    }
    strbuf_free(&b);
    free(order);
    return ok;
}

static bool explain(struct advisor *a, struct statement *st, cJSON **tree, struct sd_error *err)
{
    PGresult *r = NULL;
    a->conn->sqlstate[0] = '\0'; /* that of an earlier statement */
    if (!may_plan(a, st, err))
        return false;
    /* A prepared statement would keep the plan it has. */
    if (st->prepared && !command(a, OWN_TAG "DISCARD PLANS", err))
        return false;
    a->calls++;
    if (st->generic) {
        char *body = NULL;
        if (may_ask(a, err) && explain_generic(a->conn, st->generic, st->n_parameters,
                                               OWN_TAG "EXPLAIN (FORMAT JSON)", &body, err) == SD_OK)
            *tree = cJSON_Parse(body);
        else
            return false;
        free(body);
        return *tree || fail(err, "the server gave no plan");
    }
    if (!ask(a, st->explain, 0, NULL, false, &r, err))
        return false;
    *tree = cJSON_Parse(conn_text(r, 0, 0));
    PQclear(r);
    return *tree || fail(err, "the server gave no plan");
}

char *advisor_plan(struct advisor *a, size_t statement, const size_t *indexes, size_t n, struct sd_error *err)
{
    double cost;
    bool *used = mem_array(n + 1, sizeof *used);
    a->keep_plan = true;
    a->plan = NULL;
    advisor_cost(a, statement, indexes, n, &cost, used, err);
    a->keep_plan = false;
    free(used);
    return a->plan;
}

double advisor_read(const struct advisor *a)
{
    return a->read;
}

/* Rows of the first scan. Below a Gather the plan tells those of one process: each worker
 * counts for one, the leader for what it has left (get_parallel_divisor). */
static double first_scan(const cJSON *plan)
{
    double processes = 1;
    for (const cJSON *down; (down = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(plan, "Plans"), 0));
         plan = down) {
        double workers = advisor_number(plan, "Workers Planned");
        if (workers > 0)
            processes = workers + MAX(0, 1 - 0.3 * workers);
    }
    return advisor_number(plan, "Plan Rows") * processes;
}

/* The cost of a statement's plan with the hypothetical indexes that are there. */
static bool price(struct advisor *a, size_t statement, const size_t *indexes, size_t n, double *cost,
                  bool *used, struct sd_error *err)
{
    struct statement *st = &a->statements[statement];
    cJSON *tree = NULL;
    if (!explain(a, st, &tree, err)) {
        explain_advise(a->conn->p, a->conn, err);
        return false;
    }
    const cJSON *plan = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(tree, 0), "Plan");
    const cJSON *total = cJSON_GetObjectItemCaseSensitive(plan, "Total Cost");
    bool ok = cJSON_IsNumber(total) || fail(err, "the server's plan has no cost");
    struct reading r = {.a = a, .indexes = indexes, .n = n, .used = used};
    struct fix f = advisor_read_node(&r, plan, 1);
    a->read = st->read = first_scan(plan);
    if (a->keep_plan) {
        free(a->plan);
        a->plan = cJSON_PrintUnformatted(tree);
    }
    advisor_free_scans(st);
    advisor_read_scans(st, plan, (struct context){1, NAN, NAN, NAN, NULL, NAN});
    if (ok)
        *cost = st->cost = MAX(total->valuedouble + f.total, 0.1 * total->valuedouble);
    double corrected = ok && total->valuedouble > 0 ? MIN(1, *cost / total->valuedouble) : 1;
    for (size_t i = 0; i < st->n_scans; i++) {
        st->scans[i].cost *= corrected;
        st->scans[i].limit_cost *= corrected;
    }
    cJSON_Delete(tree);
    return ok;
}

/* Is one of the wanted indexes on the table known to HypoPG only where the table is the first? */
static bool wants_first(const struct advisor *a, int64_t table, const size_t *indexes, size_t n,
                        const bool *used)
{
    for (size_t i = 0; i < n; i++) {
        const struct candidate *c = &a->candidates[indexes[i]];
        if (c->first && c->table == table && !c->refused && !used[i])
            return true;
    }
    return false;
}

/* The statement of a form; SIZE_MAX: the server does not take it. */
static size_t form_of(struct advisor *a, size_t statement, size_t form)
{
    struct first_form *f = &a->statements[statement].first[form];
    struct sd_error ignored;
    if (f->tried)
        return f->handle;
    f->tried = true;
    size_t handle = advisor_add(a, f->sql, &ignored); /* moves the statements */
    struct statement *st = &a->statements[statement];
    st->first[form].handle = handle;
    if (handle != SIZE_MAX)
        advisor_tables(a, handle, st->tables, st->n_tables);
    return handle;
}

/* What each table saves when it is the first, of what the statement costs as it is. */
static void price_first(struct advisor *a, size_t statement, const size_t *indexes, size_t n, double *cost,
                        bool *used)
{
    double whole = *cost, saved = 0;
    bool *then = mem_array(n + 1, sizeof *then);
    for (size_t f = 0; a->hypopg && !a->keep_plan && f < a->statements[statement].n_first; f++) {
        double now;
        struct sd_error ignored;
        if (!wants_first(a, a->statements[statement].first[f].table, indexes, n, used))
            continue;
        size_t form = form_of(a, statement, f);
        memset(then, 0, (n + 1) * sizeof *then);
        if (form == SIZE_MAX || !advisor_transaction(a, &ignored) ||
            !price(a, form, indexes, n, &now, then, &ignored) || !(now < whole * 0.999))
            continue;
        saved += whole - now;
        for (size_t i = 0; i < n; i++)
            used[i] = used[i] || then[i];
    }
    *cost = MAX(whole - saved, 0.01 * whole);
    free(then);
}

bool advisor_cost(struct advisor *a, size_t statement, const size_t *indexes, size_t n, double *cost,
                  bool *used, struct sd_error *err)
{
    struct statement *st = &a->statements[statement];
    if (!may_ask(a, err)) /* told to stop: not one round trip more for all that is still wanted */
        return false;
    if (!a->hypopg && st->cost >= 0 && !a->keep_plan) { /* the plan would be the same again */
        memset(used, 0, n * sizeof *used);
        *cost = st->cost;
        a->read = st->read;
        return true;
    }
    for (size_t i = 0; i < a->n_candidates; i++)
        a->candidates[i].wanted = false;
    for (size_t i = 0; i < n; i++) {
        a->candidates[indexes[i]].wanted = true;
        used[i] = false;
    }
    bool ok = advisor_transaction(a, err);
    if (ok && a->hypopg) {
        struct strbuf drops = {0};
        drop_others(a, st, &drops);
        ok = create_wanted(a, drops.text ? drops.text : "", err);
        strbuf_free(&drops);
    }
    double read = NAN;
    ok = ok && price(a, statement, indexes, n, cost, used, err);
    if (ok) {
        read = a->read;
        price_first(a, statement, indexes, n, cost, used);
        a->read = a->statements[statement].read = read;
        a->statements[statement].cost = *cost;
    } else {
        struct sd_error why = *err;
        advisor_transaction_end(a);
        if (a->hypopg)
            forget_indexes(a);
        *err = why;
    }
    return ok;
}

double advisor_rows(struct advisor *a, const char *schema, const char *table, const char *condition)
{
    struct sd_error ignored;
    struct strbuf b = {0};
    double rows = NAN;
    strbuf_str(&b, "SELECT FROM ");
    sql_quote(schema, &b);
    strbuf_char(&b, '.');
    sql_quote(table, &b);
    strbuf_printf(&b, " WHERE %s", condition);
    cJSON *tree = NULL;
    if (sql_may_explain(b.text, &ignored) && advisor_transaction(a, &ignored)) {
        struct statement st = {.explain = mem_printf(OWN_TAG "EXPLAIN (FORMAT JSON) %s", b.text),
                               .sql = b.text};
        if (explain(a, &st, &tree, &ignored)) {
            const cJSON *plan = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(tree, 0), "Plan");
            const cJSON *n = cJSON_GetObjectItemCaseSensitive(plan, "Plan Rows");
            /* of a Gather: its own; a table without workers: the scan's */
            if (cJSON_IsNumber(n))
                rows = n->valuedouble;
        } else {
            advisor_transaction_end(a);
        }
        free(st.explain);
    }
    cJSON_Delete(tree);
    strbuf_free(&b);
    return rows;
}

bool advisor_ask(struct advisor *a, const char *sql, int n, const char *const *values, PGresult **r,
                 struct sd_error *err)
{
    return ask(a, sql, n, values, true, r, err);
}
