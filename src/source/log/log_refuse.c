#include "source/log/log_refuse.h"

enum sd_result log_refuse_utf16(const char *target, struct sd_error *err)
{
    return sd_fail(
        err, SD_CONFIG,
        "%.200s is UTF-16 text, which is not read; convert it: iconv -f UTF-16 -t UTF-8 %.200s > access.log",
        target, target);
}

/* A file of another kind, said in one sentence. */
enum sd_result log_refuse(const char *target, const struct accesslog_intake *in,
                          struct accesslog_format *given, struct sd_error *err)
{
    bool binary = false;
    char line[80] = "";
    if (in->n_samples) {
        snprintf(line, sizeof line, "%.*s", (int)sizeof line - 1, in->samples[0].text);
        for (char *c = line; *c; c++) {
            binary |= (*c > 0 && *c < ' ' && *c != '\t') || *c == 0x7f;
            if ((unsigned char)*c < ' ' || *c == 0x7f)
                *c = '.';
        }
        for (size_t i = 0; i < in->n_samples; i++)
            binary |= strstr(in->samples[i].reason, "binary") != NULL;
    }
    if (binary) {
        accesslog_format_free(given);
        return sd_fail(err, SD_CONFIG, "%.200s is not an access log: it holds binary data", target);
    }
    if (given) {
        char why[240] = "";
        const char *full = in->n_samples ? in->samples[0].text : "";
        struct accesslog_line ignored;
        const char *reason = NULL;
        if (!accesslog_parse(given, full, strlen(full), &ignored, &reason))
            accesslog_format_misfit(given, full, strlen(full), why, sizeof why);
        accesslog_format_free(given);
        return sd_fail(err, SD_CONFIG,
                       "no line of %.200s matches the given format; its first line is \"%s\"%s%s", target,
                       line,
                       *why     ? ": "
                       : reason ? ". "
                                : "",
                       *why     ? why
                       : reason ? reason
                                : "");
    }
    const char *miss = in->n_samples && strlen(in->samples[0].text) + 1 < sizeof in->samples[0].text
                           ? accesslog_near_miss(in->samples[0].text, strlen(in->samples[0].text))
                           : NULL;
    if (miss && str_ends(miss, "."))
        return sd_fail(err, SD_CONFIG,
                       "%.200s is not an access log of a known format; its first line is \"%s\". %s", target,
                       line, miss);
    if (miss)
        return sd_fail(
            err, SD_CONFIG,
            "%.200s is not an access log of a known format: in its first line, \"%s\", %s. Set its format: "
            "log:PATH?format=... or --log-format, in the server's notation",
            target, line, miss);
    return sd_fail(err, SD_CONFIG,
                   "%.200s is not an access log of a known format; its first line is \"%s\". If it is one, "
                   "set its format: log:PATH?format=... or --log-format, in nginx's notation",
                   target, line);
}
