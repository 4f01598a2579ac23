#include "format/caches/http_head.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "format/http_date.h"

/* ---- the block ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static char *trimmed(struct arena *a, const char *p, size_t len)
{
    while (len && is_blank(*p))
        p++, len--;
    while (len && (is_blank(p[len - 1]) || p[len - 1] == '\r'))
        len--;
    return arena_strndup(a, p, len);
}

static void begin(struct http_head *h, const char *line, size_t len, struct arena *a)
{
    const char *version = arena_strndup(a, line + 5, MIN(len - 5, strcspn(line + 5, " \r\n")));
    const char *status = memchr(line, ' ', len);
    h->n = 0;
    h->cut = false;
    h->version = version;
    h->status =
        status ? atoi(arena_strndup(a, status + 1, MIN((size_t)3, len - (size_t)(status + 1 - line)))) : 0;
}

/* A line that begins with a blank goes on with the field before. */
static void continue_field(struct http_head *h, const char *line, size_t len, struct arena *a)
{
    if (h->n && !h->cut) {
        struct http_field *f = &h->fields[h->n - 1];
        f->value = arena_printf(a, "%s %s", f->value, trimmed(a, line, len));
    }
}

static void add_field(struct http_head *h, const char *line, size_t len, struct arena *a)
{
    const char *colon = memchr(line, ':', len);
    if (!colon || colon == line || is_blank(colon[-1]))
        return; /* no field: RFC 9112, section 5.1 */
    if (h->n == HTTP_FIELDS_MAX) {
        h->cut = true;
        return;
    }
    h->fields[h->n++] = (struct http_field){.name = arena_strndup(a, line, (size_t)(colon - line)),
                                            .value = trimmed(a, colon + 1, len - (size_t)(colon + 1 - line))};
}

void http_head_read(struct http_head *h, const char *block, size_t len, struct arena *a)
{
    *h = (struct http_head){.version = NULL};
    for (const char *p = block, *end = block + len; p < end;) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        size_t n = stop ? (size_t)(stop - p) : (size_t)(end - p);
        char *line = arena_strndup(a, p, n); /* ends at a NUL */
        n = strlen(line);
        if (str_starts(line, "HTTP/"))
            begin(h, line, n, a);
        else if (n && is_blank(*line))
            continue_field(h, line, n, a);
        else
            add_field(h, line, n, a);
        p = stop ? stop + 1 : end;
    }
}

const char *http_head_get(const struct http_head *h, const char *name)
{
    for (size_t i = 0; i < h->n; i++)
        if (strcasecmp(h->fields[i].name, name) == 0)
            return h->fields[i].value;
    return NULL;
}

const char *http_head_list(const struct http_head *h, const char *name, struct arena *a)
{
    struct strbuf all = {0};
    const char *one = NULL;
    for (size_t i = 0; i < h->n; i++)
        if (strcasecmp(h->fields[i].name, name) == 0) {
            strbuf_printf(&all, "%s%s", one ? ", " : "", h->fields[i].value);
            one = h->fields[i].value;
        }
    const char *list = one ? arena_strdup(a, strbuf_text(&all)) : NULL;
    strbuf_free(&all);
    return list;
}

/* ---- its meaning ---- */

static struct http_moment moment(const struct http_head *h, const char *name, int64_t now)
{
    const char *text = http_head_get(h, name);
    struct http_moment m = {.given = text != NULL};
    m.valid = text && http_date_parse(text, now, &m.s);
    return m;
}

static const char *media_type(const struct http_head *h, struct arena *a)
{
    const char *text = http_head_get(h, "Content-Type");
    size_t n = text ? strcspn(text, ";, \t") : 0;
    char *type = n ? arena_strndup(a, text, n) : NULL;
    for (char *p = type; p && *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return type;
}

static void read_vary(const char *list, struct arena *a, struct http_facts *f)
{
    for (const char *p = list ? list : ""; *p; p += strcspn(p, ","), p += *p == ',') {
        const char *name = trimmed(a, p, strcspn(p, ","));
        f->vary_star = f->vary_star || str_eq(name, "*");
        f->vary_user = f->vary_user || !strcasecmp(name, "cookie") || !strcasecmp(name, "authorization");
        if (!f->vary_wide && http_field_is_wide(name))
            f->vary_wide = name;
    }
}

/* Of a list the first; digits only. */
static int64_t age_of(const char *text)
{
    int64_t s = 0;
    size_t n = 0;
    for (; isdigit((unsigned char)text[n]); n++)
        s = MIN(s * 10 + (text[n] - '0'), HTTP_LIFETIME_MAX);
    size_t rest = n + strspn(text + n, " \t");
    return n && (!text[rest] || text[rest] == ',') ? s : SD_UNKNOWN;
}

static bool is_encoded(const char *text)
{
    return text && *text && strcasecmp(text, "identity") != 0;
}

void http_head_facts(const struct http_head *h, struct arena *a, struct http_facts *f,
                     struct http_layers *layers)
{
    int64_t now = f->received / SD_S;
    const char *age = http_head_get(h, "Age"), *etag = http_head_get(h, "ETag");
    f->status = h->status;
    f->type = media_type(h, a);
    http_cache_control(http_head_list(h, "Cache-Control", a), a, f);
    f->date = moment(h, "Date", now);
    f->expires = moment(h, "Expires", now);
    f->last_modified = moment(h, "Last-Modified", now);
    f->pragma = http_head_get(h, "Pragma") != NULL;
    f->etag = etag && *etag;
    f->set_cookie = http_head_get(h, "Set-Cookie") != NULL;
    read_vary(http_head_list(h, "Vary", a), a, f);
    f->encoded = is_encoded(http_head_get(h, "Content-Encoding"));
    f->age_given = age != NULL;
    f->age_s = age ? age_of(age) : SD_UNKNOWN;
    http_edge_layers(h, a, layers);
    f->edge = layers->nearest;
    if (f->edge == EDGE_UNKNOWN && f->age_s > 0) /* only a cache adds it: RFC 9111, section 5.1 */
        f->edge = EDGE_HIT;
}
