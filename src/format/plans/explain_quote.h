/* explain_quote.h - identifiers as EXPLAIN prints them. Pure; any thread. */
#ifndef FORMAT_PLANS_EXPLAIN_QUOTE_H
#define FORMAT_PLANS_EXPLAIN_QUOTE_H

#include "base/base.h"

/* As quote_identifier of the server does, on one line. */
void explain_quote(const char *s, struct strbuf *out);

#endif
