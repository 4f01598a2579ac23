#include "view/traces/trace_only.h"

#include <string.h>
#include <strings.h>

static bool has(const char *text, const char *word)
{
    return text && strcasestr(text, word);
}

static bool is(const struct trace_entry *e, const char *word)
{
    int64_t ns;
    struct sd_error ignored;
    if (!strcasecmp(word, "failed"))
        return e->errors > 0;
    if (word[0] >= '0' && word[0] <= '9' && unit_parse_duration(word, &ns, &ignored))
        return sd_known(e->duration_ns) && e->duration_ns >= ns;
    return has(e->endpoint, word) || has(e->service, word) || has(e->name, word) || has(e->id, word);
}

bool trace_only(const struct trace_entry *e, const char *what)
{
    for (const char *p = what ? what : ""; *p; p += strcspn(p, ","), p += *p == ',') {
        char word[256];
        size_t n = strcspn(p, ",");
        snprintf(word, sizeof word, "%.*s", (int)MIN(n, sizeof word - 1), p);
        if (word[0] && !is(e, word))
            return false;
    }
    return true;
}
