/* The rules about parameters and about unused and invalid indexes, on figures made up for each: from which
 * figure on they speak, and that they say nothing where it is unknown. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "core/batch.h"
#include "core/schema.h"
#include "sink/print.h"
#include "view/indexes/indexes.h"
#include "view/servers/parameter_rules.h"
#include "view/shared/worst.h"

#define T0      (1700000000 * SD_S)
#define SECONDS 10

/* A server whose figures are set by name: "deadlocks", as the record has it. */
static void set(struct sd_server *s, const char *name, int64_t value)
{
    const struct sd_schema *sc = schema_of(SD_SERVER);
    for (size_t i = 0; i < sc->n_fields; i++)
        if (str_eq(sc->fields[i].name, name)) {
            memcpy((char *)s + sc->fields[i].offset, &value, sizeof value);
            return;
        }
    fail_msg("a server has no %s", name);
}

struct figure {
    const char *name;
    int64_t before, now;
};

struct parameter_case {
    const char *what, *name, *value, *unit;
    struct figure figures[6];
    const char *says; /* NULL: nothing */
    enum severity severity;
};

static void check_parameter(const struct parameter_case *c, bool known)
{
    struct sd_server now, before;
    schema_clear(schema_of(SD_SERVER), &now);
    schema_clear(schema_of(SD_SERVER), &before);
    for (size_t i = 0; i < ARRAY_LEN(c->figures) && c->figures[i].name; i++) {
        set(&before, c->figures[i].name, c->figures[i].before);
        set(&now, c->figures[i].name, c->figures[i].now);
    }
    struct server_facts f = {.s = &now, .before = &before, .at = T0, .seconds = SECONDS, .origin = "db"};
    struct sd_parameter x = {.name = c->name, .value = c->value, .unit = c->unit};
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct view_ctx ctx = {.model = m, .span = SPAN_ALL, .now = T0};
    struct record_entry e = {.r = &x, .origin = "db"};
    struct parameters p = {.items = &e, .n = 1, .origin = "db", .f = known ? &f : NULL, .c = &ctx};
    struct doc *d = doc_new("v", "V");
    enum severity severity = SEVERITY_NONE;
    const char *text = parameter_advice(d, &p, &x, &severity);
    const char *says = known || !c->figures[0].name ? c->says : NULL;
    if (!says != !text || (says && !strstr(text, says)))
        fail_msg("%s: %s", c->what, text ? text : "nothing is said");
    if (says)
        assert_int_equal(severity, c->severity);
    doc_free(d);
    model_free(m);
}

static const struct parameter_case PARAMETERS[] = {
    {"no fsync", "fsync", "off", NULL, {{0}}, "may destroy the data", SEVERITY_WARN},
    {"fsync", "fsync", "on", NULL, {{0}}, NULL, SEVERITY_NONE},
    {"damaged pages read as zeros", "zero_damaged_pages", "on", NULL, {{0}}, "damaged pages", SEVERITY_BAD},
    {"no autovacuum", "autovacuum", "off", NULL, {{0}}, "dead rows stay", SEVERITY_BAD},
    {"every second checkpoint came early",
     "max_wal_size",
     "64",
     "MB",
     {{"checkpoints_timed", 0, 5}, {"checkpoints_requested", 0, 5}},
     "50.0 % of 10 checkpoints came early, most likely because 64 MB of WAL",
     SEVERITY_WARN},
    {"fewer than half",
     "max_wal_size",
     "64",
     "MB",
     {{"checkpoints_timed", 0, 6}, {"checkpoints_requested", 0, 5}},
     NULL,
     SEVERITY_NONE},
    {"too few to judge",
     "max_wal_size",
     "64",
     "MB",
     {{"checkpoints_timed", 0, 0}, {"checkpoints_requested", 0, 4}},
     NULL,
     SEVERITY_NONE},
    {"files of 5 MB, 10 MB/s",
     "work_mem",
     "4096",
     "kB",
     {{"temp_bytes", 7, 100000007}, {"temp_files", 1, 21}},
     "10.0 MB/s go to temporary files of 5.00 MB on average; 4 MB is for each sort",
     SEVERITY_WARN},
    {"0.9 MB/s",
     "work_mem",
     "4096",
     "kB",
     {{"temp_bytes", 0, 9000000}, {"temp_files", 0, 20}},
     NULL,
     SEVERITY_NONE},
    {"the counters were reset",
     "work_mem",
     "4096",
     "kB",
     {{"temp_bytes", 200000000, 100000000}, {"temp_files", 1, 21}},
     NULL,
     SEVERITY_NONE},
    {"many blocks are read",
     "shared_buffers",
     "16384",
     "8kB",
     {{"blks_read", 0, 20000}, {"blks_hit", 0, 80000}},
     "2000 blocks/s are read past it, 80.0 % are found in its 128 MB",
     SEVERITY_WARN},
    {"nearly all are found",
     "shared_buffers",
     "16384",
     "8kB",
     {{"blks_read", 0, 20000}, {"blks_hit", 0, 980000}},
     NULL,
     SEVERITY_NONE},
    {"few blocks are read",
     "shared_buffers",
     "16384",
     "8kB",
     {{"blks_read", 0, 9000}, {"blks_hit", 0, 1000}},
     NULL,
     SEVERITY_NONE},
    {"80 of 100",
     "max_connections",
     "100",
     NULL,
     {{"connections", 0, 80}, {"max_connections", 100, 100}, {"idle", 0, 70}},
     "80 are in use, 70 of them idle",
     SEVERITY_WARN},
    {"79 of 100",
     "max_connections",
     "100",
     NULL,
     {{"connections", 0, 79}, {"max_connections", 100, 100}},
     NULL,
     SEVERITY_NONE},
    {"sessions write for themselves",
     "bgwriter_lru_maxpages",
     "100",
     NULL,
     {{"backend_buffers", 0, 6000},
      {"checkpoint_buffers", 0, 4000},
      {"cleaner_buffers", 0, 2000},
      {"cleaner_stopped", 0, 3}},
     "sessions wrote 50.0 % of the blocks themselves",
     SEVERITY_INFO},
    {"the background writer stops",
     "bgwriter_lru_maxpages",
     "100",
     NULL,
     {{"cleaner_stopped", 5, 25}},
     "stops at its maximum 2 times a second",
     SEVERITY_INFO},
    {"WAL buffers are full",
     "wal_buffers",
     "512",
     "8kB",
     {{"wal_buffers_full", 0, 50}},
     "they were full 5 times a second",
     SEVERITY_INFO},
    {"all workers are busy, then and now",
     "autovacuum_max_workers",
     "3",
     NULL,
     {{"autovacuum_workers", 3, 3}, {"autovacuum_max_workers", 3, 3}},
     "all 3 workers are busy",
     SEVERITY_WARN},
    {"only now",
     "autovacuum_max_workers",
     "3",
     NULL,
     {{"autovacuum_workers", 1, 3}, {"autovacuum_max_workers", 3, 3}},
     NULL,
     SEVERITY_NONE},
    {"no times of I/O", "track_io_timing", "off", NULL, {{0}}, "times of reads and writes", SEVERITY_INFO},
    {"no counts", "track_counts", "off", NULL, {{0}}, "autovacuum needs the counts", SEVERITY_WARN},
    {"one no rule is about", "port", "5432", NULL, {{0}}, NULL, SEVERITY_NONE},
};

static void parameters_are_judged_by_figures(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(PARAMETERS); i++) {
        check_parameter(&PARAMETERS[i], true);
        check_parameter(&PARAMETERS[i], false);
    }
}

/* The oldest transaction is idle for 20 minutes, and nothing ends it. */
static void an_idle_transaction_has_no_limit(void **state)
{
    (void)state;
    struct sd_server s;
    schema_clear(schema_of(SD_SERVER), &s);
    s.oldest_xact = T0 - 1200 * SD_S;
    s.oldest_xact_pid = 77;
    s.oldest_xact_state = "idle in transaction";
    struct server_facts f = {.s = &s, .at = T0, .seconds = NAN, .origin = "db"};
    struct sd_parameter x = {.name = "idle_in_transaction_session_timeout", .value = "0", .unit = "ms"};
    struct parameters p = {.origin = "db", .f = &f};
    struct doc *d = doc_new("v", "V");
    enum severity severity;
    assert_string_equal(parameter_advice(d, &p, &x, &severity),
                        "no limit, and pid 77 is idle in a transaction of 20m00s");
    s.oldest_xact_state = "active";
    assert_null(parameter_advice(d, &p, &x, &severity));
    x.pending_restart = 1;
    assert_non_null(strstr(parameter_advice(d, &p, &x, &severity), "a restart takes it"));
    doc_free(d);
}

static void a_slot_without_a_limit(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct view_ctx c = {.model = m, .span = SPAN_ALL, .now = T0 + SD_S};
    struct sd_parameter x = {.name = "max_slot_wal_keep_size", .value = "-1", .unit = "MB"};
    struct parameters p = {.origin = "db", .c = &c};
    struct doc *d = doc_new("v", "V");
    enum severity severity;
    for (int used = 1; used >= 0; used--) {
        struct sd_server s;
        struct sd_replication r;
        schema_clear(schema_of(SD_SERVER), &s);
        schema_clear(schema_of(SD_REPLICATION), &r);
        r.role = "slot";
        r.name = "old_standby";
        r.state = used ? "active" : "inactive";
        r.position = 9000000000;
        r.kept_from = 4000000000;
        struct sd_batch *b = batch_new("db", T0 + (1 - used) * SD_S);
        assert_true(batch_add(b, SD_SERVER, &s) && batch_add(b, SD_REPLICATION, &r));
        model_apply(m, b);
        batch_unref(b);
        const char *text = parameter_advice(d, &p, &x, &severity);
        if (used)
            assert_null(text);
        else
            assert_string_equal(text,
                                "no limit, and the slot old_standby, which is not in use, keeps 5.00 GB: a "
                                "full disk stops the server");
    }
    doc_free(d);
    model_free(m);
}

/* ---- indexes ---- */

static struct sd_index index_of(const char *name, int64_t scans, int64_t bytes, sd_time since)
{
    struct sd_index x;
    schema_clear(schema_of(SD_INDEX), &x);
    x.database = "shop";
    x.schema = "public";
    x.table = "orders";
    x.name = name;
    x.is_unique = x.is_constraint = 0;
    x.is_valid = 1;
    x.idx_scan = scans;
    x.size_bytes = bytes;
    x.since = since;
    return x;
}

/* What the overview says: "what subject: why" of each line, joined by \n. */
static char *overview_of(const struct sd_index *all, size_t n)
{
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct sd_batch *b = batch_new("db", T0);
    for (size_t i = 0; i < n; i++)
        assert_true(batch_add(b, SD_INDEX, &all[i]));
    model_apply(m, b);
    batch_unref(b);
    struct doc *d = doc_new("v", "V");
    struct worst_list l = {.d = d};
    struct strbuf out = {0};
    indexes_worst(&(struct view_ctx){.model = m, .span = SPAN_ALL, .now = T0 + SD_S}, &l);
    for (size_t i = 0; i < l.n; i++)
        strbuf_printf(&out, "%s%s %s: %s", i ? "\n" : "", l.items[i].what, l.items[i].subject,
                      l.items[i].why);
    free(l.items);
    doc_free(d);
    model_free(m);
    return out.text ? strbuf_detach(&out) : mem_strdup("");
}

static void unused_indexes_are_told_from_100_mb_on(void **state)
{
    (void)state;
    const sd_time week = T0 - 8 * 86400 * SD_S;
    struct sd_index all[] = {index_of("a", 0, 60000000, week), index_of("b", 0, 50000000, week),
                             index_of("used", 1, 900000000, week), index_of("key", 0, 900000000, week),
                             index_of("unique", 0, 900000000, week)};
    all[3].is_constraint = 1;
    all[4].is_unique = 1;
    char *said = overview_of(all, ARRAY_LEN(all));
    assert_string_equal(said,
                        "unused 2 indexes: 110 MB of indexes were never scanned: every write pays for them");
    free(said);
    all[1].size_bytes = 39000000; /* 99 MB */
    said = overview_of(all, ARRAY_LEN(all));
    assert_string_equal(said, "");
    free(said);
    all[0] = index_of("a", 0, 600000000, T0 - 3600 * SD_S); /* counted for an hour only */
    said = overview_of(all, 1);
    assert_string_equal(said, "");
    free(said);
    all[0].since = SD_UNKNOWN; /* never reset */
    said = overview_of(all, 1);
    assert_string_equal(said,
                        "unused 1 index: 600 MB of indexes were never scanned: every write pays for them");
    free(said);
    all[0].idx_scan = SD_UNKNOWN; /* not known is not unused */
    said = overview_of(all, 1);
    assert_string_equal(said, "");
    free(said);
}

static void an_invalid_index_gets_a_line_unless_it_is_built(void **state)
{
    (void)state;
    struct sd_index x[] = {index_of("half", 0, 5000, T0), index_of("whole", 3, 5000, T0)};
    x[0].is_valid = 0;
    char *said = overview_of(x, 2);
    assert_non_null(strstr(said, "index half: invalid: a build failed"));
    assert_null(strstr(said, "whole"));
    free(said);
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct sd_batch *b = batch_new("db", T0);
    struct sd_server s;
    struct sd_progress p;
    schema_clear(schema_of(SD_SERVER), &s);
    schema_clear(schema_of(SD_PROGRESS), &p);
    p.command = "create index";
    p.database = "shop";
    p.relation = "public.orders";
    assert_true(batch_add(b, SD_INDEX, &x[0]) && batch_add(b, SD_SERVER, &s) &&
                batch_add(b, SD_PROGRESS, &p));
    model_apply(m, b);
    batch_unref(b);
    struct doc *d = doc_new("v", "V");
    struct worst_list l = {.d = d};
    indexes_worst(&(struct view_ctx){.model = m, .span = SPAN_ALL, .now = T0 + SD_S}, &l);
    assert_int_equal(l.n, 0);
    free(l.items);
    doc_free(d);
    model_free(m);
}

/* ---- the server ---- */

static void a_server_that_has_just_started(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct sd_server s;
    schema_clear(schema_of(SD_SERVER), &s);
    s.started = T0 - 3 * SD_S;
    struct sd_batch *b = batch_new("db", T0);
    assert_true(batch_add(b, SD_SERVER, &s));
    model_apply(m, b);
    batch_unref(b);
    struct doc *d = server_view.build(&(struct view_ctx){.model = m, .span = SPAN_ALL, .now = T0 + SD_S});
    struct strbuf out = {0};
    print_doc(d, PRINT_TEXT, &(struct print_options){.width = 120}, &out);
    if (!strstr(out.text, "3.0 s"))
        fail_msg("%s", out.text);
    strbuf_free(&out);
    doc_free(d);
    model_free(m);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_are_judged_by_figures),
        cmocka_unit_test(an_idle_transaction_has_no_limit),
        cmocka_unit_test(a_slot_without_a_limit),
        cmocka_unit_test(unused_indexes_are_told_from_100_mb_on),
        cmocka_unit_test(an_invalid_index_gets_a_line_unless_it_is_built),
        cmocka_unit_test(a_server_that_has_just_started),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
