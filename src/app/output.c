#include "app/output.h"

#include "core/table.h"
#include "sink/print.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The table that --sort is about: the first with a column of that key, or else of that name. */
static struct section *sorted_section(struct doc *d, const char *name, int *column)
{
    for (int by_name = 0; by_name < 2; by_name++)
        for (size_t i = 0; i < d->n_sections; i++) {
            struct section *s = &d->sections[i];
            if (!section_has_rows(s))
                continue;
            *column = by_name ? table_column_meant(&s->table, name) : table_column(&s->table, name);
            if (*column >= 0)
                return s;
        }
    return NULL;
}

static bool sort_tables(const char *sort, struct doc *d)
{
    const char *name = sort + (*sort == '-');
    struct suggest near = {.word = name};
    int column;
    struct section *s = sorted_section(d, name, &column);
    if (s) {
        bool ascending = s->table.columns[column].flags & COLUMN_ASCENDING;
        table_sort(&s->table, column, (*sort == '-') == ascending);
        return true;
    }
    for (size_t i = 0; i < d->n_sections; i++)
        if (section_has_rows(&d->sections[i]))
            table_suggest(&d->sections[i].table, &near);
    if (near.best)
        complain("there is no column %s in this view; did you mean \"%s\"?", name, near.best);
    else
        complain("there is no column %s in this view; --format json shows all", name);
    return false;
}

static bool shape_tables(const struct app *a, struct doc *d)
{
    const char *sort = a->cli->values[CLI_SORT];
    const char *limit = a->cli->values[CLI_LIMIT];
    char *end = NULL;
    long max = limit ? strtol(limit, &end, 10) : 0;
    if (limit && (*end || end == limit || max < 0)) {
        complain("--limit %s is not a number of rows", limit);
        return false;
    }
    if (sort && !sort_tables(sort, d))
        return false;
    for (size_t i = 0; i < d->n_sections; i++) {
        struct section *s = &d->sections[i];
        size_t rows = s->kind != SECTION_TABLE ? 0 : limit ? (size_t)max : s->table.usual_limit;
        if (rows)
            table_limit(&s->table, rows);
    }
    return true;
}

static bool chosen_format(const struct app *a, enum print_format *f)
{
    *f = PRINT_TEXT;
    if (!cli_has(a->cli, CLI_FORMAT) || print_format_named(a->cli->values[CLI_FORMAT], f))
        return true;
    complain("there is no format %s; expected text, json, md or csv; for flame also svg, folded, speedscope, "
             "pprof; for slo also prometheus",
             a->cli->values[CLI_FORMAT]);
    return false;
}

/* Where bytes go part by part. */
struct outlet {
    const char *path; /* NULL: standard output */
    FILE *file;       /* NULL: it could not be opened */
    int error;        /* the first, of errno: after it nothing is written */
};

static struct outlet outlet_open(const char *path)
{
    struct outlet o = {.path = path, .file = path ? fopen(path, "we") : stdout};
    o.error = o.file ? 0 : errno;
    return o;
}

static void outlet_write(struct outlet *o, const char *bytes, size_t len)
{
    if (!o->error && fwrite(bytes, 1, len, o->file) != len)
        o->error = errno;
}

static void outlet_take(void *outlet, struct strbuf *part)
{
    outlet_write(outlet, strbuf_text(part), part->len);
    strbuf_clear(part);
}

static bool outlet_close(struct outlet *o)
{
    bool ok = !o->file || (o->path ? fclose(o->file) : fflush(o->file)) == 0;
    int error = o->error ? o->error : ok ? 0 : errno;
    if (!error || (!o->path && error == EPIPE)) /* `| head` has read what it wanted */
        return true;
    if (o->path)
        complain("cannot write %.200s: %s", o->path, strerror(error));
    else
        complain("cannot write the output: %s", strerror(error));
    return false;
}

static bool output_to(const char *path, const char *bytes, size_t len)
{
    struct outlet o = outlet_open(path);
    outlet_write(&o, bytes, len);
    return outlet_close(&o);
}

static bool output_bytes(const char *bytes, size_t len)
{
    return output_to(NULL, bytes, len);
}

bool output_file(const char *path, const char *bytes, size_t len)
{
    return output_to(path, bytes, len);
}

/* Where what is printed goes; NULL: to standard output. Of record -o names the recording. */
static const char *file_of(const struct app *a)
{
    return str_eq(a->cli->verb, "record") ? NULL : a->cli->values[CLI_OUTPUT];
}

static bool print(const struct app *a, struct doc *d, enum print_format f)
{
    struct winsize ws = {0};
    const char *file = file_of(a);
    bool tty = !file && isatty(STDOUT_FILENO);
    struct print_options o = {.width = 0, .ascii = cli_has(a->cli, CLI_ASCII), .color = false};
    if (tty && ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 0)
        o.width = ws.ws_col;
    o.color = tty && !getenv("NO_COLOR");
    struct sd_error err;
    if (!print_format_fits(d, f, &err)) {
        complain("%s", err.text);
        return false;
    }
    if (f == PRINT_PPROF && tty && !file) {
        complain("pprof is binary; write it to a file: --format pprof -o cpu.pb.gz");
        return false;
    }
    struct strbuf out = {0};
    struct outlet to = outlet_open(file);
    o.take = outlet_take;
    o.ctx = &to;
    print_doc(d, f, &o, &out);
    outlet_take(&to, &out);
    strbuf_free(&out);
    return outlet_close(&to);
}

bool output_text(const char *text)
{
    return output_bytes(text, strlen(text));
}

bool output_made(const struct app *a, const struct strbuf *made)
{
    const char *file = file_of(a);
    return file ? output_file(file, strbuf_text(made), made->len)
                : output_bytes(strbuf_text(made), made->len);
}

bool output_ready(const struct app *a)
{
    enum print_format f;
    return chosen_format(a, &f);
}

int output_doc(const struct app *a, struct doc *d)
{
    enum print_format f;
    return chosen_format(a, &f) && shape_tables(a, d) && print(a, d, f) ? EXIT_FINE : EXIT_USAGE;
}
