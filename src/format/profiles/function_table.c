#include "format/profiles/function_table.h"

#include <math.h>

#include "base/num.h"

double common_divisor(double a, double b)
{
    while (b > 0) {
        double rest = fmod(a, b);
        a = b;
        b = rest;
    }
    return a;
}

struct table_row {
    struct strbuf name;
    double self, total;
};

/* The next row; false behind the last one, or at broken text. Figures of 0 are left out by the server. */
static bool next_row(struct json_pull *rows, struct table_row *r)
{
    while (json_item(rows)) {
        bool named = false;
        r->self = r->total = 0;
        if (!json_enter(rows, '{'))
            continue;
        while (json_key(rows)) {
            if (json_is(rows, "name")) {
                json_text(rows, &r->name);
                named = true;
            } else if (json_is(rows, "self")) {
                r->self = json_number(rows);
            } else if (json_is(rows, "total")) {
                r->total = json_number(rows);
            } else {
                json_skip(rows);
            }
        }
        if (named && r->self >= 0 && r->total >= r->self && r->total < 0x1p63)
            return true;
    }
    return false;
}

struct function_table function_table(const char *text, size_t len)
{
    struct function_table t = {0};
    struct json_pull table = json_find(json_pull(text ? text : "", len), "functions");
    if (!table.at)
        return t;
    struct json_pull total = json_find(table, "total"), rows = json_find(table, "functions");
    t.total = total.at ? json_number(&total) : 0;
    if (!(t.total > 0) || !rows.at || !json_enter(&rows, '['))
        return (struct function_table){0};
    t.rows = rows;
    struct table_row r = {0};
    double self = 0;
    while (next_row(&rows, &r)) {
        t.n++;
        self += r.self;
        t.period = common_divisor(t.period, r.self);
        t.has_other |= str_eq(strbuf_text(&r.name), FUNCTION_TABLE_OTHER);
    }
    strbuf_free(&r.name);
    t.complete = self >= t.total;
    return rows.broken ? (struct function_table){0} : t;
}

static void give_row(struct profile *p, uint32_t function, const struct table_row *r, double period)
{
    struct profile_function *f = &p->functions[function];
    double *own = p->values + 2 * p->max_types * function;
    own[0] = r->self;
    own[p->max_types] = r->total;
    f->self_samples = p->counted ? real_to_int(r->self / period) : 0;
    f->total_samples = p->counted ? real_to_int(r->total / period) : 0;
}

void function_table_give(const struct function_table *t, struct profile *p)
{
    struct json_pull rows = t->rows;
    struct table_row r = {0};
    if (!t->n)
        return;
    profile_finish(p);
    for (uint32_t i = 0; i < p->n && t->complete;
         i++) /* what is not in the table is no function, but a root */
        give_row(p, i, &r, t->period);
    while (next_row(&rows, &r)) {
        uint32_t f = profile_function(p, strbuf_text(&r.name), r.name.len, NULL, 0, NULL);
        if (p->full)
            break;
        give_row(p, f, &r, t->period);
    }
    strbuf_free(&r.name);
    p->sums[0] = t->total;
    p->samples = p->counted ? real_to_int(t->total / t->period) : SD_UNKNOWN;
    profile_say(p, t->complete ? "Figures of functions are exact, from the server's table; its flame graph "
                                 "leaves out what is small."
                               : "Figures of the largest functions are exact, from the server's table; those "
                                 "of others are of its flame graph, which leaves out what is small.");
}
