/* trace.c - files with spans of OTLP, Jaeger, Zipkin or Tempo as a source: one, or a folder of them. I/O
 * only; they are read in format/traces. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/trace/trace_source.h"
#include "source/shared/examine.h"

enum {
    FILES_MAX = 10000, /* of a folder */
    PROBED_MAX = 200,  /* until one has spans */
    HEAD_BYTES = 16384,
    NOTES_MAX = 20, /* files passed over that are named */
};

struct trace_files {
    struct span_outlet outlet;
    struct span_draft *draft;
    struct trace_intake intake;
    int64_t read; /* files with spans */
};

static bool is_folder(const char *path)
{
    struct stat st;
    return !str_eq(path, "-") && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int sure_of(const char *path)
{
    char head[HEAD_BYTES];
    struct stat st;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    ssize_t n = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? read(fd, head, sizeof head) : 0;
    if (fd >= 0)
        close(fd);
    return n > 0 ? trace_file_sure(head, (size_t)n) : 0;
}

static char *joined(const char *folder, const char *name)
{
    return mem_printf("%s%s%s", folder, str_ends(folder, "/") ? "" : "/", name);
}

/* ---- recognising ---- */

static bool holds_spans(const char *folder)
{
    DIR *dir = opendir(folder);
    bool found = false;
    size_t looked_at = 0;
    for (const struct dirent *e; dir && !found && looked_at < PROBED_MAX && (e = readdir(dir)); looked_at++) {
        char *path = joined(folder, e->d_name);
        found = sure_of(path) > 0;
        free(path);
    }
    if (dir)
        closedir(dir);
    return found;
}

static int trace_recognise(const char *target, const void *head, size_t len)
{
    if (head)
        return trace_file_sure(head, len);
    return is_folder(target) && holds_spans(target) ? 70 : 0;
}

/* ---- reading ---- */

static void note(struct trace_files *x, const char *name, const char *why)
{
    struct strbuf *notes = &x->intake.notes;
    if (x->intake.passed_over++ < NOTES_MAX)
        strbuf_printf(notes, "%s%.100s: %.300s.", notes->len ? " " : "", name, why);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t list(const char *folder, char ***names, struct sd_error *err)
{
    size_t n = 0, cap = 0;
    DIR *dir = opendir(folder);
    *names = NULL;
    if (!dir)
        fail(err, "cannot open %.300s: %s", folder, strerror(errno));
    for (const struct dirent *e; dir && n < FILES_MAX && (e = readdir(dir));)
        if (*e->d_name != '.') {
            *names = mem_grow(*names, n, &cap, sizeof **names);
            (*names)[n++] = mem_strdup(e->d_name);
        }
    if (dir)
        closedir(dir);
    if (n)
        qsort(*names, n, sizeof **names, by_name);
    return n;
}

/* SD_NODATA: it is to stop. */
static enum sd_result take_of_folder(struct sd_source *s, const char *folder, const char *name)
{
    struct trace_files *x = s->priv;
    struct sd_error why = {""};
    char *path = joined(folder, name);
    enum sd_result r = SD_OK;
    struct stat st;
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
        if (!sure_of(path)) {
            note(x, name, "no spans are in it");
        } else {
            r = trace_file_read(&x->outlet, path, x->draft, &x->intake, &why);
            x->read += r == SD_OK;
            if (r == SD_CONFIG)
                note(x, name, why.text);
        }
    }
    free(path);
    return r == SD_NODATA ? r : SD_OK;
}

static enum sd_result take_folder(struct sd_source *s, struct sd_error *err)
{
    struct trace_files *x = s->priv;
    char **names;
    *err->text = 0;
    enum sd_result r = SD_OK;
    size_t n = list(s->target, &names, err);
    for (size_t i = 0; i < n; i++) {
        if (r == SD_OK)
            r = take_of_folder(s, s->target, names[i]);
        free(names[i]);
    }
    free(names);
    if (*err->text)
        return SD_CONFIG;
    if (r == SD_OK && !x->read)
        return sd_fail(err, SD_CONFIG, "no file in %.200s has spans that can be read%s%.200s", s->target,
                       x->intake.notes.len ? "; " : "", strbuf_text(&x->intake.notes));
    return r;
}

static enum sd_result take_one(struct sd_source *s, struct sd_error *err)
{
    struct trace_files *x = s->priv;
    struct sd_error why = {""};
    enum sd_result r = trace_file_read(&x->outlet, s->target, x->draft, &x->intake, &why);
    if (r != SD_CONFIG)
        return r;
    const char *name = str_eq(s->target, "-") ? "standard input" : s->target;
    if (!x->outlet.spans && !span_draft_count(x->draft))
        return sd_fail(err, SD_CONFIG, "%.200s: %.290s", name, why.text);
    sd_fail(err, SD_GONE, "%.200s was not read to its end: %.280s", name, why.text);
    strbuf_printf(&x->intake.notes, "%s.", err->text);
    return SD_GONE;
}

static enum sd_result trace_open(struct sd_source *s, struct sd_error *err)
{
    struct trace_files *x = s->priv;
    *x = (struct trace_files){.draft = span_draft_new()};
    span_outlet_open(&x->outlet, s);
    return *s->target ? SD_OK
                      : sd_fail(err, SD_CONFIG, "it needs a file with spans, or a folder of such files");
}

static enum sd_result trace_run(struct sd_source *s, struct sd_error *err)
{
    struct trace_files *x = s->priv;
    enum sd_result r = is_folder(s->target) ? take_folder(s, err) : take_one(s, err);
    if (r == SD_NODATA)
        return SD_OK;
    if (r == SD_CONFIG)
        return r;
    span_outlet_take(&x->outlet, x->draft);
    span_outlet_flush(&x->outlet);
    trace_intake_publish(s, &x->intake, x->draft, x->outlet.newest);
    return SD_GONE;
}

static void trace_close(struct sd_source *s)
{
    struct trace_files *x = s->priv;
    if (x->outlet.s)
        span_outlet_close(&x->outlet);
    span_draft_free(x->draft);
    strbuf_free(&x->intake.notes);
    *x = (struct trace_files){.read = 0};
}

/* ---- for tests and fuzzing ---- */

struct decoding {
    const struct sd_host *host;
    struct sd_batch *b;
    bool full;
};

static bool decode_spans(void *ctx, struct span_draft *d)
{
    struct decoding *x = ctx;
    struct sd_spans spans;
    x->full |= span_draft_take(d, &spans) && !x->host->add(x->b, SD_SPANS, &spans);
    return !x->full;
}

static enum sd_result trace_decode(const struct sd_host *host, const void *bytes, size_t len,
                                   struct sd_batch *b, struct sd_error *err)
{
    struct decoding x = {.host = host, .b = b};
    struct span_sink sink = {.full = decode_spans, .ctx = &x};
    struct span_draft *d = span_draft_new();
    struct trace_reader *r = trace_reader_new(d, &sink);
    *err->text = 0;
    bool good = trace_reader_feed(r, bytes, len, err) && trace_reader_end(r, err);
    decode_spans(&x, d);
    trace_reader_free(r);
    span_draft_free(d);
    return x.full ? sd_fail(err, SD_CONFIG, "the spans are more than one batch can hold")
           : good ? SD_OK
                  : SD_CONFIG;
}

extern const struct sd_source_ops trace_source_ops;
const struct sd_source_ops trace_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "trace",
    .summary =
        "files with spans of OTLP, Jaeger, Zipkin or Tempo, in JSON, lines of JSON or protobuf: traces",
    .targets = "FILE, FOLDER, FILE.gz, FILE.zst, trace:FILE, trace:- (standard input)",
    .provides = SD_KIND_BIT(SD_SPANS) | SD_KIND_BIT(SD_HTTP) | SD_KIND_BIT(SD_HTTP_PART) |
                SD_KIND_BIT(SD_STATEMENT) | SD_KIND_BIT(SD_INTAKE),
    .priv_size = sizeof(struct trace_files),
    .recognise = trace_recognise,
    .open = trace_open,
    .run = trace_run,
    .close = trace_close,
    .decode = trace_decode,
    .examine = examine_file_or_folder,
};
