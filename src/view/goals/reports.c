/* The kinds of reports, and what their writers share. */
#include "view/goals/reports.h"

#include <string.h>

#include "base/utf8.h"

const struct report_kind REPORTS[] = {
    {.kind = "baseline",
     .help = "KPIs, endpoints, database, functions, build, pages, caches and machines",
     .build = report_baseline},
    {.kind = "compare",
     .help = "BEFORE and AFTER beside each other, and whether a change is certain",
     .compares = true,
     .build = report_compare},
    {.kind = "recommendations",
     .help = "what to do first, with effort, return and a command that proves it",
     .build = report_recommendations},
    {.kind = "capacity", .help = "breaking point, p99 at each load, instances", .build = report_capacity},
    {.kind = "caching", .help = "what to cache where, for how long, and what removes it"},
    {.kind = "lighthouse",
     .help = "scores and vitals of pages, before and after, beside those of users",
     .build = report_lighthouse},
    {.kind = "progress",
     .help = "targets by month and what was reached, the roadmap, costs",
     .build = report_progress},
    {.kind = NULL},
};

const struct view *report_view(const struct report_kind *k)
{
    static struct view of;
    if (!k->build)
        return view_exactly(k->kind);
    of = (struct view){.name = k->kind,
                       .place = PLACE_GOALS,
                       .title = k->kind,
                       .summary = k->help,
                       .compares = true,
                       .build = k->build};
    return &of;
}

void report_escape(struct strbuf *out, const char *text)
{
    struct strbuf safe = {0};
    utf8_append(&safe, text ? text : UNKNOWN_TEXT, 100000);
    for (const char *p = strbuf_text(&safe); *p; p++) {
        if (strchr("|\\`*_<>[]#", *p))
            strbuf_char(out, '\\');
        strbuf_char(out, *p);
    }
    strbuf_free(&safe);
}

void report_code(struct strbuf *out, const char *text)
{
    struct strbuf safe = {0};
    size_t longest = 0;
    utf8_append(&safe, text, 100000);
    const char *s = strbuf_text(&safe);
    for (const char *p = s; *p; p++)
        longest = MAX(longest, strspn(p, "`"));
    for (size_t i = 0; i <= longest; i++)
        strbuf_char(out, '`');
    strbuf_printf(out, longest ? " %s " : "%s", s);
    for (size_t i = 0; i <= longest; i++)
        strbuf_char(out, '`');
    strbuf_free(&safe);
}

void report_quote(struct strbuf *out, const char *word)
{
    static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@,+=%";
    if (*word && word[strspn(word, PLAIN)] == '\0') {
        strbuf_str(out, word);
        return;
    }
    strbuf_char(out, '\'');
    for (const char *p = word; *p; p++) {
        if (*p == '\'')
            strbuf_str(out, "'\\''");
        else
            strbuf_char(out, *p);
    }
    strbuf_char(out, '\'');
}
