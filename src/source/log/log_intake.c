#include "source/log/log_intake.h"

#include <stdlib.h>

#include "base/units.h"

static void add_sentence(struct intake_lists *lists, const char *sentence)
{
    size_t n = strlen(lists->note);
    snprintf(lists->note + n, sizeof lists->note - n, "%s%s", n ? ". " : "", sentence);
}

static void read_note(const struct accesslog_intake *in, int64_t skew_ns, struct intake_lists *lists)
{
    char text[200], value[UNIT_TEXT_MAX];
    *lists->note = 0;
    if (skew_ns) {
        snprintf(text, sizeof text, "The log's clock is %s %s this machine's",
                 unit_format_int(UNIT_AGE, skew_ns < 0 ? -skew_ns : skew_ns, value),
                 skew_ns < 0 ? "behind" : "ahead of");
        add_sentence(lists, text);
    }
    if (in->wrapped)
        add_sentence(lists, in->wrapped);
    if (*in->misfit) {
        char whole[300];
        snprintf(whole, sizeof whole, "Of the first line that does not fit the given format, %s", in->misfit);
        add_sentence(lists, whole);
    }
    if (*in->said)
        add_sentence(lists, in->said);
    if (in->holes) {
        snprintf(text, sizeof text,
                 "%s of NUL bytes were skipped, as a log truncated under its writer has them",
                 unit_format_int(UNIT_BYTES, in->holes, value));
        add_sentence(lists, text);
    }
}

struct sd_intake log_intake_record(const struct accesslog_intake *in, int64_t skew_ns,
                                   struct intake_lists *lists)
{
    struct sd_intake r = {.unit = "lines", .total = in->lines, .unparsed = in->unparsed, .bytes = in->bytes};
    size_t n = MIN(in->n_samples, ARRAY_LEN(lists->texts));
    for (size_t i = 0; i < n; i++) {
        r.sample = lists->texts[i] = in->samples[i].text;
        r.reason = lists->whys[i] = in->samples[i].reason;
    }
    lists->samples = (struct sd_texts){.n = (uint32_t)n, .items = lists->texts};
    lists->reasons = (struct sd_texts){.n = (uint32_t)n, .items = lists->whys};
    read_note(in, skew_ns, lists);
    r.note = *lists->note ? lists->note : NULL;
    r.samples = n ? &lists->samples : NULL;
    r.reasons = n ? &lists->reasons : NULL;
    return r;
}

void log_tell_format(struct sd_source *s, const struct accesslog_intake *in, const char *given, char **said)
{
    if (!s->follow || !in->format || str_eq(in->format, *said) || (given && *given))
        return;
    free(*said);
    *said = mem_strdup(in->format);
    s->host->note(s, SD_STATE_LIVE, "read as %s%s%s", in->format, in->wrapped ? ". " : "",
                  in->wrapped ? in->wrapped : "");
}
