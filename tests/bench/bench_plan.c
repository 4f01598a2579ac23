/* bench_plan.c - a plan of 10,000 nodes: read, analysed, drawn on a console of 200x50, and
 * printed. Each step alone, then the whole as the console does it. Milliseconds of
 * processor time, the median of seven. Prints "name value unit" lines; with "plan" the plan. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/batch.h"
#include "core/plans/findings.h"
#include "format/plans/explain_input.h"
#include "sink/print.h"
#include "ui/actions.h"
#include "ui/console.h"
#include "view/plans/plan.h"

#include <cjson/cJSON.h>

enum { NODES = 10000, ROUNDS = 7 };
#define T0 (INT64_C(1700000000) * SD_S)

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void say(const char *name, double *v)
{
    qsort(v, ROUNDS, sizeof *v, by_value);
    printf("%s %.2f ms\n", name, v[ROUNDS / 2]);
}

static int written;

static void open_node(struct strbuf *b, const char *type, const char *relationship, double ms, int rows,
                      int loops)
{
    written++;
    strbuf_printf(
        b,
        "{\"Node Type\": \"%s\", \"Parent Relationship\": \"%s\", \"Parallel Aware\": false, \"Async "
        "Capable\": false, "
        "\"Startup Cost\": 0.29, \"Total Cost\": %.2f, \"Plan Rows\": %d, \"Plan Width\": 36, \"Actual "
        "Startup Time\": 0.010, "
        "\"Actual Total Time\": %.3f, \"Actual Rows\": %d, \"Actual Loops\": %d, \"Shared Hit Blocks\": %d, "
        "\"Shared Read Blocks\": %d, \"Shared Dirtied Blocks\": 0, \"Shared Written Blocks\": 0, \"Local Hit "
        "Blocks\": 0, "
        "\"Local Read Blocks\": 0, \"Temp Read Blocks\": 0, \"Temp Written Blocks\": 0",
        type, relationship, ms * 30, rows / 2 + 1, ms, rows, loops, rows / 10 + 3, rows / 50);
}

static void scan(struct strbuf *b, const char *relationship, int i, double ms)
{
    open_node(b, i % 3 ? "Index Scan" : "Seq Scan", relationship, ms, 40 + i % 900, 1);
    strbuf_printf(
        b,
        ", \"Relation Name\": \"measurements_%d\", \"Alias\": \"m_%d\", %s\"Filter\": \"((kind = "
        "'reading'::text) AND "
        "(value > '%d'::numeric) AND (taken_at >= '2024-01-01 00:00:00+00'::timestamp with time zone))\", "
        "\"Rows Removed by Filter\": %d}",
        i, i, i % 3 ? "\"Index Name\": \"measurements_pkey\", \"Index Cond\": \"(device_id = 77)\", " : "", i,
        i % 5000);
}

/* An Append over partitions, each joined and sorted: eight levels, 10,000 nodes. */
static char *make(void)
{
    struct strbuf b = {0};
    strbuf_str(&b, "[{\"Plan\": ");
    open_node(&b, "Limit", "Outer", 2000, 10, 1);
    strbuf_str(&b, ", \"Plans\": [");
    open_node(&b, "Sort", "Outer", 1999, 10, 1);
    strbuf_str(&b, ", \"Sort Key\": [\"m.taken_at DESC\"], \"Sort Method\": \"top-N heapsort\", \"Sort Space "
                   "Used\": 27, "
                   "\"Sort Space Type\": \"Memory\", \"Plans\": [");
    open_node(&b, "Append", "Outer", 1990, 100000, 1);
    strbuf_str(&b, ", \"Plans\": [");
    for (int i = 0; written + 6 <= NODES; i++) {
        double ms = 0.5 + i % 7 * 0.1;
        strbuf_str(&b, i ? ", " : "");
        open_node(&b, "Sort", "Member", ms, 50 + i % 500, 1);
        strbuf_str(
            &b, ", \"Sort Key\": [\"m.taken_at\"], \"Sort Method\": \"quicksort\", \"Sort Space Used\": 40, "
                "\"Sort Space Type\": \"Memory\", \"Plans\": [");
        open_node(&b, "Hash Join", "Outer", ms * 0.9, 50 + i % 500, 1);
        strbuf_printf(
            &b, ", \"Join Type\": \"Inner\", \"Hash Cond\": \"(m_%d.device_id = d.id)\", \"Plans\": [", i);
        scan(&b, "Outer", i, ms * 0.5);
        strbuf_str(&b, ", ");
        open_node(&b, "Hash", "Inner", ms * 0.3, 100, 1);
        strbuf_str(&b,
                   ", \"Hash Buckets\": 1024, \"Hash Batches\": 1, \"Peak Memory Usage\": 20, \"Plans\": [");
        scan(&b, "Outer", i + 1, ms * 0.2);
        strbuf_str(&b, "]}]}]}");
    }
    while (written < NODES) {
        strbuf_str(&b, ", ");
        scan(&b, "Member", written, 0.2);
    }
    strbuf_str(&b, "]}]}]}, \"Planning Time\": 30.5, \"Execution Time\": 2000.5}]");
    return strbuf_detach(&b);
}

static sd_time passed;

static sd_time fixed(void *app)
{
    (void)app;
    return T0 + SD_S + passed;
}

static struct model *model_with(const char *body)
{
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct sd_batch *b = batch_new("shop", T0);
    struct sd_plan p = {
        .query_id = 77,
        .database = "shop",
        .query = "SELECT m.taken_at, m.value FROM measurements m JOIN devices d ON m.device_id = d.id WHERE "
                 "m.kind = 'reading' "
                 "AND m.value > 5 AND m.taken_at >= '2024-01-01' ORDER BY m.taken_at DESC LIMIT 10",
        .body = body,
        .generic = 0,
        .analyzed = 1};
    batch_add(b, SD_PLAN, &p);
    model_apply(m, b);
    batch_unref(b);
    return m;
}

/* As the program hands JSON out. */
static void thrown_away(void *ctx, struct strbuf *part)
{
    (void)ctx;
    strbuf_clear(part);
}

int main(int argc, char **argv)
{
    double read[ROUNDS], found[ROUNDS], drawn[ROUNDS], fresh[ROUNDS], again[ROUNDS], moved[ROUNDS],
        text[ROUNDS], json[ROUNDS], parsed[ROUNDS];
    setlocale(LC_CTYPE, "C.UTF-8");
    char *body = make();
    if (argc > 1 && !strcmp(argv[1], "plan")) { /* the plan itself, for others to read */
        fputs(body, stdout);
        free(body);
        return 0;
    }
    size_t len = strlen(body), nodes = 0;
    struct model *model = model_with(body);
    struct config *config = config_new(actions_all());
    for (int i = 0; i < ROUNDS; i++) {
        struct explain e;
        struct sd_error err;
        struct plan_findings f;
        struct plan_facts facts = {0};
        double t = now_ms();
        if (!explain_read(body, len, &e, &err))
            return 1;
        read[i] = now_ms() - t;
        nodes = e.plans[0]->n_nodes;
        t = now_ms();
        plan_findings(e.plans[0], &facts, &f);
        found[i] = now_ms() - t;
        plan_findings_free(&f);
        explain_free(&e);
        t = now_ms();
        cJSON_Delete(cJSON_ParseWithLength(body, len));
        parsed[i] = now_ms() - t;

        struct console *c =
            console_new(&(struct console_env){.model = model, .config = config, .now = fixed});
        struct grid *g = grid_new(200, 50, false);
        console_resize(c, 200, 50);
        t = now_ms();
        console_open(c, "plan", "shop/77"); /* builds the doc */
        console_draw(c, g);
        drawn[i] = now_ms() - t;
        if (!console_condition(c, "plan", &err)) /* it would be the time of something else */
            return 1;
        int64_t wait;
        passed += 2 * SD_S; /* a refresh is due, and nothing has changed */
        t = now_ms();
        console_tick(c, &wait);
        console_draw(c, g);
        fresh[i] = now_ms() - t;
        console_key(c, 'z'); /* the tree alone; nothing is built anew */
        for (int k = 0; k < 8 && !console_condition(c, "text m: next metric", &err); k++)
            console_key(c, K_TAB);
        t = now_ms();
        console_draw(c, g);
        again[i] = now_ms() - t;
        t = now_ms();
        console_key(c, 'G');
        console_draw(c, g);
        moved[i] = now_ms() - t;
        grid_free(g);
        console_free(c);

        struct strbuf out = {0};
        for (int format = 0; format < 2; format++) {
            t = now_ms();
            struct doc *d = plan_explain(body, len, "bench", &err);
            const struct print_options o = {.width = 120, .take = thrown_away};
            print_doc(d, format ? PRINT_JSON : PRINT_TEXT, &o, &out);
            doc_free(d);
            *(format ? &json[i] : &text[i]) = now_ms() - t;
            strbuf_clear(&out);
        }
        strbuf_free(&out);
    }
    printf("plan_nodes %zu nodes\nplan_bytes %zu bytes\n", nodes, len);
    say("plan_read", read);
    say("plan_findings", found);
    say("plan_drawn", drawn);
    say("plan_refresh", fresh);
    say("plan_drawn_again", again);
    say("plan_key", moved);
    say("plan_text", text);
    say("plan_json", json);
    say("plan_parsed", parsed);
    printf("plan_json_to_parsed %.2f x\n", json[ROUNDS / 2] / parsed[ROUNDS / 2]);
    free(body);
    model_free(model);
    config_free(config);
    return 0;
}
