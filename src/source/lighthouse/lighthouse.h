/* lighthouse.h - shared by the files of this source: reports that are kept for one batch, and runs. */
#ifndef SOURCE_LIGHTHOUSE_H
#define SOURCE_LIGHTHOUSE_H

#include "base/base.h"
#include "slowdive/source.h"

struct lighthouse_options {
    int64_t runs, run_within;
    const char *form_factor;
};

struct lighthouse_source {
    struct arena *arena; /* of the reports */
    struct sd_page_report *reports;
    size_t n, cap;
    size_t bytes;        /* they take in the model */
    size_t files;        /* looked at */
    struct strbuf notes; /* sentences */
    size_t n_notes, beyond;
};

/* Reads a file and keeps its report. SD_CONFIG, and a sentence without its subject: it is no report, or
 * cannot be read. SD_NODATA: it is to stop. */
enum sd_result lighthouse_take(struct sd_source *s, const char *path, struct sd_error *err);
/* All that is kept, as one batch: the newest takes the place of the one before. */
void lighthouse_publish(struct sd_source *s);

/* Is the target a page to be loaded, and no file? */
bool lighthouse_is_url(const char *target);
/* Loads the page by the command `lighthouse`, one run after the other, and publishes after each. */
enum sd_result lighthouse_run(struct sd_source *s, struct sd_error *err);

#endif
