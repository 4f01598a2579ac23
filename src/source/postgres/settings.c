/* settings.c - settings of the server that differ from their defaults.
 *
 * Texts are left out: primary_conninfo, archive_command and the like may hold secrets. */
#include "source/postgres/internal.h"

#include <stdlib.h>

/* reset_val: what a session starts with, not what ours has set for itself. 8kB: a number of blocks. */
const char *settings_sql(void)
{
    return OWN_TAG
        "SELECT name::text, CASE WHEN unit = '8kB' AND reset_val ~ '^[1-9]' "
        "THEN (reset_val::numeric * 8)::text || ' kB' "
        "ELSE reset_val || coalesce(' ' || unit, '') END "
        "FROM pg_catalog.pg_settings WHERE vartype <> 'string' AND reset_val IS DISTINCT FROM boot_val "
        "ORDER BY name LIMIT 200";
}

enum sd_result settings_collect(struct postgres *p, struct sd_error *err)
{
    const struct sd_host *h = p->s->host;
    PGresult *r;
    sd_time at = h->now(p->s);
    enum sd_result result = conn_query(&p->main, settings_sql(), 0, NULL, true, &r, err);
    if (result != SD_OK)
        return result;
    struct sd_batch *b = h->batch(p->s, at);
    for (int row = 0; row < PQntuples(r); row++) {
        if (conn_is_null(r, row, 0) || conn_is_null(r, row, 1))
            continue;
        char *labels = mem_printf("name=%s,value=%s", conn_text(r, row, 0), conn_text(r, row, 1));
        h->add(b, SD_METRIC,
               &(struct sd_metric){.name = "postgresql.setting", .labels = labels, .value = 1, .counter = 0});
        free(labels);
    }
    PQclear(r);
    h->publish(p->s, b);
    return SD_OK;
}
