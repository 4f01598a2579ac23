#include "core/goals/check_list.h"

#include <stdlib.h>
#include <string.h>

const char *check_status_name(enum check_status s)
{
    static const char *const NAMES[] = {[CHECK_PASS] = "pass",
                                        [CHECK_WARN] = "warn",
                                        [CHECK_FAIL] = "fail",
                                        [CHECK_SKIP] = "skip",
                                        [CHECK_MISSING] = "missing"};
    return NAMES[s];
}

void check_list_init(struct check_list *l)
{
    *l = (struct check_list){.arena = arena_new()};
}

void check_list_free(struct check_list *l)
{
    free(l->items);
    free(l->notes);
    arena_free(l->arena);
    *l = (struct check_list){.n = 0};
}

/* What the other kinds of checks speak of. */
static void leave_out(struct check *c)
{
    double *of_policy[] = {&c->value, &c->limit, &c->baseline, &c->change_share, &c->p_value};
    double *of_others[] = {&c->expected, &c->actual};
    for (size_t i = 0; !c->kind && i < ARRAY_LEN(of_policy); i++)
        *of_policy[i] = (double)NAN;
    for (size_t i = 0; c->kind && i < ARRAY_LEN(of_others); i++)
        *of_others[i] = (double)NAN;
    if (c->kind)
        c->limit_bytes = c->actual_bytes = c->over_bytes = SD_UNKNOWN;
}

void check_add(struct check_list *l, const struct check *c)
{
    struct check own = *c;
    const char **texts[] = {&own.name,      &own.source,  &own.message,    &own.metric, &own.audit,
                            &own.assertion, &own.url,     &own.level,      &own.kind,   &own.signal,
                            &own.subject,   &own.feature, &own.value_unit, &own.text,   &own.path};
    leave_out(&own);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        *texts[i] = arena_strdup(l->arena, *texts[i]);
    const char **files = arena_alloc(l->arena, MAX(c->n_files, 1) * sizeof *files);
    for (size_t i = 0; i < c->n_files; i++)
        files[i] = arena_strdup(l->arena, c->files[i]);
    own.files = files;
    l->items = mem_grow(l->items, l->n, &l->cap, sizeof *l->items);
    l->items[l->n++] = own;
    l->count[c->status]++;
}

void check_note(struct check_list *l, const char *fmt, ...)
{
    struct strbuf b = {0};
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(&b, fmt, ap);
    va_end(ap);
    bool known = false;
    for (size_t i = 0; i < l->n_notes && !known; i++)
        known = str_eq(l->notes[i], strbuf_text(&b));
    if (!known) {
        l->notes = mem_grow(l->notes, l->n_notes, &l->cap_notes, sizeof *l->notes);
        l->notes[l->n_notes++] = arena_strdup(l->arena, strbuf_text(&b));
    }
    strbuf_free(&b);
}

const char *check_sentence(const struct check *c)
{
    return c->text ? c->text : c->message;
}

/* ---- the worst first ---- */

struct ranked {
    struct check check;
    double excess; /* as a share of the limit */
    size_t place;
};

static double excess_of(const struct check *c)
{
    if (c->kind) {
        double over = c->below ? c->limit - c->value : c->value - c->limit;
        return isfinite(over) ? over / (c->limit > 0 ? c->limit : 1) : 0;
    }
    if (sd_known(c->over_bytes) && c->limit_bytes > 0)
        return (double)c->over_bytes / (double)c->limit_bytes;
    if (!isfinite(c->actual) || !isfinite(c->expected))
        return c->metric ? 0 : INFINITY; /* an audit that is missing */
    double span = fabs(c->expected);
    return fabs(c->actual - c->expected) / (span > 0 ? span : 1);
}

static int worst_first(const void *a, const void *b)
{
    static const int RANK[] = {
        [CHECK_FAIL] = 0, [CHECK_MISSING] = 1, [CHECK_WARN] = 2, [CHECK_SKIP] = 3, [CHECK_PASS] = 4};
    const struct ranked *x = a, *y = b;
    int by_status = RANK[x->check.status] - RANK[y->check.status];
    if (by_status)
        return by_status;
    if (x->check.status != CHECK_PASS && x->excess != y->excess)
        return x->excess > y->excess ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

void check_list_sort(struct check_list *l)
{
    struct ranked *all = mem_array(l->n, sizeof *all);
    for (size_t i = 0; i < l->n; i++)
        all[i] = (struct ranked){.check = l->items[i], .excess = excess_of(&l->items[i]), .place = i};
    qsort(all, l->n, sizeof *all, worst_first);
    for (size_t i = 0; i < l->n; i++)
        l->items[i] = all[i].check;
    free(all);
}
