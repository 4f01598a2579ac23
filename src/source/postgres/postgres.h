/* postgres.h - the PostgreSQL source. */
#ifndef SOURCE_POSTGRES_POSTGRES_H
#define SOURCE_POSTGRES_POSTGRES_H

#include "slowdive/source.h"

extern const struct sd_source_ops postgres_source_ops;

#endif
