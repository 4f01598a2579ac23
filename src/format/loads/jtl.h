/* jtl.h - what both forms of JMeter's results have in common. */
#ifndef FORMAT_LOADS_JTL_H
#define FORMAT_LOADS_JTL_H

#include "format/loads/load_form.h"

/* What the message of a transaction's own sample begins with. */
#define JTL_TRANSACTION "Number of samples in transaction"

struct jtl_sample {
    struct load_span label, elapsed, code;
    int64_t start_ns, bytes;
    bool failed;         /* as JMeter says, with its assertions */
    bool is_transaction; /* it sums up samples that have rows of their own, mostly */
};

struct jtl {
    int64_t own_checks;   /* answers below 400 that failed an assertion */
    int64_t transactions; /* kept in d->other as long as there is nothing else */
};

void jtl_add(struct load_draft *d, struct jtl *j, const struct jtl_sample *s);
/* Of a file of transactions only, they are the requests. */
void jtl_end(struct load_draft *d, struct jtl *j);

#endif
