/* lighthouse.c - reports of Lighthouse as a source: a file, a folder of them, or a page that is loaded now.
 * I/O only; reports are read in format/pages. */
#include "source/lighthouse/lighthouse.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/schema.h"
#include "format/pages/lighthouse_report.h"
#include "source/shared/examine.h"
#include "source/shared/open_file.h"

enum {
    FILES_MAX = 10000,     /* looked at in a folder */
    PROBED_MAX = 200,      /* until one is a report */
    HEAD_BYTES = 16384,    /* of a file, to tell what it is */
    NOTES_MAX = 20,        /* files passed over that are named */
    DETAILS_MAX = 8 << 20, /* bytes of reports in the model; beyond, they lack their requests */
    ALL_MAX = 14 << 20,
    READ_BYTES = 65536,
};

static const struct sd_option OPTIONS[] = {
    {.name = "runs",
     .type = SD_OPTION_INT,
     .offset = offsetof(struct lighthouse_options, runs),
     .fallback = "3",
     .min = 1,
     .max = 100,
     .unit = "count",
     .help = "of a URL, how often the page is loaded"},
    {.name = "run_within",
     .type = SD_OPTION_DURATION,
     .offset = offsetof(struct lighthouse_options, run_within),
     .fallback = "2m",
     .min = 1e9,
     .max = 3600e9,
     .help = "of a URL, how long one run may take"},
    {.name = "form_factor",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct lighthouse_options, form_factor),
     .fallback = "mobile",
     .help = "of a URL, what is emulated: mobile or desktop"},
    {.name = NULL},
};

/* ---- keeping ---- */

static void note(struct lighthouse_source *x, const char *name, const char *why)
{
    if (x->n_notes++ < NOTES_MAX)
        strbuf_printf(&x->notes, "%s%.200s %s.", x->notes.len ? " " : "", name, why);
}

/* What is longest, and not needed for scores, medians and checks. */
static void leave_out_requests(struct sd_page_report *r)
{
    r->requests = r->request_types = r->long_tasks = NULL;
    r->request_start_ns = r->request_ns = r->request_bytes = r->request_blocking = NULL;
    r->long_task_start_ns = r->long_task_ns = NULL;
}

static void keep(struct lighthouse_source *x, struct sd_page_report *r)
{
    if (x->bytes > DETAILS_MAX)
        leave_out_requests(r);
    size_t need = schema_need(schema_of(SD_PAGE_REPORT), r) + sizeof(void *);
    if (x->bytes + need > ALL_MAX) {
        x->beyond++;
        return;
    }
    x->bytes += need;
    x->reports = mem_grow(x->reports, x->n, &x->cap, sizeof *x->reports);
    x->reports[x->n++] = *r;
}

/* All of a file, which may be a pipe: whoever writes it may take its time, and must not hold the worker. */
static enum sd_result read_whole(struct sd_source *s, const char *path, struct strbuf *out,
                                 struct sd_error *err)
{
    int fd = open_file(path);
    struct stat st;
    enum sd_result result = SD_NODATA;
    if (fd < 0 || fstat(fd, &st) < 0)
        result = sd_fail(err, SD_CONFIG, "cannot be opened: %s", strerror(errno));
    while (result == SD_NODATA && !s->host->should_stop(s)) {
        if (!S_ISREG(st.st_mode) && s->host->wait(s, fd, POLLIN, s->host->now(s) + SD_S) <= 0)
            continue; /* a pipe that nobody writes to yet has no end, either */
        ssize_t n = read(fd, strbuf_room(out, READ_BYTES), READ_BYTES);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            result = sd_fail(err, SD_CONFIG, "cannot be read: %s", strerror(errno));
        else if (n == 0)
            result = SD_OK;
        out->len += n > 0 ? (size_t)n : 0;
        if (out->len > LIGHTHOUSE_REPORT_MAX)
            result = sd_fail(err, SD_CONFIG, "has more than 64 MiB, which no report has");
    }
    if (fd >= 0)
        close(fd);
    return result;
}

/* SD_NODATA: it is to stop. */
enum sd_result lighthouse_take(struct sd_source *s, const char *path, struct sd_error *err)
{
    struct lighthouse_source *x = s->priv;
    struct sd_page_report r;
    struct strbuf bytes = {0};
    enum sd_result result = read_whole(s, path, &bytes, err);
    x->files++;
    if (result == SD_OK && !lighthouse_report_read(strbuf_text(&bytes), bytes.len, x->arena, &r, err))
        result = SD_CONFIG;
    strbuf_free(&bytes);
    if (result != SD_OK)
        return result;
    r.path = arena_strdup(x->arena, str_eq(path, "-") ? "standard input" : path);
    keep(x, &r);
    return SD_OK;
}

static sd_time newest(const struct lighthouse_source *x)
{
    sd_time t = SD_UNKNOWN;
    for (size_t i = 0; i < x->n; i++)
        t = MAX(t, x->reports[i].fetch_time);
    return t;
}

/* Read to its end, the batch is of the time of the newest report; live it is of now. */
void lighthouse_publish(struct sd_source *s)
{
    struct lighthouse_source *x = s->priv;
    sd_time at = newest(x);
    struct sd_batch *b = s->host->batch(s, !s->follow && sd_known(at) ? at : s->host->now(s));
    for (size_t i = 0; i < x->n; i++)
        s->host->add(b, SD_PAGE_REPORT, &x->reports[i]);
    struct strbuf text = {0};
    strbuf_str(&text, strbuf_text(&x->notes));
    if (x->n_notes > NOTES_MAX)
        strbuf_printf(&text, " %zu more files are no reports.", x->n_notes - NOTES_MAX);
    if (x->beyond)
        strbuf_printf(&text, "%s%zu more reports are left out: there are too many to be kept.",
                      text.len ? " " : "", x->beyond);
    struct sd_intake in = {.unit = "files",
                           .total = (int64_t)x->files,
                           .unparsed = 0,
                           .bytes = SD_UNKNOWN,
                           .note = text.len ? strbuf_text(&text) : NULL};
    s->host->add(b, SD_INTAKE, &in);
    strbuf_free(&text);
    s->host->publish(s, b);
}

/* ---- folders ---- */

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static char *joined(const char *folder, const char *name)
{
    size_t n = strlen(folder);
    return mem_printf("%s%s%s", folder, n && folder[n - 1] == '/' ? "" : "/", name);
}

static bool is_report(const char *path)
{
    char head[HEAD_BYTES];
    struct stat st;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    ssize_t n = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? read(fd, head, sizeof head) : 0;
    if (fd >= 0)
        close(fd);
    return n > 0 && lighthouse_report_sure(head, (size_t)n) > 0;
}

static bool ends_in_json(const char *name)
{
    size_t n = strlen(name);
    return n > 5 && !strcasecmp(name + n - 5, ".json");
}

static bool holds_report(const char *path)
{
    DIR *dir = opendir(path);
    bool found = false;
    size_t looked_at = 0;
    for (const struct dirent *e; dir && !found && looked_at < PROBED_MAX && (e = readdir(dir));) {
        if (!ends_in_json(e->d_name))
            continue;
        char *file = joined(path, e->d_name);
        found = is_report(file);
        free(file);
        looked_at++;
    }
    if (dir)
        closedir(dir);
    return found;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char **list(const char *folder, size_t *n, struct sd_error *err)
{
    char **names = NULL;
    size_t cap = 0;
    DIR *dir = opendir(folder);
    *n = 0;
    if (!dir)
        fail(err, "cannot open %.300s: %s", folder, strerror(errno));
    for (const struct dirent *e; dir && *n < FILES_MAX && (e = readdir(dir));)
        if (!str_eq(e->d_name, ".") && !str_eq(e->d_name, "..")) {
            names = mem_grow(names, *n, &cap, sizeof *names);
            names[(*n)++] = mem_strdup(e->d_name);
        }
    if (dir)
        closedir(dir);
    if (*n)
        qsort(names, *n, sizeof *names, by_name);
    return dir && !names ? mem_array(1, sizeof *names) : names;
}

/* A file of the folder: a report is kept, any other is told. */
static void take_file(struct sd_source *s, const char *folder, const char *name)
{
    struct lighthouse_source *x = s->priv;
    struct sd_error err;
    struct stat st;
    char *path = joined(folder, name);
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
        if (!ends_in_json(name)) {
            x->files++;
            note(x, name, "is no report of Lighthouse");
        } else if (lighthouse_take(s, path, &err) != SD_OK) {
            note(x, name, err.text);
        }
    }
    free(path);
}

static enum sd_result take_folder(struct sd_source *s, struct sd_error *err)
{
    struct lighthouse_source *x = s->priv;
    size_t n;
    char **names = list(s->target, &n, err);
    if (!names)
        return SD_CONFIG;
    for (size_t i = 0; i < n; i++) {
        if (!s->host->should_stop(s))
            take_file(s, s->target, names[i]);
        free(names[i]);
    }
    free(names);
    if (s->host->should_stop(s))
        return SD_OK;
    if (!x->n)
        return sd_fail(err, SD_CONFIG, "%.300s holds no report of Lighthouse", s->target);
    lighthouse_publish(s);
    return SD_GONE;
}

/* ---- the source ---- */

static int lighthouse_recognise(const char *target, const void *head, size_t len)
{
    if (head)
        return lighthouse_report_sure(head, len);
    return !str_eq(target, "-") && is_folder(target) && holds_report(target) ? 90 : 0;
}

static enum sd_result lighthouse_open(struct sd_source *s, struct sd_error *err)
{
    struct lighthouse_source *x = s->priv;
    *x = (struct lighthouse_source){.arena = arena_new()};
    return *s->target ? SD_OK
                      : sd_fail(err, SD_CONFIG, "it needs a report, a folder of them, or the URL of a page");
}

static enum sd_result take_one(struct sd_source *s, struct sd_error *err)
{
    struct sd_error why;
    if (lighthouse_take(s, s->target, &why) != SD_OK)
        return strstr(why.text, s->target) ? sd_fail(err, SD_CONFIG, "%s", why.text)
                                           : sd_fail(err, SD_CONFIG, "%.200s %.250s", s->target, why.text);
    lighthouse_publish(s);
    return SD_GONE;
}

static enum sd_result lighthouse_begin(struct sd_source *s, struct sd_error *err)
{
    if (lighthouse_is_url(s->target))
        return lighthouse_run(s, err);
    return is_folder(s->target) ? take_folder(s, err) : take_one(s, err);
}

static void lighthouse_close(struct sd_source *s)
{
    struct lighthouse_source *x = s->priv;
    free(x->reports);
    strbuf_free(&x->notes);
    arena_free(x->arena);
    *x = (struct lighthouse_source){.arena = NULL};
}

static enum sd_result lighthouse_probe(const char *target, const void *opts, struct sd_error *why)
{
    const struct lighthouse_options *o = opts;
    (void)target;
    return str_eq(o->form_factor, "mobile") || str_eq(o->form_factor, "desktop")
               ? SD_OK
               : sd_fail(why, SD_CONFIG, "form_factor is mobile or desktop, not %.60s", o->form_factor);
}

/* Where Lighthouse looks for a browser; the caller frees. */
static char *browser(void)
{
    static const char *const NAMES[] = {"google-chrome-stable", "google-chrome", "chromium-browser",
                                        "chromium", "chrome"};
    const char *given = getenv("CHROME_PATH");
    char *path = given && *given ? examine_program(given) : NULL;
    for (size_t i = 0; i < ARRAY_LEN(NAMES) && !path; i++)
        path = examine_program(NAMES[i]);
    return path;
}

/* Pages are loaded by two programs, which are not run; a report needs neither. */
static void lighthouse_examine(struct sd_source *s, sd_check_tell *tell, void *ctx)
{
    const struct examine e = {tell, ctx};
    enum sd_check_state lack = s->target ? SD_CHECK_MISSING : SD_CHECK_LESS;
    if (s->target && !lighthouse_is_url(s->target)) {
        examine_file_or_folder(s, tell, ctx);
        return;
    }
    char *program = examine_program("lighthouse"), *chrome = browser();
    if (program)
        examine_tell(&e, "lighthouse", SD_CHECK_OK, NULL, "%.300s is here", program);
    else
        examine_tell(&e, "lighthouse", lack, "npm install -g lighthouse",
                     "the program lighthouse is not in PATH: no page can be loaded by it");
    if (chrome)
        examine_tell(&e, "chrome", SD_CHECK_OK, NULL, "%.300s is here", chrome);
    else
        examine_tell(
            &e, "chrome", lack, "sudo apt install chromium",
            "there is no Chrome or Chromium in PATH, nor in CHROME_PATH: Lighthouse loads pages in one");
    free(program);
    free(chrome);
}

extern const struct sd_source_ops lighthouse_source_ops;
const struct sd_source_ops lighthouse_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "lighthouse",
    .summary = "reports of Lighthouse: a file, a folder of them, or a page that is loaded now",
    .targets = "report.json, .lighthouseci, lighthouse:FILE, lighthouse:https://HOST/PAGE?runs=5",
    .provides = SD_KIND_BIT(SD_PAGE_REPORT) | SD_KIND_BIT(SD_INTAKE),
    .opts_size = sizeof(struct lighthouse_options),
    .options = OPTIONS,
    .priv_size = sizeof(struct lighthouse_source),
    .recognise = lighthouse_recognise,
    .probe = lighthouse_probe,
    .open = lighthouse_open,
    .run = lighthouse_begin,
    .close = lighthouse_close,
    .examine = lighthouse_examine,
};
