/* bundle.c - a build of a front end: read to its end, and while it is followed again when it was built anew.
 * What describes it is found by bundle_find.h, read by the readers of format/bundles/, completed by
 * bundle_measure.h. */
#include <string.h>
#include <sys/stat.h>

#include "source/bundle/bundle_measure.h"
#include "source/shared/examine.h"

#define LOOK_EVERY (2 * SD_S)

/* Of a folder and of what describes the build in it; zeros: not there. */
struct look {
    struct timespec changed[2];
    ino_t file[2];
};

struct bundle {
    bool opened;
    struct bundle_found found;
    struct look seen; /* before it was read */
};

/* By their paths: a folder may have been put in the place of the other. */
static struct look look_at(const struct bundle_found *found)
{
    struct look l = {0};
    struct strbuf path = {0};
    strbuf_str(&path, found->folder.path);
    for (int i = 0; i < 2; i++) {
        struct stat st;
        if (stat(path.text, &st) == 0) {
            l.changed[i] = st.st_mtim;
            l.file[i] = st.st_ino;
        }
        if (!found->file)
            break;
        strbuf_char(&path, '/');
        strbuf_str(&path, found->file);
    }
    strbuf_free(&path);
    return l;
}

static bool same_look(const struct look *a, const struct look *b)
{
    bool same = true;
    for (int i = 0; i < 2; i++)
        same &= a->file[i] == b->file[i] && a->changed[i].tv_sec == b->changed[i].tv_sec &&
                a->changed[i].tv_nsec == b->changed[i].tv_nsec;
    return same;
}

static enum sd_result bundle_open(struct sd_source *s, struct sd_error *err)
{
    struct bundle *x = s->priv;
    x->opened = true;
    return bundle_find(s->target, &x->found, err) ? SD_OK : SD_CONFIG;
}

static void bundle_close(struct sd_source *s)
{
    struct bundle *x = s->priv;
    if (x->opened)
        bundle_found_clear(&x->found);
    x->opened = false;
}

/* ---- reading ---- */

static bool go_on(void *ctx)
{
    struct sd_source *s = ctx;
    return !s->host->should_stop(s);
}

static void tell(void *ctx, size_t done, size_t of)
{
    struct sd_source *s = ctx;
    if (s->follow)
        s->host->note(s, SD_STATE_LIVE, "measuring compressed sizes: %zu of %zu files", done, of);
}

static enum sd_result publish(struct sd_source *s, const struct draft *d, const struct bundle_measured *m,
                              bool final, struct sd_error *err)
{
    sd_time at = s->host->now(s);
    for (int with_code = 1; with_code >= 0; with_code--) {
        struct sd_batch *b = s->host->batch(s, at);
        if (bundle_add_records(s->host, b, s->target, d, m, final, with_code)) {
            s->host->publish(s, b);
            return SD_GONE;
        }
        s->host->discard(b);
    }
    return sd_fail(err, SD_CONFIG,
                   "the build in %.200s has too many modules: its records would take over 64 MiB", s->target);
}

static enum sd_result measure(struct sd_source *s, struct draft *d, struct bundle_measured *m,
                              struct sd_error *err)
{
    struct bundle *x = s->priv;
    struct bundle_progress p = {.go_on = go_on, .tell = tell, .ctx = s};
    struct sd_error why = {""};
    enum sd_result r;
    if (!bundle_measure(&x->found, d, &p, m, &why))
        return *why.text ? sd_fail(err, SD_CONFIG, "%.200s cannot be used. %.250s", s->target, why.text)
                         : SD_OK;
    /* Brotli takes a second for a megabyte: whoever looks on sees the build before. */
    if (s->follow && (r = publish(s, d, m, false, err)) != SD_GONE)
        return r;
    bool whole = bundle_compress(&x->found, d, &p, m);
    s->host->note(s, SD_STATE_LIVE, "%s", ""); /* how far it came is not how it ended */
    return whole ? publish(s, d, m, true, err) : SD_OK;
}

/* SD_GONE: it is published, whole. */
static enum sd_result read_build(struct sd_source *s, struct sd_error *err)
{
    struct bundle *x = s->priv;
    struct draft *d = draft_new();
    struct bundle_measured m = {0};
    enum sd_result r = SD_CONFIG;
    x->seen = look_at(&x->found);
    if (bundle_read(&x->found, d, err))
        r = measure(s, d, &m, err);
    bundle_measured_clear(&m);
    draft_free(d);
    return r;
}

/* Another build in its place, which is found anew: it may be of another form. */
static enum sd_result read_again(struct sd_source *s, struct sd_error *err)
{
    struct bundle *x = s->priv;
    struct bundle_found found = {.folder = {.fd = -1}};
    if (!bundle_find(s->target, &found, err)) {
        bundle_found_clear(&found);
        return SD_CONFIG;
    }
    bundle_found_clear(&x->found);
    x->found = found;
    return read_build(s, err);
}

/* A build takes a while to be written: it is read when two looks in a row see the same. */
static enum sd_result bundle_run(struct sd_source *s, struct sd_error *err)
{
    struct bundle *x = s->priv;
    struct sd_error why = {.text = ""};
    enum sd_result r = read_build(s, err);
    struct look last = x->seen;
    while (r == SD_GONE && s->follow && !s->host->should_stop(s)) {
        s->host->wait(s, -1, 0, s->host->now(s) + LOOK_EVERY);
        struct look now = look_at(&x->found);
        bool rests = same_look(&now, &last);
        last = now;
        if (rests && !same_look(&now, &x->seen) && !s->host->should_stop(s)) {
            x->seen = now;
            if (read_again(s, &why) == SD_GONE)
                why.text[0] = 0;
        }
        s->host->note(s, SD_STATE_LIVE, "%s", why.text);
    }
    return r;
}

/* ---- recognising ---- */

/* Text: no byte that only other files have. */
static bool is_text(const char *head, size_t len)
{
    return !memchr(head, 0, len);
}

static int bundle_recognise(const char *target, const void *head, size_t len)
{
    if (str_eq(target, "-")) /* the assets beside it could not be found */
        return 0;
    if (!head)
        return bundle_is_folder(target) ? 80 : 0;
    if (bundle_is_code(target)) /* by its name: minified code may look like many things */
        return is_text(head, len) ? 92 : 0;
    return bundle_form_of(head, len) != BUNDLE_ASSETS ? 85 : 0;
}

extern const struct sd_source_ops bundle_source_ops;
const struct sd_source_ops bundle_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "bundle",
    .summary = "a build of a front end: which modules its files are made of",
    .targets = "bundle:FOLDER, or bundle:FILE: webpack's stats.json, a metafile of esbuild, raw data of "
               "rollup-plugin-visualizer, a js or css file",
    .provides = SD_KIND_BIT(SD_BUNDLE) | SD_KIND_BIT(SD_BUNDLE_ASSET) | SD_KIND_BIT(SD_BUNDLE_MODULE) |
                SD_KIND_BIT(SD_BUNDLE_IMPORTS) | SD_KIND_BIT(SD_BUNDLE_CODE) | SD_KIND_BIT(SD_BUNDLE_ROUTE) |
                SD_KIND_BIT(SD_BUNDLE_PACKAGE),
    .recognise = bundle_recognise,
    .priv_size = sizeof(struct bundle),
    .open = bundle_open,
    .run = bundle_run,
    .close = bundle_close,
    .examine = examine_file_or_folder,
};
