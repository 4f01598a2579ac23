/* page_list.h - what the views of pages share: the reports of Lighthouse by page, beside them what real users
 * measured there. */
#ifndef VIEW_PAGES_PAGE_LIST_H
#define VIEW_PAGES_PAGE_LIST_H

#include "core/pages/runs.h"
#include "core/pages/vital.h"
#include "view/shared/common.h"

/* A page that was measured: its runs, and the p75 of real users of its template or URL. */
struct page_entry {
    const struct page_runs *lab;
    char template[PAGE_TEMPLATE_MAX];
    const struct sd_page_field *field[VITAL_N],
        *before[VITAL_N]; /* of now; at the beginning of the span; NULL */
    enum severity severity;
    const char *worst; /* "LCP 4.7 s, poor in the lab"; NULL: nothing is poor, or known */
};

struct page_list {
    struct record_entry *reports, *fields;
    size_t n_reports, n_fields;
    struct page_runs *runs;
    struct page_entry *items; /* the worst first */
    size_t n;
    size_t host; /* bytes that all URLs begin with: scheme, host and port */
};

/* Texts are the doc's. */
struct page_list page_list_of(struct doc *d, const struct view_ctx *c);
void page_list_free(struct page_list *l);
/* By URL, "URL desktop" where both were measured, or template; NULL: the first. */
const struct page_entry *page_list_find(const struct page_list *l, const char *arg);
/* What --select and Enter name: the URL, with the form factor where the page has both. */
const char *page_entry_name(struct doc *d, const struct page_list *l, const struct page_entry *e);

/* The URL without the host where all have the same, and without its scheme. */
const char *page_url_shown(const struct page_list *l, const char *url);
/* That host; "" where they differ. */
const char *page_host_shown(struct doc *d, const struct page_list *l);

/* A lab value: SEVERITY_GOOD, _WARN (needs improvement), _BAD (poor), _NONE (unknown). */
enum severity page_lab_rating(const char *metric, double value);
/* "4.65 s", of cls "0.12". */
const char *page_value_text(struct doc *d, const char *metric, double value);
/* The title of a metric, short: "LCP". */
const char *page_metric_short(struct doc *d, const char *metric);
/* Milliseconds as a cell in ns; unknown for cls, whose cell is page_plain_cell. */
struct cell page_time_cell(const char *metric, double ms);
struct cell page_plain_cell(const char *metric, double value);
/* Transferred bytes of the whole page; SD_UNKNOWN. */
int64_t page_weight(const struct sd_page_report *r);

extern const struct view pages_view, page_view;
extern const struct view_action *const page_actions[]; /* NULL-terminated */

#endif
