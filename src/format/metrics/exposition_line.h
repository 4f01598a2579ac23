/* exposition_line.h - one line of metrics as text; used by the reader and by recognition. Pure. */
#ifndef FORMAT_METRICS_EXPOSITION_LINE_H
#define FORMAT_METRICS_EXPOSITION_LINE_H

#include "base/base.h"

static inline bool line_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Bytes of the name and the labels that a line of a sample begins with; 0: it does not begin so. */
size_t line_series_length(const char *s, size_t n);

/* The name and the labels in one form, whatever their order and spaces: into `name` and `labels`, see struct
 * exposition_series. NULL, or why not. */
const char *line_series(const char *s, size_t n, struct strbuf *name, struct strbuf *labels);

/* What follows the series. */
struct line_point {
    double value;
    double stamp;         /* as written; NAN: none */
    const char *exemplar; /* what is behind its '#'; NULL: there is none */
    size_t exemplar_len;
};
const char *line_point(const char *s, size_t n, struct line_point *out); /* NULL, or why not */
/* Of an exemplar: labels as of a series, value and time; `scratch` is used. False: it is broken. */
bool line_exemplar(const char *s, size_t n, struct strbuf *scratch, struct strbuf *labels, double *value,
                   double *stamp);

/* A number as Go reads it; false: it is none. */
bool line_number(const char *s, size_t n, double *out);

/* "# TYPE name counter" and its like. */
enum line_comment { COMMENT_ANY, COMMENT_HELP, COMMENT_TYPE, COMMENT_UNIT, COMMENT_EOF, COMMENT_BROKEN };
/* `name` gets that of the family, `rest` and *rest_len what follows it. */
enum line_comment line_comment(const char *s, size_t n, struct strbuf *name, const char **rest,
                               size_t *rest_len);

#endif
