/* capacity_file.h - what the commands of capacity read (YAML): plans, hops and policies. What each key is
 * stands in the structs of core/capacity/. Numbers as people write them (core/loads/amounts.h).
 *
 * Each reader answers false and one sentence, with file and line where it is the file's fault: an unknown
 * key, a figure that cannot be. Texts and lists live in the arena. */
#ifndef CONF_CAPACITY_FILE_H
#define CONF_CAPACITY_FILE_H

#include "core/capacity/hop_latency.h"
#include "core/capacity/capacity_plan.h"
#include "core/capacity/scale.h"

enum { CAPACITY_FILE_BYTES = 1 << 20 };

/* *search: the path of instance {search: FILE}, relative to the plan, whose document has the max_rate (NAN
 * until then); NULL: there is none. */
bool capacity_plan_file(struct capacity_ask *out, const char **search, struct arena *a, const char *name,
                        const char *text, size_t len, struct sd_error *err);

struct hop_file {
    struct hop_ask *hops;
    size_t n;
    int64_t budget_ns; /* SD_UNKNOWN: none */
};
bool capacity_hops_file(struct hop_file *out, struct arena *a, const char *name, const char *text, size_t len,
                        struct sd_error *err);

bool capacity_policy_file(struct scale_policy *out, struct arena *a, const char *name, const char *text,
                          size_t len, struct sd_error *err);

/* The keys at the top of a YAML mapping tell what it is. */
enum capacity_kind { CAPACITY_PLAN, CAPACITY_HOPS, CAPACITY_POLICY, CAPACITY_OTHER };
enum capacity_kind capacity_file_kind(const char *text, size_t len);

#endif
