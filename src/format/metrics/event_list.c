#include "format/metrics/event_list.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/utf8.h"
#include "format/json_check.h"

enum { WORD_MAX = 120, TEXT_MAX = 400 };

static const char *const TIME_KEYS[] = {"at", "time", "timestamp", "ts", "date", NULL};
static const char *const KIND_KEYS[] = {"type", "kind", "event", "action", NULL};
static const char *const VERSION_KEYS[] = {"version", "tag", "revision", "sha", NULL};
static const char *const OF_KEYS[] = {"service", "app", "application", "project", NULL};
static const char *const TEXT_KEYS[] = {"text", "message", "description", "title", "name", NULL};
static const char *const SEVERITY_KEYS[] = {"severity", "level", NULL};

/* What a list of events is known by. */
static const char *const KINDS[] = {"deploy",   "deployment", "release", "rollback",    "restart",
                                    "rollout",  "reboot",     "config",  "migration",   "failover",
                                    "incident", "scale",      "upgrade", "maintenance", NULL};

static const cJSON *first_of(const cJSON *object, const char *const *keys)
{
    for (; *keys; keys++) {
        const cJSON *c = cJSON_GetObjectItemCaseSensitive(object, *keys);
        if (c && !cJSON_IsNull(c))
            return c;
    }
    return NULL;
}

static const char *text_in(const cJSON *object, const char *const *keys)
{
    const cJSON *c = first_of(object, keys);
    return cJSON_IsString(c) && *c->valuestring ? c->valuestring : NULL;
}

/* Seconds since 1970, or ms, us, ns of them: each is a thousand times as much. */
static sd_time by_size(double v)
{
    double unit = 1e9;
    if (!(v > 0) || v > 4e18)
        return SD_UNKNOWN;
    while (v * unit > 4.1e18 && unit > 1) /* the year 2099 */
        unit /= 1000;
    return real_to_int(v * unit);
}

static sd_time time_of(const cJSON *object)
{
    const cJSON *c = first_of(object, TIME_KEYS);
    struct sd_error err;
    sd_time t;
    double v;
    if (cJSON_IsNumber(c))
        return by_size(c->valuedouble);
    if (!cJSON_IsString(c))
        return SD_UNKNOWN;
    if (num_parse_real(c->valuestring, &v))
        return by_size(v);
    return clock_parse(c->valuestring, 0, &t, &err) ? t : SD_UNKNOWN;
}

static const char *kind_of(const cJSON *object)
{
    const char *kind = text_in(object, KIND_KEYS);
    const cJSON *tag = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(object, "tags"), 0);
    return kind ? kind : cJSON_IsString(tag) && *tag->valuestring ? tag->valuestring : NULL;
}

/* As it may stand on a screen: one line, no control characters, cut. */
static const char *clean(struct arena *a, const char *s, int columns)
{
    struct strbuf out = {0};
    utf8_append(&out, s, columns);
    const char *kept = arena_strdup(a, strbuf_text(&out));
    strbuf_free(&out);
    return kept;
}

/* "deployment" and "Deployed" are deploys: other parts know those by that word. */
static const char *usual_word(const char *kind)
{
    return !strncasecmp(kind, "deploy", 6) || !strcasecmp(kind, "rollout")   ? "deploy"
           : !strncasecmp(kind, "restart", 7) || !strcasecmp(kind, "reboot") ? "restart"
                                                                             : kind;
}

static const char *severity_of(const cJSON *object)
{
    const char *s = text_in(object, SEVERITY_KEYS);
    if (!s)
        return "info";
    return !strncasecmp(s, "warn", 4)                                                         ? "warn"
           : !strncasecmp(s, "crit", 4) || !strncasecmp(s, "err", 3) || !strcasecmp(s, "bad") ? "bad"
                                                                                              : "info";
}

static bool item_of(const cJSON *object, struct arena *a, struct event_item *out)
{
    const char *kind = cJSON_IsObject(object) ? kind_of(object) : NULL;
    *out = (struct event_item){.at = cJSON_IsObject(object) ? time_of(object) : SD_UNKNOWN};
    if (!kind || !sd_known(out->at))
        return false;
    const char *version = text_in(object, VERSION_KEYS), *of = text_in(object, OF_KEYS),
               *text = text_in(object, TEXT_KEYS);
    struct strbuf b = {0};
    strbuf_printf(&b, "%s%s%s", usual_word(kind), version ? " " : "", version ? version : "");
    out->title = clean(a, strbuf_text(&b), WORD_MAX);
    strbuf_clear(&b);
    strbuf_printf(&b, "%s%s%s", of ? of : "", of && text ? ": " : "", text ? text : "");
    out->text = b.len ? clean(a, strbuf_text(&b), TEXT_MAX) : NULL;
    out->severity = severity_of(object);
    strbuf_free(&b);
    return *out->title != 0;
}

static int by_time(const void *x, const void *y)
{
    const struct event_item *a = x, *b = y;
    return (a->at > b->at) - (a->at < b->at);
}

struct taken {
    struct arena *arena;
    struct event_list *out;
    size_t cap;
};

static void take(struct taken *t, const cJSON *object)
{
    struct event_item item;
    if (t->out->n == EVENT_LIST_EVENTS || !item_of(object, t->arena, &item)) {
        t->out->left_out++;
        return;
    }
    t->out->items = mem_grow(t->out->items, t->out->n, &t->cap, sizeof *t->out->items);
    t->out->items[t->out->n++] = item;
}

/* A list, an object with a list in it (`events`, `annotations`), or one event. */
static void take_value(struct taken *t, const cJSON *value)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(value, "events"), *item;
    if (!cJSON_IsArray(list))
        list = cJSON_GetObjectItemCaseSensitive(value, "annotations");
    if (cJSON_IsArray(value))
        list = value;
    if (!cJSON_IsArray(list)) {
        take(t, value);
        return;
    }
    cJSON_ArrayForEach(item, list) take(t, item);
}

static bool take_text(struct taken *t, const char *text, size_t len, struct sd_error *err)
{
    if (!json_check(text, len, err))
        return false;
    cJSON *value = cJSON_ParseWithLength(text, len);
    if (value)
        take_value(t, value);
    cJSON_Delete(value);
    return true;
}

static bool blank(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!strchr(" \t\r\n", s[i]) || !s[i])
            return false;
    return true;
}

static bool take_lines(struct taken *t, const char *text, size_t len, struct sd_error *err)
{
    size_t number = 0;
    for (size_t i = 0, n; i < len; i += n + 1) {
        const char *end = memchr(text + i, '\n', len - i);
        struct sd_error why;
        n = end ? (size_t)(end - text) - i : len - i;
        number++;
        if (!blank(text + i, n) && !take_text(t, text + i, n, &why))
            return fail(err, "is no list of events: in line %zu: %.300s", number, why.text);
    }
    return true;
}

bool event_list_read(const char *text, size_t len, struct arena *a, struct event_list *out,
                     struct sd_error *err)
{
    struct taken t = {.arena = a, .out = out};
    struct sd_error why;
    *out = (struct event_list){0};
    bool ok = take_text(&t, text, len, &why);
    if (!ok && memchr(text, '\n', len)) {
        *out = (struct event_list){0};
        ok = take_lines(&t, text, len, err);
    } else if (!ok) {
        fail(err, "is no list of events: %.300s", why.text);
    }
    if (ok && !out->n)
        ok = fail(err, "holds no event that has a time (at) and a kind (type)");
    if (ok)
        qsort(out->items, out->n, sizeof *out->items, by_time);
    struct event_item *kept = ok ? arena_copy(a, out->items, out->n * sizeof *kept) : NULL;
    free(out->items);
    out->items = kept;
    return ok;
}

/* The value of a key among the first bytes, which need not be whole JSON. */
static bool key_has(const char *head, const char *key, const char *const *words)
{
    char quoted[40];
    snprintf(quoted, sizeof quoted, "\"%s\"", key);
    const char *p = strstr(head, quoted);
    if (!p)
        return false;
    p += strlen(quoted);
    p += strspn(p, " \t\r\n:");
    if (!words)
        return *p == '"' || (*p >= '0' && *p <= '9');
    for (; *p == '"' && *words; words++)
        if (!strncasecmp(p + 1, *words, strlen(*words)))
            return true;
    return false;
}

static bool any_has(const char *head, const char *const *keys, const char *const *words)
{
    for (; *keys; keys++)
        if (key_has(head, *keys, words))
            return true;
    return false;
}

int event_list_sure(const char *head, size_t len)
{
    char text[2048];
    size_t n = MIN(len, sizeof text - 1), at = 0;
    memcpy(text, head, n);
    text[n] = 0;
    at = strspn(text, " \t\r\n");
    if (text[at] != '[' && text[at] != '{')
        return 0;
    return any_has(text, TIME_KEYS, NULL) && any_has(text, KIND_KEYS, KINDS) ? 92 : 0;
}
