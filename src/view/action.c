/* action.c - what the actions of all views share. */
#include "view/action.h"

#include "core/sql/pretty.h"
#include "view/shared/figures.h"

#include <stdlib.h>

const struct view_action *view_action_at(size_t i)
{
    for (const struct view *const *v = VIEWS; *v; v++)
        for (const struct view_action *const *a = (*v)->actions; a && *a; a++)
            if (i-- == 0)
                return *a;
    return NULL;
}

const char *action_row_text(const struct action_ctx *c, const char *column)
{
    for (size_t i = 0; c->row && i < c->doc->n_sections; i++) {
        const struct section *s = &c->doc->sections[i];
        const struct table *t = section_has_rows(s) ? &s->table : NULL;
        if (!t || !t->rows || c->row < t->rows || c->row >= t->rows + t->n_rows)
            continue;
        int at = table_column(t, column);
        return at >= 0 && c->row->cells[at].type == CELL_TEXT ? c->row->cells[at].s : NULL;
    }
    return NULL;
}

const char *view_key(const struct view_ctx *c, struct doc *d, const char *action)
{
    char key[32];
    return c->key && c->key(c->key_ctx, action, key, sizeof key) ? doc_text(d, key) : NULL;
}

void outcome_message(struct outcome *o, enum severity severity, const char *fmt, ...)
{
    struct strbuf b = {0};
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(&b, fmt, ap);
    va_end(ap);
    o->message = arena_strdup(o->arena, strbuf_text(&b));
    o->severity = severity;
    strbuf_free(&b);
}

void outcome_free(struct outcome *o)
{
    figures_free(o->baseline);
    arena_free(o->arena);
    *o = (struct outcome){0};
}

void outcome_fact(struct outcome *o, const char *label, const char *text)
{
    struct question_text *q = &o->question;
    if (!text || !*text)
        return;
    if (q->n_facts == q->cap_facts) {
        struct fact *more = arena_alloc(o->arena, (2 * q->cap_facts + 8) * sizeof *more);
        for (size_t i = 0; i < q->n_facts; i++)
            more[i] = q->facts[i];
        q->facts = more;
        q->cap_facts = 2 * q->cap_facts + 8;
    }
    q->facts[q->n_facts++] = (struct fact){.label = label, .text = arena_strdup(o->arena, text)};
}

void outcome_sql(struct outcome *o, const char *label, const char *sql)
{
    size_t n = o->question.n_facts;
    char *pretty = sql ? sql_pretty(sql) : NULL;
    outcome_fact(o, label, pretty);
    if (o->question.n_facts > n)
        o->question.facts[n].language = &sql_language;
    free(pretty);
}
