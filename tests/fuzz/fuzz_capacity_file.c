/* Plans, hops and policies (YAML): what is read keeps the ranges of the structs, else there is one sentence.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "conf/capacity_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *search;
    struct arena *a = arena_new();
    struct sd_error err = {.text = ""};
    struct capacity_ask ask;
    struct hop_file hops;
    struct scale_policy policy;
    struct capacity_plan plan;
    capacity_file_kind(text, size);
    if (capacity_plan_file(&ask, &search, a, "f.yaml", text, size, &err)) {
        if (!(ask.peak > 0 && ask.headroom >= 0 && ask.headroom < 1 && ask.lost < ask.zones))
            abort();
        if (!search && (!sd_known(ask.workers) || ask.workers < 1000)) {
            if (plan_capacity(&plan, &ask, &err) && !plan.binding)
                abort();
            capacity_plan_free(&plan);
        }
    } else if (!strstr(err.text, "f.yaml")) {
        abort();
    }
    if (capacity_hops_file(&hops, a, "f.yaml", text, size, &err))
        for (size_t i = 0; i < hops.n; i++)
            if (hops.hops[i].p50_ns < 1 || hops.hops[i].p99_ns < hops.hops[i].p50_ns ||
                hops.hops[i].calls < 1)
                abort();
    if (capacity_policy_file(&policy, a, "f.yaml", text, size, &err))
        if (!(policy.rate > 0 && policy.target > 0 && policy.target <= 1 && policy.min <= policy.max))
            abort();
    arena_free(a);
    return 0;
}
