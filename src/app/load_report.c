/* load_report.c - `slowdive load report`: results of other load tools as one document. */
#include "app/load_report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "app/output.h"
#include "core/loads/report.h"
#include "format/loads/load_reader.h"

enum { PIECE = 1 << 18 };

bool load_file_read(const char *path, const char *tool, struct load_result *out, struct sd_error *err)
{
    bool in = str_eq(path, "-");
    const char *name = in ? "standard input" : path;
    int fd = in ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct sd_error why = {""};
    load_result_init(out);
    if (fd < 0)
        return fail(err, "%s cannot be opened: %s", name, strerror(errno));
    struct load_reader *r = load_reader_new(tool, out);
    char *piece = mem_alloc(PIECE);
    ssize_t n;
    bool good = true;
    while (good && ((n = read(fd, piece, PIECE)) > 0 || (n < 0 && errno == EINTR)))
        good = n < 0 || load_reader_feed(r, piece, (size_t)n, &why);
    if (good && n < 0)
        good = fail(&why, "cannot be read: %s", strerror(errno));
    good = good && load_reader_end(r, &why);
    load_reader_free(r);
    free(piece);
    if (!in)
        close(fd);
    return good || fail(err, "%s %s", name, why.text);
}

static const struct command_option OPTIONS[] = {
    {"from", "TOOL", "of which tool the files are: wrk, hey, k6, ...; else by their content"},
    {NULL, NULL, NULL},
};

/* The name as the readers know it, whatever its case: "JMeter". NULL, with a complaint: there is none. */
static const char *known_tool(const char *tool)
{
    struct strbuf names = {0};
    const char *found = NULL;
    for (size_t i = 0; LOAD_TOOLS[i] && !found; i++) {
        found = strcasecmp(tool, LOAD_TOOLS[i]) == 0 ? LOAD_TOOLS[i] : NULL;
        strbuf_printf(&names, "%s%s", i ? ", " : "", LOAD_TOOLS[i]);
    }
    if (!found)
        complain("--from takes one of %s, not %.60s", strbuf_text(&names), tool);
    strbuf_free(&names);
    return found;
}

static int load_report_run(struct app *a)
{
    const char *tool = command_value(a->cli, "from");
    if (!command_args(a, 1, SIZE_MAX) || !output_ready(a) || (tool && !(tool = known_tool(tool))))
        return EXIT_USAGE;
    size_t n = a->cli->n_args, read = 0;
    struct load_result *results = mem_array(n, sizeof *results);
    const struct load_result **list = mem_array(n, sizeof *list);
    struct sd_error err;
    bool good = true;
    for (; read < n && good; read++) {
        good = load_file_read(a->cli->args[read], tool, &results[read], &err);
        list[read] = &results[read];
    }
    int status = EXIT_USAGE;
    if (good) {
        struct load_report report;
        load_report_make(&report, list, n);
        status = command_print(a, load_report_document(&report), true);
        load_report_free(&report);
    } else {
        complain("%s", err.text);
    }
    for (size_t i = 0; i < read; i++)
        load_result_free(&results[i]);
    free(results);
    free(list);
    return status;
}

const struct cli_command LOAD_REPORT_COMMAND = {
    .name = "load report",
    .args = "FILE...",
    .help = "what other load tools measured: wrk, hey, ab, k6, vegeta, JMeter, Locust, Gatling and more",
    .options = OPTIONS,
    .run = load_report_run,
};
