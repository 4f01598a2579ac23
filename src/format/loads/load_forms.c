/* load_forms.c - the table of forms, and what their readers share. */
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "format/loads/load_form.h"
#include "format/loads/readers.h"

const char *const LOAD_TOOLS[] = {"wrk",        "wrk2",      "hey",      "ab",     "h2load", "siege",
                                  "autocannon", "artillery", "oha",      "vegeta", "k6",     "jmeter",
                                  "locust",     "gatling",   "slowdive", NULL};

const struct load_form *const LOAD_FORMS[] = {&LOAD_SAMPLES_CSV,
                                              &LOAD_OWN_DOCUMENT,
                                              &LOAD_WRK,
                                              &LOAD_WRK2,
                                              &LOAD_HEY_TEXT,
                                              &LOAD_HEY_CSV,
                                              &LOAD_AB,
                                              &LOAD_H2LOAD,
                                              &LOAD_SIEGE_JSON,
                                              &LOAD_SIEGE_TEXT,
                                              &LOAD_AUTOCANNON,
                                              &LOAD_ARTILLERY,
                                              &LOAD_OHA_JSON,
                                              &LOAD_OHA_CSV,
                                              &LOAD_VEGETA_NDJSON,
                                              &LOAD_VEGETA_CSV,
                                              &LOAD_VEGETA_JSON,
                                              &LOAD_VEGETA_TEXT,
                                              &LOAD_VEGETA_BINARY,
                                              &LOAD_K6_NDJSON,
                                              &LOAD_K6_SUMMARY,
                                              &LOAD_JTL_CSV,
                                              &LOAD_JTL_XML,
                                              &LOAD_LOCUST,
                                              &LOAD_LOCUST_HISTORY,
                                              &LOAD_GATLING,
                                              &LOAD_GATLING_BINARY,
                                              NULL};

bool load_broken(struct load_draft *d, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(d->why.text, sizeof d->why.text, fmt, ap);
    va_end(ap);
    return false;
}

void load_add(struct load_draft *d, struct load_span name, int64_t start_ns, int64_t latency_ns, int status,
              int64_t bytes)
{
    load_samples_add(&d->result->samples,
                     &(struct load_sample){.name = name.at,
                                           .name_len = name.n,
                                           .start_ns = start_ns,
                                           .latency_ns = latency_ns,
                                           .status = status,
                                           .failed = status == LOAD_NO_ANSWER || status >= 400,
                                           .bytes = bytes});
}

/* "p97_5" and "97.5%" are 97.5, "p999" is 99.9. */
static double percent_of(struct load_span label)
{
    char text[16];
    size_t n = 0;
    if (span_is(label, "med") || span_is(label, "median"))
        return 50;
    if (label.n && (*label.at == 'p' || *label.at == 'P'))
        label = load_span(label.at + 1, label.n - 1);
    if (label.n && *label.at == '(')
        label = load_span(label.at + 1, label.n - 1);
    for (; n < label.n && n + 1 < sizeof text; n++) {
        char c = label.at[n] == '_' ? '.' : label.at[n];
        if (c != '.' && (c < '0' || c > '9'))
            break;
        text[n] = c;
    }
    struct load_span rest = load_span(label.at + n, label.n - n);
    if (rest.n && !span_is(rest, "th") && !span_is(rest, "%") && !span_is(rest, ")"))
        return (double)NAN;
    double p = span_real(load_span(text, n));
    return p == 999 ? 99.9 : p;
}

bool load_block_set(struct load_block *b, struct load_span label, int64_t ns)
{
    double p = percent_of(label);
#define SET(name, q)                                                                                         \
    if (fabs(p - (q)*100) < 1e-6) {                                                                          \
        b->name##_ns = ns;                                                                                   \
        return true;                                                                                         \
    }
    LOAD_QUANTILES(SET)
#undef SET
    return false;
}

int64_t load_count_status(struct load_draft *d, struct load_span status, int64_t count)
{
    char text[8];
    status = span_trim(status);
    if (status.n != 3 || *status.at < '1' || *status.at > '9')
        return 0;
    memcpy(text, status.at, 3);
    text[3] = 0;
    load_result_status(d->result, text, count);
    return *status.at >= '4' && sd_known(count) && count > 0 ? count : 0;
}

void load_own_counts(struct load_draft *d, int64_t answers, int64_t bad, int64_t unanswered)
{
    struct load_result *r = d->result;
    r->requests = add_sat(answers, unanswered);
    r->failed = MIN(add_sat(bad, unanswered), r->requests);
    if (!bad)
        r->ok = r->latency;
    if (unanswered)
        load_result_note(r, "Requests without an answer, which are in no percentile of %s: %lld.",
                         d->form->tool, (long long)unanswered);
}
