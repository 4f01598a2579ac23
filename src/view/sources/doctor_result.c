#include "view/sources/doctor_result.h"

static const char *const HIDDEN[] = {"summary", "missing", "less", "ok", "verdict", NULL};
static const char *const TITLES[] = {"of",     "Source", "mend", "What mends it", "text", "What is so",
                                     "checks", "Checks", NULL};

static const char *member(const cJSON *o, const char *key)
{
    const char *text = result_get_text(o, key);
    return text ? text : "";
}

/* The summary, and whole what is missing: a column has no room for it. */
static const char *headline(struct doc *d, const cJSON *o, enum severity *s)
{
    struct strbuf b = {0};
    const cJSON *row;
    *s = str_eq(result_get_text(o, "verdict"), "fail") ? SEVERITY_BAD
         : result_get_real(o, "missing") > 0           ? SEVERITY_WARN
                                                       : SEVERITY_GOOD;
    strbuf_str(&b, member(o, "summary"));
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(o, "checks"))
    {
        const char *mend = result_get_text(row, "mend");
        if (str_eq(result_get_text(row, "state"), "ok"))
            continue;
        strbuf_printf(&b, "\n%s, %s (%s): %s", member(row, "of"), member(row, "check"), member(row, "state"),
                      member(row, "text"));
        if (mend)
            strbuf_printf(&b, "\n    %s", mend);
    }
    const char *text = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    return text;
}

const struct result_kind DOCTOR_RESULTS[] = {
    {.view = "doctor",
     .title = "Doctor",
     .group = "sources",
     .headline = headline,
     .hidden = HIDDEN,
     .titles = TITLES},
    {.view = NULL, .title = NULL},
};
