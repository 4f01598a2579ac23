/* profile_url.c - profiles by URL: pprof endpoints as Go's /debug/pprof, and Pyroscope. Asked once, or again
 * and again when it is watched. I/O only; answers are read in format/profiles. */
#include <curl/curl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/redact.h"
#include "format/metrics/exposition.h"
#include "format/json_pull.h"
#include "format/profiles/profile_file.h"
#include "source/profile_url/pyroscope.h"
#include "source/shared/connect.h"
#include "source/shared/examine.h"
#include "source/shared/fetch.h"

enum {
    RECORDS_MAX = 12 << 20, /* what one profile may take of the model, which keeps several */
    CPU_SECONDS = 5,        /* of a CPU profile when nothing else is said */
};

#define QUERY "process_cpu:cpu:nanoseconds:cpu:nanoseconds{}"

struct url_options {
    const char *type, *label, *query, *tenant, *from, *until;
    int64_t seconds, range, timeout;
};

static const struct sd_option OPTIONS[] = {
    {.name = "type",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct url_options, type),
     .fallback = "",
     .help = "the sample type to show, as the profile names it (default: its own choice)"},
    {.name = "label",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct url_options, label),
     .fallback = "",
     .help = "of pprof, a label of its samples, such as http.route: its values become the outermost frames"},
    {.name = "seconds",
     .type = SD_OPTION_INT,
     .offset = offsetof(struct url_options, seconds),
     .fallback = "0",
     .min = 0,
     .max = 3600,
     .unit = "s",
     .help = "how long a profile samples, and how often others are asked for again; 0 is 5 s"},
    {.name = "query",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct url_options, query),
     .fallback = QUERY,
     .help = "of Pyroscope, the profile: TYPE{label=\"value\"}"},
    {.name = "range",
     .type = SD_OPTION_DURATION,
     .offset = offsetof(struct url_options, range),
     .fallback = "15m",
     .min = 1e9,
     .max = 366.0 * 86400e9,
     .help = "of Pyroscope, how much of the past is shown when it is asked once"},
    {.name = "from",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct url_options, from),
     .fallback = "",
     .help =
         "of Pyroscope, the beginning of the time that is shown, instead of range: now-2h, a date with its "
         "time, or seconds since 1970; then it is asked once"},
    {.name = "until",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct url_options, until),
     .fallback = "",
     .help = "of Pyroscope, the end of that time (default: now)"},
    {.name = "tenant",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct url_options, tenant),
     .fallback = "",
     .help = "of Pyroscope, the tenant (X-Scope-OrgID)"},
    {.name = "timeout",
     .type = SD_OPTION_DURATION,
     .offset = offsetof(struct url_options, timeout),
     .fallback = "30s",
     .min = 1e9,
     .max = 3600e9,
     .help = "how long an answer may take, beyond the time it samples"},
    {.name = NULL},
};

enum mode { BY_ANSWER, PPROF, PYROSCOPE, PYROSCOPE_OLD };

struct url_source {
    char *url;  /* without what forces a mode, and without a fragment */
    char *name; /* for people: host and path */
    enum mode mode;
    bool known;          /* the mode was found out */
    bool few_nodes;      /* Pyroscope gives no graph as large as what is asked for */
    bool once;           /* a time was given that ends */
    sd_time before;      /* until when Pyroscope was asked; SD_UNKNOWN */
    sd_time from, until; /* of what was asked for last */
    sd_time asked;       /* when, for the last profile */
};

static const char RENDER[] = "/pyroscope/render";

static const struct {
    const char *prefix;
    enum mode mode;
} SCHEMES[] = {
    {"http://", BY_ANSWER},    {"https://", BY_ANSWER},          {"pprof+http://", PPROF},
    {"pprof+https://", PPROF}, {"pyroscope+http://", PYROSCOPE}, {"pyroscope+https://", PYROSCOPE},
};

static int url_recognise(const char *target, const void *head, size_t len)
{
    (void)head, (void)len;
    for (size_t i = 0; i < ARRAY_LEN(SCHEMES); i++)
        if (str_starts(target, SCHEMES[i].prefix))
            return 80;
    return 0;
}

/* ---- the URL ---- */

static size_t path_end(const char *url)
{
    return strcspn(url, "?");
}

/* Where the path begins, behind scheme and host. */
static size_t path_start(const char *url)
{
    const char *host = strstr(url, "://");
    size_t at = host ? (size_t)(host - url) + 3 : 0;
    return at + strcspn(url + at, "/?");
}

static bool path_ends(const char *url, const char *with)
{
    size_t end = path_end(url), n = strlen(with);
    return end >= path_start(url) + n && !strncmp(url + end - n, with, n);
}

/* The URL with another path, its query kept. */
static char *with_path(const char *url, size_t keep, const char *path)
{
    return mem_printf("%.*s%s%s", (int)keep, url, path, url + path_end(url));
}

/* What stands behind '?' and is an option for Pyroscope, is another server's own. */
static char *with_query(const char *url, const struct url_options *o, int64_t seconds)
{
    struct strbuf out = {0};
    strbuf_printf(&out, "%s", url);
    const struct {
        const char *name, *value;
    } own[] = {{"query", str_eq(o->query, QUERY) ? "" : o->query}, {"from", o->from}, {"until", o->until}};
    for (size_t i = 0; i < ARRAY_LEN(own); i++) {
        char *text = *own[i].value ? curl_easy_escape(NULL, own[i].value, 0) : NULL;
        if (text)
            strbuf_printf(&out, "%c%s=%s", strchr(strbuf_text(&out), '?') ? '&' : '?', own[i].name, text);
        curl_free(text);
    }
    if (seconds)
        strbuf_printf(&out, "%cseconds=%lld", strchr(strbuf_text(&out), '?') ? '&' : '?', (long long)seconds);
    return strbuf_detach(&out);
}

static bool is_cpu(const char *url)
{
    return path_ends(url, "/profile");
}

/* Host, port and path. */
static char *name_of(const char *url)
{
    CURLU *u = curl_url();
    char *host = NULL, *port = NULL, *path = NULL, *name = NULL;
    if (u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
        curl_url_get(u, CURLUPART_PORT, &port, 0);
        curl_url_get(u, CURLUPART_PATH, &path, 0);
        name = mem_printf("%.200s%s%.10s%.200s", host, port ? ":" : "", port ? port : "",
                          path && strcmp(path, "/") != 0 ? path : "");
    }
    curl_free(host);
    curl_free(port);
    curl_free(path);
    curl_url_cleanup(u);
    return name;
}

static enum sd_result take_url(struct sd_source *s, struct sd_error *err)
{
    const struct url_options *o = s->opts;
    struct url_source *x = s->priv;
    const char *at = s->target;
    sd_time before = x->before;
    *x = (struct url_source){.before = before ? before : SD_UNKNOWN};
    for (size_t i = 0; i < ARRAY_LEN(SCHEMES); i++)
        if (str_starts(s->target, SCHEMES[i].prefix)) {
            x->mode = SCHEMES[i].mode;
            at = x->mode == BY_ANSWER ? at : strchr(at, '+') + 1;
        }
    if (!str_starts(at, "http://") && !str_starts(at, "https://"))
        return sd_fail(err, SD_CONFIG, "it needs a URL, as in http://host:6060/debug/pprof/profile");
    x->url = mem_strndup(at, strcspn(at, "#"));
    x->name = name_of(x->url);
    if (!x->name)
        return sd_fail(err, SD_CONFIG,
                       "this is no URL that can be asked; a profile is at "
                       "http://HOST:PORT/debug/pprof/profile");
    bool bare = path_end(x->url) - path_start(x->url) <= 1;
    if (x->mode == PPROF &&
        (bare || path_ends(x->url, "/debug/pprof") || path_ends(x->url, "/debug/pprof/"))) {
        size_t keep = path_end(x->url) - path_ends(x->url, "/");
        char *url = with_path(x->url, keep, bare ? "/debug/pprof/profile" : "/profile");
        free(x->url);
        x->url = url;
    }
    if (x->mode != PPROF && path_ends(x->url, RENDER)) { /* as a page of Pyroscope has it */
        x->mode = PYROSCOPE;
        x->url[path_end(x->url) - strlen(RENDER)] = 0;
    }
    x->known = x->mode != BY_ANSWER;
    x->once = !s->follow || *o->from || *o->until;
    return SD_OK;
}

static void url_close(struct sd_source *s)
{
    struct url_source *x = s->priv;
    free(x->url);
    free(x->name);
    *x = (struct url_source){.before = x->before};
}

/* ---- asking ---- */

static enum sd_result ask(struct sd_source *s, const char *url, const char *post, int64_t seconds,
                          struct fetch_answer *out, struct sd_error *err)
{
    const struct url_options *o = s->opts;
    return fetch(s,
                 &(struct fetch_ask){.url = url,
                                     .post = post,
                                     .tenant = o->tenant,
                                     .max = PROFILE_FILE_MAX,
                                     .wait_ns = seconds * SD_S + o->timeout},
                 out, err);
}

/* Who refuses says why in a line of text, Pyroscope in JSON: {"code":"invalid_argument","message":"..."}. */
static char *reason(const struct fetch_answer *a)
{
    struct strbuf text = {0};
    if (a->len && str_starts(a->type, "application/json")) {
        struct json_pull message = json_find(json_pull(a->bytes, a->len), "message");
        json_text(&message, &text);
    } else if (a->len && str_starts(a->type, "text/plain")) {
        strbuf_add(&text, a->bytes, a->len);
    }
    const char *all = strbuf_text(&text);
    char *line = mem_strndup(all, MIN(strcspn(all, "\r\n"), (size_t)160)), *shown = redact(line);
    free(line);
    strbuf_free(&text);
    return shown;
}

static enum sd_result refused(const struct url_source *x, const struct fetch_answer *a, struct sd_error *err)
{
    char *shown = reason(a);
    bool lasts =
        a->status == 400 || a->status == 401 || a->status == 403 || a->status == 404 || a->status == 405;
    enum sd_result r = sd_fail(err, lasts ? SD_CONFIG : SD_RETRY, "%.200s answers with status %ld%s%.160s",
                               x->name, a->status, *shown ? ": " : "", shown);
    free(shown);
    return r;
}

static bool contains(const struct fetch_answer *a, const char *text)
{
    return a->len && memmem(a->bytes, a->len, text, strlen(text));
}

/* Follows an answer that is a page: where on that server are the profiles? False: nowhere that is known. */
static bool find_profiles(struct url_source *x, const struct fetch_answer *a)
{
    size_t start = path_start(x->url), end = path_end(x->url);
    char *url = NULL;
    if (contains(a, "/debug/pprof/") && contains(a, "goroutine")) { /* the list of what Go has */
        while (end > start && x->url[end - 1] == '/')
            end--;
        url = with_path(x->url, end, "/profile");
    } else if (contains(a, "yroscope")) {
        x->mode = PYROSCOPE;
        x->known = true;
        return true;
    } else if (end - start <= 1) {
        url = with_path(x->url, start, "/debug/pprof/profile");
    }
    if (!url)
        return false;
    free(x->url);
    x->url = url;
    x->mode = PPROF;
    x->known = true;
    return true;
}

/* Metrics, or the page of an exporter, which says where they are: for another source. */
static bool has_metrics(const struct url_source *x, const struct fetch_answer *a)
{
    bool page =
        path_end(x->url) - path_start(x->url) <= 1 && contains(a, "/metrics") && !contains(a, "/debug/pprof");
    return a->status < 300 && a->len && (page || exposition_sure(a->bytes, MIN(a->len, (size_t)16384)) >= 90);
}

static enum sd_result ask_url(struct sd_source *s, struct fetch_answer *a, struct sd_error *err)
{
    const struct url_options *o = s->opts;
    struct url_source *x = s->priv;
    int64_t seconds = is_cpu(x->url) && !o->seconds ? CPU_SECONDS : o->seconds;
    char *url = with_query(x->url, o, seconds);
    enum sd_result r = ask(s, url, NULL, seconds, a, err);
    free(url);
    return r;
}

/* The answer to a URL that nothing is known of. SD_UNSUPPORTED: it is none, and now it is known whom to ask.
 */
static enum sd_result ask_unknown(struct sd_source *s, struct fetch_answer *a, struct sd_error *err)
{
    struct url_source *x = s->priv;
    enum sd_result r = ask_url(s, a, err);
    if (r != SD_OK)
        return r;
    if (a->status < 300 && a->len && profile_recognise(a->bytes, MIN(a->len, (size_t)16384)) != PROFILE_ANY) {
        x->known = true;
        return SD_OK;
    }
    if (has_metrics(x, a)) {
        fetch_free(a);
        return sd_fail(err, SD_OTHER, "prometheus");
    }
    if (find_profiles(x, a)) {
        fetch_free(a);
        return SD_UNSUPPORTED;
    }
    r = a->status < 300 ? sd_fail(err, SD_CONFIG,
                                  "the answer of %.200s is no profile; Go's are at /debug/pprof/profile, and "
                                  "pprof+http:// or pyroscope+http:// say what it is",
                                  x->name)
                        : refused(x, a, err);
    fetch_free(a);
    return r;
}

/* ---- Pyroscope ---- */

static enum sd_result ask_new(struct sd_source *s, bool functions, struct fetch_answer *a,
                              struct sd_error *err)
{
    const struct url_options *o = s->opts;
    struct url_source *x = s->priv;
    size_t end = path_end(x->url);
    while (end > path_start(x->url) && x->url[end - 1] == '/')
        end--;
    char *url = mem_printf("%.*s/querier.v1.QuerierService/SelectMergeStacktraces", (int)end, x->url);
    char *body = pyroscope_body(o->query, x->from, x->until, functions, x->few_nodes ? 0 : PYROSCOPE_NODES);
    enum sd_result r = ask(s, url, body, 0, a, err);
    free(url);
    free(body);
    return r;
}

static enum sd_result ask_old(struct sd_source *s, struct fetch_answer *a, struct sd_error *err)
{
    const struct url_options *o = s->opts;
    struct url_source *x = s->priv;
    size_t start = path_start(x->url), end = path_end(x->url);
    while (end > start && x->url[end - 1] == '/')
        end--;
    if (end - start >= 10 && !strncmp(x->url + end - 10, "/pyroscope", 10))
        end -= 10;
    char *query = curl_easy_escape(NULL, o->query, 0);
    char *url = mem_printf("%.*s/pyroscope/render?query=%s&from=%lld&until=%lld&format=json&maxNodes=%d",
                           (int)end, x->url, query ? query : "", (long long)(x->from / SD_S),
                           (long long)(x->until / SD_S), PYROSCOPE_NODES);
    curl_free(query);
    enum sd_result r = ask(s, url, NULL, 0, a, err);
    free(url);
    return r;
}

/* Of the time that was given, or since it was asked before; at first of all the range. */
static enum sd_result choose_time(struct sd_source *s, struct sd_error *err)
{
    const struct url_options *o = s->opts;
    struct url_source *x = s->priv;
    sd_time now = s->host->now(s);
    struct sd_error why;
    x->until = now;
    if (*o->until && !pyroscope_time(o->until, now, &x->until, &why))
        return sd_fail(err, SD_CONFIG, "until=%.60s: %.200s", o->until, why.text);
    x->from = !x->once && sd_known(x->before) ? x->before : x->until - o->range;
    if (*o->from && !pyroscope_time(o->from, now, &x->from, &why))
        return sd_fail(err, SD_CONFIG, "from=%.60s: %.200s", o->from, why.text);
    if (x->from >= x->until)
        return sd_fail(err, SD_CONFIG, "the time asked for ends before it begins: from=%.60s until=%.60s",
                       *o->from ? o->from : "?", *o->until ? o->until : "now");
    return SD_OK;
}

static bool is_missing(const struct fetch_answer *a)
{
    return a->status == 404 || a->status == 405 || a->status == 501;
}

static enum sd_result ask_pyroscope(struct sd_source *s, struct fetch_answer *a, struct sd_error *err)
{
    struct url_source *x = s->priv;
    enum sd_result r = choose_time(s, err);
    if (r != SD_OK)
        return r;
    r = x->mode == PYROSCOPE ? ask_new(s, false, a, err) : ask_old(s, a, err);
    if (r == SD_OK && a->status == 400 && !x->few_nodes && contains(a, "nodes")) {
        fetch_free(a); /* its limit is lower: as many as it gives */
        x->few_nodes = true;
        r = ask_new(s, false, a, err);
    }
    if (r == SD_OK && x->mode == PYROSCOPE && is_missing(a)) {
        fetch_free(a);
        x->mode = PYROSCOPE_OLD;
        r = ask_old(s, a, err);
    }
    if (r == SD_OK && a->status < 300)
        x->before = x->until;
    return r;
}

/* The table of functions beside the graph. Servers before it, and those with the older storage, have none:
 * the graph's figures are what there is then. */
static enum sd_result ask_table(struct sd_source *s, struct fetch_answer *a)
{
    struct url_source *x = s->priv;
    struct sd_error why;
    *a = (struct fetch_answer){0};
    if (x->mode != PYROSCOPE || !x->once)
        return SD_OK;
    enum sd_result r = ask_new(s, true, a, &why);
    if (r != SD_OK || a->status >= 300)
        fetch_free(a);
    return r == SD_NODATA ? r : SD_OK;
}

/* ---- one answer ---- */

static enum sd_result ask_mode(struct sd_source *s, struct fetch_answer *a, struct sd_error *err)
{
    struct url_source *x = s->priv;
    enum sd_result r = x->known ? SD_UNSUPPORTED : ask_unknown(s, a, err);
    if (r != SD_UNSUPPORTED)
        return r;
    r = x->mode == PYROSCOPE || x->mode == PYROSCOPE_OLD ? ask_pyroscope(s, a, err) : ask_url(s, a, err);
    if (r == SD_OK && a->status >= 300) {
        r = refused(x, a, err);
        fetch_free(a);
    }
    return r;
}

static enum sd_result publish(struct sd_source *s, struct profile *p, struct sd_error *err)
{
    struct url_source *x = s->priv;
    struct sd_batch *b = s->host->batch(s, s->host->now(s));
    if (!profile_records(p, x->name, RECORDS_MAX, s->host, b)) {
        s->host->discard(b);
        return sd_fail(err, SD_CONFIG, "the profile of %.200s holds more than one batch can", x->name);
    }
    s->host->publish(s, b);
    return SD_OK;
}

/* SD_GONE: the answer has no samples. */
static enum sd_result read_pyroscope(struct sd_source *s, const struct fetch_answer *a, struct profile **out,
                                     struct sd_error *err)
{
    const struct url_options *o = s->opts;
    struct url_source *x = s->priv;
    struct fetch_answer table;
    char type[64];
    if (!contains(a, "\"names\"")) /* "{}": nothing in this time */
        return SD_GONE;
    if (ask_table(s, &table) == SD_NODATA)
        return SD_NODATA;
    struct flamebearer_wish w = {.table = table.bytes, .table_len = table.len};
    if (x->mode == PYROSCOPE && pyroscope_type(o->query, type, &w.unit))
        w.type = type;
    *out = profile_read_as(a->bytes, a->len, PROFILE_FLAMEBEARER, &(struct profile_wish){.flamebearer = &w},
                           x->name, err);
    fetch_free(&table);
    if (!*out)
        return SD_CONFIG;
    (*out)->at = x->from;
    (*out)->duration_ns = x->until - x->from;
    if (x->once && !((*out)->sums[(*out)->chosen] > 0)) {
        profile_free(*out);
        return SD_GONE;
    }
    return SD_OK;
}

static enum sd_result read_answer(struct sd_source *s, const struct fetch_answer *a, struct profile **out,
                                  struct sd_error *err)
{
    const struct url_options *o = s->opts;
    const struct url_source *x = s->priv;
    *out = profile_read_as(a->bytes ? a->bytes : "", a->len, x->mode == PPROF ? PROFILE_PPROF : PROFILE_ANY,
                           &(struct profile_wish){.type = o->type, .label = o->label}, x->name, err);
    return *out ? SD_OK : SD_CONFIG;
}

static enum sd_result one_profile(struct sd_source *s, struct sd_error *err)
{
    const struct url_options *o = s->opts;
    struct url_source *x = s->priv;
    struct fetch_answer a;
    struct profile *p = NULL;
    sd_time began = s->host->now(s);
    enum sd_result r = ask_mode(s, &a, err);
    if (r != SD_OK)
        return r;
    bool pyroscope = x->mode == PYROSCOPE || x->mode == PYROSCOPE_OLD;
    r = pyroscope ? read_pyroscope(s, &a, &p, err) : read_answer(s, &a, &p, err);
    fetch_free(&a);
    if (r == SD_GONE && !x->once)
        return SD_OK;
    if (r == SD_GONE)
        return sd_fail(err, SD_CONFIG, "%.100s has no samples of %.200s in this time", x->name, o->query);
    if (r != SD_OK)
        return r;
    p->series = pyroscope ? !x->once : s->follow && is_cpu(x->url);
    if (p->series) { /* by the clock here, as all that is watched beside it */
        p->at = began;
        p->duration_ns = s->host->now(s) - began;
    }
    r = publish(s, p, err);
    profile_free(p);
    return r;
}

/* With the first profile: until a server has answered, the source does not count as live. */
static enum sd_result url_open(struct sd_source *s, struct sd_error *err)
{
    struct url_source *x = s->priv;
    enum sd_result r = take_url(s, err);
    if (r != SD_OK)
        return r;
    x->asked = s->host->now(s);
    return one_profile(s, err);
}

/* A CPU profile takes its time; others are asked for again after as long. */
static enum sd_result url_run(struct sd_source *s, struct sd_error *err)
{
    const struct url_options *o = s->opts;
    struct url_source *x = s->priv;
    if (!s->follow || (x->once && (x->mode == PYROSCOPE || x->mode == PYROSCOPE_OLD)))
        return SD_GONE;
    while (!s->host->should_stop(s)) {
        sd_time again = x->asked + (o->seconds ? o->seconds : CPU_SECONDS) * SD_S;
        while (s->host->now(s) < again && !s->host->should_stop(s))
            s->host->wait(s, -1, 0, again);
        x->asked = s->host->now(s);
        enum sd_result r = s->host->should_stop(s) ? SD_NODATA : one_profile(s, err);
        if (r != SD_OK)
            return r == SD_NODATA ? SD_OK : r;
    }
    return SD_OK;
}

static enum sd_result url_decode(const struct sd_host *host, const void *bytes, size_t len,
                                 struct sd_batch *b, struct sd_error *err)
{
    struct profile *p = profile_read(bytes, len, PROFILE_ANY, NULL, "given", err);
    if (!p)
        return SD_CONFIG;
    bool done = profile_records(p, "given", RECORDS_MAX, host, b);
    profile_free(p);
    return done ? SD_OK : sd_fail(err, SD_CONFIG, "the profile holds more than one batch can");
}

/* Does anybody listen there? A profile is not asked for: taking one is work. */
static enum sd_result reach(struct sd_source *s, struct sd_error *err)
{
    const struct url_options *o = s->opts;
    const struct url_source *x = s->priv;
    CURLU *u = curl_url();
    char *host = NULL, *port = NULL;
    int fd = -1;
    enum sd_result r = SD_CONFIG;
    if (u && curl_url_set(u, CURLUPART_URL, x->url, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK) {
        size_t bracket = *host == '[';
        char *bare = mem_strndup(host + bracket, strlen(host) - 2 * bracket);
        r = connect_socket(s, &(struct connect_to){.host = bare, .port = atoi(port), .name = x->name},
                           s->host->now(s) + o->timeout, &fd, err);
        free(bare);
    }
    if (fd >= 0)
        close(fd);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(u);
    return r;
}

static void url_examine(struct sd_source *s, sd_check_tell *tell, void *ctx)
{
    const struct examine e = {tell, ctx};
    struct sd_error err = {"this is no URL that can be asked"};
    if (!s->target)
        return;
    enum sd_result r = take_url(s, &err);
    if (r == SD_OK)
        r = reach(s, &err);
    examine_answer(&e, "server", r, "it can be reached; no profile was asked for, which is work for it", &err,
                   "start the program, with net/http/pprof in one of Go, or correct host and port");
    url_close(s);
}

extern const struct sd_source_ops profile_url_source_ops;
const struct sd_source_ops profile_url_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "profile_url",
    .summary = "profiles by URL, of Go's /debug/pprof, Parca-style endpoints or Pyroscope: functions",
    .targets =
        "http://HOST/debug/pprof/profile?seconds=5, pprof+http://HOST, pyroscope+http://HOST?query=...",
    .provides = SD_KIND_BIT(SD_PROFILE) | SD_KIND_BIT(SD_PROFILE_FUNCTION) | SD_KIND_BIT(SD_PROFILE_TREE) |
                SD_KIND_BIT(SD_INTAKE),
    .opts_size = sizeof(struct url_options),
    .options = OPTIONS,
    .priv_size = sizeof(struct url_source),
    .recognise = url_recognise,
    .open = url_open,
    .run = url_run,
    .close = url_close,
    .decode = url_decode,
    .examine = url_examine,
};
