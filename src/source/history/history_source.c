/* history_source.c - a history (SQLite or ClickHouse) as a source: a span of it to its end, or the newest as
 * it comes and any other span on demand. Reading changes nothing in it. */
#include "source/history/history_parts.h"
#include "source/history/history_reach.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/trust.h"
#include "base/units.h"
#include "core/schema.h"
#include "source/shared/examine.h"

#define TELL_EVERY (300 * SD_S)     /* which machines there are */
#define AT_FIRST   (15 * 60 * SD_S) /* of the newest, when it follows */
enum { WINDOWS_MAX = 64, SECRET_MAX = 4096 };

#define OPTION(name_) .name = #name_, .offset = offsetof(struct history_options, name_)
static const struct sd_option OPTIONS[] = {
    {OPTION(from), .type = SD_OPTION_TEXT, .fallback = "",
     .help = "only what ended after that time (as --at takes it); empty: from the oldest. Of a verb"},
    {OPTION(to), .type = SD_OPTION_TEXT, .fallback = "",
     .help = "only what ended at or before that time; empty: to the newest. Of a verb"},
    {OPTION(steps), .type = SD_OPTION_TEXT, .fallback = "even",
     .help = "even: steps of one length; goals: finer towards the end; kept: as they are in the history"},
    {OPTION(points), .type = SD_OPTION_INT, .fallback = "240", .min = 1, .max = 4000, .unit = "count",
     .help = "at most so many even steps"},
    {OPTION(windows), .type = SD_OPTION_TEXT, .fallback = "",
     .help = "lengths before the end, comma separated, that are exact beside the steps: 5m,1h"},
    {OPTION(host), .type = SD_OPTION_TEXT, .fallback = "", .help = "only that machine; empty: all of them"},
    {OPTION(route), .type = SD_OPTION_TEXT, .fallback = "",
     .help = "requests of that endpoint only, and nothing else; empty: everything"},
    {OPTION(by_host), .type = SD_OPTION_BOOL, .fallback = "no", .help = "requests of machines stay apart"},
    {OPTION(together), .type = SD_OPTION_BOOL, .fallback = "no",
     .help = "nothing but the requests, those of all endpoints as one"},
    {OPTION(machines), .type = SD_OPTION_BOOL, .fallback = "yes",
     .help = "tell which machines there are. Of a verb"},
    {OPTION(look), .type = SD_OPTION_DURATION, .fallback = "2s", .max = 86400 * SD_S,
     .help = "how often the console looks for what was recorded meanwhile; 0: it is only read as it is"},
    {OPTION(password_file), .type = SD_OPTION_TEXT, .fallback = "",
     .help = "of ClickHouse: a file with the password that only its owner may read; empty: "
             "CLICKHOUSE_PASSWORD or CLICKHOUSE_PASSWORD_FILE of the environment"},
    {OPTION(ca_file), .type = SD_OPTION_TEXT, .fallback = "",
     .help = "of ClickHouse over TLS: certificates that are trusted; empty: the system's"},
    {.name = NULL},
};

static int recognise(const char *target, const void *head, size_t len)
{
    return (strstr(target, "://") && store_is_url(target)) || store_is_file(head, len) ? 100 : 0;
}

/* ---- opening ---- */

static bool stop(void *ctx)
{
    struct sd_source *s = ctx;
    return s->host->should_stop(s) || s->host->withdrawn(s);
}

static enum sd_result read_password(const struct history_options *o, struct history *x, struct sd_error *err)
{
    if (!*o->password_file) /* the store looks into the environment */
        return SD_OK;
    if (!(x->password = trust_secret(o->password_file, SECRET_MAX, err)))
        return SD_CONFIG;
    x->password[strcspn(x->password, "\r\n")] = 0;
    return SD_OK;
}

static void set_open(struct history *x, struct store *store)
{
    pthread_mutex_lock(&x->lock);
    x->store = x->open = store;
    pthread_mutex_unlock(&x->lock);
}

static enum sd_result open_store(struct history *x, const char *target, const struct history_options *o,
                                 bool (*stopped)(void *ctx), void *ctx, struct sd_error *err)
{
    struct store *store = NULL;
    if (!*target)
        return sd_fail(err, SD_CONFIG, "a history needs a path, as in history:PATH");
    x->url = store_is_url(target) ? mem_strdup(target) : mem_printf("history:%s", target);
    enum sd_result result = read_password(o, x, err);
    if (result != SD_OK)
        return result;
    const struct store_options how = {.password = x->password,
                                      .ca_file = *o->ca_file ? o->ca_file : NULL,
                                      .stop = stopped,
                                      .stop_ctx = ctx};
    result = store_open(x->url, &how, &store, err);
    if (result == SD_OK)
        set_open(x, store);
    return result;
}

static enum sd_result open_source(struct sd_source *s, struct sd_error *err)
{
    return open_store(s->priv, s->target, s->opts, stop, s, err);
}

static void close_store(struct history *x)
{
    struct store *store = x->store;
    set_open(x, NULL);
    store_close(store);
    if (x->password)
        explicit_bzero(x->password, strlen(x->password));
    free(x->password);
    free(x->url);
    free(x->partial);
    x->password = x->url = x->partial = NULL;
    x->mark = 0;
}

static void close_source(struct sd_source *s)
{
    close_store(s->priv);
}

enum sd_result history_reach(const char *target, const void *opts, bool (*stopped)(void *ctx), void *ctx,
                             struct history_reach *out, struct sd_error *err)
{
    struct history x = {.url = NULL};
    struct store_answer answer = {.oldest = SD_UNKNOWN, .newest = SD_UNKNOWN};
    pthread_mutex_init(&x.lock, NULL);
    enum sd_result result = open_store(&x, target, opts, stopped, ctx, err);
    if (result == SD_OK)
        result = history_bounds(&x, &answer, err);
    *out = (struct history_reach){answer.oldest, answer.newest};
    close_store(&x);
    pthread_mutex_destroy(&x.lock);
    return result;
}

static void interrupt(struct sd_source *s)
{
    struct history *x = s->priv;
    pthread_mutex_lock(&x->lock);
    if (x->open)
        store_interrupt(x->open);
    pthread_mutex_unlock(&x->lock);
}

/* ---- to the end ---- */

static enum sd_result read_time(struct sd_source *s, const char *name, const char *text, sd_time *at,
                                struct sd_error *err)
{
    struct sd_error why;
    char *end;
    *at = SD_UNKNOWN;
    if (!*text)
        return SD_OK;
    errno = 0;
    if (*text == '@' && str_ends(text, "ns")) { /* as slowdive writes it itself */
        *at = strtoll(text + 1, &end, 10);
        if (!errno && str_eq(end, "ns"))
            return SD_OK;
    }
    if (clock_parse(text, s->host->now(s), at, &why))
        return SD_OK;
    return sd_fail(err, SD_CONFIG, "%s of a history: %.300s", name, why.text);
}

static enum sd_result read_windows(const char *text, int64_t out[WINDOWS_MAX], size_t *n,
                                   struct sd_error *err)
{
    struct sd_error why;
    for (*n = 0; *text && *n < WINDOWS_MAX;) {
        size_t len = strcspn(text, ",");
        char *one = mem_strndup(text, len);
        bool ok = unit_parse_duration(one, &out[*n], &why) && out[*n] > 0;
        free(one);
        if (!ok)
            return sd_fail(err, SD_CONFIG, "windows of a history are durations, as in 5m,1h: not %.100s",
                           text);
        ++*n;
        text += len + (text[len] == ',');
    }
    return SD_OK;
}

static enum sd_result read_options(struct sd_source *s, int64_t windows[WINDOWS_MAX], struct span_ask *ask,
                                   struct sd_error *err)
{
    const struct history_options *o = s->opts;
    *ask = (struct span_ask){.host = *o->host ? o->host : NULL,
                             .route = *o->route ? o->route : NULL,
                             .by_host = o->by_host,
                             .together = o->together,
                             .goals = str_eq(o->steps, "goals"),
                             .kept = str_eq(o->steps, "kept"),
                             .points = (size_t)o->points,
                             .windows = windows};
    if (!ask->goals && !ask->kept && !str_eq(o->steps, "even"))
        return sd_fail(err, SD_CONFIG, "steps of a history are even, goals or kept, not %.60s", o->steps);
    enum sd_result result = read_time(s, "from", o->from, &ask->from, err);
    if (result == SD_OK)
        result = read_time(s, "to", o->to, &ask->to, err);
    if (result == SD_OK)
        result = read_windows(o->windows, windows, &ask->n_windows, err);
    return result;
}

static enum sd_result read_to_the_end(struct sd_source *s, const struct span_ask *ask, struct sd_error *err)
{
    struct sd_history told;
    enum sd_result result = history_read_span(s, ask, &told, err);
    if (result != SD_OK)
        return result;
    told.missing = history_partial(s->priv);
    history_tell(s, &told);
    if (((const struct history_options *)s->opts)->machines)
        result = history_tell_machines(s, &told, err);
    return result == SD_OK ? SD_GONE : result;
}

/* ---- as it comes ---- */

static struct store_ask newest_of(const struct span_ask *ask)
{
    return (struct store_ask){.from = INT64_MIN + 1,
                              .to = INT64_MAX,
                              .host = ask->host,
                              .apart = ask->by_host ? HISTORY_BY_HOST : 0};
}

/* The mark first: what is put while the newest is read comes with the first look, and only what is newer than
 * that is taken from there. */
static enum sd_result begin_to_follow(struct sd_source *s, const struct span_ask *ask,
                                      struct sd_history *told, struct sd_error *err)
{
    struct history *x = s->priv;
    struct rows_out none = {.source = s, .after = INT64_MAX};
    struct store_ask newest = newest_of(ask);
    struct store_answer bounds;
    enum sd_result result = store_follow(x->store, &x->mark, &newest, rows_out_row, &none, err);
    rows_out_free(&none);
    if (result == SD_OK)
        result = history_bounds(x, &bounds, err);
    if (result != SD_OK)
        return result;
    struct span_ask first = *ask;
    first.from = sd_known(bounds.newest) ? sub_sat(bounds.newest, AT_FIRST) : SD_UNKNOWN;
    first.to = SD_UNKNOWN; /* to the end of the newest step, which may be later than who recorded it ended */
    first.goals = first.kept = false;
    first.step_ns = 10 * SD_S;
    first.n_windows = 0;
    if (sd_known(bounds.newest)) { /* what can be looked at, before what takes a while */
        told->from = told->to = told->step_ns = SD_UNKNOWN;
        told->oldest = bounds.oldest;
        told->newest = bounds.newest;
        history_tell(s, told);
    }
    result = history_read_span(s, &first, told, err);
    told->missing = history_partial(x);
    if (result == SD_OK)
        history_tell(s, told);
    return result;
}

/* *after: in the first look only what is newer; unknown from then on. */
static enum sd_result look(struct sd_source *s, const struct span_ask *ask, sd_time *after, uint64_t *rows,
                           struct sd_error *err)
{
    struct history *x = s->priv;
    struct store_ask newest = newest_of(ask);
    struct rows_out o = {.source = s, .only = ask->host, .after = *after};
    enum sd_result result = store_follow(x->store, &x->mark, &newest, rows_out_row, &o, err);
    rows_out_end(&o);
    *rows = o.rows;
    *after = SD_UNKNOWN;
    rows_out_free(&o);
    return result;
}

/* Up to when there is data: as it changes; which machines there are now and then. */
static enum sd_result tell_news(struct sd_source *s, struct sd_history *told, bool machines,
                                struct sd_error *err)
{
    struct store_answer bounds = {.oldest = SD_UNKNOWN, .newest = SD_UNKNOWN};
    enum sd_result result = history_bounds(s->priv, &bounds, err);
    if (result != SD_OK)
        return result;
    told->from = told->to = told->step_ns = SD_UNKNOWN;
    told->oldest = bounds.oldest;
    told->newest = bounds.newest;
    told->missing = history_partial(s->priv);
    history_tell(s, told);
    return machines ? history_tell_machines(s, told, err) : SD_OK;
}

/* Nothing new is no trouble. */
static void note_state(struct sd_source *s, const char *missing)
{
    if (missing)
        s->host->note(s, SD_STATE_STALE, HISTORY_MISSING, missing);
    else
        s->host->note(s, SD_STATE_LIVE, "%s", "");
}

static void begin_telling(const struct sd_source *s, const struct span_ask *ask, struct sd_history *told)
{
    const struct history *x = s->priv;
    schema_clear(schema_of(SD_HISTORY), told);
    told->url = store_url(x->store);
    told->host = ask->host;
}

/* Where nothing new is looked for: the newest and the machines, once, before anything is answered. */
static enum sd_result read_once(struct sd_source *s, const struct span_ask *ask, struct sd_error *err)
{
    struct history *x = s->priv;
    struct sd_history told;
    if (x->mark)
        return SD_OK;
    begin_telling(s, ask, &told);
    enum sd_result result = begin_to_follow(s, ask, &told, err);
    x->mark = MAX(x->mark, 1);
    return result == SD_OK ? tell_news(s, &told, true, err) : result;
}

static enum sd_result stand_still(struct sd_source *s, const struct span_ask *ask, struct sd_error *err)
{
    enum sd_result result = read_once(s, ask, err);
    if (result == SD_OK)
        s->host->wait(s, -1, 0, INT64_MAX); /* for a request, or the end */
    return result;
}

static enum sd_result follow(struct sd_source *s, const struct span_ask *ask, struct sd_error *err)
{
    struct history *x = s->priv;
    struct sd_history told;
    int64_t every = ((const struct history_options *)s->opts)->look;
    sd_time after = SD_UNKNOWN, told_at = SD_UNKNOWN; /* of machines: with the first look */
    enum sd_result result = SD_OK;
    begin_telling(s, ask, &told);
    if (!x->mark) {
        result = begin_to_follow(s, ask, &told, err);
        after = told.newest;
        if (!x->mark)
            x->mark = 1;
    }
    while (result == SD_OK && !s->host->should_stop(s)) {
        if (s->host->wait(s, -1, 0, s->host->now(s) + every) < 0)
            return SD_OK; /* a request, which is served, and then this is called again */
        uint64_t rows;
        bool whole = !told.missing;
        result = look(s, ask, &after, &rows, err);
        told.missing = history_partial(x);
        bool due = !sd_known(told_at) || whole == (told.missing != NULL) ||
                   sub_sat(s->host->now(s), told_at) >= TELL_EVERY;
        if (result == SD_OK && (rows || due))
            result = tell_news(s, &told, due, err);
        if (due)
            told_at = s->host->now(s);
        if (result == SD_OK)
            note_state(s, told.missing);
    }
    return result;
}

static enum sd_result run(struct sd_source *s, struct sd_error *err)
{
    int64_t windows[WINDOWS_MAX];
    struct span_ask ask;
    enum sd_result result = read_options(s, windows, &ask, err);
    if (result != SD_OK)
        return result;
    if (!s->follow)
        return read_to_the_end(s, &ask, err);
    return ((const struct history_options *)s->opts)->look ? follow(s, &ask, err) : stand_still(s, &ask, err);
}

/* ---- on demand ---- */

static enum sd_result request(struct sd_source *s, const struct sd_request *req, struct sd_batch *reply,
                              struct sd_error *err)
{
    const struct history_options *o = s->opts;
    const struct sd_job_read_history *job = req->args;
    struct sd_history told;
    if (req->job != SD_JOB_READ_HISTORY)
        return sd_fail(err, SD_UNSUPPORTED, "a history tells of the past only");
    int64_t windows[WINDOWS_MAX];
    struct span_ask newest;
    enum sd_result result = SD_OK;
    if (!o->look && (result = read_options(s, windows, &newest, err)) == SD_OK)
        result = read_once(s, &newest, err);
    if (result != SD_OK)
        return result;
    struct span_ask ask = {.from = job->from,
                           .to = job->to,
                           .step_ns = sd_known(job->step_ns) ? job->step_ns : 0,
                           .goals = job->goals == 1,
                           .kept = !sd_known(job->step_ns) && job->goals != 1,
                           .host = job->host  ? job->host
                                   : *o->host ? o->host
                                              : NULL,
                           .by_host = job->by_host == 1 || o->by_host,
                           .together = job->by_host == 1 && job->goals != 1 && !job->route,
                           .route = job->route,
                           .points = HISTORY_POINTS,
                           .windows = windows};
    result = read_windows(job->windows ? job->windows : "", windows, &ask.n_windows, err);
    if (result == SD_OK)
        result = history_read_span(s, &ask, &told, err);
    told.missing = history_partial(s->priv);
    if (result == SD_OK)
        s->host->add(reply, SD_HISTORY, &told);
    return result;
}

/* Opened to be read, and only its ends are asked for. */
static void examine(struct sd_source *s, sd_check_tell *tell, void *ctx)
{
    const struct examine e = {tell, ctx};
    struct history *x = s->priv;
    struct store_answer bounds = {.oldest = SD_UNKNOWN, .newest = SD_UNKNOWN};
    struct sd_error err = {""};
    if (!s->target)
        return;
    enum sd_result r = open_source(s, &err);
    if (r == SD_OK)
        r = history_bounds(x, &bounds, &err);
    const char *engine =
        x->url && strstr(x->url, "://")
            ? "start it, or correct host, user and password: clickhouse://USER@HOST:8123/DATABASE, "
              "the password in CLICKHOUSE_PASSWORD or password_file"
            : "name a history that is there; slowdive history URL --import SOURCE makes one, and the agent "
              "does";
    bool fit = !s->host->should_stop(s) && examine_answer(&e, "history", r, "it can be read", &err, engine);
    if (fit && !sd_known(bounds.newest))
        examine_tell(&e, "data", SD_CHECK_LESS,
                     "slowdive agent records into the history that the policy names", "nothing is in it yet");
    close_store(x);
}

extern const struct sd_source_ops history_source_ops;
const struct sd_source_ops history_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "history",
    .summary = "what was recorded over weeks, of one machine (SQLite) or many (ClickHouse)",
    .targets = "a file, history:PATH, clickhouse://USER@HOST:8123/DATABASE, clickhouses:// with TLS",
    .provides = HISTORY_KEPT | SD_KIND_BIT(SD_HISTORY) | SD_KIND_BIT(SD_HISTORY_HOST) |
                SD_KIND_BIT(SD_LATENCY) | SD_KIND_BIT(SD_PROFILE) | SD_KIND_BIT(SD_PROFILE_FUNCTION) |
                SD_KIND_BIT(SD_PROFILE_TREE),
    .opts_size = sizeof(struct history_options),
    .options = OPTIONS,
    .priv_size = sizeof(struct history),
    .recognise = recognise,
    .open = open_source,
    .run = run,
    .request = request,
    .interrupt = interrupt,
    .close = close_source,
    .flags = SD_SOURCE_KEEPS,
    .examine = examine,
};
