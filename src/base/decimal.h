/* decimal.h - numbers as decimal figures: the same bytes as printf, several times as fast.
 *
 * A double is m * 2^e, so m * 5^d * 2^(e + d) is its 10^d-fold: with d up to 27 the product has at most 116
 * bits, and rounding it is exact. What lies beyond is left to snprintf. Halves go to the even figure, as
 * printf's do. Pure; any thread. */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include "base/base.h"

/* As "%.*f": `decimals` from 0 to 6. */
void strbuf_fixed(struct strbuf *b, double v, int decimals);
/* As "%lld". */
void strbuf_whole(struct strbuf *b, int64_t v);
/* As "%1.15g", or as "%1.17g" where 15 figures give a number that is further from `v` than DBL_EPSILON of it;
 * finite. What cJSON prints. */
void strbuf_real(struct strbuf *b, double v);

#endif
