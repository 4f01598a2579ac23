#include "app/workload.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/sql/lex.h"

#define FILE_MAX_BYTES ((size_t)64 << 20)
#define STATEMENTS_MAX 5000

void workload_add(struct workload *w, const char *id, const char *text, double weight)
{
    w->items = mem_grow(w->items, w->n, &w->cap, sizeof *w->items);
    w->items[w->n++] =
        (struct workload_item){.id = mem_strdup(id), .text = mem_strdup(text), .weight = weight};
}

void workload_free(struct workload *w)
{
    for (size_t i = 0; i < w->n; i++) {
        free(w->items[i].id);
        free(w->items[i].text);
    }
    free(w->items);
    *w = (struct workload){0};
}

/* The statements of a text; one that is there already counts once more. */
static bool split(struct workload *w, const char *name, char *text, double weight, struct sd_error *err)
{
    size_t number = 0, first = w->n;
    for (char *at = text; *at;) {
        struct sql_token t;
        char *begin = at;
        bool solid = false;
        while ((t = sql_lex(at)).kind != SQL_END) {
            bool end = t.kind == SQL_OTHER && *t.text == ';';
            if (end)
                break;
            if (t.kind != SQL_SPACE && t.kind != SQL_COMMENT) {
                begin = solid ? begin : at;
                solid = true;
            }
            at = text + (t.text + t.len - text);
        }
        char *next = t.kind == SQL_END ? at + strlen(at) : at + 1;
        *at = 0;
        while (at > begin && strchr(" \t\r\n", at[-1]))
            *--at = 0;
        at = next;
        if (!solid)
            continue;
        if (w->n >= STATEMENTS_MAX)
            return fail(err, "%s: there are more than %d different statements", name, STATEMENTS_MAX);
        number++;
        struct workload_item *known = NULL;
        for (size_t i = first; i < w->n && !known; i++)
            if (!strcmp(w->items[i].text, begin))
                known = &w->items[i];
        if (known) {
            known->weight += weight;
            continue;
        }
        char *id = number == 1 ? mem_strdup(name) : mem_printf("%s:%zu", name, number);
        workload_add(w, id, begin, weight);
        free(id);
    }
    return true;
}

static bool read_file(struct workload *w, const char *path, const char *name, double weight,
                      struct sd_error *err)
{
    char *text;
    size_t len;
    if (!file_read(path, FILE_MAX_BYTES, &text, &len, err))
        return false;
    bool ok = strlen(text) == len ? split(w, name, text, weight, err)
                                  : fail(err, "%s holds a NUL byte: it is not SQL", path);
    free(text);
    return ok;
}

/* The weight of a file in "file<TAB>weight" lines; 1 when it is not there. */
static double weight_of(const char *table, const char *name)
{
    size_t len = strlen(name);
    for (const char *line = table; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
        size_t bare = len > 4 ? len - 4 : len; /* the name may stand without .sql */
        const char *after = !strncmp(line, name, len) && line[len] == '\t'     ? line + len + 1
                            : !strncmp(line, name, bare) && line[bare] == '\t' ? line + bare + 1
                                                                               : NULL;
        if (after) {
            char *end;
            double v = strtod(after, &end);
            return end != after && isfinite(v) && v >= 0 ? v : 1;
        }
    }
    return 1;
}

static int is_sql(const struct dirent *e)
{
    return str_ends(e->d_name, ".sql") && e->d_name[0] != '.';
}

static bool read_folder(struct workload *w, const char *path, struct sd_error *err)
{
    struct dirent **names = NULL;
    int n = scandir(path, &names, is_sql, versionsort);
    if (n < 0)
        return fail(err, "%s: %s", path, strerror(errno));
    char *file = mem_printf("%s/weights.tsv", path), *table = NULL;
    size_t len;
    struct sd_error ignored;
    struct stat st;
    bool ok = n > 0 || fail(err, "there is no .sql file in %s", path);
    if (stat(file, &st) == 0 && !file_read(file, FILE_MAX_BYTES, &table, &len, &ignored))
        table = NULL;
    free(file);
    for (int i = 0; i < n; i++) {
        char *one = mem_printf("%s/%s", path, names[i]->d_name);
        double weight = weight_of(table, names[i]->d_name);
        if (ok && weight > 0)
            ok = read_file(w, one, names[i]->d_name, weight, err);
        free(one);
        free(names[i]);
    }
    free(names);
    free(table);
    return ok;
}

bool workload_read(struct workload *w, const char *path, struct sd_error *err)
{
    struct stat st;
    const char *slash = strrchr(path, '/');
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return read_folder(w, path, err);
    return read_file(w, path, slash ? slash + 1 : path, 1, err) &&
           (w->n || fail(err, "there is no statement in %s", path));
}
