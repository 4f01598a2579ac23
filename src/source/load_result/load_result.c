/* load_result.c - a result file of a load tool, opened in the console: its report as a document. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/loads/report.h"
#include "core/result.h"
#include "format/loads/load_reader.h"
#include "source/shared/examine.h"

enum {
    PIECE = 1 << 18,
    ROWS_MAX = 1000 /* names in the console; the command prints all */
};

struct options {
    const char *from;
};

static const struct sd_option OPTIONS[] = {
    {.name = "from",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct options, from),
     .help = "the tool that wrote it, such as wrk or k6; else it is recognised"},
    {.name = NULL},
};

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static bool known_tool(const char *tool)
{
    for (size_t i = 0; LOAD_TOOLS[i]; i++)
        if (str_eq(tool, LOAD_TOOLS[i]))
            return true;
    return false;
}

/* Only what certainly is one; for the rest load-result: is said. */
static int result_recognise(const char *target, const void *head, size_t len)
{
    (void)target;
    return head && load_result_sure(head, len) >= 95 ? 95 : 0;
}

static enum sd_result result_open(struct sd_source *s, struct sd_error *err)
{
    const struct options *o = s->opts;
    if (!*s->target)
        return sd_fail(err, SD_CONFIG, "it needs a result file of a load tool");
    return !o->from || !*o->from || known_tool(o->from)
               ? SD_OK
               : sd_fail(err, SD_CONFIG, "from is a load tool such as wrk, hey or k6, not %.60s", o->from);
}

/* Feeds all of a file or pipe, whose writer may take its time. SD_NODATA: it is to stop. */
static enum sd_result feed_all(struct sd_source *s, int fd, struct load_reader *r, struct sd_error *err)
{
    char *piece = mem_alloc(PIECE);
    bool pipe = lseek(fd, 0, SEEK_CUR) < 0;
    enum sd_result result = SD_NODATA;
    while (result == SD_NODATA && !s->host->should_stop(s)) {
        if (pipe && s->host->wait(s, fd, POLLIN, s->host->now(s) + SD_S) <= 0)
            continue;
        ssize_t n = read(fd, piece, PIECE);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            result = sd_fail(err, SD_CONFIG, "cannot be read: %s", strerror(errno));
        else if (n > 0 && !load_reader_feed(r, piece, (size_t)n, err))
            result = SD_CONFIG;
        else if (n == 0)
            result = load_reader_end(r, err) ? SD_OK : SD_CONFIG;
    }
    free(piece);
    return result;
}

static void publish(struct sd_source *s, const struct load_result *r)
{
    struct load_report report;
    load_report_make(&report, &r, 1);
    if (report.r.n_rows > ROWS_MAX) {
        load_result_note(&report.r, "Names that are left out, those of the fewest requests: %zu.",
                         report.r.n_rows - ROWS_MAX);
        report.r.n_rows = ROWS_MAX;
    }
    cJSON *o = load_report_document(&report);
    char *json = result_print(o);
    int64_t first = SD_UNKNOWN, last = SD_UNKNOWN;
    bool known = r->samples.absolute && load_samples_span(&r->samples, &first, &last);
    struct sd_batch *b = s->host->batch(s, known && !s->follow ? last : s->host->now(s));
    const struct sd_document d = {.what = "load_report",
                                  .name = str_eq(s->target, "-") ? "standard input" : last_part(s->target),
                                  .json = json};
    s->host->add(b, SD_DOCUMENT, &d);
    s->host->publish(s, b);
    free(json);
    cJSON_Delete(o);
    load_report_free(&report);
}

static enum sd_result result_run(struct sd_source *s, struct sd_error *err)
{
    const struct options *o = s->opts;
    struct sd_error why = {""};
    struct load_result result;
    struct stat st;
    bool in = str_eq(s->target, "-");
    int fd = in ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                : open(s->target, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || S_ISDIR(st.st_mode)) {
        sd_fail(err, SD_CONFIG, "%.300s cannot be opened: %s", s->target,
                fd >= 0 && S_ISDIR(st.st_mode) ? "it is a folder" : strerror(errno));
        if (fd >= 0)
            close(fd);
        return SD_CONFIG;
    }
    load_result_init(&result);
    struct load_reader *r = load_reader_new(o->from && *o->from ? o->from : NULL, &result);
    enum sd_result got = feed_all(s, fd, r, &why);
    if (got == SD_OK)
        publish(s, &result);
    else if (got != SD_NODATA)
        sd_fail(err, got, "%.200s %.280s", s->target, why.text);
    load_reader_free(r);
    load_result_free(&result);
    close(fd);
    return got == SD_OK ? SD_GONE : got == SD_NODATA ? SD_OK : got;
}

static void result_close(struct sd_source *s)
{
    (void)s; /* the file is closed when it was read */
}

extern const struct sd_source_ops load_result_source_ops;
const struct sd_source_ops load_result_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "load-result",
    .summary = "a result file of a load tool: wrk, hey, ab, k6, vegeta, JMeter, Locust, Gatling and more",
    .targets = "results.jtl, load-result:FILE?from=wrk",
    .provides = SD_KIND_BIT(SD_DOCUMENT),
    .opts_size = sizeof(struct options),
    .options = OPTIONS,
    .recognise = result_recognise,
    .open = result_open,
    .run = result_run,
    .close = result_close,
    .examine = examine_file,
};
