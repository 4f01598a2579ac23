/* jtl.h - what both forms of JMeter's results have in common. */
#ifndef FORMAT_LOADS_JTL_H
#define FORMAT_LOADS_JTL_H

#include "core/name_index.h"
#include "format/loads/load_form.h"

/* What the message of a transaction's own sample begins with. */
#define JTL_TRANSACTION "Number of samples in transaction"

struct jtl_sample {
    struct load_span label, elapsed, code, thread;
    int64_t start_ns, bytes;
    bool failed;         /* as JMeter says, with its assertions */
    bool is_transaction; /* of a controller: it sums up samples that have entries of their own, or stands for
                            them */
};

struct jtl {
    int64_t own_checks;     /* answers below 400 that failed an assertion */
    int64_t left_out, kept; /* transactions */
    struct name_index threads;
    struct arena *names;
    int64_t *latest; /* by thread, the latest start of a sample that is no transaction */
    size_t cap_latest;
};

void jtl_add(struct load_draft *d, struct jtl *j, const struct jtl_sample *s);
void jtl_end(struct load_draft *d, struct jtl *j);
void jtl_drop(struct jtl *j);

#endif
