#include "view/profiles/shown_profile.h"

#include <stdlib.h>

#include "base/num.h"
#include "core/profiles/profile_group.h"
#include "core/profiles/profile_part.h"
#include "core/profiles/profile_select.h"
#include "view/action.h"
#include "view/profiles/profile_actions.h"
#include "view/shared/figures.h"

void shown_profile_free(void *shown)
{
    struct shown_profile *x = shown;
    profile_free(x->found.p);
    profile_free(x->before);
    profile_comparison_free(&x->compared);
    profile_shown_free(&x->shown);
    free(x->order);
    free(x);
}

/* ---- what of it ---- */

enum { FOCUS = '+', HIDE = '-', FOLD = '=' }; /* how the lines of the text begin */

static void add_line(char **list, const char *line, size_t n)
{
    char *was = *list;
    *list = mem_printf("%s%s%.*s", was ? was : "", was ? "\n" : "", (int)n, line);
    free(was);
}

struct profile_shown profile_shown_read(const char *text)
{
    struct profile_shown x = {0};
    for (size_t n; text && *text; text += n + (text[n] != 0)) {
        n = strcspn(text, "\n");
        char **list = *text == FOCUS ? &x.focus : *text == HIDE ? &x.hidden : &x.folded;
        if (n > 1)
            add_line(list, text + 1, n - 1);
    }
    return x;
}

static void write_lines(struct strbuf *out, char mark, const char *list)
{
    for (size_t n; list && *list; list += n + (list[n] != 0)) {
        n = strcspn(list, "\n");
        strbuf_printf(out, "%s%c%.*s", out->len ? "\n" : "", mark, (int)n, list);
    }
}

char *profile_shown_write(const struct profile_shown *x)
{
    struct strbuf out = {0};
    write_lines(&out, FOCUS, x->focus);
    write_lines(&out, HIDE, x->hidden);
    write_lines(&out, FOLD, x->folded);
    char *text = out.len ? mem_strdup(strbuf_text(&out)) : NULL;
    strbuf_free(&out);
    return text;
}

void profile_shown_free(struct profile_shown *x)
{
    free(x->focus);
    free(x->hidden);
    free(x->folded);
}

/* Takes what it is made of. */
static bool replace(struct profile **p, struct profile *by)
{
    if (!by)
        return false;
    profile_free(*p);
    *p = by;
    return true;
}

static double part_of(double value, double whole)
{
    return whole > 0 || whole < 0 ? value / whole : 0;
}

/* Focus first: what is hidden in it is a share of it. */
static void select_part(struct shown_profile *x, struct profile **p)
{
    double whole = (*p)->sums[0];
    x->focus_share = 1;
    x->hidden_share = 0;
    if (x->shown.focus && replace(p, profile_focused(*p, x->shown.focus)))
        x->focus_share = part_of((*p)->sums[0], whole);
    whole = (*p)->sums[0];
    if (x->shown.hidden && replace(p, profile_hidden(*p, x->shown.hidden)))
        x->hidden_share = part_of(whole - (*p)->sums[0], whole);
    if (x->shown.folded)
        replace(p, profile_folded(*p, x->shown.folded));
}

static const char *unknown_part(const struct shown_profile *x, enum profile_group group)
{
    if (x->shown.focus)
        return "Of the stacks in focus that is not told.";
    return group == GROUP_THREAD ? "The source does not tell which threads its samples are of."
           : group == GROUP_CONTAINER
               ? "The source does not tell which containers or control groups its samples are of."
               : "The samples have no such label.";
}

static void group_by_part(struct shown_profile *x, const struct view_ctx *c, enum profile_group group,
                          struct profile **p)
{
    const char *label = view_chosen_text(c, PROFILE_GROUP_CHOICE);
    const char *key = profile_part_named(*p, group == GROUP_LABEL && label ? label : x->by);
    if (group == GROUP_LABEL)
        x->by = label ? label : x->by;
    if (key)
        replace(p, profile_by_part(*p, key));
    else
        x->ungrouped = unknown_part(x, group);
}

static bool has_processes(const struct profile *p)
{
    for (size_t i = 1; i < p->n_nodes; i++)
        if (!p->nodes[i].parent && str_eq(p->functions[p->nodes[i].function].kind, "process"))
            return true;
    return false;
}

static void group(struct shown_profile *x, const struct view_ctx *c, struct profile **p)
{
    enum profile_group g = (enum profile_group)view_chosen(c, PROFILE_GROUP_CHOICE);
    x->by = profile_group_name(g);
    x->ungrouped = NULL;
    if (g == GROUP_FUNCTION)
        return;
    if (g >= GROUP_THREAD)
        group_by_part(x, c, g, p);
    else if (g == GROUP_PROCESS && (*p)->n_nodes > 1 && !has_processes(*p))
        x->by = "outermost frame"; /* in most files that is the program, or where its threads begin */
    if (g < GROUP_THREAD && !replace(p, profile_grouped(*p, g)))
        x->ungrouped = "The profile has figures of functions only, no stacks: it cannot be grouped.";
}

/* By the type that was asked for, or chosen; what of it, and by what, is chosen. */
static void find_profile(struct shown_profile *x, const struct view_ctx *c, const struct model *m,
                         struct span span, sd_time now, const char *type, struct profile_found *out)
{
    uint32_t chosen = (uint32_t)view_chosen(c, PROFILE_TYPE_CHOICE);
    model_profile(m, span, now, type ? type : c->weight, out);
    if (!type && !c->weight && chosen && out->types && chosen <= out->types->n) {
        profile_free(out->p);
        model_profile(m, span, now, out->types->items[chosen - 1], out);
    }
    if (!out->p)
        return;
    select_part(x, &out->p);
    group(x, c, &out->p);
}

bool shown_changed(const struct shown_profile *x)
{
    return x->shown.focus || x->shown.hidden || x->shown.folded || shown_grouped(x);
}

bool shown_grouped(const struct shown_profile *x)
{
    return x->by && !str_eq(x->by, profile_group_name(GROUP_FUNCTION));
}

struct shown_profile *shown_profile_now(const struct view_ctx *c)
{
    struct shown_profile *x = mem_alloc(sizeof *x);
    x->shown = profile_shown_read(view_chosen_text(c, PROFILE_PART_CHOICE));
    x->by = profile_group_name((enum profile_group)view_chosen(c, PROFILE_GROUP_CHOICE));
    find_profile(x, c, c->model, c->span, c->now, NULL, &x->found);
    struct profile *p = x->found.p;
    if (!p || x->ungrouped)
        return x;
    x->order = profile_order(p);
    for (size_t i = 0; i < p->n; i++) /* a function of other sample types only is none of this one */
        if (profile_total(p, x->order[i], 0) != 0 || profile_self(p, x->order[i], 0) != 0)
            x->order[x->n_order++] = x->order[i];
    return x;
}

/* Requests while the profile was taken; 0: none are known. */
static double requests_of(const struct model *m, const struct profile *p)
{
    struct span span = {p->at, add_sat(p->at, p->duration_ns)};
    double n = 0;
    for (size_t i = 0; sd_known(p->at) && p->duration_ns > 0 && i < model_endpoints(m); i++)
        n += endpoint_requests(model_endpoint(m, i), span);
    return n;
}

/* The baseline is other data, or another time of the same. */
static void find_before(struct shown_profile *x, const struct view_ctx *c)
{
    const struct figures *b = c->baseline;
    struct profile_found before;
    struct shown_profile same = {.shown = x->shown};
    if (!b || !x->found.p || x->ungrouped)
        return;
    find_profile(&same, c, b->model ? b->model : c->model, b->model ? SPAN_ALL : b->span, b->span.to,
                 x->found.type, &before);
    x->before_name = b->name;
    if (before.p && before.p->n && str_eq(before.unit, x->found.unit)) {
        x->before = before.p;
        x->compared = profile_compare(before.p, x->found.p);
        x->load = (struct profile_load){requests_of(b->model ? b->model : c->model, before.p),
                                        requests_of(c->model, x->found.p)};
        profile_compare_load(&x->compared, before.p, x->found.p, x->load);
    } else {
        profile_free(before.p);
    }
}

struct shown_profile *shown_profile(const struct view_ctx *c)
{
    struct shown_profile *x = shown_profile_now(c);
    find_before(x, c);
    return x;
}

/* "parse", "parse and 2 more" */
static void first_name(struct strbuf *out, const char *word, const char *list)
{
    size_t n = list ? strcspn(list, "\n") : 0, more = 0;
    if (!n)
        return;
    for (const char *p = list + n; *p; p++)
        more += *p == '\n';
    strbuf_printf(out, "%s%s %.*s", out->len ? ", " : " ", word, (int)n, list);
    if (more)
        strbuf_printf(out, " and %zu more", more);
}

const char *shown_title(struct doc *d, const struct shown_profile *x, const char *title)
{
    struct strbuf out = {0};
    if (shown_grouped(x))
        title = str_eq(title, "Functions") ? doc_printf(d, "By %s", x->by)
                                           : doc_printf(d, "%s by %s", title, x->by);
    first_name(&out, "only through", x->shown.focus);
    first_name(&out, "without", x->shown.hidden);
    first_name(&out, "folded:", x->shown.folded);
    const char *text = out.len ? doc_printf(d, "%s%s", title, strbuf_text(&out)) : title;
    strbuf_free(&out);
    return text;
}

static const struct table *names_list(struct doc *d, const char *list)
{
    static const struct column columns[] = {{.key = "name", .title = "Name", .help = "its name"}};
    struct table *t = doc_list(d, columns, ARRAY_LEN(columns));
    for (size_t n; list && *list; list += n + (list[n] != 0)) {
        n = strcspn(list, "\n");
        doc_row(d, t)->cells[0] = cell_text(doc_printf(d, "%.*s", (int)n, list));
    }
    return t;
}

void shown_envelope(struct doc *d, const struct view_ctx *c, const struct shown_profile *x)
{
    static const struct column type[] = {{.key = "sample_type", .title = "Type", .help = "its name"}};
    struct table *types = doc_list(d, type, ARRAY_LEN(type));
    const struct sd_texts *all = x->found.types;
    const struct profile *p = x->found.p;
    for (uint32_t i = 0; all && i < all->n; i++)
        doc_row(d, types)->cells[0] = cell_text(doc_text(d, all->items[i]));
    common_envelope(d, c, common_span(c));
    doc_field(d, "samples", UNIT_COUNT, cell_int(p ? p->samples : SD_UNKNOWN));
    doc_field(d, "lost", UNIT_COUNT, cell_int(p ? p->lost : SD_UNKNOWN));
    doc_field(d, "truncated_share", UNIT_SHARE, cell_real(p ? p->truncated_share : (double)NAN));
    doc_field(d, "duration_ns", UNIT_NS, cell_int(p ? p->duration_ns : SD_UNKNOWN));
    doc_field(d, "sample_type", UNIT_NONE, cell_text(doc_text(d, x->found.type)));
    doc_field(d, "sample_types", UNIT_NONE, cell_list(types));
    doc_field(d, "by", UNIT_NONE, cell_text(doc_text(d, x->by)));
    doc_field(d, "focus", UNIT_NONE, cell_text(doc_text(d, x->shown.focus)));
    doc_field(d, "focus_share", UNIT_SHARE, cell_real(x->focus_share));
    doc_field(d, "hidden", UNIT_NONE, cell_list(names_list(d, x->shown.hidden)));
    doc_field(d, "hidden_share", UNIT_SHARE, cell_real(x->hidden_share));
    doc_field(d, "folded", UNIT_NONE, cell_list(names_list(d, x->shown.folded)));
}

double shown_share(const struct shown_profile *x, double value)
{
    double sum = x->found.p ? x->found.p->sums[0] : 0;
    return sum > 0 || sum < 0 ? value / sum : (double)NAN;
}

double shown_processors(const struct shown_profile *x, double value)
{
    const struct profile *p = x->found.p;
    bool known = str_eq(x->found.unit, "ns") && sd_known(p->duration_ns) && p->duration_ns > 0;
    return known ? value / (double)p->duration_ns : (double)NAN;
}

enum unit shown_unit(const struct shown_profile *x)
{
    return str_eq(x->found.unit, "ns") ? UNIT_NS : str_eq(x->found.unit, "bytes") ? UNIT_BYTES : UNIT_COUNT;
}

struct cell shown_value(double v)
{
    return fabs(v) < 9e18 && (double)(int64_t)v == v ? cell_int((int64_t)v) : cell_real(v);
}

/* "3 of 40 functions changed against the baseline" */
static void say_compared(const struct shown_profile *x, struct strbuf *note)
{
    size_t changed = 0;
    if (!x->before) {
        strbuf_printf(note, ". Not compared: %s has no samples of this type", x->before_name);
        return;
    }
    for (size_t i = 0; i < x->compared.n; i++)
        changed += x->compared.pairs[i].change > CHANGE_SAME;
    if (!x->before->counted || !x->found.p->counted)
        strbuf_printf(note, ". Against %s; no change is called, because samples are not counted",
                      x->before_name);
    else
        strbuf_printf(note, ". Against %s: %zu of %zu functions with enough samples changed", x->before_name,
                      changed, x->compared.tested);
    double seconds = (double)x->found.p->duration_ns / (double)x->before->duration_ns;
    if (x->load.before > 0 && x->load.after > 0)
        strbuf_printf(note, ", with %.2f times the requests a second",
                      x->load.after / x->load.before / seconds);
}

/* "12.3 % of all; 4.0 % hidden; U shows all. " */
static void say_part(struct doc *d, const struct view_ctx *c, const struct shown_profile *x,
                     struct strbuf *note)
{
    char n[UNIT_TEXT_MAX];
    if (x->shown.focus)
        strbuf_printf(note, "%s of all. ", unit_format(UNIT_SHARE, x->focus_share, n));
    if (x->shown.hidden)
        strbuf_printf(note, "%s hidden. ", unit_format(UNIT_SHARE, x->hidden_share, n));
    if (c->key && (x->shown.focus || x->shown.hidden || x->shown.folded))
        strbuf_printf(note, "%s shows all. ", view_key(c, d, "show-all"));
}

const char *shown_note(struct doc *d, const struct view_ctx *c, const struct shown_profile *x)
{
    char sum[UNIT_TEXT_MAX], n[UNIT_TEXT_MAX];
    const struct profile *p = x->found.p;
    struct strbuf note = {0};
    say_part(d, c, x, &note);
    strbuf_printf(&note, "%s: %s", x->found.type, unit_format(shown_unit(x), p->sums[0], sum));
    if (sd_known(p->samples) && !str_eq(x->found.type, "samples"))
        strbuf_printf(&note, ", %s samples", unit_format_int(UNIT_COUNT, p->samples, n));
    if (sd_known(p->duration_ns))
        strbuf_printf(&note, ", in %s", unit_format_int(UNIT_NS, p->duration_ns, n));
    strbuf_printf(&note, ", from %s", x->found.name ? x->found.name : "?");
    if (x->found.shown > 1)
        strbuf_printf(&note, " and %zu more", x->found.shown - 1);
    if (x->found.shown < x->found.n)
        strbuf_printf(&note, "; %zu without samples of this type not shown", x->found.n - x->found.shown);
    if (sd_known(p->lost) && p->lost > 0)
        strbuf_printf(&note, "; %s samples lost", unit_format_int(UNIT_COUNT, p->lost, n));
    if (p->truncated_share > 0.0005)
        strbuf_printf(&note, "; %s of the stacks are cut", unit_format(UNIT_SHARE, p->truncated_share, n));
    if (x->before_name)
        say_compared(x, &note);
    const char *assumed = common_reading(d, c, KINDS_PROFILE);
    if (assumed)
        strbuf_printf(&note, ". %s", assumed);
    const char *text = doc_text(d, strbuf_text(&note));
    strbuf_free(&note);
    return text;
}

/* " Its labels: endpoint, span_id." */
static const char *known_labels(struct doc *d, const struct shown_profile *x)
{
    const struct profile_parts *parts = x->found.p->parts;
    struct strbuf names = {0};
    for (size_t i = 0; parts && i < parts->n_keys; i++)
        strbuf_printf(&names, "%s%s", i ? ", " : " Its labels: ", parts->keys[i]);
    const char *text = names.len ? doc_printf(d, "%s.", strbuf_text(&names)) : "";
    strbuf_free(&names);
    return text;
}

static const char *empty_part(struct doc *d, const struct view_ctx *c, const struct shown_profile *x)
{
    const char *what = x->focus_share > 0 ? "All samples are hidden"
                                          : doc_printf(d, "No stack goes through %s", x->shown.focus);
    if (c->key)
        return doc_printf(d, "%s; %s shows all.", what, view_key(c, d, "show-all"));
    return d->missing = doc_printf(d, "%s.", what);
}

const char *shown_empty(struct doc *d, const struct view_ctx *c, const struct shown_profile *x)
{
    if (x->found.p && x->ungrouped)
        return doc_printf(d, "%s%s", x->ungrouped, known_labels(d, x));
    if (x->found.p && (x->shown.focus || x->shown.hidden))
        return empty_part(d, c, x);
    if (x->found.p)
        return x->found.series && c->live ? "No samples in this time." : "The profile has no samples.";
    if (!x->found.n)
        return common_empty(d, c, KINDS_PROFILE);
    struct strbuf names = {0};
    const struct sd_texts *all = x->found.types;
    for (uint32_t i = 0; all && i < all->n; i++)
        strbuf_printf(&names, "%s%s", i ? ", " : "", all->items[i]);
    const char *text = doc_printf(d, "No profile has the sample type %s; there are: %s.",
                                  c->weight ? c->weight : "(none)", strbuf_text(&names));
    d->missing = c->weight ? text : NULL;
    strbuf_free(&names);
    return text;
}

/* ---- beside the baseline ---- */

const struct profile_pair *shown_pair(const struct shown_profile *x, uint32_t function)
{
    return x->before && function < x->found.p->n ? &x->compared.pairs[function] : NULL;
}

enum severity shown_severity(const struct profile_pair *pair)
{
    bool more = pair && (pair->change == CHANGE_GREW || pair->change == CHANGE_NEW || pair->order >= 1.3);
    return more ? SEVERITY_WARN : SEVERITY_NONE;
}

/* ---- names ---- */

static size_t of_name(const struct profile *p, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        n += str_eq(p->functions[i].name, name);
    return n;
}

const char *shown_name(struct doc *d, const struct shown_profile *x, uint32_t function)
{
    const struct profile_function *f = &x->found.p->functions[function];
    if (!f->module || of_name(x->found.p, f->name) < 2)
        return f->name;
    return doc_printf(d, "%s (%s)", f->name, f->module);
}

static bool is_named(const struct profile_function *f, const char *name)
{
    size_t n = strlen(f->name);
    if (strncmp(name, f->name, n) != 0)
        return false;
    if (!name[n])
        return true;
    size_t module = f->module ? strlen(f->module) : 0;
    return f->module && strncmp(name + n, " (", 2) == 0 && strncmp(name + n + 2, f->module, module) == 0 &&
           str_eq(name + n + 2 + module, ")");
}

/* The one with most of it, when there are several. */
uint32_t shown_function(const struct shown_profile *x, const char *name)
{
    uint32_t best = PROFILE_NO_FUNCTION;
    for (uint32_t i = 0; x->found.p && name && i < x->found.p->n; i++)
        if (is_named(&x->found.p->functions[i], name) &&
            (best == PROFILE_NO_FUNCTION ||
             fabs(profile_total(x->found.p, i, 0)) > fabs(profile_total(x->found.p, best, 0))))
            best = i;
    return best;
}

/* ---- over time ---- */

/* The number in `p` of a function of another profile; PROFILE_NO_FUNCTION. */
static uint32_t same_in(const struct profile *p, const struct profile_function *f)
{
    return profile_find(p, f->name, f->module);
}

static void add_step(struct shown_trends *t, const struct profile *to, const struct profile *step, size_t i)
{
    for (size_t k = 0; step->sums[0] > 0 && k < to->n; k++)
        t->shares[k * t->n + i] = t->totals[k * t->n + i] = 0;
    for (size_t k = 0; step->sums[0] > 0 && k < step->n; k++) {
        uint32_t own = same_in(to, &step->functions[k]);
        if (own == PROFILE_NO_FUNCTION)
            continue;
        t->shares[own * t->n + i] = profile_self(step, k, 0) / step->sums[0];
        t->totals[own * t->n + i] = profile_total(step, k, 0) / step->sums[0];
    }
}

struct shown_trends shown_trends(const struct view_ctx *c, const struct shown_profile *x)
{
    enum { MOST = 12 };
    struct span drawn = common_drawn(c, common_span(c));
    const struct profile *p = x->found.p;
    if (!p || !x->found.series || x->ungrouped || !sd_known(drawn.from) || drawn.to - drawn.from < 2 * SD_S)
        return (struct shown_trends){.n = 0};
    int n = (int)MIN((drawn.to - drawn.from) / SD_S, (sd_time)MOST); /* an interval is a second at least */
    struct shown_trends t = {.n = (size_t)n};
    t.shares = mem_array(2 * p->n * t.n + 1, sizeof *t.shares);
    t.totals = t.shares + p->n * t.n;
    for (size_t i = 0; i < 2 * p->n * t.n; i++)
        t.shares[i] = NAN;
    sd_time step = (drawn.to - drawn.from) / n;
    for (int i = 0; i < n; i++) {
        struct span span = {drawn.from + i * step, i + 1 == n ? drawn.to : drawn.from + (i + 1) * step};
        struct profile_found found;
        struct shown_profile part = {.shown = x->shown, .by = x->by};
        find_profile(&part, c, c->model, span, c->now, x->found.type, &found);
        if (found.p && found.series)
            add_step(&t, p, found.p, (size_t)i);
        profile_free(found.p);
    }
    return t;
}
