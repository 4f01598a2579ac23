#include "view/result_list.h"

#include "core/model/loads.h"
#include "view/shared/common.h"

#include <stdlib.h>

enum { RESULTS_MOST = 4096 };

const struct column RESULT_LIST_COLUMNS[RESULT_N] = {
#define RESULT_COLUMN(k, t, f, p, w, h)                                                                      \
    [RESULT_##k] = {.key = #k,                                                                               \
                    .title = t,                                                                              \
                    .unit = RESULT_##k == RESULT_at ? UNIT_TIME : UNIT_NONE,                                 \
                    .flags = f,                                                                              \
                    .priority = p,                                                                           \
                    .width = w,                                                                              \
                    .help = h},
    RESULT_COLUMNS(RESULT_COLUMN)
#undef RESULT_COLUMN
};

static bool is_of_group(const struct sd_document *r, const char *group)
{
    const struct result_kind *k = result_kind_of(r->what);
    return k && str_eq(k->group, group);
}

/* Those of the group, the newest last. */
static struct record_entry *entries(const struct model *m, sd_time at, const char *group, size_t *n)
{
    struct record_entry *e = mem_array(RESULTS_MOST, sizeof *e);
    size_t all = model_results(m, at, e, RESULTS_MOST);
    *n = 0;
    for (size_t i = 0; i < all; i++) {
        size_t k = *n;
        if (!is_of_group(e[i].r, group))
            continue;
        struct record_entry x = e[i];
        for (; k > 0 && e[k - 1].at > x.at; k--)
            e[k] = e[k - 1];
        e[k] = x;
        ++*n;
    }
    return e;
}

struct section *result_table(struct doc *d, const struct view_ctx *c, const char *group, const char *view)
{
    struct section *s = doc_table(d, "rows", "Results", RESULT_LIST_COLUMNS, RESULT_N);
    size_t n;
    struct record_entry *e = entries(c->model, c->now, group, &n);
    s->table.sort_column = -1;
    for (size_t i = n; i-- > 0;) {
        const struct sd_document *r = e[i].r;
        cJSON *o = cJSON_Parse(r->json ? r->json : "");
        struct row *row = doc_row(d, &s->table);
        enum severity severity = SEVERITY_NONE;
        row->cells[RESULT_name] = cell_text(doc_text(d, r->name));
        row->cells[RESULT_what] = cell_text(result_kind_of(r->what)->title);
        row->cells[RESULT_document] = cell_text(doc_text(d, r->what));
        row->cells[RESULT_at] = cell_int(e[i].at);
        row->cells[RESULT_source] = cell_text(doc_text(d, e[i].origin));
        if (o) {
            row->cells[RESULT_verdict] = cell_text(doc_text(d, result_get_text(o, "verdict")));
            row->cells[RESULT_headline] = cell_text(result_headline(d, o, &severity));
        }
        row->severity = severity == SEVERITY_GOOD ? SEVERITY_NONE : severity;
        row->dive =
            (struct dive){.view = view, .arg = doc_printf(d, "%s %s", r->what, r->name ? r->name : "")};
        cJSON_Delete(o);
    }
    free(e);
    return s;
}

const char *result_subject(const struct model *m, const char *group, size_t i)
{
    size_t n;
    struct record_entry *e = entries(m, INT64_MAX, group, &n);
    const char *name = i < n ? ((const struct sd_document *)e[i].r)->name : NULL;
    free(e);
    return name;
}

/* By its name, or by kind and name as the list has it. */
static bool is_meant(const struct sd_document *r, const char *arg)
{
    size_t len = strlen(r->what);
    return !arg || str_eq(r->name, arg) ||
           (!strncmp(arg, r->what, len) && arg[len] == ' ' && str_eq(arg + len + 1, r->name ? r->name : ""));
}

cJSON *result_of(const struct view_ctx *c, const char *group, const char *arg)
{
    size_t n;
    struct record_entry *e = entries(c->model, c->now, group, &n);
    const struct sd_document *r = NULL;
    for (size_t i = 0; i < n; i++)
        if (is_meant(e[i].r, arg))
            r = e[i].r;
    cJSON *o = r && r->json ? cJSON_Parse(r->json) : NULL;
    free(e);
    return o;
}

struct doc *result_view(const struct view_ctx *c, const char *view, const char *group, const char *missing)
{
    cJSON *o = result_of(c, group, c->arg);
    struct doc *d = o ? result_doc(o) : doc_new(view, "Result");
    cJSON_Delete(o);
    if (!o) {
        common_envelope(d, c, common_span(c));
        d->missing = c->arg ? doc_printf(d, "there is no result %s", c->arg) : NULL;
        struct section *s = doc_table(d, "rows", "Results", RESULT_LIST_COLUMNS, RESULT_N);
        s->empty = missing;
    } else if (c->arg) {
        d->title = doc_text(d, c->arg);
    }
    return d;
}
