/* key_rules.c - foreign keys that reference a written table from columns without an index (the server's
 * catalogue tells: sd_table.unindexed_keys). */
#include <ctype.h>

#include "core/plans/advice.h"
#include "core/plans/finder.h"
#include "core/sql/statement.h"

#define REFERENCES " references ("

/* One line of the list: "shop.line (order_id) references (id)". */
struct key_line {
    const char *from, *to; /* "shop.line (order_id)", "id"; in the plan's arena */
};

static bool next_key(struct arena *a, const char **lines, struct key_line *out)
{
    while (*lines && **lines) {
        size_t len = strcspn(*lines, "\n");
        char *line = arena_strndup(a, *lines, len), *to = strstr(line, REFERENCES);
        *lines += len + ((*lines)[len] == '\n');
        if (!to)
            continue;
        *to = 0;
        to += strlen(REFERENCES);
        to[strcspn(to, ")")] = 0;
        *out = (struct key_line){.from = line, .to = to};
        return true;
    }
    return false;
}

static bool word_at(const char *s, const char *text, const char *word, size_t len)
{
    return !strncasecmp(s, word, len) && (s == text || !(isalnum((unsigned char)s[-1]) || s[-1] == '_')) &&
           !(isalnum((unsigned char)s[len]) || s[len] == '_');
}

/* Does UPDATE ... SET assign one of the columns ("a, b")? */
static bool sets_one_of(const char *sql, const char *columns)
{
    const char *set = sql;
    while (set && *set && !word_at(set, sql, "set", 3))
        set++;
    for (const char *s = set; s && *s && !word_at(s, sql, "where", 5); s++) {
        for (const char *c = columns; *c; c += strcspn(c, ","), c += strspn(c, ", ")) {
            size_t len = strcspn(c, ",");
            const char *after = s + len;
            if (!word_at(s, sql, c, len))
                continue;
            after += strspn(after, " \t\n\"");
            if (*after == '=')
                return true;
        }
    }
    return false;
}

static double key_triggers_ns(const struct plan *p)
{
    double ns = 0;
    for (size_t i = 0; i < p->n_triggers; i++)
        ns += p->triggers[i].constraint ? known_or(p->triggers[i].total_ns, 0) : 0;
    return ns;
}

/* The keys that the node's rows make PostgreSQL search, without an index: one a call, as from next_key(). */
struct key_walk {
    const struct sd_table *table; /* NULL: none */
    const char *lines, *sql;
    bool deletes;
};

static struct key_walk key_walk(const struct plan *p, const struct plan_facts *facts,
                                const struct plan_node *n)
{
    bool deletes = str_eq(n->operation, "Delete"), updates = str_eq(n->operation, "Update");
    const struct sd_table *t = plan_is_modify(n) && (deletes || updates) ? plan_facts_table(facts, n) : NULL;
    return (struct key_walk){.table = t,
                             .lines = t ? t->unindexed_keys : NULL,
                             .sql = facts && facts->query ? facts->query : p->query,
                             .deletes = deletes};
}

static bool walk_key(struct arena *a, struct key_walk *w, struct key_line *out)
{
    while (next_key(a, &w->lines, out))
        if (w->deletes || (w->sql && sets_one_of(w->sql, out->to)))
            return true;
    return false;
}

void rule_foreign_key(struct plan_finder *f, const struct plan_node *n)
{
    struct key_walk w = key_walk(f->plan, f->facts, n);
    const char *first = NULL;
    size_t keys = 0;
    for (struct key_line k; walk_key(f->plan->arena, &w, &k); keys++)
        first = first ? first : k.from;
    double ns = key_triggers_ns(f->plan);
    struct saving saves =
        f->plan->timed ? of_time(f, ns) : (struct saving){.ns = NAN, .share = 0, .cost = NAN};
    struct plan_finding *it = first ? found(f, n, w.deletes ? 2 : 1, saves, (double)keys) : NULL;
    if (!it)
        return;
    it->evidence = SAY(
        "each row %s here searches %s%s, which has no index%s%s", w.deletes ? "deleted" : "changed", first,
        keys > 1 ? SAY(" and %zu more", keys - 1) : "", ns > 0 ? ": " : "", ns > 0 ? time_text(f, ns) : "");
    if (!f->plan->timed)
        it->saves_share = NAN; /* a plan has no cost for it */
    it->advice = SAY("Create an index on the referencing columns: CREATE INDEX CONCURRENTLY ON %s", first);
    it->check = "The time of the constraint's trigger is well below a millisecond a row.";
}

/* ---- the indexes ---- */

static void column_names(struct arena *a, struct advice *out, const char *columns)
{
    for (const char *c = columns; *c && out->n_names < ADVISE_MAX_COLUMNS; c += strspn(c, ", ")) {
        size_t len = strcspn(c, ",");
        out->names[out->n_names++] = arena_strndup(a, c, len);
        c += len;
    }
}

static void insert_advice(struct advice_list *l, const struct advice *a)
{
    size_t at = 0;
    while (at < l->n && l->items[at].ddl)
        at++;
    l->items = mem_grow(l->items, l->n, &l->cap, sizeof *l->items);
    memmove(&l->items[at + 1], &l->items[at], (l->n - at) * sizeof *l->items);
    l->items[at] = *a;
    l->n++;
}

void advise_keys(struct plan *p, const struct plan_facts *facts, struct advice_list *out)
{
    for (size_t i = 0; i < p->n_nodes; i++) {
        struct plan_node *n = p->nodes[i];
        struct key_walk w = key_walk(p, facts, n);
        for (struct key_line k; walk_key(p->arena, &w, &k);) {
            const char *open = strstr(k.from, " (");
            char *ddl = arena_printf(p->arena, "CREATE INDEX CONCURRENTLY ON %s", k.from);
            if (!open || !sql_builds_index(ddl))
                continue;
            struct advice a = {
                .node = n,
                .ddl = ddl,
                .table = arena_strndup(p->arena, k.from, (size_t)(open - k.from)),
                .columns = arena_strndup(p->arena, open + 2, strcspn(open + 2, ")")),
                .why = arena_printf(p->arena,
                                    "Each row %s in %s searches the table for rows that reference it, "
                                    "which the planner's cost does not count.",
                                    w.deletes ? "deleted" : "changed", n->relation),
                .saves_ns = NAN,
                .saves_share = NAN,
                .unproven = true,
                .method = "btree"};
            column_names(p->arena, &a, a.columns);
            insert_advice(out, &a);
        }
    }
}
