/* samples.h - requests of a load test one by one: columns that grow, names as numbers.
 *
 * About 24 bytes a request: ten million of them are 240 MB. Sizes are kept as their sum only. Pure; one
 * thread. */
#ifndef CORE_LOADS_SAMPLES_H
#define CORE_LOADS_SAMPLES_H

#include "core/name_index.h"
#include "slowdive/types.h"

/* From which moment a tool counts latency. X(UPPER, name, help) */
#define LOAD_STARTS(X)                                                                                       \
    X(UNKNOWN, "unknown", "the file does not say")                                                           \
    X(INTENDED, "intended", "when the request should have begun")                                            \
    X(SENT, "sent", "when it was sent: what it waited for before is in no figure")
enum load_start {
#define LOAD_START_ENUM(UPPER, name, help) LOAD_FROM_##UPPER,
    LOAD_STARTS(LOAD_START_ENUM)
#undef LOAD_START_ENUM
        LOAD_FROM_N
};

enum {
    LOAD_NO_ANSWER = 0,       /* a status: there was none */
    LOAD_NO_STATUS = -1,      /* the tool does not tell it */
    LOAD_NAMES_MAX = 100000,  /* different names; what is beyond is one name, LOAD_NAME_OTHER */
    LOAD_NAME_BYTES_MAX = 500 /* of a name; what is beyond is cut off */
};
#define LOAD_NAME_OTHER "(other names)"

/* One request, as it is added. */
struct load_sample {
    const char *name; /* bytes of any kind, without NUL at the end; NULL: it has none, which is "" */
    size_t name_len;
    int64_t start_ns;   /* intended start where the tool knows it, else the send; SD_UNKNOWN */
    int64_t latency_ns; /* from start to the last byte, the give-up or the failure; SD_UNKNOWN */
    int status;         /* 100..999, LOAD_NO_ANSWER or LOAD_NO_STATUS; any other is LOAD_NO_STATUS */
    bool failed;        /* no answer, or one that counts as failed */
    int64_t bytes;      /* received; SD_UNKNOWN */
};

/* {0} is empty. What the columns hold is as in struct load_sample. */
struct load_sample_set {
    size_t n, cap;
    int64_t *start_ns;   /* since 1970 (absolute), else since a moment of the file's own */
    int64_t *latency_ns; /* may be SD_UNKNOWN */
    uint32_t *name;      /* index of names.names */
    int16_t *status;
    bool *failed;
    bool absolute;
    int64_t bytes; /* the sum; SD_UNKNOWN: of none it is known */
    struct name_index names;
    struct arena *texts; /* of the names */
};

void load_samples_add(struct load_sample_set *s, const struct load_sample *one);
void load_samples_free(struct load_sample_set *s); /* what is in it */
/* First start and last end; false: no start is known. */
bool load_samples_span(const struct load_sample_set *s, int64_t *first_ns, int64_t *last_ns);

/* A block of latencies as every document has it; each SD_UNKNOWN where it is not known. */
#define LOAD_QUANTILES(X)                                                                                    \
    X(p50, 0.50)                                                                                             \
    X(p75, 0.75)                                                                                             \
    X(p90, 0.90)                                                                                             \
    X(p95, 0.95)                                                                                             \
    X(p99, 0.99)                                                                                             \
    X(p999, 0.999)
struct load_block {
    int64_t count, min_ns, mean_ns;
#define LOAD_QUANTILE_FIELD(name, q) int64_t name##_ns;
    LOAD_QUANTILES(LOAD_QUANTILE_FIELD)
#undef LOAD_QUANTILE_FIELD
    int64_t max_ns;
};

extern const struct load_block LOAD_BLOCK_UNKNOWN;

/* The q-quantile of sorted values: the one of rank ceil(q * n). SD_UNKNOWN of none. */
int64_t load_rank(const int64_t *sorted, size_t n, double q);
/* Sorts the values, which are all known, and says what they are. Of none only the count is known: 0. */
struct load_block load_block_of(int64_t *values, size_t n);

#endif
