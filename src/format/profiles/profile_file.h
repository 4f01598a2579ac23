/* profile_file.h - profile files -> functions. The format is recognised by its content; plain, gzip or zstd.
 * Pure; any thread. */
#ifndef FORMAT_PROFILES_PROFILE_FILE_H
#define FORMAT_PROFILES_PROFILE_FILE_H

#include "core/profiles/profile.h"
#include "slowdive/source.h"

/* The formats, in the order in which they are recognised: name of the enum, of the source and of the reader's
 * functions; how sure it is, where an access log is sure of its own with 70 to 100 and all others below; and
 * what it is. A format is a row here and a file with NAME_like and NAME_read. */
#define PROFILE_FORMATS(X)                                                                                   \
    X(PPROF, pprof, 95, "a profile of pprof")                                                                \
    X(GPERFTOOLS, gperftools, 98, "a CPU profile of gperftools")                                             \
    X(PERF_DATA, perf_data, 98, "a recording of perf record")                                                \
    X(HEAPSNAPSHOT, heapsnapshot, 96, "a heap snapshot of V8")                                               \
    X(PSTATS, pstats, 96, "the statistics of Python's cProfile")                                             \
    X(CHROME_TRACE, chrome_trace, 92, "the CPU samples in a trace of Chrome")                                \
    X(CPUPROFILE, cpuprofile, 95, "a .cpuprofile of V8 (Node, Chrome)")                                      \
    X(HEAPPROFILE, heapprofile, 95, "a .heapprofile of V8")                                                  \
    X(SPEEDSCOPE, speedscope, 95, "a profile of speedscope")                                                 \
    X(STACKPROF, stackprof, 95, "a profile of Ruby's stackprof as JSON")                                     \
    X(FLAMEBEARER, flamebearer, 95, "a flame graph of Pyroscope as JSON")                                    \
    X(V8_LOG, v8_log, 90, "what node --prof-process --preprocess prints")                                    \
    X(PERF_SCRIPT, perf_script, 93, "the text that perf script prints")                                      \
    X(FOLDED, folded, 60, "folded stacks, a line each")

#define PROFILE_ENUM_(NAME, name, sure, what) PROFILE_##NAME,
enum profile_format { PROFILE_ANY, PROFILE_FORMATS(PROFILE_ENUM_) PROFILE_FORMATS_END };

/* The kinds of source that give profiles, in words apart. */
#define PROFILE_KIND_(NAME, name, sure, what) " " #name
#define PROFILE_KINDS                         "profile profile_url" PROFILE_FORMATS(PROFILE_KIND_)

enum { PROFILE_FILE_MAX = 256 << 20 }; /* bytes, before and after it is unpacked */

/* Which one is it, by its first bytes? PROFILE_ANY: none of them. What is packed is looked into. */
enum profile_format profile_recognise(const void *head, size_t len);
/* How sure it is, of 100: as in a source's `recognise`. */
int profile_sure(enum profile_format format);

/* How a profile that is not read is converted to one that is; NULL: it is none of those known. */
const char *profile_convertible(const void *head, size_t len);

/* What is wanted of a profile, and what its file does not say. Texts may be NULL or "". */
struct profile_wish {
    const char *type;               /* the sample type to show; else the file's own choice */
    const char *label;              /* of pprof: its values, such as routes, become the outermost frames */
    const struct perf_names *names; /* of recordings of perf: who gives the names of addresses; NULL */
    const struct flamebearer_wish *flamebearer; /* of a flame graph of Pyroscope; NULL */
};

/* What Pyroscope was asked for, which its flame graph does not say, and its table of functions. */
struct flamebearer_wish {
    const char *type, *unit; /* "cpu", "ns" */
    const char *table;       /* JSON: the figures of all functions, also of those that the graph leaves out */
    size_t table_len;        /* 0: there is none */
};

/* The profile, for profile_free; NULL and a sentence about `name` when it is broken or none. */
struct profile *profile_read_as(const void *bytes, size_t len, enum profile_format format,
                                const struct profile_wish *wish, const char *name, struct sd_error *err);
/* The same with a sample type alone. */
struct profile *profile_read(const void *bytes, size_t len, enum profile_format format, const char *type,
                             const char *name, struct sd_error *err);

/* Its records: one SD_PROFILE, and the functions with the largest figures, as many as `max_bytes` of text and
 * figures hold. False: the batch is full. */
bool profile_records(struct profile *p, const char *name, size_t max_bytes, const struct sd_host *host,
                     struct sd_batch *b);

/* ---- the formats, on plain bytes ---- */

/* Does the file begin like one? */
#define PROFILE_LIKE_(NAME, name, sure, what) bool name##_like(const void *head, size_t len);
/* The profile, for profile_free; NULL and what is wrong with it. */
#define PROFILE_READ_(NAME, name, sure, what)                                                                \
    struct profile *name##_read(const void *bytes, size_t len, struct sd_error *err);
PROFILE_FORMATS(PROFILE_LIKE_)
PROFILE_FORMATS(PROFILE_READ_)

/* With a label, see profile_wish; NULL: without. */
struct profile *pprof_read_by(const void *bytes, size_t len, const char *label, struct sd_error *err);

/* With what is known beside it; NULL: nothing. */
struct profile *flamebearer_read_by(const void *text, size_t len, const struct flamebearer_wish *wish,
                                    struct sd_error *err);

/* What a reader returns: the profile, or when there is a problem or too much of something NULL and the
 * sentence. */
struct profile *profile_read_end(struct profile *p, const char *problem, struct sd_error *err);

#endif
