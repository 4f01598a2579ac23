/* load_form.h - the forms of result files, for load_reader.c and the readers, a file per tool. */
#ifndef FORMAT_LOADS_LOAD_FORM_H
#define FORMAT_LOADS_LOAD_FORM_H

#include "format/loads/load_reader.h"
#include "format/loads/load_text.h"

/* What a reader is given at a time. */
enum load_shape {
    LOAD_LINES,    /* a line without its end */
    LOAD_RECORDS,  /* the same, but a line goes on where a quote is open */
    LOAD_TAGS,     /* of XML, from < to > */
    LOAD_DOCUMENT, /* all of it, which is JSON */
    LOAD_REFUSED   /* nothing: `refusal` says why */
};

struct load_form;

/* A file that is being read. */
struct load_draft {
    const struct load_form *form;
    struct load_result *result;
    void *state;         /* form->state bytes, zero at the beginning */
    struct strbuf text;  /* scratch; freed with the draft */
    struct sd_error why; /* of the first piece that was broken */
};

struct load_form {
    const char *tool; /* a name of LOAD_TOOLS */
    const char *what; /* "a CSV of hey" */
    enum load_shape shape;
    enum load_values values;
    enum load_start start;
    int64_t resolution_ns;
    size_t state;
    /* Is it that? 0..100 by the first bytes; `named`: the user says that it is of this tool. */
    int (*sure)(struct load_span head, bool named);
    /* False: the piece is broken, `why` says how. It may be changed, and has a NUL behind it. */
    bool (*take)(struct load_draft *d, struct load_span piece);
    /* False and a sentence: there is no result in it. NULL: there must be one request. */
    bool (*end)(struct load_draft *d, struct sd_error *err);
    void (*drop)(void *state); /* frees what is in the state; NULL: nothing */
    const char *refusal;
    const char *note; /* what is always to be said; NULL: nothing */
};

extern const struct load_form *const LOAD_FORMS[]; /* NULL-terminated */

/* ---- what readers use ---- */

#define K6_DROPPED "Iterations that k6 could not begin and dropped, whose requests are in no figure: %.0f."

/* d->why = sentence; false. */
bool load_broken(struct load_draft *d, const char *fmt, ...) SD_PRINTF(2, 3);
/* A request whose failure follows from its status: no answer, or 400 and above. */
void load_add(struct load_draft *d, struct load_span name, int64_t start_ns, int64_t latency_ns, int status,
              int64_t bytes);
/* Sets the percentile that a tool calls so ("95", "99.9", "p999", "p(95)", "95th", "p97_5"); false: none of
 * those that are kept. */
bool load_block_set(struct load_block *b, struct load_span label, int64_t ns);
/* What a document says of a status: counted; its count where it is 400 and above, else 0. */
int64_t load_count_status(struct load_draft *d, struct load_span status, int64_t count);
/* Counts of a tool that gives its own figures: answers, how many of them count as failed, and requests that
 * had none, which are in no figure of latency. Where no answer failed, those figures are also of the
 * successful. */
void load_own_counts(struct load_draft *d, int64_t answers, int64_t bad, int64_t unanswered);

#endif
