#include "sink/conceal.h"

#include <stdlib.h>

#include "core/plans/hide.h"
#include "core/schema.h"
#include "core/sql/hidden.h"
#include "core/sql/statement.h"

struct conceal {
    struct sql_hidden *sql;
};

struct conceal *conceal_new(void)
{
    struct conceal *c = mem_alloc(sizeof *c);
    c->sql = sql_hidden_new();
    return c;
}

void conceal_free(struct conceal *c)
{
    if (!c)
        return;
    sql_hidden_free(c->sql);
    free(c);
}

/* "GET /pay?card=4111 HTTP/1.1" -> "GET /pay?... HTTP/1.1" */
static char *without_queries(const char *line)
{
    struct strbuf out = {0};
    for (const char *p = line; *p; p++) {
        strbuf_char(&out, *p);
        if (*p != '?')
            continue;
        strbuf_str(&out, "...");
        while (p[1] && !strchr(" \t\"'", p[1]))
            p++;
    }
    return strbuf_detach(&out);
}

/* invalid input syntax for type integer: "4111" -> ...: "..."; names of tables and
 * columns, which the server does not put behind a colon, stay. */
static char *without_values(const char *sentence)
{
    struct strbuf out = {0};
    for (const char *p = sentence; *p;) {
        const char *value = strstr(p, ": \""), *end = value ? strchr(value + 3, '"') : NULL;
        if (!value) {
            strbuf_str(&out, p);
            break;
        }
        strbuf_add(&out, p, (size_t)(value - p));
        strbuf_str(&out, ": \"...\"");
        p = end ? end + 1 : value + strlen(value);
    }
    return strbuf_detach(&out);
}

/* SQL, one expression a line. */
static char *hide_sql_lines(const char *lines)
{
    struct strbuf out = {0};
    while (*lines) {
        size_t len = strcspn(lines, "\n");
        char *line = mem_printf("%.*s", (int)len, lines), *hidden = sql_hide_literals(line);
        strbuf_printf(&out, "%s%s", out.len ? "\n" : "", hidden);
        free(hidden);
        free(line);
        lines += len + (lines[len] == '\n');
    }
    return out.text ? strbuf_detach(&out) : mem_strdup("");
}

/* What the unit of a text says about it (slowdive/types.h). */
static char *hide_as(struct conceal *c, const char *unit, const char *text)
{
    if (str_eq(unit, "sql"))
        return mem_strdup(sql_hidden_text(c->sql, text));
    if (str_eq(unit, "sql-lines"))
        return hide_sql_lines(text);
    if (str_eq(unit, "explain"))
        return plan_hide_literals(text);
    if (str_eq(unit, "message"))
        return without_values(text);
    return str_eq(unit, "request") ? without_queries(text) : NULL;
}

/* The record's texts that had to be changed, so that they can be freed. */
struct own {
    void **items;
    size_t n;
};

static void *keep_own(struct own *own, void *made)
{
    own->items = mem_realloc(own->items, (own->n + 1) * sizeof *own->items);
    return own->items[own->n++] = made;
}

static void hide_text(struct conceal *c, const char *unit, const char **text, struct own *own)
{
    char *hidden = *text ? hide_as(c, unit, *text) : NULL;
    if (hidden)
        *text = keep_own(own, hidden);
}

static void hide_list(struct conceal *c, const char *unit, const struct sd_texts **list, struct own *own)
{
    if (!*list)
        return;
    const char **items = keep_own(own, mem_array((*list)->n + 1, sizeof *items));
    for (uint32_t i = 0; i < (*list)->n; i++) {
        items[i] = (*list)->items[i];
        hide_text(c, unit, &items[i], own);
    }
    struct sd_texts *mine = keep_own(own, mem_alloc(sizeof *mine));
    *mine = (struct sd_texts){.n = (*list)->n, .items = items};
    *list = mine;
}

static void hide_fields(struct conceal *c, const struct sd_schema *sc, void *record, struct own *own)
{
    for (size_t i = 0; i < sc->n_fields; i++) {
        const struct sd_field *f = &sc->fields[i];
        void *at = (char *)record + f->offset;
        if (!*f->unit)
            continue;
        if (f->type == SD_FIELD_TEXT)
            hide_text(c, f->unit, at, own);
        else if (f->type == SD_FIELD_LIST_TEXT)
            hide_list(c, f->unit, at, own);
    }
}

static bool may_hide(enum sd_kind kind)
{
    const struct sd_schema *sc = schema_of(kind);
    for (size_t i = 0; sc && i < sc->n_fields; i++)
        if ((sc->fields[i].type == SD_FIELD_TEXT || sc->fields[i].type == SD_FIELD_LIST_TEXT) &&
            *sc->fields[i].unit)
            return true;
    return false;
}

static void add_concealed(struct conceal *c, struct sd_batch *to, enum sd_kind kind, const void *record)
{
    const struct sd_schema *sc = schema_of(kind);
    struct own own = {0};
    void *copy = mem_alloc(sc->size);
    memcpy(copy, record, sc->size);
    hide_fields(c, sc, copy, &own);
    batch_add(to, kind, copy);
    while (own.n)
        free(own.items[--own.n]);
    free(own.items);
    free(copy);
}

const struct sd_batch *conceal_batch(struct conceal *c, const struct sd_batch *b)
{
    bool any = false;
    enum sd_kind kind;
    for (size_t i = 0; i < batch_len(b) && !any; i++) {
        batch_record(b, i, &kind);
        any = may_hide(kind);
    }
    if (!any)
        return batch_ref(b);
    struct sd_batch *to = batch_new(batch_origin(b), batch_time(b));
    batch_copy_places(to, b);
    for (size_t i = 0; i < batch_len(b); i++) {
        const void *r = batch_record(b, i, &kind);
        add_concealed(c, to, kind, r);
    }
    return to;
}
