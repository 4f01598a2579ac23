/* diff_about.c - all about one row of two plans side by side. */
#include <stdlib.h>

#include "view/plans/parts.h"
#include "view/plans/diff_private.h"

enum { LABEL = 12, ABOUT_LINES = 12 };

static void diff_kept_free(void *p)
{
    struct diff_kept *k = p;
    plan_diff_free(&k->diff);
    explain_free(&k->before);
    explain_free(&k->after);
    free(k);
}

static void line(struct strbuf *b, const char *label, const char *fmt, ...) SD_PRINTF(3, 4);
static void line(struct strbuf *b, const char *label, const char *fmt, ...)
{
    va_list ap;
    strbuf_printf(b, "\n%-*s", LABEL, label);
    va_start(ap, fmt);
    strbuf_vprintf(b, fmt, ap);
    va_end(ap);
}

static double of(const struct plan_node *n, size_t offset)
{
    double v = NAN;
    if (n)
        memcpy(&v, (const char *)n + offset, sizeof v);
    return v;
}

/* "47.5 ms -> 1.06 ms"; one figure when it is one, or when one plan has none. */
static void figures(struct strbuf *b, const struct plan_diff_node *n)
{
    static const struct {
        const char *label;
        size_t offset;
        enum unit unit;
    } rows[] = {
        {.label = "Own time", .offset = offsetof(struct plan_node, exclusive_ns), .unit = UNIT_NS},
        {.label = "Total time", .offset = offsetof(struct plan_node, total_ns), .unit = UNIT_NS},
        {.label = "Rows", .offset = offsetof(struct plan_node, rows), .unit = UNIT_COUNT},
        {.label = "Planned", .offset = offsetof(struct plan_node, plan_rows), .unit = UNIT_COUNT},
        {.label = "Wrong by", .offset = offsetof(struct plan_node, estimate_factor), .unit = UNIT_FACTOR},
        {.label = "Thrown away", .offset = offsetof(struct plan_node, rows_removed), .unit = UNIT_COUNT},
        {.label = "Loops", .offset = offsetof(struct plan_node, loops), .unit = UNIT_COUNT},
        {.label = "Own cost", .offset = offsetof(struct plan_node, cost), .unit = UNIT_COST},
        {.label = "Blocks hit", .offset = offsetof(struct plan_node, own_shared_hit), .unit = UNIT_BLOCKS},
        {.label = "Blocks read", .offset = offsetof(struct plan_node, own_shared_read), .unit = UNIT_BLOCKS},
        {.label = "Temporary", .offset = offsetof(struct plan_node, own_temp_written), .unit = UNIT_BLOCKS}};
    char was[UNIT_TEXT_MAX], now[UNIT_TEXT_MAX];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        double before = of(n->before, rows[i].offset), after = of(n->after, rows[i].offset);
        unit_format(rows[i].unit, before, was);
        unit_format(rows[i].unit, after, now);
        if (isnan(before) && isnan(after))
            continue;
        if (n->before && n->after && strcmp(was, now) != 0)
            line(b, rows[i].label, "%s -> %s", was, now);
        else if (before > 0 || after > 0)
            line(b, rows[i].label, "%s", isnan(after) ? was : now);
    }
}

static const char *text_of(const struct plan_node *n, size_t offset)
{
    const char *s = NULL;
    if (n)
        memcpy(&s, (const char *)n + offset, sizeof s);
    return s;
}

static void conditions(struct doc *d, struct strbuf *b, const struct diff_kept *k,
                       const struct plan_diff_node *n)
{
    static const struct {
        const char *label;
        size_t offset;
    } rows[] = {{.label = "Index cond", .offset = offsetof(struct plan_node, index_cond)},
                {.label = "Recheck", .offset = offsetof(struct plan_node, recheck_cond)},
                {.label = "Hash cond", .offset = offsetof(struct plan_node, hash_cond)},
                {.label = "Merge cond", .offset = offsetof(struct plan_node, merge_cond)},
                {.label = "TID cond", .offset = offsetof(struct plan_node, tid_cond)},
                {.label = "Join filter", .offset = offsetof(struct plan_node, join_filter)},
                {.label = "Filter", .offset = offsetof(struct plan_node, filter)},
                {.label = "When", .offset = offsetof(struct plan_node, one_time_filter)},
                {.label = "Cache key", .offset = offsetof(struct plan_node, cache_key)}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *before = text_of(n->before, rows[i].offset), *after = text_of(n->after, rows[i].offset);
        if (before)
            before = plan_shown(d, &k->before_is, before);
        if (after)
            after = plan_shown(d, &k->after_is, after);
        if (str_eq(before, after)) {
            if (before)
                line(b, rows[i].label, "%s", before);
            continue;
        }
        if (before)
            line(b, rows[i].label, "%s%s", n->after ? "was " : "", before);
        if (after)
            line(b, before ? "" : rows[i].label, "%s%s", n->before ? "now " : "", after);
    }
}

static const char *about(struct doc *d, const struct section *s, const struct row *r, bool chosen)
{
    const struct diff_kept *k = s->about_ctx;
    struct strbuf b = {0};
    (void)chosen;
    if (!r->number || r->number > k->diff.n_nodes)
        return NULL;
    const struct plan_diff_node *n = &k->diff.nodes[r->number - 1];
    plan_diff_label(n, &b);
    if (!n->after)
        strbuf_printf(&b, " (node %d before): gone", n->before->id);
    else if (!n->before)
        strbuf_printf(&b, " (node %d): new", n->after->id);
    else
        strbuf_printf(&b, " (node %d, was %d)%s", n->after->id, n->before->id,
                      n->n_changes ? "" : ": the same");
    for (size_t i = 0; i < n->n_changes; i++)
        strbuf_printf(&b, "\n~ %s", n->changes[i]);
    figures(&b, n);
    conditions(d, &b, k, n);
    const char *text = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    return text;
}

void plan_diff_about(struct doc *d, size_t section, struct diff_kept *k)
{
    d->sections[section].about = about;
    d->sections[section].about_ctx = k;
    d->sections[section].about_lines = ABOUT_LINES;
    doc_own(d, k, diff_kept_free);
}
