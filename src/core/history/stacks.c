/* stacks.c - profiles of a series as rows of a history: a row for each stack, the heaviest of a step. */
#include <stdlib.h>

#include "core/history/forms.h"

enum {
    STACK_BYTES = 4000, /* of its text: beyond, the outermost functions are left out */
    FRAMES = 512
};
static const char OTHER[] = "(other)\t\t";

/* ---- out of a profile ---- */

struct taking {
    const struct sd_profile *whole;
    const struct sd_profile_tree *tree;
    const struct sd_profile_function **functions;
    size_t n_functions, nodes, types, type;
    struct strbuf text;
    struct history_row row;
    void (*give)(void *ctx, const struct history_row *row);
    void *ctx;
    size_t given;
};

static double real_at(const struct sd_reals *r, size_t i)
{
    return r && i < r->n && isfinite(r->items[i]) ? r->items[i] : 0;
}

static int64_t count_at(const struct sd_ints *l, size_t i)
{
    return l && i < l->n ? l->items[i] : SD_UNKNOWN;
}

/* Tabs and ends of lines separate. */
static void put_part(struct strbuf *out, const char *text)
{
    for (; text && *text; text++)
        strbuf_char(out, *text == '\t' || *text == '\n' ? ' ' : *text);
}

static void put_function(struct strbuf *out, const struct sd_profile_function *f)
{
    put_part(out, f->name ? f->name : "[unknown]");
    strbuf_char(out, '\t');
    put_part(out, f->module);
    strbuf_char(out, '\t');
    put_part(out, f->kind);
}

static size_t function_bytes(const struct sd_profile_function *f)
{
    return (f->name ? strlen(f->name) : 9) + (f->module ? strlen(f->module) : 0) +
           (f->kind ? strlen(f->kind) : 0) + 3;
}

/* The functions down to a node; false: the lists contradict each other. -1: the root. */
static bool put_stack(struct taking *t, int64_t node)
{
    const struct sd_profile_function *path[FRAMES];
    size_t n = 0, bytes = 0;
    strbuf_clear(&t->text);
    for (int64_t i = node; i >= 0;) {
        int64_t function = t->tree->functions->items[i], parent = t->tree->parents->items[i];
        if (function < 0 || function >= (int64_t)t->n_functions || parent >= i)
            return false;
        bytes += function_bytes(t->functions[function]);
        if (n && (n == FRAMES || bytes > STACK_BYTES)) {
            strbuf_str(&t->text, OTHER);
            break;
        }
        path[n++] = t->functions[function];
        i = parent;
    }
    while (n-- > 0) {
        if (t->text.len)
            strbuf_char(&t->text, '\n');
        put_function(&t->text, path[n]);
    }
    return true;
}

static void give(struct taking *t, int64_t samples, double value, bool other)
{
    if (!(value > 0) && !(value < 0))
        return;
    if (other)
        strbuf_printf(&t->text, "%s%s", t->text.len ? "\n" : "", OTHER);
    const struct sd_history_stack r = {
        .profile = t->whole->name,
        .format = t->whole->format,
        .type = t->whole->types->items[t->type],
        .unit = t->whole->units && t->type < t->whole->units->n ? t->whole->units->items[t->type] : NULL,
        .stack = strbuf_text(&t->text),
        .interval_ns = t->row.length_ns,
        .samples = samples,
        .value = real_to_int(value)};
    t->row.record = &r;
    t->give(t->ctx, &t->row);
    t->given++;
}

static void take_nodes(struct taking *t)
{
    bool counted = t->tree->samples != NULL;
    for (size_t i = 0; i < t->nodes; i++) {
        double self = real_at(t->tree->self, i * t->types + t->type),
               cut = real_at(t->tree->cut, i * t->types + t->type);
        if (((self > 0 || self < 0) || (cut > 0 || cut < 0)) && put_stack(t, (int64_t)i)) {
            give(t, count_at(t->tree->samples, i), self, false);
            give(t, counted ? 0 : SD_UNKNOWN, cut, true);
        }
    }
    strbuf_clear(&t->text);
    give(t, counted ? 0 : SD_UNKNOWN, real_at(t->tree->root_cut, t->type), true);
}

/* The type that it shows, or the first. */
static size_t shown_type(const struct sd_profile *whole)
{
    for (uint32_t i = 0; whole->type && i < whole->types->n; i++)
        if (str_eq(whole->types->items[i], whole->type))
            return i;
    return 0;
}

size_t history_stacks(const struct sd_batch *b, const char *host,
                      void (*row)(void *ctx, const struct history_row *row), void *ctx)
{
    size_t i = 0, k = 0, cap = 0;
    struct taking t = {.whole = batch_each(b, SD_PROFILE, &i), .give = row, .ctx = ctx};
    t.tree = batch_each(b, SD_PROFILE_TREE, &k);
    if (!t.whole || t.whole->series != 1 || !t.whole->types || !t.whole->types->n || !t.tree ||
        !t.tree->parents || !t.tree->functions)
        return 0;
    const struct sd_profile_function *f;
    for (k = 0; (f = batch_each(b, SD_PROFILE_FUNCTION, &k));) {
        if (t.n_functions == cap)
            t.functions = mem_grow(t.functions, t.n_functions, &cap, sizeof *t.functions);
        t.functions[t.n_functions++] = f;
    }
    t.types = t.whole->types->n;
    t.type = shown_type(t.whole);
    t.nodes = MIN(t.tree->parents->n, t.tree->functions->n);
    int64_t length = sd_known(t.whole->duration_ns) && t.whole->duration_ns > 0 ? t.whole->duration_ns : SD_S;
    t.row = (struct history_row){.kind = SD_HISTORY_STACK,
                                 .host = host,
                                 .source = batch_origin(b),
                                 .at = sub_sat(batch_time(b), length), /* a profile comes at its end */
                                 .length_ns = length};
    take_nodes(&t);
    strbuf_free(&t.text);
    free(t.functions);
    return t.given;
}

/* ---- the heaviest ---- */

struct heavy {
    struct history_row row;
    const struct sd_history_stack *r;
    sd_time step;
};

static int by_text(const char *a, const char *b)
{
    return !a || !b ? (a != NULL) - (b != NULL) : strcmp(a, b);
}

static int by_profile(const struct heavy *x, const struct heavy *y)
{
    if (x->step != y->step)
        return x->step < y->step ? -1 : 1;
    int c = by_text(x->row.host, y->row.host);
    c = c ? c : by_text(x->row.source, y->row.source);
    c = c ? c : by_text(x->r->profile, y->r->profile);
    return c ? c : by_text(x->r->type, y->r->type);
}

static int heaviest_first(const void *a, const void *b)
{
    const struct heavy *x = a, *y = b;
    int c = by_profile(x, y);
    if (c || x->r->value == y->r->value)
        return c ? c : by_text(x->r->stack, y->r->stack);
    return x->r->value > y->r->value ? -1 : 1;
}

/* How much of `a`, in whole lines, stands in front of `b`, too. */
static size_t common(const char *a, const char *b)
{
    size_t whole = 0, i = 0;
    for (; a[i] && a[i] == b[i]; i++)
        if (a[i] == '\n')
            whole = i;
    bool ends = (!a[i] || a[i] == '\n') && (!b[i] || b[i] == '\n');
    return ends ? i : whole;
}

static void add_cut(const struct heavy *kept, size_t n, const struct heavy *x, struct history_fold *into)
{
    const char *stack = x->r->stack ? x->r->stack : "";
    struct strbuf text = {0};
    size_t most = 0;
    for (size_t i = 0; i < n && stack[most]; i++)
        most = MAX(most, common(stack, kept[i].r->stack ? kept[i].r->stack : ""));
    strbuf_add(&text, stack, most);
    if (stack[most])
        strbuf_printf(&text, "%s%s", most ? "\n" : "", OTHER);
    struct sd_history_stack r = *x->r;
    struct history_row row = x->row;
    r.stack = strbuf_text(&text);
    row.record = &r;
    row.series = 0;
    history_fold_add(into, &row);
    strbuf_free(&text);
}

size_t history_stacks_cut(struct history_row *rows, size_t n, int64_t step_ns, struct history_fold *into)
{
    struct heavy *h = NULL;
    size_t stacks = 0, cap = 0, left = 0;
    for (size_t i = 0; i < n; i++) {
        if (rows[i].kind != SD_HISTORY_STACK) {
            rows[left++] = rows[i];
            continue;
        }
        if (stacks == cap)
            h = mem_grow(h, stacks, &cap, sizeof *h);
        h[stacks++] =
            (struct heavy){rows[i], rows[i].record, history_step_start(history_row_end(&rows[i]), step_ns)};
    }
    if (stacks)
        qsort(h, stacks, sizeof *h, heaviest_first);
    for (size_t from = 0, i = 0; i < stacks; i++) {
        if (by_profile(&h[from], &h[i]) != 0)
            from = i;
        if (i - from < HISTORY_STACKS)
            history_fold_add(into, &h[i].row);
        else
            add_cut(h + from, HISTORY_STACKS, &h[i], into);
    }
    free(h);
    return left;
}
