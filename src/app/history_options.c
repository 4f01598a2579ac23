#include "app/history.h"

#include "app/places.h"

#include "base/redact.h"
#include "sink/conceal.h"
#include "version.inc"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_SCHEME "history:"

bool history_is_engine(const char *url)
{
    return !str_starts(url, FILE_SCHEME);
}

/* SCHEME://[USER[:PASSWORD]@]HOST[:PORT]/...: the host. */
static char *host_of(const char *url)
{
    const char *at = strstr(url, "://"), *end;
    if (!at)
        return mem_strdup("");
    at += 3;
    end = at + strcspn(at, "/?#");
    for (const char *p = at; p < end; p++)
        if (*p == '@')
            at = p + 1;
    size_t n = *at == '[' ? strcspn(at, "]") + 1 : strcspn(at, ":/?#");
    return mem_strndup(at, MIN(n, (size_t)(end - at)));
}

bool history_is_remote(const char *url)
{
    if (!history_is_engine(url))
        return false;
    char *host = host_of(url);
    bool here = !strcmp(host, "localhost") || !strcmp(host, "[::1]");
    if (!here && str_starts(host, "127.") && !host[strspn(host, "0123456789.")])
        here = true;
    free(host);
    return !here;
}

char *this_host(void)
{
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    return mem_strdup(host);
}

char *history_shown(const char *url)
{
    return redact(url);
}

const char *history_host(const struct app *a)
{
    const char *own = a->cli->command ? command_value(a->cli, "host") : NULL;
    return own ? own : a->cli->values[CLI_HOST];
}

struct store_options history_options(const struct app *a)
{
    const struct goal_history *h = &a->config->policy.history;
    struct store_options o = {.max_bytes = h->max_size_bytes, .cluster = h->cluster};
    o.tiers.n = MIN(h->n_tiers, HISTORY_TIERS_MAX);
    for (size_t i = 0; i < o.tiers.n; i++)
        o.tiers.items[i] = (struct history_tier){h->tiers[i].step_ns, h->tiers[i].keep_ns};
    return o;
}

/* ---- the folder of states ---- */

static char *usual_folder(void)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (state && *state == '/')
        return mem_printf("%s/slowdive", state);
    return home && *home == '/' ? mem_printf("%s/.local/state/slowdive", home) : NULL;
}

static bool make_folders(char *path, struct sd_error *err)
{
    for (char *p = path + 1;; p++) {
        char c = *p;
        if (c != '/' && c)
            continue;
        *p = 0;
        bool ok = mkdir(path, 0700) == 0 || errno == EEXIST;
        int why = errno;
        *p = c;
        if (!ok)
            return fail(err, "cannot make the folder of the state %.200s: %s", path, strerror(why));
        if (!c)
            return true;
    }
}

char *state_folder(const char *dir, struct sd_error *err)
{
    char *path = dir ? mem_strdup(dir) : usual_folder();
    if (path && *path && make_folders(path, err))
        return path;
    if (!path || !*path)
        fail(err, "there is no folder for the state: HOME is not set; --state DIR names one");
    free(path);
    return NULL;
}

/* A file of the state folder that belongs to this history. */
static char *file_of(const char *url, const char *state, const char *name, struct sd_error *err)
{
    char *folder = state_folder(state, err);
    if (!folder)
        return NULL;
    char *shown = history_shown(url);
    char *path =
        mem_printf("%s/%s-%016llx", folder, name, (unsigned long long)str_hash(shown, strlen(shown)));
    free(shown);
    free(folder);
    return path;
}

/* ---- recording ---- */

static const struct sd_batch *hide(void *ctx, const struct sd_batch *b)
{
    return conceal_batch(ctx, b);
}

static void hide_free(void *ctx)
{
    conceal_free(ctx);
}

struct history_recorder *history_record(struct app *a, const char *url, const char *state, bool waits,
                                        int64_t wait_ns, struct sd_error *err)
{
    struct history_recorder_options o = {.url = url,
                                         .store = history_options(a),
                                         .host = history_host(a),
                                         .version = SLOWDIVE_VERSION,
                                         .spool_bytes = a->config->policy.history.max_size_bytes,
                                         .waits = waits};
    char *spool = NULL;
    if (history_is_engine(url)) {
        spool = file_of(url, state, "waiting", err);
        if (!spool)
            return NULL;
    }
    o.spool = spool;
    if (!a->config->settings->show_literals) {
        o.conceal = hide;
        o.conceal_free = hide_free;
        o.conceal_ctx = conceal_new();
    }
    struct history_recorder *r = history_recorder_open(&o, wait_ns, err);
    free(spool);
    return r;
}

/* The file of a history, as the store finds it. */
static char *path_of(const char *url)
{
    const char *path = url + strlen(FILE_SCHEME), *home = getenv("HOME");
    return str_starts(path, "~/") && home ? mem_printf("%s%s", home, path + 1) : mem_strdup(path);
}

bool history_places(struct app *a, const char *url, const char *state, struct sd_error *err)
{
    bool engine = history_is_engine(url);
    char *path = engine ? NULL : path_of(url), *host = NULL, *spool = NULL, *before = NULL;
    bool ok = true, there = engine || access(path, F_OK) == 0;
    if (engine) {
        spool = file_of(url, state, "waiting", err);
        before = spool ? file_of(url, state, "places", err) : NULL;
        ok = before != NULL;
    } else {
        before = mem_printf("%s-places", path);
        if (!there && errno == ENOENT)
            unlink(before); /* of a history that is gone */
    }
    places_free(a->places);
    a->places = NULL;
    if (ok) {
        host = history_host(a) ? mem_strdup(history_host(a)) : this_host();
        a->places = places_read(there ? url : NULL, spool, before, host, err);
    }
    free(host);
    free(before);
    free(spool);
    free(path);
    return a->places != NULL;
}
