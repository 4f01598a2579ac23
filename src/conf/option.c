/* option.c - tables of struct sd_option put to work. */
#include "conf/option.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <strings.h>

#include "base/units.h"
#include "base/num.h"
#include "base/suggest.h"

static const struct {
    const char *name;
    const char *expected;
} TYPES[] = {
    [SD_OPTION_BOOL] = {.name = "yes/no", .expected = "yes or no"},
    [SD_OPTION_INT] = {.name = "integer", .expected = "a whole number"},
    [SD_OPTION_REAL] = {.name = "number", .expected = "a number"},
    [SD_OPTION_DURATION] = {.name = "duration", .expected = "a duration such as 250ms, 10s or 15m"},
    [SD_OPTION_BYTES] = {.name = "size", .expected = "a size such as 64MiB, 500MB or 4096"},
    [SD_OPTION_TEXT] = {.name = "text", .expected = "text"},
    [SD_OPTION_LIST] = {.name = "list", .expected = "items, one a line"},
};

const char *option_type_name(enum sd_option_type t)
{
    return (size_t)t < ARRAY_LEN(TYPES) ? TYPES[t].name : "unknown";
}

const struct sd_option *option_find(const struct sd_option *table, const char *name)
{
    for (const struct sd_option *o = table; o && o->name; o++)
        if (str_eq(o->name, name))
            return o;
    return NULL;
}

/* ---- values ---- */

/* The C type behind each option type; which member counts follows from the type. */
union value {
    bool yes;
    int64_t number;
    double real;
    char *text;
    char **list;
};

static void list_free(char **list)
{
    for (char **p = list; p && *p; p++)
        free(*p);
    free(list);
}

static char **list_parse(const char *text)
{
    char **list = NULL;
    size_t n = 0, cap = 0;
    list = mem_grow(list, n, &cap, sizeof *list);
    while (*text) {
        size_t len = strcspn(text, "\n");
        if (len) {
            list = mem_grow(list, n + 1, &cap, sizeof *list);
            list[n++] = mem_strndup(text, len);
        }
        text += len + (text[len] == '\n');
    }
    list[n] = NULL;
    return list;
}

/* memcpy, because an options struct of a module may be packed. */
static union value value_get(const struct sd_option *o, const void *opts)
{
    union value v = {0};
    const char *at = (const char *)opts + o->offset;
    switch (o->type) {
    case SD_OPTION_BOOL:
        memcpy(&v.yes, at, sizeof v.yes);
        break;
    case SD_OPTION_INT:
    case SD_OPTION_DURATION:
    case SD_OPTION_BYTES:
        memcpy(&v.number, at, sizeof v.number);
        break;
    case SD_OPTION_REAL:
        memcpy(&v.real, at, sizeof v.real);
        break;
    case SD_OPTION_TEXT:
        memcpy(&v.text, at, sizeof v.text);
        break;
    case SD_OPTION_LIST:
        memcpy(&v.list, at, sizeof v.list);
        break;
    }
    return v;
}

static void value_free(const struct sd_option *o, union value v)
{
    if (o->type == SD_OPTION_TEXT)
        free(v.text);
    else if (o->type == SD_OPTION_LIST)
        list_free(v.list);
}

static void value_put(const struct sd_option *o, void *opts, union value v)
{
    char *at = (char *)opts + o->offset;
    switch (o->type) {
    case SD_OPTION_BOOL:
        memcpy(at, &v.yes, sizeof v.yes);
        break;
    case SD_OPTION_INT:
    case SD_OPTION_DURATION:
    case SD_OPTION_BYTES:
        memcpy(at, &v.number, sizeof v.number);
        break;
    case SD_OPTION_REAL:
        memcpy(at, &v.real, sizeof v.real);
        break;
    case SD_OPTION_TEXT:
        memcpy(at, &v.text, sizeof v.text);
        break;
    case SD_OPTION_LIST:
        memcpy(at, &v.list, sizeof v.list);
        break;
    }
}

static bool parse_bool(const char *text, bool *yes)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcasecmp(text, words[i]) == 0) {
            *yes = i % 2;
            return true;
        }
    }
    return false;
}

static bool parse_int(const char *text, int64_t *n)
{
    char *end;
    errno = 0;
    if (!*text || strchr(" \t\n\r\v\f", *text))
        return false;
    long long v = strtoll(text, &end, 10);
    if (errno || *end || v == SD_UNKNOWN)
        return false;
    *n = v;
    return true;
}

static bool value_parse(const struct sd_option *o, const char *text, union value *v)
{
    struct sd_error why;
    switch (o->type) {
    case SD_OPTION_BOOL:
        return parse_bool(text, &v->yes);
    case SD_OPTION_INT:
        return parse_int(text, &v->number);
    case SD_OPTION_REAL:
        return num_parse_real(text, &v->real);
    case SD_OPTION_DURATION:
        return unit_parse_duration(text, &v->number, &why);
    case SD_OPTION_BYTES:
        return unit_parse_bytes(text, &v->number, &why);
    case SD_OPTION_TEXT:
        v->text = mem_strdup(text);
        return true;
    case SD_OPTION_LIST:
        v->list = list_parse(text);
        return true;
    }
    return false;
}

static void print_duration(struct strbuf *out, int64_t ns)
{
    static const struct {
        int64_t ns;
        const char *name;
    } units[] = {{.ns = 86400 * SD_S, .name = "d"},
                 {.ns = 3600 * SD_S, .name = "h"},
                 {.ns = 60 * SD_S, .name = "m"},
                 {.ns = SD_S, .name = "s"},
                 {.ns = SD_MS, .name = "ms"},
                 {.ns = SD_US, .name = "us"},
                 {.ns = 1, .name = "ns"}};
    size_t i = 0;
    if (ns == 0) {
        strbuf_char(out, '0');
        return;
    }
    while (ns % units[i].ns)
        i++;
    strbuf_printf(out, "%" PRId64 "%s", ns / units[i].ns, units[i].name);
}

static void print_bytes(struct strbuf *out, int64_t n)
{
    static const struct {
        int64_t size;
        const char *name;
    } units[] = {{.size = (int64_t)1 << 30, .name = "GiB"},
                 {.size = 1000000000, .name = "GB"},
                 {.size = (int64_t)1 << 20, .name = "MiB"},
                 {.size = 1000000, .name = "MB"},
                 {.size = 1024, .name = "KiB"},
                 {.size = 1000, .name = "kB"}};
    for (size_t i = 0; n && i < ARRAY_LEN(units); i++) {
        if (n % units[i].size == 0) {
            strbuf_printf(out, "%" PRId64 "%s", n / units[i].size, units[i].name);
            return;
        }
    }
    strbuf_printf(out, "%" PRId64, n);
}

static void value_print(const struct sd_option *o, union value v, struct strbuf *out)
{
    switch (o->type) {
    case SD_OPTION_BOOL:
        strbuf_str(out, v.yes ? "yes" : "no");
        break;
    case SD_OPTION_INT:
        if (sd_known(v.number))
            strbuf_printf(out, "%" PRId64, v.number);
        break;
    case SD_OPTION_DURATION:
        if (sd_known(v.number))
            print_duration(out, v.number);
        break;
    case SD_OPTION_BYTES:
        if (sd_known(v.number))
            print_bytes(out, v.number);
        break;
    case SD_OPTION_REAL:
        if (!isfinite(v.real))
            break;
        /* The shortest form that reads back the same. */
        for (int digits = 6; digits <= 17; digits++) {
            char buf[40];
            snprintf(buf, sizeof buf, "%.*g", digits, v.real);
            if (strtod(buf, NULL) == v.real || digits == 17) {
                strbuf_str(out, buf);
                break;
            }
        }
        break;
    case SD_OPTION_TEXT:
        strbuf_str(out, v.text ? v.text : "");
        break;
    case SD_OPTION_LIST:
        for (char **p = v.list; p && *p; p++)
            strbuf_printf(out, "%s%s", p == v.list ? "" : "\n", *p);
        break;
    }
}

void option_print(const struct sd_option *o, const void *opts, struct strbuf *out)
{
    if (o->flags & SD_OPTION_SECRET)
        strbuf_str(out, "***");
    else
        value_print(o, value_get(o, opts), out);
}

/* ---- setting ---- */

static bool in_range(const struct sd_option *o, union value v, struct sd_error *err)
{
    double x = o->type == SD_OPTION_REAL ? v.real : (double)v.number;
    if (o->type == SD_OPTION_BOOL || o->type == SD_OPTION_TEXT || o->type == SD_OPTION_LIST)
        return true;
    if ((o->min == 0 && o->max == 0) || (x >= o->min && x <= o->max))
        return true;
    struct strbuf low = {0}, high = {0};
    union value bound = {0};
    /* A bound beyond int64_t says "as large as there is". */
    if (o->type == SD_OPTION_REAL)
        bound.real = o->min;
    else
        bound.number = real_to_int(o->min);
    value_print(o, bound, &low);
    if (o->type == SD_OPTION_REAL)
        bound.real = o->max;
    else
        bound.number = real_to_int(o->max);
    value_print(o, bound, &high);
    fail(err, "between %s and %s", strbuf_text(&low), strbuf_text(&high));
    strbuf_free(&low);
    strbuf_free(&high);
    return false;
}

/* What was given, as far as it may and can be shown in a sentence. */
static void shown_value(const struct sd_option *o, const char *value, char buf[80])
{
    if (o->flags & SD_OPTION_SECRET)
        snprintf(buf, 80, "the value given");
    else
        snprintf(buf, 80, "\"%.60s%s\"", value, strlen(value) > 60 ? "..." : "");
}

bool option_set(const struct sd_option *table, void *opts, const char *name, const char *value,
                struct sd_error *err)
{
    const struct sd_option *o = option_find(table, name);
    struct sd_error expected;
    char shown[80];
    union value v = {0};

    if (!o) {
        struct strbuf names = {0};
        struct suggest near = {.word = name};
        for (const struct sd_option *p = table; p && p->name; p++) {
            strbuf_printf(&names, "%s%s", p == table ? "" : ", ", p->name);
            suggest_try(&near, p->name);
        }
        if (near.best)
            fail(err, "there is no option \"%.60s\"; did you mean \"%s\"?", name, near.best);
        else
            fail(err, "there is no option \"%.60s\"%s%s", name, names.len ? "; there is: " : "",
                 strbuf_text(&names));
        strbuf_free(&names);
        return false;
    }
    shown_value(o, value, shown);
    if (!value_parse(o, value, &v))
        return fail(err, "%s: %s is not %s", o->name, shown,
                    (size_t)o->type < ARRAY_LEN(TYPES) ? TYPES[o->type].expected : "of a known type");
    if (!in_range(o, v, &expected)) {
        value_free(o, v);
        return fail(err, "%s: %s is out of range; it must be %.100s", o->name, shown, expected.text);
    }
    value_free(o, value_get(o, opts));
    value_put(o, opts, v);
    return true;
}

/* ---- whole structs ---- */

void *options_new(const struct sd_option *table, size_t opts_size)
{
    struct sd_error ignored;
    if (!opts_size)
        return NULL;
    void *opts = mem_alloc(opts_size);
    for (const struct sd_option *o = table; o && o->name; o++) {
        union value unknown = {0};
        if (o->fallback) {
            option_set(table, opts, o->name, o->fallback, &ignored);
            continue;
        }
        /* No default: unknown, which is not zero. */
        if (o->type == SD_OPTION_REAL)
            unknown.real = NAN;
        else if (o->type == SD_OPTION_LIST)
            unknown.list = list_parse("");
        else if (o->type != SD_OPTION_TEXT && o->type != SD_OPTION_BOOL)
            unknown.number = SD_UNKNOWN;
        value_put(o, opts, unknown);
    }
    return opts;
}

void options_free(const struct sd_option *table, void *opts)
{
    if (!opts)
        return;
    for (const struct sd_option *o = table; o && o->name; o++)
        value_free(o, value_get(o, opts));
    free(opts);
}
