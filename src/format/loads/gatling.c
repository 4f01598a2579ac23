/* gatling.c - simulation.log of Gatling, up to 3.11: lines of fields parted by tabs, whole milliseconds.
 *
 * Columns came and went between versions, so they are not counted: behind the name of a request stand two
 * times (four before 2.2), and then OK or KO. */
#include <string.h>

#include "base/num.h"
#include "format/loads/readers.h"

enum { FIELDS_MAX = 24, TIME_DIGITS = 13 };

static bool is_time(struct load_span f)
{
    return f.n == TIME_DIGITS && sd_known(span_time(f));
}

static int gatling_sure(struct load_span head, bool named)
{
    (void)named;
    if (memchr(head.at, 0, head.n))
        return 0;
    return span_starts(head, "RUN\t") || span_starts(head, "ASSERTION\t") ? 95
           : span_has(head, "\nRUN\t") || span_starts(head, "REQUEST\t")  ? 85
                                                                          : 0;
}

/* "groups / name" in the scratch; the name alone without groups. */
static struct load_span name_of(struct load_draft *d, const struct load_span *f, size_t at)
{
    struct load_span name = f[at], groups = at > 1 ? f[at - 1] : load_span(NULL, 0);
    /* Before the groups are the user's number and the scenario, in older versions. */
    if (!groups.n || at < 2)
        return name;
    strbuf_clear(&d->text);
    for (struct load_span rest = groups; rest.n;) {
        struct load_span group = span_until(&rest, ',');
        strbuf_add(&d->text, group.at, group.n);
        strbuf_str(&d->text, " / ");
    }
    strbuf_add(&d->text, name.at, name.n);
    return load_span(d->text.text, d->text.len);
}

static bool gatling_take(struct load_draft *d, struct load_span line)
{
    struct load_span f[FIELDS_MAX];
    size_t n = 0, outcome = 0;
    if (span_starts(line, "RUN\t") || span_starts(line, "USER\t") || span_starts(line, "GROUP\t") ||
        span_starts(line, "ASSERTION\t") || span_starts(line, "ERROR\t"))
        return true;
    if (!span_starts(line, "REQUEST\t"))
        return load_broken(d, "is no record of Gatling");
    for (struct load_span rest = line; rest.n && n < FIELDS_MAX; n++)
        f[n] = span_until(&rest, '\t');
    for (size_t i = 3; i < n && !outcome; i++)
        if ((span_is(f[i], "OK") || span_is(f[i], "KO")) && is_time(f[i - 1]) && is_time(f[i - 2]))
            outcome = i;
    if (!outcome)
        return load_broken(d, "has no two times before OK or KO");
    size_t first = outcome - 2;
    if (outcome >= 6 && is_time(f[outcome - 3]) && is_time(f[outcome - 4]))
        first = outcome - 4;
    int64_t start = span_time(f[first]), end = span_time(f[outcome - 1]);
    if (end < start)
        return load_broken(d, "ends before it begins");
    struct load_span name = name_of(d, f, first - 1);
    load_samples_add(&d->result->samples, &(struct load_sample){.name = name.at,
                                                                .name_len = name.n,
                                                                .start_ns = start,
                                                                .latency_ns = end - start,
                                                                .status = LOAD_NO_STATUS,
                                                                .failed = span_is(f[outcome], "KO"),
                                                                .bytes = SD_UNKNOWN});
    d->result->samples.absolute = true;
    return true;
}

const struct load_form LOAD_GATLING = {
    .tool = "gatling",
    .what = "a simulation.log of Gatling",
    .shape = LOAD_LINES,
    .values = LOAD_VALUES_ROUNDED,
    .start = LOAD_FROM_SENT,
    .resolution_ns = SD_MS,
    .sure = gatling_sure,
    .take = gatling_take,
};

/* A record of type 0, the length of the version's text, and the text: 3.12.0. */
static int binary_sure(struct load_span head, bool named)
{
    static const char ZEROS[] = {0, 0, 0, 0};
    bool binary = head.n > 6 && !memcmp(head.at, ZEROS, sizeof ZEROS) && head.at[5] >= '3' &&
                  head.at[5] <= '9' && (head.at[6] == '.' || (head.at[6] >= '0' && head.at[6] <= '9'));
    return binary ? 95 : named && memchr(head.at, 0, head.n) ? 60 : 0;
}

const struct load_form LOAD_GATLING_BINARY = {
    .tool = "gatling",
    .what = "a binary log of Gatling",
    .shape = LOAD_REFUSED,
    .sure = binary_sure,
    .refusal =
        "is a binary log of Gatling 3.12 or later, which only Gatling reads: up to 3.11 it writes text",
};
