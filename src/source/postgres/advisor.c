#include "source/postgres/advisor.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "core/plans/advice.h"
#include "core/sql/statement.h"
#include "source/postgres/internal.h"

#define STATEMENT_NS       (10 * SD_S)   /* statement_timeout */
#define ADVISE_NS          (60 * SD_S)   /* all of them, once connected */
#define TRANSACTION_NS     (250 * SD_MS) /* then locks are let go for a moment */
#define SAMPLE_PAGES       600
#define SAMPLE_PAGES_LIVE  300 /* beside a plan somebody waits for */
#define SAMPLE_ROWS        6000
#define SAMPLE_PAGES_LEAST 40 /* of rows so short that fewer pages hold as many */
#define LINGER             64 /* hypothetical indexes of other tables that may stay */
#define MAX_PARAMETERS     200

struct statement {
    char *explain; /* what is sent; NULL: `generic` is planned */
    char *generic; /* its text, of so many parameters: PREPARE would outlive us */
    int n_parameters;
    bool prepared; /* through PREPARE: its plan must be made anew each time */
    char *sql;     /* what was checked */
    struct harmless_pass pass;
    bool simple;     /* GENERIC_PLAN wants the simple protocol */
    int64_t *tables; /* oids; NULL: not known */
    size_t n_tables;
    struct guess_scan *scans; /* of its last plan */
    size_t n_scans, cap_scans;
    double cost, read; /* of the last plan; NAN: there is none */
};

struct candidate {
    char *ddl;
    int64_t table;
    int64_t oid;                    /* while it is there; 0 */
    bool refused, wanted, accepted; /* the server took it once */
    double hypo_pages;              /* as HypoPG has it, while it is there */
    double bytes, rows, heap_pages; /* as expected; NAN: nothing is corrected */
    double found;                   /* so many times the rows the planner expects; 1 */
};

struct advisor {
    struct sd_host host;
    struct sd_source source;
    struct postgres_options options;
    struct postgres postgres;
    struct conn own;
    struct conn *conn; /* &own, or borrowed */
    int64_t deadline;  /* of clock_mono; 0: none */
    double sample_pages;
    bool (*stop)(void);
    bool in_transaction;
    bool unattended; /* nobody has just asked */
    char state[80];  /* of the catalog, in this transaction; "": not read yet */
    char role[64];   /* of the transaction; "": our own */
    bool prepares;   /* there are prepared statements of ours */
    int64_t since;   /* of the transaction, mono */
    char *hypopg;    /* quoted schema; NULL: not installed, or not to be used */
    bool pooled;     /* it is installed, but a pooler stands between */
    struct statement *statements;
    size_t n_statements, cap_statements;
    struct candidate *candidates;
    size_t n_candidates, cap_candidates;
    int64_t calls;
    double random_page_cost, cpu_operator_cost;
    double read;    /* rows of the last plan's first scan */
    bool keep_plan; /* the next plan is wanted as text */
    char *plan;
};

static void free_scans(struct statement *st);

/* ---- the host a connection wants ---- */

static struct advisor *of(struct sd_source *s)
{
    return s->priv;
}

static bool host_should_stop(struct sd_source *s)
{
    return of(s)->stop && of(s)->stop();
}

static sd_time host_now(struct sd_source *s)
{
    (void)s;
    return clock_mono();
}

static int host_wait(struct sd_source *s, int fd, int events, sd_time deadline)
{
    struct pollfd pfd = {.fd = fd, .events = (short)events};
    for (;;) {
        int64_t left = deadline - clock_mono();
        if (host_should_stop(s))
            return -1;
        if (left <= 0)
            return 0;
        int r = poll(&pfd, 1, (int)MIN(left / SD_MS + 1, 100));
        if (r > 0)
            return 1;
    }
}

/* ---- statements of ours ---- */

static bool may_ask(const struct advisor *a, struct sd_error *err)
{
    struct sd_source *s = a->conn->p->s;
    if (s->host->should_stop(s) || (s->host->withdrawn && s->host->withdrawn(s)))
        return fail(err, "stopped");
    return !a->deadline || clock_mono() < a->deadline || fail(err, "there was not enough time");
}

static bool ask(struct advisor *a, const char *sql, int n, const char *const *values, bool binary,
                PGresult **r, struct sd_error *err)
{
    *r = NULL;
    if (!may_ask(a, err))
        return false;
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

static void end_transaction(struct advisor *a)
{
    if (a->in_transaction)
        conn_end(a->conn);
    a->in_transaction = false;
    a->state[0] = a->role[0] = '\0';
}

static bool in_transaction(struct advisor *a, struct sd_error *err)
{
    if (a->in_transaction && clock_mono() - a->since > TRANSACTION_NS)
        end_transaction(a);
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

static bool checked(struct advisor *a, enum sd_result result, struct sd_error *err)
{
    struct sd_error why = *err;
    if (result == SD_OK)
        return true;
    end_transaction(a); /* what a check sets for its own queries goes with it */
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
    return checked(a, result, err);
}

static bool find_hypopg(struct advisor *a, struct sd_error *err)
{
    PGresult *r;
    if (!ask(a,
             OWN_TAG "SELECT pg_catalog.current_setting('random_page_cost')::float8, "
                     "pg_catalog.current_setting('cpu_operator_cost')::float8",
             0, NULL, true, &r, err))
        return false;
    a->random_page_cost = conn_real(r, 0, 0);
    a->cpu_operator_cost = conn_real(r, 0, 1);
    PQclear(r);
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

struct advisor *advisor_open(const char *target, bool (*stop)(void), struct sd_error *err)
{
    struct advisor *a = mem_alloc(sizeof *a);
    if (str_starts(target, "postgres:") && !str_starts(target, "postgres://"))
        target += strlen("postgres:");
    a->stop = stop;
    a->host = (struct sd_host){.should_stop = host_should_stop, .wait = host_wait, .now = host_now};
    a->source = (struct sd_source){.host = &a->host, .name = "advise", .target = target, .priv = a};
    a->options = (struct postgres_options){.timeout = STATEMENT_NS};
    a->postgres = (struct postgres){.s = &a->source, .o = &a->options};
    a->sample_pages = SAMPLE_PAGES;
    a->conn = &a->own;
    enum sd_result result = conn_open(a->conn, &a->postgres, NULL, err);
    if (result == SD_NODATA)
        fail(err, "stopped");
    a->deadline = clock_mono() + ADVISE_NS;
    if (result == SD_OK && find_hypopg(a, err))
        return a;
    advisor_close(a);
    return NULL;
}

struct advisor *advisor_borrow(struct conn *c, int64_t limit, bool unattended, struct sd_error *err)
{
    struct advisor *a = mem_alloc(sizeof *a);
    a->unattended = unattended;
    a->conn = c;
    a->deadline = clock_mono() + limit;
    a->sample_pages = SAMPLE_PAGES_LIVE;
    c->timeout = limit;
    if (find_hypopg(a, err))
        return a;
    advisor_close(a);
    return NULL;
}

void advisor_close(struct advisor *a)
{
    struct sd_error ignored;
    if (!a)
        return;
    a->deadline = 0;
    end_transaction(a);
    if (a->conn->pg && a->hypopg) {
        char *reset = mem_printf(OWN_TAG "SELECT %s.hypopg_reset()", a->hypopg);
        command(a, reset, &ignored);
        free(reset);
    }
    /* Some poolers hand the session on under its own process id. */
    if (a->conn->pg && a->prepares)
        command(a, OWN_TAG "DEALLOCATE ALL", &ignored);
    conn_close(&a->own);
    for (size_t i = 0; i < a->n_statements; i++) {
        free(a->statements[i].explain);
        free(a->statements[i].generic);
        free(a->statements[i].sql);
        free(a->statements[i].tables);
        free_scans(&a->statements[i]);
        free(a->statements[i].scans);
    }
    for (size_t i = 0; i < a->n_candidates; i++)
        free(a->candidates[i].ddl);
    free(a->statements);
    free(a->candidates);
    free(a->hypopg);
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
               : "HypoPG is not installed";
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
        " WHERE datname = pg_catalog.current_database()) AND s.query NOT LIKE '/* slowdive%%') x"
        " WHERE query ~* "
        "'^[[:space:](]*(/\\*.*\\*/)?[[:space:](]*(select|with|update|delete|insert|merge|values|table)\\M'"
        " GROUP BY 1 ORDER BY t DESC NULLS LAST LIMIT %zu",
        schema, most);
    free(schema);
    bool ok = ask(a, sql, 0, NULL, true, &r, err);
    free(sql);
    if (!ok)
        return false;
    *n = (size_t)PQntuples(r);
    *out = mem_array(*n, sizeof **out);
    for (size_t i = 0; i < *n; i++)
        (*out)[i] = (struct advisor_statement){conn_int(r, (int)i, 0), conn_real(r, (int)i, 2),
                                               mem_strdup(conn_text(r, (int)i, 1))};
    PQclear(r);
    return true;
}

void advisor_statements_free(struct advisor_statement *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(s[i].text);
    free(s);
}

size_t advisor_add(struct advisor *a, const char *sql, struct sd_error *err)
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
    if (!in_transaction(a, err) || !may_plan(a, &st, err)) {
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
        bool ok = in_transaction(a, err);
        snprintf(name, sizeof name, "slowdive_advise_%zu", a->n_statements);
        if (ok && explain_prepare(a->conn, name, text, n, err) != SD_OK) {
            struct sd_error why = *err;
            end_transaction(a);
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

void advisor_tables(struct advisor *a, size_t statement, const int64_t *oids, size_t n)
{
    struct statement *st = &a->statements[statement];
    free(st->tables);
    st->tables = mem_array(n + 1, sizeof *oids);
    memcpy(st->tables, oids, n * sizeof *oids);
    st->n_tables = n;
}

size_t advisor_index(struct advisor *a, const char *ddl, int64_t oid)
{
    for (size_t i = 0; i < a->n_candidates; i++)
        if (a->candidates[i].table == oid && !strcmp(a->candidates[i].ddl, ddl))
            return i;
    a->candidates = mem_grow(a->candidates, a->n_candidates, &a->cap_candidates, sizeof *a->candidates);
    a->candidates[a->n_candidates] = (struct candidate){.ddl = mem_strdup(ddl), .table = oid, .bytes = NAN};
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
        strbuf_printf(b, "%s %s.hypopg_drop_index(%lld::oid)", b->len ? "," : "SELECT", a->hypopg,
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
    char *sql = mem_printf(OWN_TAG "SELECT h.indexrelid::int8, %s.hypopg_relation_size(h.indexrelid)::int8"
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
    strbuf_printf(&b, OWN_TAG "SELECT h.indexrelid::int8, %s.hypopg_relation_size(h.indexrelid)::int8 FROM ",
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

/* ---- reading the plan ---- */

struct reading {
    struct advisor *a;
    const size_t *indexes;
    size_t n;
    bool *used;
};

static double number(const cJSON *node, const char *key)
{
    const cJSON *n = cJSON_GetObjectItemCaseSensitive(node, key);
    return cJSON_IsNumber(n) ? n->valuedouble : 0;
}

static const char *text(const cJSON *node, const char *key)
{
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(node, key));
    return s ? s : "";
}

/* Levels above the leaves, 250 to a page. */
static double height_of(double pages)
{
    double height = 0;
    for (; pages > 1.5; pages /= 250)
        height++;
    return height;
}

/* Pages a scan reads of an index (or table) of so many, repeated n times: the formula of
 * Mackert and Lohman as index_pages_fetched has it, with a cache for all. */
static double pages_each(double pages, double n)
{
    return MIN(2 * pages * n / (2 * pages + n), pages) / n;
}

/* The same for the index alone, of a scan whose pages cost `io` each time: how often the
 * planner repeats it is not in the plan, but the cost tells. */
static double repeated(double io, double hypo_pages, double pages, double heap_pages)
{
    double low = 1, high = 1e12;
    for (int i = 0; i < 60; i++) {
        double n = sqrt(low * high);
        if (pages_each(hypo_pages, n) + (heap_pages > 0 ? pages_each(heap_pages, n) : 0) > io)
            low = n;
        else
            high = n;
    }
    return pages_each(pages, low) - pages_each(hypo_pages, low);
}

/* What the node would cost more (or less) with the index as it will be: btcostestimate
 * charges 50 operators for each level of the descent, which HypoPG leaves out, and a
 * random page for each index page read, of which HypoPG expects too many. */
static double correct(const struct advisor *a, const struct candidate *c, const cJSON *node, double loops)
{
    if (isnan(c->bytes) || c->rows < 1 || strstr(c->ddl, " USING "))
        return 0;
    double pages = c->bytes / 8192, share = 1, more;
    double descent = (height_of(pages) + 1) * 50 * a->cpu_operator_cost;
    if (*text(node, "Index Cond"))
        share = MIN(1, number(node, "Plan Rows") * (*text(node, "Filter") ? 2 : 1) / c->rows);
    if (loops > 1) {
        double cpu = number(node, "Plan Rows") * (a->cpu_operator_cost * 8);
        double io = (number(node, "Total Cost") - number(node, "Startup Cost") - cpu) / a->random_page_cost;
        bool heap = !strcmp(text(node, "Node Type"), "Index Scan");
        more = io > 0 ? repeated(io, c->hypo_pages, pages, heap ? c->heap_pages : 0) : 0;
    } else {
        more = ceil(share * pages) - ceil(share * c->hypo_pages);
    }
    more *= a->random_page_cost;
    /* Pages of the index are no more than all of what the node costs. */
    double run = number(node, "Total Cost") - number(node, "Startup Cost");
    if (pages < c->hypo_pages)
        more = MAX(more, -run * (1 - pages / c->hypo_pages));
    return loops * (descent + more);
}

/* A scan that finds `found` times the rows the planner thinks: an expression has no
 * statistics before its index is there, and then one row in 200 is expected. */
static double scaled(const struct advisor *a, double run, double found)
{
    double least = MIN(run, 2 * a->random_page_cost);
    return found < 1 ? MAX(run * found, least) - run : 0;
}

/* What to add to the cost of a node, of one run. */
struct fix {
    double startup, total;
    double found; /* of a bitmap of an index on an expression: what the heap is read for */
};

static struct fix read_index(struct reading *r, const cJSON *node, double loops)
{
    struct fix f = {0, 0, 1};
    const char *name = text(node, "Index Name"); /* "<13556>btree_orders_o_custkey" */
    long long oid = *name == '<' ? strtoll(name + 1, NULL, 10) : 0;
    for (size_t i = 0; oid && i < r->n; i++)
        if (r->a->candidates[r->indexes[i]].oid == oid) {
            r->used[i] = true;
            const struct candidate *c = &r->a->candidates[r->indexes[i]];
            f.total += correct(r->a, c, node, loops) / loops;
            if (c->found < 1 && *text(node, "Index Cond"))
                f.total += scaled(r->a, number(node, "Total Cost") - number(node, "Startup Cost") + f.total,
                                  c->found);
            f.found = c->found;
        }
    return f;
}

/* `loops`: how often the node runs, by the planner's own expectation. A child that must
 * end before its parent gives a row counts into the parent's start: LIMIT does not save
 * it. cJSON bounds the depth. */
static struct fix read_node(struct reading *r, const cJSON *node, double loops)
{
    struct fix f = read_index(r, node, loops);
    const char *type = text(node, "Node Type");
    const cJSON *plans = cJSON_GetObjectItemCaseSensitive(node, "Plans"), *each;
    double outer = MAX(1, number(cJSON_GetArrayItem(plans, 0), "Plan Rows"));
    double startup = number(node, "Startup Cost"), total = number(node, "Total Cost");
    cJSON_ArrayForEach(each, plans)
    {
        const char *relation = text(each, "Parent Relationship");
        double times = 1, share = 1, child = number(each, "Total Cost");
        if (!strcmp(relation, "Inner") && !strcmp(type, "Nested Loop") &&
            strcmp(text(each, "Node Type"), "Materialize") != 0) {
            times = outer;
            /* A semi or anti join ends its inner scans early, LIMIT the whole join. */
            double inner = total - number(cJSON_GetArrayItem(plans, 0), "Total Cost");
            if (child > 0)
                share = MIN(1, MAX(0, inner) / (times * child));
        } else if (!strcmp(relation, "SubPlan"))
            times = MAX(1, number(node, "Plan Rows"));
        else if (!strcmp(type, "Memoize") && child > 0)
            share = MIN(1, total / child);
        struct fix c = read_node(r, each, MAX(1, loops * times * share));
        bool blocks = !strcmp(relation, "InitPlan") || startup >= 0.999 * child;
        f.startup += blocks ? c.total : c.startup;
        f.total += c.total * times * share;
        if (c.found < 1 && strstr(text(each, "Node Type"), "Bitmap") && strstr(type, "Bitmap")) {
            f.found = c.found;
            if (!strcmp(type, "Bitmap Heap Scan"))
                f.total += scaled(r->a, total - startup, c.found);
        }
        double run = child - number(each, "Startup Cost");
        if (!strcmp(type, "Limit") && run > 0)
            f.total = f.startup + (f.total - f.startup) * MIN(1, MAX(0, (total - startup) / run));
    }
    return f;
}

/* ---- how a plan reads its tables ---- */

struct context {
    double loops, other_rows, limit, limit_cost;
    const char *others; /* tables of the other side of the join */
    double gather;      /* what a Gather above costs with all below; NAN: there is none */
};

/* "a|b|" */
static void tables_below(const cJSON *node, struct strbuf *out)
{
    const cJSON *each;
    if (*text(node, "Relation Name"))
        strbuf_printf(out, "%s|", text(node, "Relation Name"));
    cJSON_ArrayForEach(each, cJSON_GetObjectItemCaseSensitive(node, "Plans")) tables_below(each, out);
}

static void read_scans(struct statement *st, const cJSON *node, struct context in)
{
    const char *type = text(node, "Node Type"), *table = text(node, "Relation Name");
    const cJSON *plans = cJSON_GetObjectItemCaseSensitive(node, "Plans"), *each;
    bool join = !strcmp(type, "Nested Loop") || !strcmp(type, "Hash Join") || !strcmp(type, "Merge Join");
    bool passes = strstr(type, "Sort") || str_starts(type, "Gather") || !strcmp(type, "LockRows") ||
                  !strcmp(type, "Subquery Scan") || !strcmp(type, "Hash") || !strcmp(type, "Materialize") ||
                  !strcmp(type, "Memoize") || strstr(type, "Append");
    if (*table && strstr(type, "Scan")) {
        st->scans = mem_grow(st->scans, st->n_scans, &st->cap_scans, sizeof *st->scans);
        st->scans[st->n_scans++] =
            (struct guess_scan){.table = mem_strdup(table),
                                .cost = isnan(in.gather) ? number(node, "Total Cost") : in.gather,
                                .loops = in.loops,
                                .other_rows = in.other_rows,
                                .others = in.others ? mem_strdup(in.others) : NULL,
                                .limit = in.limit,
                                .limit_cost = in.limit_cost};
    }
    if (!strcmp(type, "Limit"))
        in =
            (struct context){in.loops, NAN, number(node, "Plan Rows"), number(node, "Total Cost"), NULL, NAN};
    else if (!strcmp(type, "Aggregate") && !cJSON_GetObjectItemCaseSensitive(node, "Group Key"))
        in = (struct context){in.loops, NAN, 1, number(node, "Total Cost"),
                              NULL,     NAN}; /* min() and max(): of orders with a limit */
    else if (!passes && !join)
        in = (struct context){in.loops, NAN, NAN, NAN, NULL, NAN};
    if (str_starts(type, "Gather"))
        in.gather = number(node, "Total Cost");
    for (int i = 0; (each = cJSON_GetArrayItem(plans, i)); i++) {
        struct strbuf others = {0};
        struct context c = in;
        const cJSON *sibling = cJSON_GetArrayItem(plans, 1 - i);
        if (join && i < 2) {
            /* What the inner side of a nested loop gives for one row tells nothing. */
            bool each_time = i == 0 && !strcmp(type, "Nested Loop") &&
                             strcmp(text(sibling, "Node Type"), "Materialize") != 0 &&
                             strcmp(text(sibling, "Node Type"), "Seq Scan") != 0;
            double rows = each_time ? NAN : MAX(1, number(sibling, "Plan Rows"));
            strbuf_char(&others, '|');
            tables_below(sibling, &others);
            c = (struct context){in.loops, rows, NAN, NAN, others.text, NAN};
            if (i == 1 && !strcmp(type, "Nested Loop") && strcmp(text(each, "Node Type"), "Materialize") != 0)
                c.loops *= rows;
        } else if (!strcmp(text(each, "Parent Relationship"), "SubPlan")) {
            c = (struct context){in.loops * MAX(1, number(node, "Plan Rows")), NAN, NAN, NAN, NULL, NAN};
        }
        read_scans(st, each, c);
        strbuf_free(&others);
    }
}

static void free_scans(struct statement *st)
{
    for (size_t i = 0; i < st->n_scans; i++) {
        free(st->scans[i].table);
        free(st->scans[i].others);
    }
    st->n_scans = 0;
}

const struct guess_scan *advisor_scans(const struct advisor *a, size_t statement, size_t *n)
{
    *n = a->statements[statement].n_scans;
    return a->statements[statement].scans;
}

static bool explain(struct advisor *a, struct statement *st, cJSON **tree, struct sd_error *err)
{
    PGresult *r = NULL;
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
        double workers = number(plan, "Workers Planned");
        if (workers > 0)
            processes = workers + MAX(0, 1 - 0.3 * workers);
    }
    return number(plan, "Plan Rows") * processes;
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
    bool ok = in_transaction(a, err);
    if (ok && a->hypopg) {
        struct strbuf drops = {0};
        drop_others(a, st, &drops);
        ok = create_wanted(a, drops.text ? drops.text : "", err);
        strbuf_free(&drops);
    }
    cJSON *tree = NULL;
    ok = ok && explain(a, st, &tree, err);
    if (ok) {
        const cJSON *plan = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(tree, 0), "Plan");
        const cJSON *total = cJSON_GetObjectItemCaseSensitive(plan, "Total Cost");
        ok = cJSON_IsNumber(total) || fail(err, "the server's plan has no cost");
        struct reading r = {.a = a, .indexes = indexes, .n = n, .used = used};
        struct fix f = read_node(&r, plan, 1);
        a->read = st->read = first_scan(plan);
        if (a->keep_plan)
            a->plan = cJSON_PrintUnformatted(tree);
        free_scans(st);
        read_scans(st, plan, (struct context){1, NAN, NAN, NAN, NULL, NAN});
        if (ok)
            *cost = st->cost = MAX(total->valuedouble + f.total, 0.1 * total->valuedouble);
        double corrected = ok && total->valuedouble > 0 ? MIN(1, *cost / total->valuedouble) : 1;
        for (size_t i = 0; i < st->n_scans; i++) {
            st->scans[i].cost *= corrected;
            st->scans[i].limit_cost *= corrected;
        }
    } else {
        struct sd_error why = *err;
        end_transaction(a);
        if (a->hypopg)
            forget_indexes(a);
        *err = why;
    }
    cJSON_Delete(tree);
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
    if (sql_may_explain(b.text, &ignored) && in_transaction(a, &ignored)) {
        struct statement st = {.explain = mem_printf(OWN_TAG "EXPLAIN (FORMAT JSON) %s", b.text),
                               .sql = b.text};
        if (explain(a, &st, &tree, &ignored)) {
            const cJSON *plan = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(tree, 0), "Plan");
            const cJSON *n = cJSON_GetObjectItemCaseSensitive(plan, "Plan Rows");
            /* of a Gather: its own; a table without workers: the scan's */
            if (cJSON_IsNumber(n))
                rows = n->valuedouble;
        } else {
            end_transaction(a);
        }
        free(st.explain);
    }
    cJSON_Delete(tree);
    strbuf_free(&b);
    return rows;
}

/* ---- a sample of rows ---- */

bool advisor_sample(struct advisor *a, struct catalog *c, const struct catalog_relation *r,
                    const unsigned char *columns, const char *const *expressions, size_t n_expressions,
                    struct sd_error *err)
{
    struct strbuf b = {0};
    size_t n = 0;
    if (!(r->rows >= 1) || !(r->pages >= 1) || (r->kind != 'r' && r->kind != 'm'))
        return fail(err, "there is nothing to sample");
    strbuf_str(&b, OWN_TAG "SELECT (ctid::pg_catalog.text::pg_catalog.point)[0]::int8, ");
    for (size_t i = 0; i < r->n_columns; i++) {
        if (!columns[i] || r->columns[i].dropped)
            continue;
        struct strbuf name = {0};
        sql_quote(r->columns[i].name, &name);
        strbuf_printf(&b, "%spg_catalog.pg_column_size(%s)::int4", n++ ? ", " : "", name.text);
        if (columns[i] & ADVISOR_VALUES)
            strbuf_printf(&b, ", pg_catalog.hashtextextended(%s::text COLLATE \"C\", 0)::int8", name.text);
        strbuf_free(&name);
    }
    /* As stored: in a row short values have short headers; a row alone takes 24 bytes. */
    for (size_t i = 0; i < n_expressions; i++)
        strbuf_printf(
            &b,
            "%spg_catalog.pg_column_size(ROW(%s))::int4 - 24, pg_catalog.hashtextextended((%s)::text COLLATE "
            "\"C\", 0)::int8",
            n++ ? ", " : "", expressions[i], expressions[i]);
    /* Whole pages: where equal values are stored together, single rows of a page hide it. */
    double pages = MIN(a->sample_pages, MAX(SAMPLE_ROWS / MAX(r->rows / r->pages, 1), SAMPLE_PAGES_LEAST));
    strbuf_str(&b, " FROM ONLY ");
    sql_quote(r->schema, &b);
    strbuf_char(&b, '.');
    sql_quote(r->name, &b);
    strbuf_printf(&b, " TABLESAMPLE SYSTEM (%.6f) LIMIT %d", MIN(100, 100 * pages / r->pages),
                  SAMPLE_ROWS * 3);
    PGresult *res = NULL;
    /* It executes what is in the expressions, and the casts to text. */
    bool ok = n > 0 && in_transaction(a, err) && checked(a, harmless_statement(a->conn, b.text, err), err) &&
              ask(a, b.text, 0, NULL, true, &res, err);
    strbuf_free(&b);
    if (!ok) {
        struct sd_error why = *err;
        end_transaction(a);
        *err = why;
        return false;
    }
    struct catalog_sample *s = arena_alloc(c->arena, sizeof *s);
    s->n = (size_t)PQntuples(res);
    s->hash = arena_alloc(c->arena, r->n_columns * sizeof *s->hash);
    s->width = arena_alloc(c->arena, r->n_columns * sizeof *s->width);
    int64_t *page = arena_alloc(c->arena, (s->n + 1) * sizeof *page);
    for (size_t row = 0; row < s->n; row++)
        page[row] = conn_int(res, (int)row, 0);
    s->page = page;
    int at = 1;
    for (size_t i = 0; i < r->n_columns; i++) {
        if (!columns[i] || r->columns[i].dropped)
            continue;
        uint64_t *hash = arena_alloc(c->arena, (s->n + 1) * sizeof *hash);
        int32_t *width = arena_alloc(c->arena, (s->n + 1) * sizeof *width);
        for (size_t row = 0; row < s->n; row++) {
            bool null = conn_is_null(res, (int)row, at);
            width[row] = null ? -1 : (int32_t)conn_int(res, (int)row, at);
            if (columns[i] & ADVISOR_VALUES)
                hash[row] = null ? 1 : (uint64_t)conn_int(res, (int)row, at + 1);
        }
        s->hash[i] = columns[i] & ADVISOR_VALUES ? hash : NULL;
        s->width[i] = width;
        at += columns[i] & ADVISOR_VALUES ? 2 : 1;
    }
    s->expressions = arena_alloc(c->arena, (n_expressions + 1) * sizeof *s->expressions);
    for (; s->n_expressions < n_expressions; s->n_expressions++, at += 2) {
        uint64_t *hash = arena_alloc(c->arena, (s->n + 1) * sizeof *hash);
        int32_t *width = arena_alloc(c->arena, (s->n + 1) * sizeof *width);
        double sum = 0, there = 0;
        for (size_t row = 0; row < s->n; row++) {
            bool null = conn_is_null(res, (int)row, at + 1);
            width[row] = null ? -1 : (int32_t)conn_int(res, (int)row, at);
            hash[row] = null ? 1 : (uint64_t)conn_int(res, (int)row, at + 1);
            sum += null ? 0 : width[row];
            there += !null;
        }
        s->expressions[s->n_expressions] = (struct catalog_expression){
            arena_strdup(c->arena, expressions[s->n_expressions]), hash, width, there > 0 ? sum / there : 4};
    }
    PQclear(res);
    if (s->n >= 100)
        ((struct catalog_relation *)(uintptr_t)r)->sample = s;
    return s->n >= 100;
}

/* ---- for advisor_catalog.c ---- */
bool advisor_ask(struct advisor *a, const char *sql, int n, const char *const *values, PGresult **r,
                 struct sd_error *err);
bool advisor_ask(struct advisor *a, const char *sql, int n, const char *const *values, PGresult **r,
                 struct sd_error *err)
{
    return ask(a, sql, n, values, true, r, err);
}
