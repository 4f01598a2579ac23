/* vital.h - the Core Web Vitals and their thresholds (web.dev/articles/vitals), and templates of pages. Pure.
 */
#ifndef CORE_PAGES_VITAL_H
#define CORE_PAGES_VITAL_H

#include "base/base.h"

enum vital { VITAL_LCP, VITAL_INP, VITAL_CLS, VITAL_FCP, VITAL_TTFB, VITAL_N };

struct vital_info {
    const char *name;  /* in records and JSON: "lcp" */
    const char *title; /* for people, and in beacons: "LCP" */
    const char *crux;  /* a metric of CrUX; an older name has "experimental_" in front */
    const char *help;
    double good, poor; /* good up to and with the one, poor above the other: ms; of CLS plain */
    bool plain;        /* no time */
};
extern const struct vital_info VITALS[VITAL_N];

enum vital_rating { VITAL_GOOD, VITAL_NEEDS_IMPROVEMENT, VITAL_POOR, VITAL_RATINGS };

/* VITAL_N: there is none of that name. */
enum vital vital_of_name(const char *name);   /* "lcp" */
enum vital vital_of_beacon(const char *name); /* "LCP" */
enum vital vital_of_crux(const char *name);   /* "largest_contentful_paint" */
enum vital_rating vital_rate(enum vital v, double value);

enum { PAGE_TEMPLATE_MAX = 256 };
/* The template of a page's URL or path: without scheme, host, query and fragment; a segment of digits, or
 * a UUID, is ":id". What is longer is cut between characters. */
void page_template(const char *url, size_t len, char out[PAGE_TEMPLATE_MAX]);

#endif
