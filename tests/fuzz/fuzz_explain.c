/* Any bytes as EXPLAIN output: read, computed, judged, advised; the sum of exclusive
 * times must hold on whatever was accepted. */
#include <stdlib.h>

#include "core/plans/advice.h"
#include "format/plans/explain_input.h"
#include "tests/lib/plan_alike.c" /* the fuzzers link no test library */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct explain e;
    struct sd_error err = {""};
    char *text = mem_alloc(size + 1);
    memcpy(text, data, size);
    if (!explain_read(text, size, &e, &err) && !err.text[0])
        abort();
    if (explain_log_settled(text, size) > size)
        abort();
    if (plan_read_twice(text, size, &err) && err.text[0])
        abort();
    free(text);
    for (size_t k = 0; k < e.n_plans; k++) {
        struct plan *p = e.plans[k];
        double sum = 0;
        for (size_t i = 0; p->timed && i < p->n_nodes; i++) {
            if (!(p->nodes[i]->exclusive_ns >= 0))
                abort();
            sum += p->nodes[i]->exclusive_ns;
        }
        if (p->timed && sum > p->elapsed_ns * 1.02 + 1)
            abort();
        struct plan_facts facts = {0};
        struct plan_findings f;
        struct advice_list l;
        plan_findings(p, &facts, &f);
        advise_plan(p, &facts, p->query, &l);
        plan_findings_free(&f);
        advise_free(&l);
        /* What is written is read again, unless it is deeper than JSON is read. */
        struct explain again;
        char *json = explain_to_json(p);
        if (!explain_read(json, strlen(json), &again, &err) && p->n_nodes < 400)
            abort();
        free(json);
        explain_free(&again);
    }
    explain_free(&e);
    return 0;
}
