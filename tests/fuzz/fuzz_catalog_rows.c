/* Rows as a server would give them, NULLs and odd values at any place, to everybody who reads rows of
 * PostgreSQL. The connection is one of libpq that was never made; conn_query and its like answer from the
 * input.
 *
 * The input: what is read, then for each answer a byte for its number of rows or a failure, and for each
 * field a byte for its kind and the bytes it takes. */
#include <stdlib.h>

/* The readers of fields are the real ones; those who ask are ours. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#define conn_open     real_conn_open
#define conn_close    real_conn_close
#define conn_query    real_conn_query
#define conn_start    real_conn_start
#define conn_finish   real_conn_finish
#define conn_simple   real_conn_simple
#define conn_prepare  real_conn_prepare
#define conn_prepared real_conn_prepared
#define conn_alive    real_conn_alive
#include "source/postgres/conn.c" /* which declares them by those names */
#undef conn_open
#undef conn_close
#undef conn_query
#undef conn_start
#undef conn_finish
#undef conn_simple
#undef conn_prepare
#undef conn_prepared
#undef conn_alive

#include "base/clock.h"
#include "fuzz_host.h"
#include "source/postgres/advisor.h"
#include "source/postgres/postgres.h"

enum result_of { ROWS_MAX = 12, COLUMNS_MAX = 60 };

static const uint8_t *input;
static size_t left;
static PGconn *nobody;
static int asked;

static uint8_t take_byte(void)
{
    if (!left)
        return 0;
    left--;
    return *input++;
}

static const char PLAN[] =
    "[{\"Plan\":{\"Node Type\":\"Seq Scan\",\"Schema\":\"public\",\"Relation Name\":\"t\","
    "\"Filter\":\"(a = 1)\"}}]";

static void put_field(PGresult *r, int row, int col)
{
    static const char *const texts[] = {"",
                                        "r",
                                        "public",
                                        "{pg_catalog,public}",
                                        "1 2 0",
                                        "{\"1, 2\": 50}",
                                        "{0.5,0.1}",
                                        "btree",
                                        "integer",
                                        PLAN,
                                        "t",
                                        "a",
                                        "CREATE INDEX i ON public.t USING btree (a)",
                                        "sql",
                                        "select 1",
                                        "text"};
    char bytes[64];
    uint8_t kind = take_byte();
    size_t n = kind & 1 ? 8 : kind & 2 ? 4 : kind & 4 ? 1 : kind >> 3;
    if (kind == 0) {
        PQsetvalue(r, row, col, NULL, -1);
    } else if (kind >= 0xF0) {
        const char *text = texts[kind & 0xF];
        PQsetvalue(r, row, col, (char *)(uintptr_t)text, (int)strlen(text));
    } else {
        for (size_t i = 0; i < n; i++)
            bytes[i] = (char)take_byte();
        PQsetvalue(r, row, col, bytes, (int)n);
    }
}

static enum sd_result answer(struct conn *c, struct shape shape, PGresult **out, struct sd_error *err)
{
    uint8_t rows = take_byte();
    *out = NULL;
    if (!left || ++asked > 60)
        return sd_fail(err, SD_RETRY, "the connection to the server was lost");
    snprintf(c->sqlstate, sizeof c->sqlstate, "%s", rows == 0xFE ? "42P18" : "42501");
    if (rows >= 0xFE)
        return sd_fail(err, SD_UNSUPPORTED, "could not determine data type of parameter $%d", take_byte());
    static PGresAttDesc columns[COLUMNS_MAX];
    int n = shape.columns >= 0 ? MIN(shape.columns, COLUMNS_MAX) : take_byte() % COLUMNS_MAX;
    for (int i = 0; i < COLUMNS_MAX; i++)
        columns[i].name = (char *)(uintptr_t) "c";
    PGresult *r = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    PQsetResultAttrs(r, n, columns);
    int m = shape.rows >= 0 ? shape.rows : MAX(shape.least, rows % ROWS_MAX);
    for (int row = 0; row < m; row++)
        for (int col = 0; col < n; col++)
            put_field(r, row, col);
    *out = r;
    return SD_OK;
}

enum sd_result conn_open(struct conn *c, struct postgres *p, const char *database, struct sd_error *err)
{
    (void)database, (void)err;
    *c = (struct conn){.p = p, .pg = nobody};
    return SD_OK;
}

void conn_close(struct conn *c)
{
    c->pg = NULL;
}

enum sd_result conn_query(struct conn *c, const char *sql, int n, const char *const *values, bool binary,
                          PGresult **out, struct sd_error *err)
{
    (void)n, (void)values, (void)binary;
    return answer(c, shape_of(sql), out, err);
}

enum sd_result conn_start(struct conn *c, const char *sql, struct sd_error *err)
{
    (void)c, (void)sql;
    return sd_fail(err, SD_RETRY, "the connection to the server was lost");
}

enum sd_result conn_finish(struct conn *c, PGresult **out, struct sd_error *err)
{
    return answer(c, SHAPE_ANY, out, err);
}

enum sd_result conn_simple(struct conn *c, const char *sql, PGresult **out, struct sd_error *err)
{
    return answer(c, shape_of(sql), out, err);
}

enum sd_result conn_prepare(struct conn *c, const char *name, const char *sql, struct sd_error *err)
{
    PGresult *r = NULL;
    (void)name, (void)sql;
    enum sd_result result = answer(c, (struct shape){.columns = 0, .rows = 0}, &r, err);
    PQclear(r);
    return result;
}

enum sd_result conn_prepared(struct conn *c, const char *name, int n, const char *const *values,
                             PGresult **out, struct sd_error *err)
{
    (void)name, (void)n, (void)values;
    return answer(c, (struct shape){.columns = 40, .rows = -1}, out, err);
}

bool conn_alive(struct conn *c, struct sd_error *err)
{
    (void)c, (void)err;
    return true;
}

/* ---- the host ---- */

static sd_time ticks;

static sd_time host_now(struct sd_source *s)
{
    (void)s;
    return ticks += 200 * SD_MS;
}

static int host_wait(struct sd_source *s, int fd, int events, sd_time deadline)
{
    (void)s, (void)fd, (void)events;
    ticks = MAX(ticks, deadline);
    return 0;
}

static void catalog_of(struct conn *c, const char *sql)
{
    struct sd_error err;
    struct advisor *a = advisor_borrow(c, 10 * SD_S, false, &err);
    if (!a)
        return;
    db_catalog_free(advisor_catalog(a, sql, &err));
    struct advisor_statement *s;
    size_t n;
    if (advisor_statements(a, 10, &s, &n, &err))
        advisor_statements_free(s, n);
    advisor_close(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sd_host host = {.should_stop = host_no,
                                        .wait = host_wait,
                                        .now = host_now,
                                        .batch = host_batch,
                                        .add = batch_add,
                                        .publish = host_publish,
                                        .discard = host_discard,
                                        .note = host_note,
                                        .log = host_log,
                                        .withdrawn = host_no};
    static const char *const statements[] = {
        "select * from t where a = 1 order by b",
        "select f(a) from t join u using (a) where b = $1 and c like 'x%'"};
    if (!nobody)
        nobody = PQconnectStart("host=/nonexistent");
    if (size < 2)
        return 0;
    input = data + 1;
    left = size - 1;
    asked = 0;
    ticks = SD_S;
    struct postgres p = {0};
    struct postgres_options o = {
        .interval = SD_S, .sample_hz = 10, .top = 10, .timeout = SD_S, .catalog_interval = SD_S};
    struct sd_source s = {.host = &host, .name = "fuzz", .target = "", .opts = &o, .priv = &p};
    struct sd_error err;
    const char *sql = statements[data[0] >> 7];
    struct conn c = {.p = &p, .pg = nobody};
    struct sd_batch *reply = host_batch(&s, 0);
    if (postgres_source_ops.open(&s, &err) == SD_OK)
        switch (data[0] & 7) {
        case 0:
        case 1:
            for (int i = 0; i < 3 && postgres_sample(&p, host_now(&s), &err) == SD_OK; i++)
                ;
            break;
        case 2:
            catalog_of(&c, data[0] & 8 ? sql : NULL);
            break;
        case 3:
            harmless_statement(&c, sql, &err);
            break;
        case 4:
            harmless_plan(&c, sql, data[0] & 8, NULL, &err);
            break;
        default: {
            const struct sd_job_explain plan = {.query_id = SD_UNKNOWN, .query = sql};
            const struct sd_job_may_analyze check = {.query_id = SD_UNKNOWN, .query = sql, .limit_ns = SD_S};
            const struct sd_job_cancel cancel = {.pid = 7};
            const struct sd_request asks[] = {{.job = SD_JOB_EXPLAIN, .args = &plan},
                                              {.job = SD_JOB_MAY_ANALYZE, .args = &check},
                                              {.job = SD_JOB_CANCEL, .args = &cancel}};
            postgres_source_ops.request(&s, &asks[(data[0] & 7) - 5], reply, &err);
        }
        }
    batch_unref(reply);
    p.main.pg = NULL;
    postgres_source_ops.close(&s);
    return 0;
}
