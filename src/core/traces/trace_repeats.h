/* trace_repeats.h - what the files of findings share. */
#ifndef CORE_TRACES_TRACE_REPEATS_H
#define CORE_TRACES_TRACE_REPEATS_H

#include "core/traces/trace_findings.h"

struct finding_list {
    const struct trace_tree *tree;
    struct trace_finding *items;
    size_t n, cap;
    uint64_t *statement; /* of each node: hash of its statement; 0: none that counts */
    bool *covered;       /* of each node: a finding of N+1 is about it */
    sd_time slack;       /* how far the clock of the spans may be wrong */
};
struct trace_finding *report_finding(struct finding_list *l, enum trace_rule rule, uint32_t node);
/* Does b begin when a has ended, as far as the clock tells? */
bool one_after_the_other(const struct finding_list *l, uint32_t a, uint32_t b);
/* N+1, then repeated N+1 of what is not part of one. */
void find_repeats(struct finding_list *l);

#endif
