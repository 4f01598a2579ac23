#include "core/plans/finder.h"

struct saving of_time(const struct plan_finder *f, double ns)
{
    return saving_time(f->plan, ns);
}

struct saving own_part(const struct plan_finder *f, const struct plan_node *n, double part)
{
    if (f->plan->timed)
        return of_time(f, known_or(n->exclusive_ns, 0) * part);
    return (struct saving){.ns = NAN, .share = known_or(n->cost_share, 0) * part, .cost = NAN};
}

bool below_floors(const struct plan_finder *f, struct saving s)
{
    const struct plan_rule *r = f->rule;
    return !(s.share >= r->floor_share) || (f->plan->timed && r->floor_ns > 0 && !(s.ns >= r->floor_ns));
}

struct plan_finding *found(struct plan_finder *f, const struct plan_node *n, double measure, struct saving s,
                           double amount)
{
    const struct plan_rule *r = f->rule;
    enum severity severity = severity_of(measure, r->info, r->warn, r->bad);
    if (severity == SEVERITY_NONE || below_floors(f, s) || amount < r->floor_amount)
        return NULL;
    f->out->items = mem_grow(f->out->items, f->out->n, &f->out->cap, sizeof *f->out->items);
    struct plan_finding *it = &f->out->items[f->out->n++];
    *it = (struct plan_finding){
        .rule = r, .severity = severity, .node = n, .saves_ns = s.ns, .saves_share = s.share};
    return it;
}

const char *where(struct plan_finder *f, const struct plan_node *n)
{
    struct strbuf b = {0};
    if (n->table_schema && n->table && !str_eq(n->table_schema, "public"))
        strbuf_printf(&b, "%s.", n->table_schema);
    strbuf_str(&b, n->table      ? n->table
                   : n->relation ? n->relation
                   : n->cte      ? n->cte
                   : n->index    ? n->index
                                 : "this node");
    const char *s = arena_strdup(f->plan->arena, strbuf_text(&b));
    strbuf_free(&b);
    return s;
}
