#include "format/capacity/usl_csv.h"

#include <stdlib.h>
#include <string.h>

#include "format/capacity/csv_field.h"

enum { SHOWN = 40 };

/* What parts the fields of a line: the first such character outside of quotes. */
static char separator_of(struct csv_field line)
{
    bool quoted = false;
    for (size_t i = 0; i < line.n; i++) {
        quoted ^= line.at[i] == '"';
        if (!quoted && (line.at[i] == ',' || line.at[i] == ';' || line.at[i] == '\t'))
            return line.at[i];
    }
    return 0;
}

/* The first field of the line; the rest stays in it. */
static struct csv_field take(struct csv_field *line, char separator)
{
    bool quoted = false;
    size_t i = 0;
    for (; i < line->n && (quoted || line->at[i] != separator); i++)
        quoted ^= line->at[i] == '"';
    struct csv_field f = {line->at, i};
    i += i < line->n;
    line->at += i;
    line->n -= i;
    return csv_trimmed(f);
}

static bool refuse(const char *name, size_t line, const char *what, struct csv_field f, struct sd_error *err)
{
    return fail(err, "%s, line %zu: %s: %.*s%s", name, line, what, (int)MIN(f.n, (size_t)SHOWN), f.at,
                f.n > SHOWN ? "..." : "");
}

struct reader {
    const char *name;
    size_t line, cap;
    bool begun; /* a line that may be the header was seen */
};

static bool read_line(struct reader *r, struct csv_field whole, struct usl_point **points, size_t *n,
                      struct sd_error *err)
{
    struct csv_field rest = whole;
    char separator = separator_of(whole);
    struct csv_field load = take(&rest, separator), throughput = take(&rest, separator);
    struct usl_point p;
    bool first = !r->begun;
    r->begun = true;
    if (!csv_number(load, &p.load))
        return first || refuse(r->name, r->line, "the load is no number", load, err);
    if (!separator)
        return refuse(r->name, r->line, "a load and a throughput were expected", whole, err);
    if (!csv_number(throughput, &p.throughput))
        return refuse(r->name, r->line, "the throughput is no number", throughput, err);
    if (!(p.load > 0 && p.load <= USL_LOAD_MAX))
        return refuse(r->name, r->line, "a load has to be above 0 and at most 1e12", load, err);
    if (!(p.throughput >= 0))
        return refuse(r->name, r->line, "a throughput cannot be negative", throughput, err);
    if (*n == USL_POINTS_MAX)
        return fail(err, "%s has more than %d points", r->name, (int)USL_POINTS_MAX);
    *points = mem_grow(*points, *n, &r->cap, sizeof **points);
    (*points)[(*n)++] = p;
    return true;
}

bool usl_csv_read(const char *text, size_t len, const char *name, struct usl_point **points, size_t *n,
                  struct sd_error *err)
{
    struct reader r = {.name = name};
    *points = NULL;
    *n = 0;
    if (len >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3))
        text += 3, len -= 3;
    for (size_t from = 0; from < len;) {
        const char *end = memchr(text + from, '\n', len - from);
        size_t to = end ? (size_t)(end - text) : len;
        struct csv_field line = csv_trimmed((struct csv_field){text + from, to - from});
        r.line++;
        if (line.n && *line.at != '#' &&
            !read_line(&r, (struct csv_field){text + from, to - from}, points, n, err))
            return false;
        from = to + 1;
    }
    return *n || fail(err, "%s holds no points: a load and a throughput on each line", name);
}
