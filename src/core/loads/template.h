/* template.h - texts of a request with holes. "{seq}" is the number of the request in the schedule,
 * "{user.COLUMN}" a field of its user's row. "{{seq}" and "{{user." are the texts "{seq}" and "{user."; any
 * other brace is only a brace, so that JSON needs no care. */
#ifndef CORE_LOADS_TEMPLATE_H
#define CORE_LOADS_TEMPLATE_H

#include "base/base.h"

enum load_piece_kind { LOAD_PIECE_TEXT, LOAD_PIECE_SEQ, LOAD_PIECE_USER };
struct load_piece {
    enum load_piece_kind kind;
    const char *text; /* of TEXT itself, of USER the column; in the template, not terminated */
    size_t len;
};
/* The piece at *p, which moves behind it; false at the end. */
bool load_piece_next(const char **p, struct load_piece *out);
/* Appends a text so that it stands for itself in a template. */
void load_template_escape(struct strbuf *out, const char *text, size_t n);

#endif
