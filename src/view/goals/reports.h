/* reports.h - what `slowdive report` prints: docs that are kept by people, in Markdown unless asked
 * otherwise. Every figure has its window, samples and origin; what is not known is "unknown", with what would
 * tell it. */
#ifndef VIEW_GOALS_REPORTS_H
#define VIEW_GOALS_REPORTS_H

#include "view/view.h"

struct report_kind {
    const char *kind; /* "baseline"; NULL ends the table */
    const char *help;
    bool compares;                                  /* it takes BEFORE and AFTER */
    struct doc *(*build)(const struct view_ctx *c); /* NULL: it is the view of that name */
};
extern const struct report_kind REPORTS[];
/* As a view, which is in no list; valid until the next call. */
const struct view *report_view(const struct report_kind *k);

#define UNKNOWN_TEXT "unknown"

struct doc *report_baseline(const struct view_ctx *c);
struct doc *report_compare(const struct view_ctx *c); /* c->baseline: of BEFORE */
struct doc *report_recommendations(const struct view_ctx *c);
struct doc *report_capacity(const struct view_ctx *c);
struct doc *report_lighthouse(const struct view_ctx *c);
struct doc *report_progress(const struct view_ctx *c);

/* One line that Markdown does not take as markup: \ | * _ ` < [ and others are escaped. */
void report_escape(struct strbuf *out, const char *text);
/* The same as code, with a fence that the text does not have. */
void report_code(struct strbuf *out, const char *text);
/* A word of a command line, quoted where a shell would see more in it. */
void report_quote(struct strbuf *out, const char *word);

#endif
