/* output.h - a doc to standard output or the file of -o, as --format, --sort and --limit ask. */
#ifndef APP_OUTPUT_H
#define APP_OUTPUT_H

#include "app/app.h"
#include "core/doc.h"

/* False, with a complaint, when one of the options is wrong: asked before any work. */
bool output_ready(const struct app *a);
/* Text to standard output. False, with a complaint, when it cannot be written; a reader
 * that has gone, as `| head` does, is no failure. */
bool output_text(const char *text);
/* What was made, to the file of -o or standard output. False, with a complaint. */
bool output_made(const struct app *a, const struct strbuf *made);
/* All of a file, which it takes the place of. False, with a complaint. */
bool output_file(const char *path, const char *bytes, size_t len);
/* To the file of -o or standard output. The exit status. */
int output_doc(const struct app *a, struct doc *d);

#endif
