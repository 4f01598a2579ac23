/* profiles.h - what views ask of the profiles in the model. On the model's thread. */
#ifndef CORE_MODEL_PROFILES_H
#define CORE_MODEL_PROFILES_H

#include "core/model/model.h"
#include "core/profiles/holder_growth.h"
#include "core/profiles/profile.h"

/* The profiles of a time, together as one of one sample type. Of each source the newest whole profile at or
 * before `now`; of a source that samples on and on, the intervals whose middle lies in the span, up to `now`.
 * Texts are the model's, until the next model_apply, but those of `p`. */
struct profile_found {
    struct profile *p; /* finished; the caller's, for profile_free; NULL: none has the type */
    const char *type, *unit;
    const char *name;             /* of the first of them */
    const struct sd_texts *types; /* of the first */
    size_t n, shown;              /* profiles; of these, with the type */
    bool series;                  /* intervals are in it: p->at to p->at + p->duration_ns */
};
/* `type` NULL: the one that the first profile wants to be shown. */
void model_profile(const struct model *m, struct span span, sd_time now, const char *type,
                   struct profile_found *out);

/* A function over time, from the sources that sample on and on: its values and those of all samples in n
 * equal steps of the span, NAN where there is no sample. False: there is no such source. */
struct profile_step {
    double self, total, all;
};
bool model_profile_steps(const struct model *m, struct span span, const char *type, const char *name,
                         const char *module, size_t n, struct profile_step *out);

/* The heap snapshots of a type whose objects are known, up to SNAPSHOTS_MAX, the oldest first: those that
 * come later are newer. The lists of holders are for free(). */
size_t model_snapshots(const struct model *m, const char *type, struct heap_snapshot *out, size_t max);

#endif
