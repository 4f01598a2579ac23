/* advisor_plan.c - what a plan with hypothetical indexes costs, corrected by what is known of them. */
#include "source/postgres/advisor_private.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>

double advisor_number(const cJSON *node, const char *key)
{
    const cJSON *n = cJSON_GetObjectItemCaseSensitive(node, key);
    return cJSON_IsNumber(n) ? n->valuedouble : 0;
}

static const char *text(const cJSON *node, const char *key)
{
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(node, key));
    return s ? s : "";
}

/* Levels above the leaves, 250 to a page. */
static double height_of(double pages)
{
    double height = 0;
    for (; pages > 1.5; pages /= 250)
        height++;
    return height;
}

/* Pages a scan reads of an index (or table) of so many, repeated n times: the formula of
 * Mackert and Lohman as index_pages_fetched has it, with a cache for all. */
static double pages_each(double pages, double n)
{
    return MIN(2 * pages * n / (2 * pages + n), pages) / n;
}

/* The same for the index alone, of a scan whose pages cost `io` each time: how often the
 * planner repeats it is not in the plan, but the cost tells. */
static double repeated(double io, double hypo_pages, double pages, double heap_pages)
{
    double low = 1, high = 1e12;
    for (int i = 0; i < 60; i++) {
        double n = sqrt(low * high);
        if (pages_each(hypo_pages, n) + (heap_pages > 0 ? pages_each(heap_pages, n) : 0) > io)
            low = n;
        else
            high = n;
    }
    return pages_each(pages, low) - pages_each(hypo_pages, low);
}

/* What the node would cost more (or less) with the index as it will be: btcostestimate
 * charges 50 operators for each level of the descent, which HypoPG leaves out, and a
 * random page for each index page read, of which HypoPG expects too many. */
static double correct(const struct advisor *a, const struct candidate *c, const cJSON *node, double loops)
{
    if (isnan(c->bytes) || c->rows < 1 || strstr(c->ddl, " USING "))
        return 0;
    double pages = c->bytes / 8192, share = 1, more;
    double descent = (height_of(pages) + 1) * 50 * a->cpu_operator_cost;
    if (*text(node, "Index Cond"))
        share = MIN(1, advisor_number(node, "Plan Rows") * (*text(node, "Filter") ? 2 : 1) / c->rows);
    if (loops > 1) {
        double cpu = advisor_number(node, "Plan Rows") * (a->cpu_operator_cost * 8);
        double io = (advisor_number(node, "Total Cost") - advisor_number(node, "Startup Cost") - cpu) /
                    a->random_page_cost;
        bool heap = !strcmp(text(node, "Node Type"), "Index Scan");
        more = io > 0 ? repeated(io, c->hypo_pages, pages, heap ? c->heap_pages : 0) : 0;
    } else {
        more = ceil(share * pages) - ceil(share * c->hypo_pages);
    }
    more *= a->random_page_cost;
    /* Pages of the index are no more than all of what the node costs. */
    double run = advisor_number(node, "Total Cost") - advisor_number(node, "Startup Cost");
    if (pages < c->hypo_pages)
        more = MAX(more, -run * (1 - pages / c->hypo_pages));
    return loops * (descent + more);
}

/* A scan that finds `found` times the rows the planner thinks: an expression has no
 * statistics before its index is there, and then one row in 200 is expected. */
static double scaled(const struct advisor *a, double run, double found)
{
    double least = MIN(run, 2 * a->random_page_cost);
    return found < 1 ? MAX(run * found, least) - run : 0;
}

static struct fix read_index(struct reading *r, const cJSON *node, double loops)
{
    struct fix f = {0, 0, 1};
    const char *name = text(node, "Index Name"); /* "<13556>btree_orders_o_custkey" */
    long long oid = *name == '<' ? strtoll(name + 1, NULL, 10) : 0;
    for (size_t i = 0; oid && i < r->n; i++)
        if (r->a->candidates[r->indexes[i]].oid == oid) {
            r->used[i] = true;
            const struct candidate *c = &r->a->candidates[r->indexes[i]];
            f.total += correct(r->a, c, node, loops) / loops;
            if (c->found < 1 && *text(node, "Index Cond"))
                f.total += scaled(
                    r->a, advisor_number(node, "Total Cost") - advisor_number(node, "Startup Cost") + f.total,
                    c->found);
            f.found = c->found;
        }
    return f;
}

/* `loops`: how often the node runs, by the planner's own expectation. A child that must
 * end before its parent gives a row counts into the parent's start: LIMIT does not save
 * it. cJSON bounds the depth. */
struct fix advisor_read_node(struct reading *r, const cJSON *node, double loops)
{
    struct fix f = read_index(r, node, loops);
    const char *type = text(node, "Node Type");
    const cJSON *plans = cJSON_GetObjectItemCaseSensitive(node, "Plans"), *each;
    double outer = MAX(1, advisor_number(cJSON_GetArrayItem(plans, 0), "Plan Rows"));
    double startup = advisor_number(node, "Startup Cost"), total = advisor_number(node, "Total Cost");
    cJSON_ArrayForEach(each, plans)
    {
        const char *relation = text(each, "Parent Relationship");
        double times = 1, share = 1, child = advisor_number(each, "Total Cost");
        if (!strcmp(relation, "Inner") && !strcmp(type, "Nested Loop") &&
            strcmp(text(each, "Node Type"), "Materialize") != 0) {
            times = outer;
            /* A semi or anti join ends its inner scans early, LIMIT the whole join. */
            double inner = total - advisor_number(cJSON_GetArrayItem(plans, 0), "Total Cost");
            if (child > 0)
                share = MIN(1, MAX(0, inner) / (times * child));
        } else if (!strcmp(relation, "SubPlan"))
            times = MAX(1, advisor_number(node, "Plan Rows"));
        else if (!strcmp(type, "Memoize") && child > 0)
            share = MIN(1, total / child);
        struct fix c = advisor_read_node(r, each, MAX(1, loops * times * share));
        bool blocks = !strcmp(relation, "InitPlan") || startup >= 0.999 * child;
        f.startup += blocks ? c.total : c.startup;
        f.total += c.total * times * share;
        if (c.found < 1 && strstr(text(each, "Node Type"), "Bitmap") && strstr(type, "Bitmap")) {
            f.found = c.found;
            if (!strcmp(type, "Bitmap Heap Scan"))
                f.total += scaled(r->a, total - startup, c.found);
        }
        double run = child - advisor_number(each, "Startup Cost");
        if (!strcmp(type, "Limit") && run > 0)
            f.total = f.startup + (f.total - f.startup) * MIN(1, MAX(0, (total - startup) / run));
    }
    return f;
}

/* "a|b|" */
static void tables_below(const cJSON *node, struct strbuf *out)
{
    const cJSON *each;
    if (*text(node, "Relation Name"))
        strbuf_printf(out, "%s|", text(node, "Relation Name"));
    cJSON_ArrayForEach(each, cJSON_GetObjectItemCaseSensitive(node, "Plans")) tables_below(each, out);
}

void advisor_read_scans(struct statement *st, const cJSON *node, struct context in)
{
    const char *type = text(node, "Node Type"), *table = text(node, "Relation Name");
    const cJSON *plans = cJSON_GetObjectItemCaseSensitive(node, "Plans"), *each;
    bool join = !strcmp(type, "Nested Loop") || !strcmp(type, "Hash Join") || !strcmp(type, "Merge Join");
    bool passes = strstr(type, "Sort") || str_starts(type, "Gather") || !strcmp(type, "LockRows") ||
                  !strcmp(type, "Subquery Scan") || !strcmp(type, "Hash") || !strcmp(type, "Materialize") ||
                  !strcmp(type, "Memoize") || strstr(type, "Append");
    if (*table && strstr(type, "Scan")) {
        st->scans = mem_grow(st->scans, st->n_scans, &st->cap_scans, sizeof *st->scans);
        st->scans[st->n_scans++] =
            (struct guess_scan){.table = mem_strdup(table),
                                .cost = isnan(in.gather) ? advisor_number(node, "Total Cost") : in.gather,
                                .loops = in.loops,
                                .other_rows = in.other_rows,
                                .others = in.others ? mem_strdup(in.others) : NULL,
                                .limit = in.limit,
                                .limit_cost = in.limit_cost};
    }
    if (!strcmp(type, "Limit"))
        in = (struct context){.loops = in.loops,
                              .other_rows = NAN,
                              .limit = advisor_number(node, "Plan Rows"),
                              .limit_cost = advisor_number(node, "Total Cost"),
                              .others = NULL,
                              .gather = NAN};
    else if (!strcmp(type, "Aggregate") && !cJSON_GetObjectItemCaseSensitive(node, "Group Key"))
        in = (struct context){.loops = in.loops,
                              .other_rows = NAN,
                              .limit = 1,
                              .limit_cost = advisor_number(node, "Total Cost"),
                              .others = NULL,
                              .gather = NAN}; /* min() and max(): of orders with a limit */
    else if (!passes && !join)
        in = (struct context){.loops = in.loops,
                              .other_rows = NAN,
                              .limit = NAN,
                              .limit_cost = NAN,
                              .others = NULL,
                              .gather = NAN};
    if (str_starts(type, "Gather"))
        in.gather = advisor_number(node, "Total Cost");
    for (int i = 0; (each = cJSON_GetArrayItem(plans, i)); i++) {
        struct strbuf others = {0};
        struct context c = in;
        const cJSON *sibling = cJSON_GetArrayItem(plans, 1 - i);
        if (join && i < 2) {
            /* What the inner side of a nested loop gives for one row tells nothing. */
            bool each_time = i == 0 && !strcmp(type, "Nested Loop") &&
                             strcmp(text(sibling, "Node Type"), "Materialize") != 0 &&
                             strcmp(text(sibling, "Node Type"), "Seq Scan") != 0;
            double rows = each_time ? NAN : MAX(1, advisor_number(sibling, "Plan Rows"));
            strbuf_char(&others, '|');
            tables_below(sibling, &others);
            c = (struct context){.loops = in.loops,
                                 .other_rows = rows,
                                 .limit = NAN,
                                 .limit_cost = NAN,
                                 .others = others.text,
                                 .gather = NAN};
            if (i == 1 && !strcmp(type, "Nested Loop") && strcmp(text(each, "Node Type"), "Materialize") != 0)
                c.loops *= rows;
        } else if (!strcmp(text(each, "Parent Relationship"), "SubPlan")) {
            c = (struct context){.loops = in.loops * MAX(1, advisor_number(node, "Plan Rows")),
                                 .other_rows = NAN,
                                 .limit = NAN,
                                 .limit_cost = NAN,
                                 .others = NULL,
                                 .gather = NAN};
        }
        advisor_read_scans(st, each, c);
        strbuf_free(&others);
    }
}

void advisor_free_scans(struct statement *st)
{
    for (size_t i = 0; i < st->n_scans; i++) {
        free(st->scans[i].table);
        free(st->scans[i].others);
    }
    st->n_scans = 0;
}

const struct guess_scan *advisor_scans(const struct advisor *a, size_t statement, size_t *n)
{
    *n = a->statements[statement].n_scans;
    return a->statements[statement].scans;
}
