#define PCRE2_CODE_UNIT_WIDTH 8
#include "format/goals/url_pattern.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

/* An expression that backtracks for ever ends there: it does not match. */
enum { MATCH_STEPS = 1000000 };

struct url_pattern {
    pcre2_code *code;
};

struct url_pattern *url_pattern_new(const char *regex, struct sd_error *err)
{
    int error;
    PCRE2_SIZE at;
    PCRE2_UCHAR why[120];
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)regex, strlen(regex), 0, &error, &at, NULL);
    if (!code) {
        pcre2_get_error_message(error, why, sizeof why);
        fail(err, "matchingUrlPattern %.120s is no regular expression: %s", regex, (const char *)why);
        return NULL;
    }
    struct url_pattern *p = mem_alloc(sizeof *p);
    p->code = code;
    return p;
}

void url_pattern_free(struct url_pattern *p)
{
    if (p)
        pcre2_code_free(p->code);
    free(p);
}

bool url_pattern_matches(const void *pattern, const char *url)
{
    const struct url_pattern *p = pattern;
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(p->code, NULL);
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(limits, MATCH_STEPS);
    int found = pcre2_match(p->code, (PCRE2_SPTR)url, strlen(url), 0, 0, data, limits);
    pcre2_match_context_free(limits);
    pcre2_match_data_free(data);
    return found >= 0;
}

char *url_pattern_of_path(const char *path)
{
    struct strbuf b = {0};
    if (!path || !strcmp(path, "/"))
        return mem_strdup("");
    strbuf_str(&b, "https?://[^/]+");
    for (const char *p = path; *p; p++) {
        if (*p == '*') {
            strbuf_str(&b, ".*");
            continue;
        }
        if (strchr("-[]{}()+?.,\\^|# \t", *p))
            strbuf_char(&b, '\\');
        strbuf_char(&b, *p);
    }
    return strbuf_detach(&b);
}
