/* log_order.h - which of the files of a log is older, by the number or the date in its name. Pure. */
#ifndef SOURCE_LOG_LOG_ORDER_H
#define SOURCE_LOG_LOG_ORDER_H

#include "base/base.h"

enum log_name { LOG_NAME_OTHER, LOG_NAME_NUMBER, LOG_NAME_DATE };
struct log_order {
    enum log_name by;
    bool packed; /* it ends in .gz or .zst */
    size_t n;
    uint64_t groups[8]; /* of digits */
};

/* Of what stands behind the log's name: ".1", ".2.gz", "-20261120", ".2026-11-20-14.zst",
 * "-20261120-1795996800". Numbers have up to 5 digits, dates begin with a year. */
struct log_order log_order_of(const char *rest);
/* Both by a number, or both by a date: below 0: a is older; 0: it is the same one, perhaps packed. */
int log_order_compare(const struct log_order *a, const struct log_order *b);

#endif
