#include "view/profiles/shown_profile.h"

#include <stdlib.h>

#include "base/num.h"
#include "core/profiles/profile_group.h"
#include "view/profiles/profile_actions.h"
#include "view/shared/figures.h"

void shown_profile_free(void *shown)
{
    struct shown_profile *x = shown;
    profile_free(x->found.p);
    profile_free(x->before);
    profile_comparison_free(&x->compared);
    free(x->order);
    free(x);
}

/* By the type that was asked for, or chosen; by functions, or what else was chosen. */
static void find_profile(const struct view_ctx *c, const struct model *m, struct span span, sd_time now,
                         const char *type, struct profile_found *out)
{
    uint32_t chosen = (uint32_t)view_chosen(c, PROFILE_TYPE_CHOICE);
    enum profile_group group = (enum profile_group)view_chosen(c, PROFILE_GROUP_CHOICE);
    model_profile(m, span, now, type ? type : c->weight, out);
    if (!type && !c->weight && chosen && out->types && chosen <= out->types->n) {
        profile_free(out->p);
        model_profile(m, span, now, out->types->items[chosen - 1], out);
    }
    struct profile *grouped = out->p && group != GROUP_FUNCTION ? profile_grouped(out->p, group) : NULL;
    if (!grouped)
        return;
    profile_free(out->p);
    out->p = grouped;
}

struct shown_profile *shown_profile_now(const struct view_ctx *c)
{
    struct shown_profile *x = mem_alloc(sizeof *x);
    find_profile(c, c->model, c->span, c->now, NULL, &x->found);
    struct profile *p = x->found.p;
    if (!p)
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
    if (!b || !x->found.p)
        return;
    find_profile(c, b->model ? b->model : c->model, b->model ? SPAN_ALL : b->span, b->span.to, x->found.type,
                 &before);
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
}

double shown_share(const struct shown_profile *x, double value)
{
    double sum = x->found.p ? x->found.p->sums[0] : 0;
    return sum > 0 || sum < 0 ? value / sum : (double)NAN;
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

const char *shown_note(struct doc *d, const struct view_ctx *c, const struct shown_profile *x)
{
    char sum[UNIT_TEXT_MAX], n[UNIT_TEXT_MAX];
    const struct profile *p = x->found.p;
    struct strbuf note = {0};
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

const char *shown_empty(struct doc *d, const struct view_ctx *c, const struct shown_profile *x)
{
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
