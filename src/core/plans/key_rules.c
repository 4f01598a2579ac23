/* key_rules.c - foreign keys that reference a written table from columns without an index (the server's
 * catalogue tells: sd_table.unindexed_keys). */
#include <ctype.h>

#include "core/plans/finder.h"

#define REFERENCES " references ("

/* One line of the list: "shop.line (order_id) references (id)". */
struct key_line {
    const char *from, *to; /* "shop.line (order_id)", "id"; in the plan's arena */
};

static bool next_key(struct plan_finder *f, const char **lines, struct key_line *out)
{
    while (*lines && **lines) {
        size_t len = strcspn(*lines, "\n");
        char *line = arena_strndup(f->plan->arena, *lines, len), *to = strstr(line, REFERENCES);
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

void rule_foreign_key(struct plan_finder *f, const struct plan_node *n)
{
    const struct sd_table *t = plan_is_modify(n) ? plan_facts_table(f->facts, n) : NULL;
    bool deletes = str_eq(n->operation, "Delete"), updates = str_eq(n->operation, "Update");
    const char *lines = t ? t->unindexed_keys : NULL, *first = NULL, *sql = f->plan->query;
    size_t keys = 0;
    if (t && f->facts->query)
        sql = f->facts->query;
    for (struct key_line k; (deletes || updates) && next_key(f, &lines, &k);) {
        if (!deletes && !(sql && sets_one_of(sql, k.to)))
            continue;
        first = first ? first : k.from;
        keys++;
    }
    double ns = key_triggers_ns(f->plan);
    struct saving saves =
        f->plan->timed ? of_time(f, ns) : (struct saving){.ns = NAN, .share = 0, .cost = NAN};
    struct plan_finding *it = first ? found(f, n, deletes ? 2 : 1, saves, (double)keys) : NULL;
    if (!it)
        return;
    it->evidence = SAY("each row %s here searches %s%s, which has no index%s%s",
                       deletes ? "deleted" : "changed", first, keys > 1 ? SAY(" and %zu more", keys - 1) : "",
                       ns > 0 ? ": " : "", ns > 0 ? time_text(f, ns) : "");
    if (!f->plan->timed)
        it->saves_share = NAN; /* a plan has no cost for it */
    it->advice = SAY("Create an index on the referencing columns: CREATE INDEX CONCURRENTLY ON %s", first);
    it->check = "The time of the constraint's trigger is well below a millisecond a row.";
}
