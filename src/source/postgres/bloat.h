/* bloat.h - the job that estimates unused space. */
#ifndef SOURCE_POSTGRES_BLOAT_H
#define SOURCE_POSTGRES_BLOAT_H

#include "source/postgres/internal.h"

/* Reads the catalogue and the statistics of a database, nothing of its tables. */
enum sd_result bloat_request(struct postgres *p, const struct sd_job_bloat *job, struct sd_batch *reply,
                             struct sd_error *err);
/* Pure: the statement for what the catalogue of the advisor does not hold. */
const char *bloat_facts_sql(void);

#endif
