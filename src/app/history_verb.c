/* history.c - `slowdive history URL`: what a history has, and its upkeep: import, compact, verify. */
#include "app/history.h"

#include "app/output.h"
#include "base/clock.h"
#include "base/units.h"
#include "store/gather.h"
#include "view/view.h"
#include "version.inc"

#include <limits.h>
#include <stdlib.h>

static const struct command_option OPTIONS[] = {
    {"import", "SOURCE",
     "read that log, recording or other source to its end into the history, with its own "
     "times; the same SOURCE of the same host again takes the place of what it gave"},
    {"host", "NAME", "of --import: the machine that the data is of (default: this one)"},
    {"compact", NULL, "move what is older than its tier keeps into the next one, drop what is too old"},
    {"verify", NULL, "look at every row; exit 1 when something is damaged"},
    {"print-schema", NULL, "print the statements that make its tables"},
    {NULL, NULL, NULL},
};

static bool stopped(void *ctx)
{
    (void)ctx;
    return signals_stop() != 0;
}

/* ---- import ---- */

struct importing {
    struct gather *gather;
    struct store *store;
    struct store_run run;
    sd_time now;
    enum sd_result result;
    struct sd_error err;
};

static void put_all(struct importing *x)
{
    const struct store_put *put;
    while (x->result == SD_OK && (put = gather_first(x->gather))) {
        x->result = store_put(x->store, &x->run, put, &x->err);
        if (x->result == SD_OK)
            gather_done(x->gather);
    }
}

static void import_batch(void *ctx, const struct sd_batch *b)
{
    struct importing *x = ctx;
    if (x->result != SD_OK)
        return;
    gather_take(x->gather, b, x->now);
    if (gather_full(x->gather)) {
        gather_cut_data(x->gather, x->now);
        put_all(x);
    }
}

/* The same source of the same host is the same run, however its path is written. */
static char *run_name(const char *source, const char *host)
{
    char *path = realpath(source, NULL), *shown = registry_redact(path ? path : source);
    char *name = mem_printf("import %s %s", host, shown);
    free(path);
    free(shown);
    return name;
}

/* False, with a complaint. */
static bool import_all(struct app *a, struct importing *x, const char *source)
{
    struct sd_error err = {""};
    a->taken = import_batch;
    a->taken_ctx = x;
    bool ok = app_read(a, &source, 1, &(struct past_use){.kept = true, .by_host = true}, &err);
    a->taken = NULL;
    gather_cut_data(x->gather, x->now);
    put_all(x);
    bool any = gather_stats(x->gather).records > gather_stats(x->gather).too_old;
    if (ok && any && x->result == SD_OK) /* one of nothing leaves no trace */
        x->result = store_end(x->store, &x->run, &x->err);
    if (!ok || x->result != SD_OK)
        complain("%s", ok ? x->err.text : err.text);
    return ok && x->result == SD_OK;
}

static int import(struct app *a, struct store *store, sd_time now, cJSON *o)
{
    const char *source = command_value(a->cli, "import"), *given = history_host(a);
    char *host = given ? mem_strdup(given) : this_host(), *name = run_name(source, host);
    struct importing x = {.store = store, .now = now};
    x.gather = gather_new(&(struct gather_options){.tiers = history_options(a).tiers, .host = host}, now);
    x.run = (struct store_run){
        .id = name, .host = host, .version = SLOWDIVE_VERSION, .began = now, .import = true};
    bool ok = import_all(a, &x, source);
    struct gather_stats g = gather_stats(x.gather);
    if (g.too_old)
        complain("%llu of %llu records are older than the history keeps anything, and were refused",
                 (unsigned long long)g.too_old, (unsigned long long)g.records);
    else if (ok && !g.records)
        complain("%s has nothing that a history keeps", source);
    cJSON *i = result_object(o, "import");
    result_text(i, "run", name);
    result_text(i, "host", host);
    result_int(i, "records", (int64_t)(g.records - g.too_old));
    result_int(i, "refused", (int64_t)g.too_old);
    gather_free(x.gather);
    free(host);
    free(name);
    return ok && g.records > g.too_old ? EXIT_FINE : EXIT_USAGE;
}

/* ---- compact ---- */

static int compact(struct store *store, sd_time now, cJSON *o)
{
    struct store_compaction c;
    struct sd_error err = {""};
    if (store_compact(store, now, &c, &err) != SD_OK) {
        complain("%s", err.text);
        return EXIT_USAGE;
    }
    cJSON *r = result_object(o, "compaction");
    result_time(r, "at", now);
    result_int(r, "moved", c.moved);
    result_int(r, "dropped", c.dropped);
    result_int(r, "dropped_for_size", c.dropped_for_size);
    result_time(r, "dropped_to", c.dropped_to);
    if (c.dropped_for_size) {
        char to[CLOCK_TEXT_MAX];
        complain("the history has reached its max_size: %lld rows up to %s were dropped",
                 (long long)c.dropped_for_size, clock_rfc3339(c.dropped_to, to));
    }
    return EXIT_FINE;
}

/* ---- state ---- */

static void add_lists(cJSON *o, const struct store_state *s)
{
    cJSON *tiers = result_list(o, "tiers"), *gaps = result_list(o, "gaps"), *hosts;
    for (size_t i = 0; i < s->n_tiers; i++) {
        const struct store_tier *t = &s->tiers[i];
        cJSON *r = result_row(tiers);
        result_int(r, "step_ns", t->step_ns);
        result_int(r, "keep_ns", t->keep_ns);
        result_int(r, "rows", t->rows);
        result_int(r, "size_bytes", t->bytes);
        result_time(r, "oldest", t->oldest);
        result_time(r, "newest", t->newest);
    }
    for (size_t i = 0; i < s->n_gaps; i++) {
        cJSON *r = result_row(gaps);
        result_text(r, "host", s->gaps[i].host);
        result_time(r, "from", s->gaps[i].from);
        result_time(r, "to", s->gaps[i].to);
    }
    result_int(o, "lost", s->lost);
    hosts = result_list(o, "by_host");
    for (size_t i = 0; i < s->n_hosts; i++) {
        const struct store_host *h = &s->hosts[i];
        cJSON *r = result_row(hosts);
        result_text(r, "host", h->name);
        result_text(r, "version", h->version);
        result_time(r, "oldest", h->oldest);
        result_time(r, "newest", h->newest);
        result_int(r, "runs", h->runs);
        result_int(r, "rows", h->rows);
        result_int(r, "lost", h->lost);
        result_int(r, "gaps", h->gaps);
        result_int(r, "gap_ns", h->gap_ns);
        result_int(r, "skew_ns", h->skew_ns);
    }
}

static int state(struct store *store, bool verify, cJSON *o)
{
    struct store_state s;
    struct sd_error err = {""};
    struct arena *arena = arena_new();
    int status = EXIT_FINE;
    if (store_state(store, verify, arena, &s, &err) != SD_OK) {
        complain("%s", err.text);
        status = EXIT_USAGE;
    } else {
        result_text(o, "url", s.url);
        result_int(o, "schema", s.schema);
        result_int(o, "size_bytes", s.bytes);
        result_int(o, "hosts", (int64_t)s.n_hosts);
        result_int(o, "endpoints", s.endpoints);
        result_time(o, "oldest", s.oldest);
        result_time(o, "newest", s.newest);
        add_lists(o, &s);
        if (verify) {
            result_bool(o, "sound", !s.damage);
            result_text(o, "damage", s.damage);
        }
        char *partial = store_partial(store);
        result_text(o, "missing", partial);
        if (s.damage)
            complain("%s", s.damage);
        if (partial)
            complain(HISTORY_MISSING, partial);
        else if (s.bytes == SD_UNKNOWN)
            complain("this user may not ask the nodes how large their tables are: size_bytes is null");
        status = s.damage || partial ? EXIT_CHECK : EXIT_FINE;
        free(partial);
    }
    arena_free(arena);
    return status;
}

/* ---- the command ---- */

static int print_schema(struct app *a, const char *url)
{
    struct sd_error err = {""};
    const struct store_options options = history_options(a);
    char *text = store_schema(url, &options, &err);
    struct strbuf made = {0};
    if (!text) {
        complain("%s", err.text);
        return EXIT_USAGE;
    }
    strbuf_str(&made, text);
    bool ok = output_made(a, &made);
    strbuf_free(&made);
    free(text);
    return ok ? EXIT_FINE : EXIT_USAGE;
}

static bool options_fit(const struct app *a, sd_time *now)
{
    static const char *const ALONE[] = {"import", "compact", "verify", "print-schema"};
    const char *first = NULL;
    struct sd_error err;
    *now = clock_wall();
    for (size_t i = 0; i < ARRAY_LEN(ALONE); i++) {
        if (!command_value(a->cli, ALONE[i]))
            continue;
        if (first) {
            complain("--%s and --%s do not go together", first, ALONE[i]);
            return false;
        }
        first = ALONE[i];
    }
    if (command_value(a->cli, "host") && !command_value(a->cli, "import")) {
        complain("--host is of --import, which is missing");
        return false;
    }
    if (cli_has(a->cli, CLI_AT) && !clock_parse(a->cli->values[CLI_AT], *now, now, &err)) {
        complain("--at: %s", err.text);
        return false;
    }
    return command_args(a, 1, 1) && output_ready(a);
}

static int run_on(struct app *a, const char *url, sd_time now)
{
    struct store *store;
    struct sd_error err = {""};
    if (command_value(a->cli, "print-schema"))
        return print_schema(a, url);
    struct store_options options = history_options(a);
    bool imports = command_value(a->cli, "import"), compacts = command_value(a->cli, "compact");
    options.write = imports || compacts;
    options.stop = stopped;
    if (store_open(url, &options, &store, &err) != SD_OK) {
        complain("%s", err.text);
        return command_value(a->cli, "verify") && strstr(err.text, "damaged") ? EXIT_CHECK : EXIT_USAGE;
    }
    cJSON *o = result_new("history"), *extra = cJSON_CreateObject();
    int status = imports ? import(a, store, now, extra) : compacts ? compact(store, now, extra) : EXIT_FINE;
    if (status == EXIT_FINE)
        status = state(store, command_value(a->cli, "verify") != NULL, o);
    for (cJSON *x = extra->child; x; x = extra->child)
        cJSON_AddItemToObject(o, x->string, cJSON_DetachItemViaPointer(extra, x));
    cJSON_Delete(extra);
    store_close(store);
    if (signals_stop())
        status = 128 + signals_stop();
    if (status != EXIT_FINE && status != EXIT_CHECK) {
        cJSON_Delete(o);
        return status;
    }
    return command_print(a, o, status == EXIT_FINE);
}

/* The view of that name shows what a database server keeps of the time before. The state is also told of a
 * path; what imports or changes something wants the URL. */
static int run(struct app *a)
{
    sd_time now;
    char *url = a->cli->n_args && !a->cli->n_given ? store_url_of(a->cli->args[0]) : NULL;
    int status = EXIT_USAGE;
    if (!url && !a->cli->n_given) {
        status = verb_show(a, view_exactly("history"));
    } else {
        app_report(a);
        if (options_fit(a, &now))
            status = run_on(a, url ? url : a->cli->args[0], now);
    }
    free(url);
    return status;
}

const struct cli_command HISTORY_COMMAND = {
    .name = "history",
    .args = "URL",
    .help =
        "what a history has: tiers, hosts, gaps; import, compact, verify. Of a server: what it keeps itself",
    .options = OPTIONS,
    .whole = true,
    .run = run,
};
