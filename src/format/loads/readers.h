/* readers.h - the forms of all readers, for the table in load_forms.c. */
#ifndef FORMAT_LOADS_READERS_H
#define FORMAT_LOADS_READERS_H

#include "format/loads/load_form.h"

extern const struct load_form LOAD_SAMPLES_CSV, LOAD_OWN_DOCUMENT;
extern const struct load_form LOAD_WRK, LOAD_WRK2;
extern const struct load_form LOAD_HEY_TEXT, LOAD_HEY_CSV;
extern const struct load_form LOAD_AB;
extern const struct load_form LOAD_H2LOAD;
extern const struct load_form LOAD_SIEGE_JSON, LOAD_SIEGE_TEXT;
extern const struct load_form LOAD_AUTOCANNON;
extern const struct load_form LOAD_ARTILLERY;
extern const struct load_form LOAD_OHA_JSON, LOAD_OHA_CSV;
extern const struct load_form LOAD_VEGETA_NDJSON, LOAD_VEGETA_CSV, LOAD_VEGETA_JSON, LOAD_VEGETA_TEXT,
    LOAD_VEGETA_BINARY;
extern const struct load_form LOAD_K6_NDJSON, LOAD_K6_SUMMARY;
extern const struct load_form LOAD_JTL_CSV, LOAD_JTL_XML;
extern const struct load_form LOAD_LOCUST, LOAD_LOCUST_HISTORY;
extern const struct load_form LOAD_GATLING, LOAD_GATLING_BINARY;

#endif
