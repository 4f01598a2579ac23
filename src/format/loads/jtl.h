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

/* What is known of a thread of the plan. */
struct jtl_thread {
    int64_t latest_ns; /* start of its latest sample that is no transaction; SD_UNKNOWN */
    size_t kept; /* the last transaction that was kept, its number among the samples and one more; 0: none */
    int64_t kept_bytes;
};

struct jtl {
    int64_t own_checks;     /* answers below 400 that failed an assertion */
    int64_t left_out, kept; /* transactions */
    struct name_index threads;
    struct arena *names;
    struct jtl_thread *of;
    size_t cap_of;
};

void jtl_add(struct load_draft *d, struct jtl *j, const struct jtl_sample *s);
void jtl_end(struct load_draft *d, struct jtl *j);
void jtl_drop(struct jtl *j);

#endif
