#include "format/pages/har.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>

#include "base/clock.h"
#include "base/num.h"
#include "core/schema.h"
#include "format/json_pull.h"

enum { URL_MAX = 2000 };

struct page {
    const char *id, *title;
    double content_ms, load_ms;
};

struct entry {
    const char *pageref, *url, *type;
    sd_time start;
    double took_ms;
    int64_t bytes;
    uint32_t number; /* in the file */
};

struct har {
    struct arena *arena;
    struct strbuf text; /* of the value that is read */
    struct page *pages;
    struct entry *entries;
    size_t n_pages, cap_pages, n_entries, cap_entries;
    size_t pages_beyond, entries_beyond, of_no_page;
};

/* ---- values ---- */

static const char *text_of(struct har *h, struct json_pull *j)
{
    if (json_peek(j) != '"') {
        json_skip(j);
        return NULL;
    }
    json_text(j, &h->text);
    const char *text = strbuf_text(&h->text);
    return arena_strndup(h->arena, text, MIN(strlen(text), (size_t)URL_MAX));
}

/* NAN: it is no time. */
static double length_of(struct json_pull *j)
{
    double ms = json_number(j);
    return ms >= 0 && ms <= 1e9 ? ms : (double)NAN;
}

static int64_t length_ns(double ms)
{
    return isnan(ms) ? SD_UNKNOWN : real_to_int(ms * 1e6);
}

static int64_t size_of(struct json_pull *j)
{
    double bytes = json_number(j);
    return bytes > 0 && bytes <= 0x1p53 ? (int64_t)bytes : 0;
}

static bool digits(const char **s, int n, int64_t *value)
{
    for (*value = 0; n > 0; n--, (*s)++) {
        if (!isdigit((unsigned char)**s))
            return false;
        *value = *value * 10 + (**s - '0');
    }
    return true;
}

/* ISO 8601, as "2026-11-20T15:57:05.903Z" or with an offset. */
static sd_time moment_of(const char *s)
{
    int64_t f[6], offset = 0, ns = 0, h, m;
    static const int width[] = {4, 2, 2, 2, 2, 2};
    for (size_t i = 0; i < 6; i++) {
        if (!s || !digits(&s, width[i], &f[i]))
            return SD_UNKNOWN;
        if (i < 5 && *s++ == 0)
            return SD_UNKNOWN;
    }
    if (*s == '.')
        for (int64_t unit = SD_S / 10; isdigit((unsigned char)*++s); unit /= 10)
            ns += (*s - '0') * unit;
    if (*s == '+' || *s == '-') {
        int64_t sign = *s++ == '-' ? -1 : 1;
        if (!digits(&s, 2, &h))
            return SD_UNKNOWN;
        s += *s == ':';
        if (!digits(&s, 2, &m))
            m = 0;
        offset = sign * (h * 3600 + m * 60);
    }
    if (f[0] < 1970 || f[0] > 2200 || f[1] < 1 || f[1] > 12 || f[2] < 1 || f[2] > 31)
        return SD_UNKNOWN;
    int64_t seconds = clock_days(f[0], (int)f[1], (int)f[2]) * 86400 + f[3] * 3600 + f[4] * 60 + f[5];
    return (seconds - offset) * SD_S + ns;
}

/* ---- reading ---- */

static void read_page(struct har *h, struct json_pull *j)
{
    struct page p = {.content_ms = (double)NAN, .load_ms = (double)NAN};
    if (!json_enter(j, '{'))
        return;
    while (json_key(j)) {
        if (json_is(j, "id"))
            p.id = text_of(h, j);
        else if (json_is(j, "title"))
            p.title = text_of(h, j);
        else if (json_is(j, "pageTimings") && json_enter(j, '{'))
            while (json_key(j)) {
                if (json_is(j, "onContentLoad"))
                    p.content_ms = length_of(j);
                else if (json_is(j, "onLoad"))
                    p.load_ms = length_of(j);
                else
                    json_skip(j);
            }
        else if (!json_is(j, "pageTimings"))
            json_skip(j);
    }
    if (h->n_pages == HAR_PAGES_MAX) {
        h->pages_beyond++;
        return;
    }
    h->pages = mem_grow(h->pages, h->n_pages, &h->cap_pages, sizeof *h->pages);
    h->pages[h->n_pages++] = p;
}

static void read_content(struct har *h, struct json_pull *j, struct entry *e)
{
    if (!json_enter(j, '{'))
        return;
    while (json_key(j)) {
        if (json_is(j, "mimeType"))
            e->type = text_of(h, j);
        else
            json_skip(j);
    }
}

static void read_response(struct har *h, struct json_pull *j, struct entry *e)
{
    int64_t head = 0, body = 0;
    if (!json_enter(j, '{'))
        return;
    while (json_key(j)) {
        if (json_is(j, "headersSize"))
            head = size_of(j);
        else if (json_is(j, "bodySize"))
            body = size_of(j);
        else if (json_is(j, "content"))
            read_content(h, j, e);
        else
            json_skip(j);
    }
    e->bytes = add_sat(head, body);
}

static void read_request(struct har *h, struct json_pull *j, struct entry *e)
{
    if (!json_enter(j, '{'))
        return;
    while (json_key(j)) {
        if (json_is(j, "url"))
            e->url = text_of(h, j);
        else
            json_skip(j);
    }
}

static void read_entry(struct har *h, struct json_pull *j)
{
    struct entry e = {.start = SD_UNKNOWN, .took_ms = (double)NAN, .number = (uint32_t)h->n_entries};
    if (h->n_entries == HAR_ENTRIES_MAX) {
        h->entries_beyond++;
        json_skip(j);
        return;
    }
    if (!json_enter(j, '{'))
        return;
    while (json_key(j)) {
        if (json_is(j, "pageref"))
            e.pageref = text_of(h, j);
        else if (json_is(j, "startedDateTime"))
            e.start = moment_of(text_of(h, j));
        else if (json_is(j, "time"))
            e.took_ms = length_of(j);
        else if (json_is(j, "request"))
            read_request(h, j, &e);
        else if (json_is(j, "response"))
            read_response(h, j, &e);
        else
            json_skip(j);
    }
    if (!e.url)
        return;
    h->entries = mem_grow(h->entries, h->n_entries, &h->cap_entries, sizeof *h->entries);
    h->entries[h->n_entries++] = e;
}

static bool read_log(struct har *h, struct json_pull *j)
{
    bool any = false;
    if (!json_enter(j, '{'))
        return false;
    while (json_key(j)) {
        bool pages = json_is(j, "pages"), entries = json_is(j, "entries");
        any = any || entries;
        if (!pages && !entries)
            json_skip(j);
        else if (json_enter(j, '['))
            while (json_item(j))
                pages ? read_page(h, j) : read_entry(h, j);
    }
    return any;
}

/* ---- third parties ---- */

struct party {
    const char *origin;
    int64_t requests, bytes, ns;
};

/* "https://a.example" of "https://A.example:443/b"; NULL: it has no host. */
static const char *origin_of(struct har *h, const char *url)
{
    const char *host = strstr(url, "://");
    if (!host || host == url || strcspn(url, "/?#") < (size_t)(host - url))
        return NULL;
    host += 3;
    size_t scheme = (size_t)(host - url) - 3, n = strcspn(host, "/?#");
    const char *at = memchr(host, '@', n);
    if (at) {
        n -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    bool https = scheme == 5 && !strncasecmp(url, "https", 5),
         http = scheme == 4 && !strncasecmp(url, "http", 4);
    if (https && n > 4 && !memcmp(host + n - 4, ":443", 4))
        n -= 4;
    if (http && n > 3 && !memcmp(host + n - 3, ":80", 3))
        n -= 3;
    if (!n)
        return NULL;
    char *origin = arena_printf(h->arena, "%.*s://%.*s", (int)scheme, url, (int)n, host);
    for (char *p = origin; *p; p++) /* scheme and host are the same in any case */
        *p = (char)tolower((unsigned char)*p);
    return origin;
}

static int by_origin(const void *a, const void *b)
{
    return strcmp(((const struct party *)a)->origin, ((const struct party *)b)->origin);
}

static int by_weight(const void *a, const void *b)
{
    const struct party *x = a, *y = b;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    return by_origin(a, b);
}

/* Of the requests, each origin that is not the first one's, the heaviest first. */
static size_t third_parties(struct har *h, const struct entry *const *e, size_t n, struct party *out)
{
    const char *own = n ? origin_of(h, e[0]->url) : NULL;
    size_t found = 0, kept = 0;
    for (size_t i = 0; i < n; i++) {
        const char *origin = origin_of(h, e[i]->url);
        if (origin && !str_eq(origin, own))
            out[found++] = (struct party){
                .origin = origin, .requests = 1, .bytes = e[i]->bytes, .ns = length_ns(e[i]->took_ms)};
    }
    qsort(out, found, sizeof *out, by_origin);
    for (size_t i = 0; i < found; i++) {
        if (!kept || strcmp(out[kept - 1].origin, out[i].origin) != 0) {
            out[kept++] = out[i];
            continue;
        }
        struct party *p = &out[kept - 1];
        p->requests++;
        p->bytes = add_sat(p->bytes, out[i].bytes);
        p->ns = add_known(p->ns, out[i].ns);
    }
    qsort(out, kept, sizeof *out, by_weight);
    return kept;
}

/* ---- records ---- */

struct lists {
    const char **urls, **types, **origins;
    int64_t *start, *took, *bytes, *party_requests, *party_bytes, *party_ns;
};

static bool add_lists(struct sd_page_load *r, const struct sd_host *host, struct sd_batch *b,
                      const struct lists *l, uint32_t n, uint32_t parties)
{
    const struct sd_texts urls = {n, l->urls}, types = {n, l->types}, origins = {parties, l->origins};
    const struct sd_ints start = {n, l->start}, took = {n, l->took}, bytes = {n, l->bytes},
                         requests = {parties, l->party_requests}, party_bytes = {parties, l->party_bytes},
                         party_ns = {parties, l->party_ns};
    r->requests = &urls;
    r->request_types = &types;
    r->request_start_ns = &start;
    r->request_ns = &took;
    r->request_bytes = &bytes;
    r->third_parties = &origins;
    r->third_party_requests = &requests;
    r->third_party_bytes = &party_bytes;
    r->third_party_ns = &party_ns;
    return host->add(b, SD_PAGE_LOAD, r);
}

/* The requests of one page, in order of start. */
static bool add_load(struct har *h, const struct page *p, const struct entry *const *e, size_t n,
                     const char *file, const struct sd_host *host, struct sd_batch *b)
{
    struct arena *a = h->arena;
    struct party *parties = arena_alloc(a, (n + 1) * sizeof *parties);
    size_t found = third_parties(h, e, n, parties);
    const size_t wide = (n + 1) * sizeof(int64_t);
    struct lists l = {.urls = arena_alloc(a, wide),
                      .types = arena_alloc(a, wide),
                      .origins = arena_alloc(a, wide),
                      .start = arena_alloc(a, wide),
                      .took = arena_alloc(a, wide),
                      .bytes = arena_alloc(a, wide),
                      .party_requests = arena_alloc(a, wide),
                      .party_bytes = arena_alloc(a, wide),
                      .party_ns = arena_alloc(a, wide)};
    struct sd_page_load r;
    schema_clear(schema_of(SD_PAGE_LOAD), &r);
    r.page = p->title && *p->title ? p->title : n ? e[0]->url : p->id ? p->id : "";
    r.file = file;
    r.content_loaded_ns = length_ns(p->content_ms);
    r.load_ns = length_ns(p->load_ms);
    r.transfer_bytes = 0;
    for (size_t i = 0; i < n; i++) {
        bool placed = sd_known(e[i]->start) && sd_known(e[0]->start);
        l.urls[i] = e[i]->url;
        l.types[i] = e[i]->type ? e[i]->type : "";
        l.start[i] = placed ? e[i]->start - e[0]->start : SD_UNKNOWN;
        l.took[i] = length_ns(e[i]->took_ms);
        l.bytes[i] = e[i]->bytes;
        r.transfer_bytes = add_sat(r.transfer_bytes, e[i]->bytes);
    }
    for (size_t i = 0; i < found; i++) {
        l.origins[i] = parties[i].origin;
        l.party_requests[i] = parties[i].requests;
        l.party_bytes[i] = parties[i].bytes;
        l.party_ns[i] = parties[i].ns;
    }
    return add_lists(&r, host, b, &l, (uint32_t)n, (uint32_t)found);
}

static int by_start(const void *a, const void *b)
{
    const struct entry *x = *(const struct entry *const *)a, *y = *(const struct entry *const *)b;
    if (sd_known(x->start) != sd_known(y->start))
        return sd_known(x->start) ? -1 : 1;
    if (sd_known(x->start) && x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static int by_page(const void *a, const void *b)
{
    const struct entry *x = *(const struct entry *const *)a, *y = *(const struct entry *const *)b;
    int names = strcmp(x->pageref ? x->pageref : "", y->pageref ? y->pageref : "");
    return names ? names : by_start(a, b);
}

/* Where the requests of that page begin among those in order of page; *n: how many there are. */
static size_t requests_of(const struct entry *const *e, size_t all, const char *id, size_t *n)
{
    size_t low = 0, high = all;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(e[middle]->pageref ? e[middle]->pageref : "", id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (*n = 0; low + *n < all && e[low + *n]->pageref && str_eq(e[low + *n]->pageref, id);)
        ++*n;
    return low;
}

static bool add_loads(struct har *h, const char *file, const struct sd_host *host, struct sd_batch *b)
{
    const struct entry **e = arena_alloc(h->arena, (h->n_entries + 1) * sizeof *e);
    const struct page all = {.content_ms = (double)NAN, .load_ms = (double)NAN};
    size_t n, placed = 0;
    bool fits = true;
    for (size_t i = 0; i < h->n_entries; i++)
        e[i] = &h->entries[i];
    qsort(e, h->n_entries, sizeof *e, h->n_pages ? by_page : by_start);
    if (!h->n_pages)
        return add_load(h, &all, e, h->n_entries, file, host, b);
    for (size_t i = 0; i < h->n_pages && fits; i++) {
        size_t at = requests_of(e, h->n_entries, h->pages[i].id ? h->pages[i].id : "", &n);
        fits = add_load(h, &h->pages[i], e + at, n, file, host, b);
        placed += n;
    }
    h->of_no_page = h->n_entries > placed ? h->n_entries - placed : 0;
    return fits;
}

static char *left_out(const struct har *h)
{
    struct strbuf s = {0};
    if (h->of_no_page)
        strbuf_printf(&s, "%zu requests belong to none of its pages. ", h->of_no_page);
    if (h->pages_beyond)
        strbuf_printf(&s, "%zu pages beyond the first %d are left out. ", h->pages_beyond, HAR_PAGES_MAX);
    if (h->entries_beyond)
        strbuf_printf(&s, "%zu requests beyond the first %d are left out. ", h->entries_beyond,
                      HAR_ENTRIES_MAX);
    if (s.len)
        s.text[--s.len] = 0;
    return s.len ? strbuf_detach(&s) : NULL;
}

static bool read_all(struct har *h, const char *text, size_t len, struct sd_error *err)
{
    struct json_pull j = json_pull(text, len);
    bool any = false;
    if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
        j.at += 3;
    if (json_enter(&j, '{'))
        while (json_key(&j)) {
            if (json_is(&j, "log"))
                any = read_log(h, &j) || any;
            else
                json_skip(&j);
        }
    if (j.broken)
        return fail(err, "is no JSON, or cut off");
    if (!any)
        return fail(err, "is no HTTP archive: it is no object with a log of entries");
    return h->n_pages || h->n_entries || fail(err, "holds no request");
}

bool har_read(const char *text, size_t len, const char *file, const struct sd_host *host, struct sd_batch *b,
              char **note, struct sd_error *err)
{
    struct har h = {.arena = arena_new()};
    bool done = read_all(&h, text, len, err);
    if (done && !add_loads(&h, file, host, b))
        done = fail(err, "holds more than one batch can");
    *note = done ? left_out(&h) : NULL;
    free(h.pages);
    free(h.entries);
    strbuf_free(&h.text);
    arena_free(h.arena);
    return done;
}

bool har_recognise(const char *head, size_t len)
{
    static const char *const names[] = {"log", NULL};
    static const char *const others[] = {"\"creator\"", "\"entries\"", "\"pages\"", "\"startedDateTime\""};
    size_t found = 0;
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        found += memmem(head, len, others[i], strlen(others[i])) != NULL;
    return found >= 2 && json_names(head, len, names);
}
