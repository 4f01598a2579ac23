#include "view/loads/load_report_doc.h"

#include <math.h>

const char *const LOAD_REPORT_ORDER[] = {"rows", "statuses", NULL};
const char *const LOAD_REPORT_TITLES[] = {"latency",          "All", "ok_latency", "Successful", "rows",
                                          "Requests by name", "of",  "Requests",   NULL};

static const char *shown(struct doc *d, const cJSON *o, const char *key)
{
    return result_show(d, key, cJSON_GetObjectItemCaseSensitive(o, key));
}

/* "2000 requests of hey in 2.16 s, 924 /s; none failed." and the percentiles that are known, a line each. */
const char *load_report_headline(struct doc *d, const cJSON *o, enum severity *s)
{
    static const char *const FIGURES[][2] = {{"p50_ns", "half were answered within"},
                                             {"p95_ns", "95 % within"},
                                             {"p99_ns", "99 % within"},
                                             {"max_ns", "the slowest took"}};
    const cJSON *latency = cJSON_GetObjectItemCaseSensitive(o, "latency");
    double failed = result_get_real(o, "failed");
    struct strbuf b = {0};
    *s = failed > 0 ? SEVERITY_WARN : SEVERITY_NONE;
    strbuf_printf(&b, "%s requests of %s", shown(d, o, "requests"), shown(d, o, "tool"));
    if (!isnan(result_get_real(o, "duration_ns")))
        strbuf_printf(&b, " in %s", shown(d, o, "duration_ns"));
    if (!isnan(result_get_real(o, "rate_per_s")))
        strbuf_printf(&b, ", %s", shown(d, o, "rate_per_s"));
    if (failed > 0)
        strbuf_printf(&b, "; %s of them failed (%s)", shown(d, o, "failed"), shown(d, o, "error_share"));
    else
        strbuf_str(&b, isnan(failed) ? "; how many failed is not told" : "; none failed");
    bool any = false;
    for (size_t i = 0; i < ARRAY_LEN(FIGURES); i++) {
        if (isnan(result_get_real(latency, FIGURES[i][0])))
            continue;
        strbuf_printf(&b, "%s%s %s", any ? ", " : ". Of all, ", FIGURES[i][1],
                      shown(d, latency, FIGURES[i][0]));
        any = true;
    }
    strbuf_char(&b, '.');
    const char *text = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    return text;
}
