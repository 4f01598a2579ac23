/* webpack_private.h - what the readers of webpack's stats share. */
#ifndef FORMAT_BUNDLES_WEBPACK_PRIVATE_H
#define FORMAT_BUNDLES_WEBPACK_PRIVATE_H

#include "format/bundles/draft.h"
#include "format/bundles/id_table.h"
#include "format/json_pull.h"

/* A text as it stands in the JSON, escapes and all: names are compared so. NULL bytes: it is none. */
struct raw {
    const char *at;
    size_t len;
};

/* A compilation: the whole, or a child of it. */
struct webpack_build {
    struct json_pull assets, chunks, modules, entrypoints, groups, children, errors;
};

struct webpack_chunk {
    uint32_t js, css; /* numbers of assets; ID_NONE */
    bool initial;
    struct json_pull children, modules;
};

/* What is known of a draft's module beside it. */
struct webpack_module {
    bool has_reasons, own_id, entry;
    bool script;     /* JavaScript, of which bailouts would say that it is no ES module */
    uint64_t issuer; /* key of the module that first imported it; 0: not said */
    uint32_t root;   /* of its concatenation; ID_NONE */
};

struct webpack_edge {
    uint64_t importer; /* key */
    uint32_t imported;
    int how;         /* as in SD_BUNDLE_IMPORTS; below 0: no edge, but the number of re-exports */
    bool active, es; /* es: as an ES module imports */
};

struct webpack_stats {
    struct draft *d;
    struct sd_error *err;
    bool failed;
    struct strbuf text;
    struct id_table chunk_of, module_of, part_of; /* by key */
    struct webpack_chunk *chunks;
    size_t n_chunks, cap_chunks;
    struct webpack_module *modules; /* beside those of the draft */
    size_t n_modules, cap_modules;
    struct webpack_edge *edges;
    size_t n_edges, cap_edges;
    size_t names_left; /* of exports, which are kept up to a number */
};

/* ---- webpack_stats.c ---- */
struct raw webpack_raw(struct json_pull *j);            /* of the value that comes, a text or a number */
uint64_t webpack_key(const char *what, struct raw raw); /* never 0 */
/* The value that comes, as a number of bytes; null is SD_UNKNOWN. Not such a number: fails. */
int64_t webpack_size(struct webpack_stats *w, struct json_pull *j, const char *of_what);
bool webpack_true(struct json_pull *j);

/* ---- webpack_modules.c ---- */
void webpack_read_modules(struct webpack_stats *w, struct json_pull list);
/* Imports between modules, out of the edges seen. */
void webpack_link_modules(struct webpack_stats *w);

/* ---- webpack_code.c: what the stats say of a module's code; NULL text in a cursor: nothing ---- */
struct webpack_said {
    struct json_pull used, provided, bailouts, reasons;
    bool other; /* no JavaScript */
};
void webpack_read_code(struct webpack_stats *w, uint32_t module, const struct webpack_said *said);

#endif
