#include "view/history/history_result.h"

static const char *const ORDER[] = {"tiers", "by_host", "gaps", NULL};
static const char *const TITLES[] = {
    "by_host",    "Hosts",        "gaps",       "Gaps",          "gap_ns",     "Length",
    "lost",       "Records lost", "step_ns",    "Step",          "keep_ns",    "Kept for",
    "size_bytes", "Size",         "import",     "Imported",      "compaction", "Compaction",
    "url",        "History",      "dropped_to", "Dropped until", NULL};

static const char *member(struct doc *d, const cJSON *o, const char *key)
{
    return result_show(d, key, cJSON_GetObjectItemCaseSensitive(o, key));
}

/* "history:/x.db: 3 hosts, 120 endpoints, from ... to ..., 1.2 GB", or what is wrong with it. */
static const char *headline(struct doc *d, const cJSON *o, enum severity *s)
{
    const char *damage = result_get_text(o, "damage"), *url = result_get_text(o, "url");
    *s = damage ? SEVERITY_BAD : SEVERITY_NONE;
    if (damage)
        return doc_printf(d, "%s is damaged: %s", url ? url : "the history", damage);
    if (!result_get_text(o, "oldest"))
        return doc_printf(d, "%s has nothing yet", url ? url : "the history");
    return doc_printf(d, "%s: hosts %s, endpoints %s, from %s to %s, %s", url ? url : "",
                      member(d, o, "hosts"), member(d, o, "endpoints"), member(d, o, "oldest"),
                      member(d, o, "newest"), member(d, o, "size_bytes"));
}

const struct result_kind HISTORY_RESULTS[] = {
    {.view = "history",
     .title = "History",
     .group = "history",
     .headline = headline,
     .order = ORDER,
     .titles = TITLES},
    {.view = NULL, .title = NULL},
};
