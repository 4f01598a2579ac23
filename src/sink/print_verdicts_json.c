/* print_verdicts_json.c - verdicts for GitLab's code quality and as SARIF 2.1.0. */
#include "sink/print_verdicts.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

static bool told(const struct verdict *v)
{
    return v->kind <= VERDICT_WARNED;
}

/* One line: control characters of a name are nobody's business in a report. */
static cJSON *text_of(const char *s)
{
    struct strbuf b = {0};
    utf8_append_lines(&b, s ? s : "", s ? strlen(s) : 0);
    cJSON *o = cJSON_CreateString(strbuf_text(&b));
    strbuf_free(&b);
    return o;
}

static void add_text(cJSON *o, const char *key, const char *s)
{
    cJSON_AddItemToObject(o, key, text_of(s));
}

/* ---- fingerprints ---- */

/* FNV-1a, with the zero at the end of each text. */
static uint64_t hashed(uint64_t h, const char *s)
{
    for (size_t i = 0, n = s ? strlen(s) + 1 : 1; i < n; i++)
        h = (h ^ (s ? (unsigned char)s[i] : 0)) * 0x100000001b3u;
    return h;
}

struct print {
    uint64_t high, low;
    size_t place; /* among the verdicts */
    size_t again; /* how many of the same names come before */
};

static int by_print(const void *a, const void *b)
{
    const struct print *x = a, *y = b;
    if (x->high != y->high)
        return x->high < y->high ? -1 : 1;
    if (x->low != y->low)
        return x->low < y->low ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static int by_place(const void *a, const void *b)
{
    const struct print *x = a, *y = b;
    return (x->place > y->place) - (x->place < y->place);
}

/* From names only, so that a check is the same one in the next run. Those of equal names are numbered, since
 * GitLab takes equal ones for one. Free. */
static struct print *prints_of(const struct verdict *v, size_t n)
{
    struct print *p = mem_array(n + 1, sizeof *p);
    for (size_t i = 0; i < n; i++)
        p[i] = (struct print){.high = hashed(hashed(0xcbf29ce484222325u, v[i].name), v[i].about),
                              .low = hashed(hashed(0x84222325cbf29ce4u, v[i].about), v[i].name),
                              .place = i};
    qsort(p, n, sizeof *p, by_print);
    for (size_t i = 1; i < n; i++)
        if (p[i].high == p[i - 1].high && p[i].low == p[i - 1].low)
            p[i].again = p[i - 1].again + 1;
    qsort(p, n, sizeof *p, by_place);
    return p;
}

static void add_print(cJSON *o, const char *key, const struct print *p)
{
    char text[64];
    snprintf(text, sizeof text, "%016" PRIx64 "%016" PRIx64, p->high, p->low + p->again);
    cJSON_AddStringToObject(o, key, text);
}

/* ---- places ---- */

/* As seen from the folder: without it, without "./". */
static const char *path_of(const struct verdict *v, const struct verdict_place *at)
{
    const char *p = v->path ? v->path : at->usual;
    size_t len = at->folder ? strlen(at->folder) : 0;
    if (len > 1 && !strncmp(p, at->folder, len) && p[len] == '/')
        p += len + 1;
    while (p[0] == '.' && p[1] == '/')
        for (p += 2; *p == '/';)
            p++;
    return p;
}

static int line_of(const struct verdict *v)
{
    return v->path && v->line > 0 ? v->line : 1;
}

static void put_json(cJSON *o, struct strbuf *out)
{
    char *json = cJSON_Print(o);
    strbuf_str(out, json ? json : "[]");
    strbuf_char(out, '\n');
    cJSON_free(json);
    cJSON_Delete(o);
}

/* ---- GitLab ---- */

static const char *described(const struct verdict *v)
{
    return v->text && *v->text ? v->text : v->name;
}

void print_gitlab(const struct verdict *v, size_t n, const struct verdict_place *at, struct strbuf *out)
{
    struct print *prints = prints_of(v, n);
    cJSON *all = cJSON_CreateArray();
    for (size_t kind = 0; kind <= VERDICT_WARNED; kind++)
        for (size_t i = 0; i < n; i++) {
            if (v[i].kind != kind)
                continue;
            cJSON *o = cJSON_CreateObject();
            add_text(o, "description", described(&v[i]));
            add_text(o, "check_name", v[i].name);
            add_print(o, "fingerprint", &prints[i]);
            cJSON_AddStringToObject(o, "severity", kind == VERDICT_WARNED ? "minor" : "major");
            cJSON *location = cJSON_AddObjectToObject(o, "location");
            add_text(location, "path", path_of(&v[i], at));
            cJSON_AddNumberToObject(cJSON_AddObjectToObject(location, "lines"), "begin", line_of(&v[i]));
            cJSON_AddItemToArray(all, o);
        }
    free(prints);
    put_json(all, out);
}

/* ---- SARIF ---- */

/* A reference to a URI: what is no plain letter of a path is written as bytes. */
static void add_uri(cJSON *o, const char *path)
{
    static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    struct strbuf b = {0};
    if (*path == '/')
        strbuf_str(&b, "file://");
    for (const char *p = path; *p; p++)
        if (strchr(PLAIN, *p))
            strbuf_char(&b, *p);
        else
            strbuf_printf(&b, "%%%02X", (unsigned)(unsigned char)*p);
    cJSON_AddStringToObject(o, "uri", strbuf_text(&b));
    strbuf_free(&b);
}

static cJSON *location_of(const struct verdict *v, const struct verdict_place *at)
{
    cJSON *list = cJSON_CreateArray(), *o = cJSON_CreateObject();
    cJSON *physical = cJSON_AddObjectToObject(o, "physicalLocation");
    add_uri(cJSON_AddObjectToObject(physical, "artifactLocation"), path_of(v, at));
    cJSON_AddNumberToObject(cJSON_AddObjectToObject(physical, "region"), "startLine", line_of(v));
    cJSON_AddItemToArray(list, o);
    return list;
}

static cJSON *result_of(const struct verdict *v, const struct print *p, const struct verdict_place *at)
{
    cJSON *o = cJSON_CreateObject();
    add_text(o, "ruleId", v->name);
    cJSON_AddStringToObject(o, "level", v->kind == VERDICT_WARNED ? "warning" : "error");
    add_text(cJSON_AddObjectToObject(o, "message"), "text", described(v));
    cJSON_AddItemToObject(o, "locations", location_of(v, at));
    add_print(cJSON_AddObjectToObject(o, "partialFingerprints"), "slowdiveCheck/v1", p);
    return o;
}

/* A rule for each name that has a result. */
static int by_name(const void *a, const void *b)
{
    return strcmp((*(const struct verdict *const *)a)->name, (*(const struct verdict *const *)b)->name);
}

static cJSON *rules_of(const struct verdict *v, size_t n)
{
    const struct verdict **order = mem_array(n + 1, sizeof(struct verdict *));
    size_t count = 0;
    cJSON *rules = cJSON_CreateArray();
    for (size_t i = 0; i < n; i++)
        if (told(&v[i]))
            order[count++] = &v[i];
    qsort(order, count, sizeof(struct verdict *), by_name);
    for (size_t i = 0; i < count; i++)
        if (!i || strcmp(order[i]->name, order[i - 1]->name) != 0) {
            cJSON *o = cJSON_CreateObject();
            add_text(o, "id", order[i]->name);
            cJSON_AddItemToArray(rules, o);
        }
    free(order);
    return rules;
}

void print_sarif(const struct verdict *v, size_t n, const struct verdict_place *at, struct strbuf *out)
{
    struct print *prints = prints_of(v, n);
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    cJSON_AddStringToObject(o, "version", "2.1.0");
    cJSON *runs = cJSON_AddArrayToObject(o, "runs"), *run = cJSON_CreateObject();
    cJSON_AddItemToArray(runs, run);
    cJSON *driver = cJSON_AddObjectToObject(cJSON_AddObjectToObject(run, "tool"), "driver");
    cJSON_AddStringToObject(driver, "name", "slowdive");
    cJSON_AddItemToObject(driver, "rules", rules_of(v, n));
    cJSON *results = cJSON_AddArrayToObject(run, "results");
    for (size_t kind = 0; kind <= VERDICT_WARNED; kind++)
        for (size_t i = 0; i < n; i++)
            if (v[i].kind == kind)
                cJSON_AddItemToArray(results, result_of(&v[i], &prints[i], at));
    free(prints);
    put_json(o, out);
}
