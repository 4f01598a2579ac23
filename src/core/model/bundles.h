/* bundles.h - what views ask of the builds in the model. On the model's thread.
 *
 * Of each source the newest builds are kept, whole; a build is good until the next model_apply. */
#ifndef CORE_MODEL_BUNDLES_H
#define CORE_MODEL_BUNDLES_H

#include "core/bundles/build.h"
#include "core/model/model.h"

/* The newest build of a source, NULL: of any; NULL when there is none. */
const struct bundle_build *model_bundle(const struct model *m, const char *origin);
/* The newest one at or before a moment. */
const struct bundle_build *model_bundle_at(const struct model *m, const char *origin, sd_time at);
/* The newest build of each source at a moment, in the order of sight; count, at most max. */
size_t model_bundles(const struct model *m, sd_time at, const struct bundle_build **out, size_t max);
/* Bytes of the largest build that had no room; 0: all had. */
size_t model_bundles_left_out(const struct model *m);

#endif
