/* load_text.h - results of load tools in tests: read from text and from the files of tests/data/loads. A
 * mistake fails the test that calls. */
#ifndef TESTS_LIB_LOAD_TEXT_H
#define TESTS_LIB_LOAD_TEXT_H

#include "core/loads/report.h"

/* Reads bytes in pieces of `step`; tool NULL: it is recognised. False and a sentence. Free `out` also then.
 */
bool load_read_bytes(const char *bytes, size_t n, size_t step, const char *tool, struct load_result *out,
                     struct sd_error *err);
bool load_read_text(const char *text, struct load_result *out, struct sd_error *err);
struct load_report load_report_of(const char *text, const char *tool, size_t step);
char *load_file_text(const char *name, size_t *n); /* the caller frees */
bool load_has_note(const struct load_result *r, const char *words);

#endif
