/* audit.c - cache policies of URLs: each is asked once with and once without its validators. The target is
 * URLs, files with lists of them, or sitemaps, a line each. I/O only; answers are read in format/caches. */
#include <stdlib.h>
#include <poll.h>
#include <unistd.h>
#include <sys/stat.h>

#include "base/redact.h"
#include "format/caches/http_body.h"
#include "format/caches/sitemap.h"
#include "source/audit/audit_asset.h"
#include "source/shared/examine.h"

enum {
    LIST_MAX = 50 << 20, /* bytes of a list of URLs */
    SITEMAPS_MAX = 100,
    SAMPLES_MAX = 8, /* of what could not be fetched */
};
#define PUBLISH_EVERY (5 * SD_S)

struct audit_options {
    double requests_per_s;
    int64_t answer_within, urls_max;
};

static const struct sd_option OPTIONS[] = {
    {.name = "requests_per_s",
     .type = SD_OPTION_REAL,
     .offset = offsetof(struct audit_options, requests_per_s),
     .fallback = "20",
     .min = 0.01,
     .max = 1000,
     .help = "requests a second at most; there is never more than one at a time"},
    {.name = "answer_within",
     .type = SD_OPTION_DURATION,
     .offset = offsetof(struct audit_options, answer_within),
     .fallback = "15s",
     .min = 1e8,
     .max = 3600e9,
     .help = "how long an answer may take"},
    {.name = "urls_max",
     .type = SD_OPTION_INT,
     .offset = offsetof(struct audit_options, urls_max),
     .fallback = "1000",
     .min = 1,
     .max = 100000,
     .unit = "count",
     .help = "URLs asked at most, those of sitemaps and lists included"},
    {.name = NULL},
};

struct wanted {
    char *url;
    bool given; /* by the user, or a sitemap of one: it may be a list of URLs itself */
};

struct audit_source {
    struct wanted *urls;
    size_t n, cap, sitemaps;
    struct audit_hosts hosts;
    size_t foreign; /* left out: of a host that was not named */
    size_t beyond;  /* left out: more than urls_max */
    struct arena *arena;
    struct sd_asset_policy *rows;
    size_t n_rows, cap_rows, asked;
    const char *failed[SAMPLES_MAX], *reasons[SAMPLES_MAX];
    size_t n_failed;
};

/* ---- what is asked ---- */

static void want(struct sd_source *s, const char *url, bool given)
{
    const struct audit_options *o = s->opts;
    struct audit_source *x = s->priv;
    if (x->n >= (size_t)o->urls_max) {
        x->beyond++;
        return;
    }
    x->urls = mem_grow(x->urls, x->n, &x->cap, sizeof *x->urls);
    x->urls[x->n++] = (struct wanted){mem_strdup(url), given};
}

static void fail_url(struct sd_source *s, const char *url, const char *reason)
{
    struct audit_source *x = s->priv;
    char *shown = redact(url);
    if (x->n_failed < SAMPLES_MAX) {
        x->failed[x->n_failed] = arena_printf(x->arena, "%.250s", shown);
        x->reasons[x->n_failed] = arena_strdup(x->arena, reason);
    }
    x->n_failed++;
    free(shown);
}

/* A line of a file that the user names: each host in it is named. */
static void found_in_list(void *ctx, const char *url, bool is_sitemap)
{
    struct sd_source *s = ctx;
    struct audit_source *x = s->priv;
    if (!audit_hosts_add(&x->hosts, url))
        fail_url(s, url, "it is no URL of http or https");
    else
        want(s, url, is_sitemap);
}

/* A sitemap that was fetched is the server's word, and names no host. */
static void found_in_sitemap(void *ctx, const char *url, bool is_sitemap)
{
    struct sd_source *s = ctx;
    struct audit_source *x = s->priv;
    x->sitemaps += is_sitemap;
    if (!audit_hosts_has(&x->hosts, url))
        x->foreign++;
    else if (is_sitemap && x->sitemaps > SITEMAPS_MAX)
        x->beyond++;
    else
        want(s, url, is_sitemap);
}

static bool read_input(struct sd_source *s, char **bytes, size_t *len, struct sd_error *err)
{
    struct strbuf all = {0};
    char block[16384];
    ssize_t n = 1;
    while (n > 0 && all.len <= LIST_MAX && !s->host->should_stop(s)) {
        if (s->host->wait(s, STDIN_FILENO, POLLIN, s->host->now(s) + SD_S) != 1)
            continue;
        n = read(STDIN_FILENO, block, sizeof block);
        if (n > 0)
            strbuf_add(&all, block, (size_t)n);
    }
    *len = all.len;
    *bytes = strbuf_detach(&all);
    if (n == 0 || s->host->should_stop(s))
        return true;
    free(*bytes);
    return fail(err, n < 0 ? "standard input cannot be read" : "the list is too long");
}

static bool read_list(struct sd_source *s, const char *path, struct sd_error *err)
{
    char *bytes = NULL;
    size_t len = 0;
    if (!(str_eq(path, "-") ? read_input(s, &bytes, &len, err)
                            : file_read(path, LIST_MAX, &bytes, &len, err)))
        return false;
    if (http_body_is_gzip(bytes, len)) {
        size_t n;
        char *out = http_body_decode("gzip", bytes, len, LIST_MAX, &n);
        free(bytes);
        if (!out)
            return fail(err, "it is compressed, but not as gzip writes it");
        bytes = out;
        len = n;
    }
    struct audit_source *x = s->priv;
    size_t before = x->n + x->n_failed;
    if (sitemap_recognise(bytes, len))
        sitemap_read(bytes, len, found_in_list, s);
    else
        url_list_read(bytes, len, found_in_list, s);
    free(bytes);
    return x->n + x->n_failed > before || fail(err, "there is no URL in it");
}

/* A URL, or a file with some. */
static void take_target(struct sd_source *s, const char *target)
{
    struct audit_source *x = s->priv;
    struct sd_error err;
    struct stat st;
    if (str_eq(target, "-") || (stat(target, &st) == 0 && S_ISREG(st.st_mode))) {
        if (!read_list(s, target, &err))
            fail_url(s, target, err.text);
    } else if (audit_hosts_add(&x->hosts, target)) {
        want(s, target, true);
    } else {
        fail_url(s, target, "it is neither a URL of http or https nor a file with a list of them");
    }
}

static enum sd_result audit_open(struct sd_source *s, struct sd_error *err)
{
    struct audit_source *x = s->priv;
    *x = (struct audit_source){.arena = arena_new()};
    bool any = false;
    for (const char *p = s->target; *p; p += strcspn(p, "\n"), p += *p == '\n') {
        char *target = mem_strndup(p, strcspn(p, "\n"));
        if (*target)
            take_target(s, target);
        any = any || *target;
        free(target);
    }
    return any ? SD_OK
               : sd_fail(err, SD_CONFIG,
                         "it needs URLs, a file with a list of them or a sitemap, as in audit:https://HOST/");
}

static void audit_close(struct sd_source *s)
{
    struct audit_source *x = s->priv;
    for (size_t i = 0; i < x->n; i++)
        free(x->urls[i].url);
    free(x->urls);
    free(x->rows);
    audit_hosts_free(&x->hosts);
    arena_free(x->arena);
    *x = (struct audit_source){.urls = NULL};
}

/* ---- what came ---- */

static const char *left_out(struct audit_source *x)
{
    struct strbuf b = {0};
    if (x->foreign)
        strbuf_printf(&b, "%zu URL%s of sitemaps %s of hosts that were not named, and not asked. ",
                      x->foreign, x->foreign == 1 ? "" : "s", x->foreign == 1 ? "is" : "are");
    if (x->beyond)
        strbuf_printf(&b, "%zu more URL%s not asked: urls_max.", x->beyond,
                      x->beyond == 1 ? " was" : "s were");
    const char *text = b.len ? arena_strdup(x->arena, strbuf_text(&b)) : NULL;
    strbuf_free(&b);
    return text;
}

static void add_intake(struct sd_source *s, struct sd_batch *b)
{
    struct audit_source *x = s->priv;
    uint32_t n = (uint32_t)MIN(x->n_failed, (size_t)SAMPLES_MAX);
    const struct sd_texts samples = {n, x->failed}, reasons = {n, x->reasons};
    struct sd_intake in = {.unit = "URLs",
                           .total = (int64_t)(x->n_rows + x->n_failed),
                           .unparsed = (int64_t)x->n_failed,
                           .bytes = SD_UNKNOWN,
                           .samples = &samples,
                           .reasons = &reasons,
                           .note = left_out(x)};
    s->host->add(b, SD_INTAKE, &in);
}

/* All rows so far: the newest batch takes the place of the one before. */
static bool publish(struct sd_source *s)
{
    struct audit_source *x = s->priv;
    if (!x->n_rows)
        return true;
    struct sd_batch *b = s->host->batch(s, s->host->now(s));
    bool fits = true;
    for (size_t i = 0; i < x->n_rows && fits; i++)
        fits = s->host->add(b, SD_ASSET_POLICY, &x->rows[i]);
    add_intake(s, b);
    s->host->publish(s, b);
    return fits;
}

static enum sd_result ask_next(struct sd_source *s, struct audit_run *run, size_t i)
{
    struct audit_source *x = s->priv;
    struct audit_list list;
    struct sd_asset_policy row;
    struct sd_error why;
    char *url = mem_strdup(x->urls[i].url); /* the list may move while a sitemap is read */
    enum sd_result r = audit_asset(run, url, x->urls[i].given, &row, &list, &why);
    if (r == SD_OK && list.bytes) {
        sitemap_read(list.bytes, list.len, found_in_sitemap, s);
        free(list.bytes);
    } else if (r == SD_OK) {
        x->rows = mem_grow(x->rows, x->n_rows, &x->cap_rows, sizeof *x->rows);
        x->rows[x->n_rows++] = row;
    } else if (r != SD_NODATA) {
        fail_url(s, url, why.text);
    }
    free(url);
    return r;
}

static enum sd_result conclude(struct sd_source *s, struct sd_error *err)
{
    struct audit_source *x = s->priv;
    if (!publish(s))
        return sd_fail(err, SD_CONFIG, "there are more URLs than one batch can hold; set urls_max");
    if (x->n_failed == 1)
        return sd_fail(err, SD_CONFIG, "%s could not be fetched: %.200s", x->failed[0], x->reasons[0]);
    if (x->n_failed)
        return sd_fail(err, SD_CONFIG, "%zu of %zu URLs could not be fetched, first %s: %.150s", x->n_failed,
                       x->n_rows + x->n_failed, x->failed[0], x->reasons[0]);
    return x->n_rows ? SD_GONE : sd_fail(err, SD_CONFIG, "the sitemap names no URL of a host that was named");
}

static enum sd_result audit_run(struct sd_source *s, struct sd_error *err)
{
    const struct audit_options *o = s->opts;
    struct audit_source *x = s->priv;
    struct audit_run run = {.source = s,
                            .hosts = &x->hosts,
                            .arena = x->arena,
                            .wait_ns = o->answer_within,
                            .gap_ns = (int64_t)((double)SD_S / o->requests_per_s)};
    sd_time published = s->host->now(s);
    for (; x->asked < x->n; x->asked++) {
        if (s->host->should_stop(s) || ask_next(s, &run, x->asked) == SD_NODATA)
            return SD_OK;
        if (s->follow && s->host->now(s) - published >= PUBLISH_EVERY) {
            s->host->note(s, SD_STATE_LIVE, "%zu of %zu URLs asked", x->asked + 1, x->n);
            publish(s);
            published = s->host->now(s);
        }
    }
    return conclude(s, err);
}

/* Which URLs are meant; none is asked. A list on standard input is not taken out of it. */
static void audit_examine(struct sd_source *s, sd_check_tell *tell, void *ctx)
{
    const struct examine e = {tell, ctx};
    const struct audit_source *x = s->priv;
    struct sd_error err = {""};
    if (!s->target)
        return;
    if (str_eq(s->target, "-")) {
        examine_path(&e, s->target, false);
        return;
    }
    enum sd_result r = audit_open(s, &err);
    if (r != SD_OK || x->n_failed)
        examine_tell(&e, "urls", SD_CHECK_MISSING, "name URLs of http or https, or a file with one a line",
                     "%.200s%s%.150s", r == SD_OK ? x->failed[0] : err.text, r == SD_OK ? ": " : "",
                     r == SD_OK ? x->reasons[0] : "");
    else
        examine_tell(&e, "urls", SD_CHECK_OK, NULL, "URLs that are named: %zu; none was asked", x->n);
    audit_close(s);
}

extern const struct sd_source_ops audit_source_ops;
const struct sd_source_ops audit_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "audit",
    .summary = "cache policies of pages and assets, each asked at most five times: audit",
    .targets = "audit:https://HOST/PAGE, audit:https://HOST/sitemap.xml, audit:FILE (URLs, a line each)",
    .provides = SD_KIND_BIT(SD_ASSET_POLICY) | SD_KIND_BIT(SD_INTAKE),
    .opts_size = sizeof(struct audit_options),
    .options = OPTIONS,
    .priv_size = sizeof(struct audit_source),
    .open = audit_open,
    .run = audit_run,
    .close = audit_close,
    .examine = audit_examine,
};
