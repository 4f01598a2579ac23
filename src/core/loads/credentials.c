#include "core/loads/credentials.h"

#include <stdlib.h>
#include <string.h>

struct reader {
    struct arena *arena;
    const char *file;
    const char *p, *end;
    int line; /* of p, from 1 */
    const char **cells;
    size_t n, cap;
};

static bool quoted(struct reader *r, struct strbuf *b, struct sd_error *err)
{
    int began = r->line;
    for (r->p++; r->p < r->end; r->p++) {
        if (*r->p == '"' && r->p + 1 < r->end && r->p[1] == '"')
            r->p++;
        else if (*r->p == '"')
            break;
        r->line += *r->p == '\n';
        strbuf_char(b, *r->p);
    }
    if (r->p == r->end)
        return fail(err, "%s:%d: a quote is opened and never closed", r->file, began);
    r->p++;
    return true;
}

/* One field and what ends it; *last: the line is over. */
static bool field(struct reader *r, bool *last, struct sd_error *err)
{
    struct strbuf b = {0};
    bool ok = true;
    if (r->p < r->end && *r->p == '"')
        ok = quoted(r, &b, err);
    else
        for (; r->p < r->end && *r->p != ',' && *r->p != '\n' && *r->p != '\r'; r->p++)
            strbuf_char(&b, *r->p);
    if (ok && memchr(strbuf_text(&b), 0, b.len))
        ok = fail(err, "%s:%d: there is a NUL byte", r->file, r->line);
    if (r->p < r->end && *r->p == '\r')
        r->p++;
    *last = r->p == r->end || *r->p == '\n';
    if (ok && !*last && *r->p != ',')
        ok = fail(err, "%s:%d: there is something after a closing quote", r->file, r->line);
    if (r->p < r->end) {
        r->line += *r->p == '\n';
        r->p++;
    }
    if (ok) {
        r->cells = mem_grow(r->cells, r->n, &r->cap, sizeof *r->cells);
        r->cells[r->n++] = arena_strndup(r->arena, strbuf_text(&b), b.len);
    }
    strbuf_free(&b);
    return ok;
}

static bool line(struct reader *r, size_t *n, struct sd_error *err)
{
    size_t before = r->n;
    bool last = false;
    while (!last)
        if (!field(r, &last, err))
            return false;
    *n = r->n - before;
    return true;
}

static bool is_blank(const struct reader *r)
{
    return *r->p == '\n' || (*r->p == '\r' && (r->p + 1 == r->end || r->p[1] == '\n'));
}

static bool rows(struct reader *r, struct load_credentials *out, struct sd_error *err)
{
    size_t n;
    if (r->p == r->end || !line(r, &out->n_columns, err))
        return r->p != r->end || r->n ? false : fail(err, "%s is empty", r->file);
    if (out->n_columns > CREDENTIALS_COLUMNS_MAX)
        return fail(err, "%s:1: there are more than %d columns", r->file, CREDENTIALS_COLUMNS_MAX);
    out->columns = arena_copy(r->arena, r->cells, r->n * sizeof *r->cells);
    r->n = 0;
    while (r->p < r->end) {
        int at = r->line;
        if (is_blank(r)) {
            r->line += 1;
            r->p += *r->p == '\r' && r->p + 1 < r->end ? 2 : 1;
            continue;
        }
        if (!line(r, &n, err))
            return false;
        if (n != out->n_columns)
            return fail(err, "%s:%d: %zu fields, but the first line names %zu columns", r->file, at, n,
                        out->n_columns);
        out->n_rows++;
    }
    if (!out->n_rows)
        return fail(err, "%s has no rows below its first line", r->file);
    out->cells = arena_copy(r->arena, r->cells, r->n * sizeof *r->cells);
    return true;
}

bool load_credentials_parse(struct arena *a, const char *file, const char *text, size_t len,
                            struct load_credentials *out, struct sd_error *err)
{
    struct reader r = {.arena = a, .file = file, .p = text, .end = text + len, .line = 1};
    *out = (struct load_credentials){0};
    if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
        r.p += 3;
    bool ok = rows(&r, out, err);
    free(r.cells);
    return ok;
}
