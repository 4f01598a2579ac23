/* Load tests: those that run, and the results of those that have ended. */
#include "view/loads/loads.h"

#include "view/loads/load_live.h"
#include "view/loads/load_saturation.h"
#include "view/result_list.h"
#include "view/shared/common.h"

#include <stdlib.h>

#define GROUP "loads"
#define NONE                                                                                                 \
    "No load test has run yet. slowdive load profile access.log -o s.yaml writes a scenario of what a log "  \
    "asks "                                                                                                  \
    "for; slowdive load run s.yaml runs it."

enum { TESTS_MOST = 256 };

/* ---- tests that are ready or run ---- */

/* Those that are not over; count. */
static size_t open_tests(const struct view_ctx *c, struct record_entry *out)
{
    struct record_entry e[TESTS_MOST];
    size_t n = 0, all = model_loads(c->model, c->now, e, TESTS_MOST);
    for (size_t i = 0; i < all; i++)
        if (!load_is_over(c->model, c->now, &e[i]))
            out[n++] = e[i];
    return n;
}

static const char *subject(const struct model *m, size_t i)
{
    struct record_entry e[TESTS_MOST];
    size_t n = model_loads(m, INT64_MAX, e, TESTS_MOST);
    return i < n ? ((const struct sd_load *)e[i].r)->name : result_subject(m, GROUP, i - n);
}

/* Above the results. */
static void add_open(struct doc *d, const struct view_ctx *c, struct section *s)
{
    struct record_entry e[TESTS_MOST];
    size_t n = open_tests(c, e), results = s->table.n_rows;
    for (size_t i = 0; i < n; i++) {
        const struct sd_load *r = e[i].r;
        struct row *row = doc_row(d, &s->table);
        row->cells[RESULT_name] = cell_text(doc_text(d, r->name));
        row->cells[RESULT_what] = cell_text("Load test");
        row->cells[RESULT_verdict] = cell_text(str_eq(r->phase, LOAD_READY) ? "ready" : "runs");
        row->cells[RESULT_headline] = cell_text(load_live_line(d, c, &e[i]));
        row->cells[RESULT_at] = cell_int(e[i].at);
        row->cells[RESULT_document] = cell_text("load");
        row->cells[RESULT_source] = cell_text(doc_text(d, e[i].origin));
        row->dive = (struct dive){.view = "load-test", .arg = doc_text(d, r->name)};
    }
    if (!n)
        return;
    struct row *rows = mem_array(n, sizeof *rows);
    memcpy(rows, s->table.rows + results, n * sizeof *rows);
    memmove(s->table.rows + n, s->table.rows, results * sizeof *rows);
    memcpy(s->table.rows, rows, n * sizeof *rows);
    free(rows);
}

static struct doc *build_list(const struct view_ctx *c)
{
    struct doc *d = doc_new("loads", "Load tests");
    common_envelope(d, c, common_span(c));
    struct section *s = result_table(d, c, GROUP, "load-test");
    s->empty = NONE;
    add_open(d, c, s);
    return d;
}

/* ---- one ---- */

static bool is_named(const struct sd_load *r, const char *arg)
{
    return !arg || str_eq(arg, r->name) || (str_starts(arg, "load ") && str_eq(arg + 5, r->name));
}

static struct doc *build_open(const struct view_ctx *c, const struct record_entry *test)
{
    const struct sd_load *r = test->r;
    struct doc *d = doc_new("load-test", "Load test");
    common_envelope(d, c, common_span(c));
    d->title = doc_text(d, r->name ? r->name : "Load test");
    doc_field(d, "name", UNIT_NONE, cell_text(doc_text(d, r->name)));
    doc_field(d, "phase", UNIT_NONE, cell_text(doc_text(d, r->phase)));
    load_live_sections(d, c, test);
    load_saturation_section(d, c, test, SIZE_MAX);
    return d;
}

static struct doc *build_one(const struct view_ctx *c)
{
    struct record_entry e[TESTS_MOST];
    const struct record_entry *ended = NULL;
    size_t n = model_loads(c->model, c->now, e, TESTS_MOST);
    for (size_t i = n; i-- > 0;) {
        if (!is_named(e[i].r, c->arg))
            continue;
        if (!load_is_over(c->model, c->now, &e[i]))
            return build_open(c, &e[i]);
        ended = ended ? ended : &e[i];
    }
    struct doc *d = result_view(c, "load-test", GROUP, NONE);
    if (ended && d->json)
        load_saturation_section(d, c, ended, 1);
    return d;
}

const struct view loads_view = {
    .name = "loads",
    .place = PLACE_LOAD,
    .title = "Load tests",
    .summary = "load tests that run, and the results of those that have ended, the newest first",
    .needs = SD_KIND_BIT(SD_DOCUMENT) | SD_KIND_BIT(SD_LOAD),
    .made_of = SD_KIND_BIT(SD_DOCUMENT) | SD_KIND_BIT(SD_LOAD),
    .lists = "load test",
    .thing = "name",
    .actions = load_actions,
    .build = build_list,
    .columns = RESULT_LIST_COLUMNS,
    .n_columns = RESULT_N,
};

const struct view load_test_view = {
    .name = "load-test",
    .place = PLACE_LOAD,
    .title = "Load test",
    .summary = "one load test: rate, percentiles, errors and what broke first; while it runs, as it goes",
    .about = "load test",
    .subject = subject,
    .needs = SD_KIND_BIT(SD_DOCUMENT) | SD_KIND_BIT(SD_LOAD),
    .build = build_one,
    .columns = RESULT_LIST_COLUMNS,
    .n_columns = RESULT_N,
};
