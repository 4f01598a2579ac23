#include "format/pages/beacon.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#include "base/utf8.h"

enum { KEY_MAX = 64, TARGET_MAX = 200, SCRIPT_MAX = 200 };

/* ---- fields ---- */

/* Of several of one name the last one counts, as for a browser. */
static const cJSON *member(const cJSON *object, const char *name)
{
    const cJSON *last = NULL;
    for (const cJSON *c = object ? object->child : NULL; c; c = c->next)
        if (str_eq(c->string, name))
            last = c;
    return last;
}

static const char *text_of(const cJSON *object, const char *name)
{
    const cJSON *c = member(object, name);
    return cJSON_IsString(c) && *c->valuestring ? c->valuestring : NULL;
}

/* The first of these that is a text. */
static const char *first_text(const cJSON *object, const char *const *names)
{
    const char *text = NULL;
    for (size_t i = 0; names[i] && !text; i++)
        text = text_of(object, names[i]);
    return text;
}

/* At most `max` of `n` bytes, cut between characters. */
static const char *copy(char *out, size_t max, const char *text, size_t n)
{
    if (n > max) {
        n = max;
        while (n && ((unsigned char)text[n] & 0xc0) == 0x80)
            n--;
    }
    memcpy(out, text, n);
    out[n] = 0;
    return out;
}

/* ---- one beacon ---- */

/* The texts of a beacon: what it names, and no more of it than is kept. */
struct texts {
    char page[PAGE_TEMPLATE_MAX];
    char key[FIELD_BYS][KEY_MAX + 1];
    char target[TARGET_MAX + 1], script[SCRIPT_MAX + 1];
};

static void read_keys(const cJSON *o, const char *referer, struct field_beacon *b, struct texts *t)
{
    static const char *const pages[] = {"page", "url", "path", "navigationURL", NULL};
    static const char *const names[FIELD_BYS][4] = {
        [FIELD_DEVICE] = {"device", "deviceType", "form_factor"},
        [FIELD_CONNECTION] = {"connection", "effectiveType"},
        [FIELD_COUNTRY] = {"country"},
        [FIELD_NAVIGATION] = {"navigationType"},
    };
    const char *page = first_text(o, pages);
    page = page ? page : referer && *referer ? referer : "/";
    page_template(page, strlen(page), t->page);
    b->key[FIELD_ALL] = "";
    b->key[FIELD_PAGE] = t->page;
    for (unsigned by = FIELD_DEVICE; by < FIELD_BYS; by++) {
        const char *text = first_text(o, names[by]);
        b->key[by] = text ? copy(t->key[by], KEY_MAX, text, strlen(text)) : "unknown";
    }
}

/* The script of INP: longestScript since web-vitals 5, before that in the animation frames. */
static const char *script_of(const cJSON *attribution)
{
    const cJSON *longest = member(attribution, "longestScript"), *found = NULL;
    const cJSON *entry = member(longest, "entry"), *frame, *script;
    const char *url = text_of(entry ? entry : longest, "sourceURL");
    double most = -1;
    if (url)
        return url;
    cJSON_ArrayForEach(frame, member(attribution, "longAnimationFrameEntries"))
        cJSON_ArrayForEach(script, member(frame, "scripts"))
    {
        const cJSON *took = member(script, "duration");
        if (cJSON_IsNumber(took) && took->valuedouble > most && text_of(script, "sourceURL")) {
            most = took->valuedouble;
            found = script;
        }
    }
    return text_of(found, "sourceURL");
}

static void read_attribution(const cJSON *o, struct field_beacon *b, struct texts *t)
{
    static const char *const names[] = {"target", "element", "interactionTarget", "largestShiftTarget", NULL};
    const cJSON *a = member(o, "attribution");
    const char *target = cJSON_IsObject(a) ? first_text(a, names) : NULL;
    const char *script = target ? script_of(a) : NULL;
    if (target)
        b->target = copy(t->target, TARGET_MAX, target, strlen(target));
    if (script) /* its query may hold what is nobody's business */
        b->script = copy(t->script, SCRIPT_MAX, script, strcspn(script, "?#"));
}

/* NULL: it is sound, or *ignored. */
static const char *read_vital(const cJSON *o, struct field_beacon *b, bool *ignored)
{
    const cJSON *value = member(o, "value");
    const char *name = text_of(o, "name");
    if (!cJSON_IsObject(o))
        return "a beacon is an object";
    if (!name)
        return "it has no name";
    b->metric = vital_of_beacon(name);
    if ((*ignored = b->metric == VITAL_N))
        return NULL;
    if (!cJSON_IsNumber(value) || !(value->valuedouble >= 0 && value->valuedouble <= BEACON_VALUE_MAX))
        return "its value is no number from 0 to 3600000";
    b->value = value->valuedouble;
    b->id = text_of(o, "id");
    if (!b->id)
        return "it has no id";
    return strlen(b->id) > BEACON_ID_MAX ? "its id has more than 200 bytes" : NULL;
}

/* "ts" or "timestamp", in ms since 1970, as Date.now() gives it. */
static sd_time moment_of(const cJSON *o)
{
    const cJSON *ms = member(o, "ts");
    ms = ms ? ms : member(o, "timestamp");
    if (!cJSON_IsNumber(ms) || !(ms->valuedouble > 0 && ms->valuedouble < 5e12))
        return SD_UNKNOWN;
    return (sd_time)(ms->valuedouble * 1e6);
}

struct reading {
    const char *referer;
    beacon_fn *take;
    void *ctx;
    struct beacon_found found;
};

static void read_one(struct reading *r, const cJSON *o)
{
    struct field_beacon b = {.at = SD_UNKNOWN};
    struct texts t;
    bool ignored = false;
    const char *why = read_vital(o, &b, &ignored);
    if (why) {
        r->found.rejected++;
        r->found.reason = why;
    } else if (ignored) {
        r->found.ignored++;
    } else {
        read_keys(o, r->referer, &b, &t);
        read_attribution(o, &b, &t);
        b.at = moment_of(o);
        r->take(r->ctx, &b);
        r->found.taken++;
    }
}

struct beacon_found beacon_read(const char *text, size_t len, const char *referer, beacon_fn *take, void *ctx)
{
    struct reading r = {.referer = referer, .take = take, .ctx = ctx};
    const char *end = NULL;
    cJSON *json = utf8_valid(text, len) ? cJSON_ParseWithLengthOpts(text, len, &end, false) : NULL;
    const cJSON *item;
    while (json && end < text + len && *end && strchr(" \t\r\n", *end))
        end++;
    if (!json || end != text + len) {
        r.found.rejected = 1;
        r.found.reason = "it is no JSON";
    } else if (cJSON_IsArray(json)) {
        cJSON_ArrayForEach(item, json) read_one(&r, item);
    } else {
        read_one(&r, json);
    }
    cJSON_Delete(json);
    return r.found;
}

/* ---- recognising ---- */

static size_t blanks(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n && s[i] && strchr(" \t\r", s[i]))
        i++;
    return i;
}

/* "name": "LCP", with or without blanks around the colon. */
static bool names_vital(const char *s, size_t n)
{
    static const char name[] = "\"name\"";
    const char *end = s + n;
    while ((s = memmem(s, (size_t)(end - s), name, sizeof name - 1))) {
        s += sizeof name - 1;
        s += blanks(s, (size_t)(end - s));
        if (s == end || *s != ':')
            continue;
        s++;
        s += blanks(s, (size_t)(end - s));
        for (unsigned v = 0; v < VITAL_N; v++) {
            size_t len = strlen(VITALS[v].title);
            if ((size_t)(end - s) >= len + 2 && *s == '"' && !memcmp(s + 1, VITALS[v].title, len) &&
                s[len + 1] == '"')
                return true;
        }
    }
    return false;
}

/* A line, or what is there of it: an object, or an array of them, with a vital. */
static bool is_beacon(const char *s, size_t n)
{
    static const char value[] = "\"value\"";
    size_t at = blanks(s, n);
    while (at < n && s[at] == '[') {
        at++;
        at += blanks(s + at, n - at);
    }
    return at < n && s[at] == '{' && names_vital(s + at, n - at) && memmem(s, n, value, sizeof value - 1);
}

int beacon_sure(const char *head, size_t len)
{
    const char *end = head + len;
    if (len >= 3 && !memcmp(head, "\xef\xbb\xbf", 3))
        head += 3;
    for (bool first = true; head < end;) {
        const char *newline = memchr(head, '\n', (size_t)(end - head));
        size_t n = newline ? (size_t)(newline - head) : (size_t)(end - head);
        if (is_beacon(head, n))
            return first ? 95 : 60; /* the lines before it are bad, or of what is no vital */
        first = first && blanks(head, n) == n;
        head += n + (newline != NULL);
    }
    return 0;
}
