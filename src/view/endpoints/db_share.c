#include "view/endpoints/db_share.h"

#include <stdlib.h>

#include "view/shared/common.h"
#include "view/shared/waits.h"

#define REQUESTS_ENOUGH_S 1.0 /* of request time: ten samples, if all of it were in the database */
#define SHARE_LONGER      1.5 /* more than the requests took is no share of theirs */

struct db_share db_share_of(const struct view_ctx *c, const struct endpoint *e)
{
    struct db_share out = {.share = NAN};
    struct span sampled = model_sampled(c->model, c->span);
    if (sampled.from == SD_UNKNOWN)
        return out;
    struct endpoint_stats *s = mem_alloc(sizeof *s);
    endpoint_stats(e, sampled, s);
    endpoint_waits(c->model, e, span_is_all(c->span) ? sampled : c->span, &out.waits);
    double seconds = s->timed && sd_known(s->total_ns) ? (double)s->total_ns / 1e9 : NAN;
    if (seconds >= REQUESTS_ENOUGH_S && out.waits.total >= WAITS_ENOUGH_S &&
        out.waits.waited <= SHARE_LONGER * seconds)
        out.share = MIN(1, out.waits.waited / seconds); /* samples are a little off */
    free(s);
    return out;
}

const char *db_share_words(struct doc *d, const struct db_share *s)
{
    char share[UNIT_TEXT_MAX];
    const char *waits = waits_words(d, &s->waits);
    if (isfinite(s->share))
        return doc_printf(d, "%s of its time in the database: %s", unit_format(UNIT_SHARE, s->share, share),
                          waits);
    return waits ? doc_printf(d, "in the database: %s", waits) : NULL;
}
