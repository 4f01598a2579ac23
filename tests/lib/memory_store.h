/* memory_store.h - an engine of histories in memory, behind clickhouse://: it can refuse, be away, take a put
 * and not say so, and counts what it has. A test that uses it has it in the place of the real one. */
#ifndef TESTS_LIB_MEMORY_STORE_H
#define TESTS_LIB_MEMORY_STORE_H

#include "store/store.h"

void memory_store_clear(void);
/* What opens and puts are answered from now on. */
void memory_store_answer(enum sd_result result);
/* Opening it takes until whoever opens it asks to stop. */
void memory_store_hang(bool hangs);
/* The next n puts are taken, and SD_RETRY is answered. */
void memory_store_deaf(int n);

struct memory_counts {
    int64_t requests; /* of http rows */
    int64_t rows, lost;
    size_t puts;     /* different ones */
    size_t again;    /* the same ones once more */
    size_t disorder; /* a number of a run that came after a higher one */
    size_t runs;
    sd_time from, to; /* covered; SD_UNKNOWN: nothing */
    int64_t holes_ns; /* between puts of a run */
};
struct memory_counts memory_store_counts(void); /* any thread */

#endif
