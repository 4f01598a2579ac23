/* schema.h - the description of every record kind, made from the list macros of
 * slowdive/types.h. Recording, JSON input, copying and the manual use it. */
#ifndef CORE_SCHEMA_H
#define CORE_SCHEMA_H

#include "base/base.h"

const struct sd_schema *schema_of(enum sd_kind kind);     /* NULL when unknown */
const struct sd_schema *schema_named(const char *name);   /* "http", ...; NULL */
/* Sets every field of a record to unknown. */
void schema_clear(const struct sd_schema *sc, void *record);
const char *schema_state_name(enum sd_state state);       /* "backing off" */

#endif
