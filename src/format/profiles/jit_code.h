/* jit_code.h - code that a program makes at run time: its addresses and names, as the program writes them
 * into /tmp/perf-PID.map (a line for each piece of code) or a jitdump file. Pure; one thread.
 *
 * Both are read as they grow: each call gives what came since. Memory is moved and used again: of pieces that
 * overlap the newest counts. */
#ifndef FORMAT_PROFILES_JIT_CODE_H
#define FORMAT_PROFILES_JIT_CODE_H

#include "base/base.h"

enum {
    JIT_CODE_MAX = 1 << 20,      /* pieces */
    JIT_CODE_TEXT_MAX = 64 << 20 /* bytes of all names */
};

struct jit_code {
    struct jit_piece *items;
    size_t n, cap, n_sorted;
    struct strbuf names, rest; /* rest: of the map, a line that is not ended */
    struct strbuf dump;        /* of the jitdump, a record that is not whole */
    bool dump_begun, dump_broken;
    uint64_t dump_skip; /* bytes of it that are not wanted */
    int64_t bad;        /* lines and records that were not understood */
    bool full;          /* there is more than is kept */
};

void jit_code_free(struct jit_code *c); /* and empties it */
void jit_code_map(struct jit_code *c, const char *text, size_t len);
void jit_code_dump(struct jit_code *c, const void *bytes, size_t len);
/* The name of the code at an address; NULL. Valid until more is read. */
const char *jit_code_at(struct jit_code *c, uint64_t address);
size_t jit_code_bytes(const struct jit_code *c); /* of memory */

#endif
