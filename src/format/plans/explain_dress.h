/* explain_dress.h - what people and programs put around a plan, taken off again.
 *
 * Each function knows one kind of wrapping. True when the text has it: then `out` is the
 * text without it. False: `out` is of no use. None reads the plan. */
#ifndef FORMAT_PLANS_EXPLAIN_DRESS_H
#define FORMAT_PLANS_EXPLAIN_DRESS_H

#include "base/base.h"

/* explain_containers.c: lines of a server's log as Docker (json-file) and Kubernetes (CRI)
 * keep them. */
bool explain_container_log(const char *text, size_t len, struct strbuf *out);
/* How many bytes from the front end in a line that no later line continues. */
size_t explain_container_settled(const char *text, size_t len);

/* explain_rows.c: each line of the plan is a value: rows of JSON, of INSERT, tuples and
 * dictionaries of a program. */
bool explain_json_rows(const char *text, size_t len, struct strbuf *out);
bool explain_literals(const char *text, size_t len, struct strbuf *out);
/* One string with "\n" for its line ends, as a program shows it. */
bool explain_escaped(const char *text, size_t len, struct strbuf *out);

/* explain_markup.c: HTML, LaTeX, Markdown. */
bool explain_html(const char *text, size_t len, struct strbuf *out);
bool explain_latex(const char *text, size_t len, struct strbuf *out);
bool explain_markdown(const char *text, size_t len, struct strbuf *out);

/* explain_letters.c: blanks, arrows and quotes that are other characters than EXPLAIN's. */
bool explain_letters(const char *text, size_t len, struct strbuf *out);

/* explain_prefix.c: numbers or comment signs before every line. */
bool explain_prefixed(const char *text, size_t len, struct strbuf *out);

/* explain_expanded.c: psql's expanded display. */
bool explain_expanded(const char *text, size_t len, struct strbuf *out);
/* explain_wrapped.c: the lines psql wrapped made whole again. */
bool explain_unwrap(const char *text, size_t len, struct strbuf *out);
/* explain_cut.c: lines that a terminal cut at its last column made whole again. */
bool explain_uncut(const char *text, size_t len, struct strbuf *out);
/* Have the figures of the nodes in the line the form EXPLAIN gives them, as far as it goes? */
bool explain_figures_sound(const char *line, size_t len);

/* explain_tabs.c: tabs before the lines of a plan in EXPLAIN's text format made blanks. */
bool explain_untab(const char *text, size_t len, struct strbuf *out);

/* explain_foreign.c: the name of the database whose EXPLAIN this is; NULL: PostgreSQL's, or
 * none that is known. */
const char *explain_foreign(const char *text, size_t len);

#endif
