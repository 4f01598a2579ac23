/* profile.c - a profile file as a source: read once, to its end. I/O only; it is read in format/profiles. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/profiles/profile_file.h"
#include "source/profile/recorded_names.h"
#include "source/shared/debug_fetch.h"
#include "source/shared/examine.h"
#include "source/shared/open_file.h"

/* What one profile may take of the model, which keeps several. */
enum { RECORDS_MAX = 12 << 20 };

struct profile_options {
    const char *type, *label;
    bool inlined, debuginfod;
};

static const struct sd_option OPTIONS[] = {
    {.name = "type",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct profile_options, type),
     .fallback = "",
     .help =
         "the sample type to show, as the file names it: cpu, inuse_space (default: the file's own choice)"},
    {.name = "label",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct profile_options, label),
     .fallback = "",
     .help = "of pprof, a label of its samples, such as http.route: its values become the outermost frames"},
    {.name = "inlined",
     .type = SD_OPTION_BOOL,
     .offset = offsetof(struct profile_options, inlined),
     .fallback = "yes",
     .help =
         "of a perf.data file, count what is inlined as functions of their own; no: as the function they are "
         "in, like perf report"},
    {.name = "debuginfod",
     .type = SD_OPTION_BOOL,
     .offset = offsetof(struct profile_options, debuginfod),
     .fallback = "no",
     .help = "of a perf.data file, " DEBUG_FETCH_HELP},
    {.name = NULL},
};

struct profile_source {
    int fd; /* -1: none */
    bool regular;
    sd_time changed; /* the file; SD_UNKNOWN */
    char *bytes;
    size_t len, cap;
};

static enum sd_result profile_open(struct sd_source *s, struct sd_error *err)
{
    struct profile_source *x = s->priv;
    struct stat st;
    *x = (struct profile_source){.fd = -1};
    enum sd_result result = open_target(s, "profile:cpu.pb.gz", &x->fd, &st, err);
    if (result != SD_OK)
        return result;
    if (S_ISREG(st.st_mode) && st.st_size > PROFILE_FILE_MAX)
        return sd_fail(err, SD_CONFIG, "cannot read the profile %.300s: it has more than 256 MiB", s->target);
    x->regular = S_ISREG(st.st_mode);
    x->changed = x->regular ? st.st_mtim.tv_sec * SD_S + st.st_mtim.tv_nsec : SD_UNKNOWN;
    x->cap = x->regular ? (size_t)st.st_size + 1 : 65536;
    x->bytes = mem_realloc(NULL, x->cap);
    return SD_OK;
}

/* All of the file. SD_NODATA: it is to stop. */
static enum sd_result read_whole(struct sd_source *s, struct sd_error *err)
{
    struct profile_source *x = s->priv;
    while (!s->host->should_stop(s)) {
        if (x->len == x->cap) {
            x->cap = MIN(x->cap * 2, (size_t)PROFILE_FILE_MAX + 1);
            x->bytes = mem_realloc(x->bytes, x->cap);
        }
        if (!x->regular && s->host->wait(s, x->fd, POLLIN, s->host->now(s) + SD_S) <= 0)
            continue; /* a pipe that nobody writes to yet has no end, either */
        ssize_t n = read(x->fd, x->bytes + x->len, MIN(x->cap - x->len, (size_t)1 << 20));
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return sd_fail(err, SD_CONFIG, "cannot read %.300s: %s", s->target, strerror(errno));
        if (n == 0)
            return SD_OK;
        x->len += n > 0 ? (size_t)n : 0;
        if (x->len > PROFILE_FILE_MAX)
            return sd_fail(err, SD_CONFIG, "cannot read the profile %.300s: it has more than 256 MiB",
                           s->target);
    }
    return SD_NODATA;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return str_eq(path, "-") ? "standard input" : slash && slash[1] ? slash + 1 : path;
}

/* Live, a profile is of the moment it was read: the figures beside it are of now. */
static enum sd_result publish_profile(struct sd_source *s, struct profile *p, struct sd_error *err)
{
    struct sd_batch *b = s->host->batch(s, !s->follow && sd_known(p->at) ? p->at : s->host->now(s));
    if (!profile_records(p, base_name(s->target), RECORDS_MAX, s->host, b)) {
        s->host->discard(b);
        return sd_fail(err, SD_CONFIG, "the profile %.300s holds more than one batch can", s->target);
    }
    s->host->publish(s, b);
    return SD_GONE;
}

static enum sd_result run_format(struct sd_source *s, enum profile_format format, struct sd_error *err)
{
    const struct profile_options *o = s->opts;
    struct profile_source *x = s->priv;
    enum sd_result r = read_whole(s, err);
    if (r != SD_OK)
        return r == SD_NODATA ? SD_OK : r;
    struct debug_fetch *fetch = NULL;
    if (o->debuginfod && !(fetch = debug_fetch_new(err)))
        return SD_CONFIG;
    struct recorded_names *names =
        recorded_names_new(s, sd_known(x->changed) ? x->changed / SD_S : 0, o->inlined, fetch);
    const struct profile_wish wish = {
        .type = o->type, .label = o->label, .names = recorded_names_hook(names)};
    struct profile *p = profile_read_as(x->bytes, x->len, format, &wish, base_name(s->target), err);
    if (p)
        recorded_names_say(names, p);
    recorded_names_free(names);
    if (!p)
        return SD_CONFIG;
    if (p->n_holders && !sd_known(p->at)) /* several snapshots are told apart by their age */
        p->at = x->changed;
    r = publish_profile(s, p, err);
    profile_free(p);
    return r;
}

static void profile_close(struct sd_source *s)
{
    struct profile_source *x = s->priv;
    if (x->fd >= 0)
        close(x->fd);
    free(x->bytes);
    *x = (struct profile_source){.fd = -1};
}

static enum sd_result decode_format(const struct sd_host *host, const void *bytes, size_t len,
                                    struct sd_batch *b, enum profile_format format, struct sd_error *err)
{
    struct profile *p = profile_read(bytes, len, format, NULL, "given", err);
    if (!p)
        return SD_CONFIG;
    bool done = profile_records(p, "given", RECORDS_MAX, host, b);
    profile_free(p);
    return done ? SD_OK : sd_fail(err, SD_CONFIG, "the profile holds more than one batch can");
}

/* Below what an access log is sure of: its lines, too, may end in a number. */
static int profile_recognise_target(const char *target, const void *head, size_t len)
{
    (void)target;
    if (!head || !len)
        return 0;
    if (profile_convertible(head, len))
        return 90; /* to be refused with what helps */
    return profile_sure(profile_recognise(head, len));
}

#define PROFILE_SOURCE(kind, FORMAT, summary_, targets_, recognise_)                                         \
    static enum sd_result kind##_run(struct sd_source *s, struct sd_error *err)                              \
    {                                                                                                        \
        return run_format(s, FORMAT, err);                                                                   \
    }                                                                                                        \
    static enum sd_result kind##_decode(const struct sd_host *host, const void *bytes, size_t len,           \
                                        struct sd_batch *b, struct sd_error *err)                            \
    {                                                                                                        \
        return decode_format(host, bytes, len, b, FORMAT, err);                                              \
    }                                                                                                        \
    extern const struct sd_source_ops kind##_source_ops;                                                     \
    const struct sd_source_ops kind##_source_ops = {                                                         \
        .abi = SD_ABI,                                                                                       \
        .size = sizeof(struct sd_source_ops),                                                                \
        .name = #kind,                                                                                       \
        .summary = summary_,                                                                                 \
        .targets = targets_,                                                                                 \
        .provides = SD_KIND_BIT(SD_PROFILE) | SD_KIND_BIT(SD_PROFILE_FUNCTION) |                             \
                    SD_KIND_BIT(SD_PROFILE_TREE) | SD_KIND_BIT(SD_PROFILE_HOLDER) | SD_KIND_BIT(SD_INTAKE),  \
        .opts_size = sizeof(struct profile_options),                                                         \
        .options = OPTIONS,                                                                                  \
        .priv_size = sizeof(struct profile_source),                                                          \
        .recognise = recognise_,                                                                             \
        .open = profile_open,                                                                                \
        .run = kind##_run,                                                                                   \
        .close = profile_close,                                                                              \
        .decode = kind##_decode,                                                                             \
        .examine = examine_file,                                                                             \
    }

PROFILE_SOURCE(profile, PROFILE_ANY, "a profile in a file, its format recognised by its content: functions",
               "profile:FILE, FILE of a known format, profile:- (standard input)", profile_recognise_target);
#define PROFILE_FORMAT_SOURCE_(NAME, kind, sure, what)                                                       \
    PROFILE_SOURCE(kind, PROFILE_##NAME, what ": functions", #kind ":FILE, " #kind ":- (standard input)",    \
                   NULL);
PROFILE_FORMATS(PROFILE_FORMAT_SOURCE_)
