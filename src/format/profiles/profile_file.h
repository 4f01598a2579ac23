/* profile_file.h - profile files -> functions. The format is recognised by its content: folded stacks, the
 * text of `perf script`, pprof; plain or gzip. Pure; any thread. */
#ifndef FORMAT_PROFILES_PROFILE_FILE_H
#define FORMAT_PROFILES_PROFILE_FILE_H

#include "core/profiles/profile.h"
#include "slowdive/source.h"

enum profile_format { PROFILE_ANY, PROFILE_PPROF, PROFILE_PERF_SCRIPT, PROFILE_FOLDED };

enum { PROFILE_FILE_MAX = 256 << 20 }; /* bytes, before and after it is unpacked */

/* Which one is it, by its first bytes? PROFILE_ANY: none of them. Gzip is looked into. */
enum profile_format profile_recognise(const void *head, size_t len);

/* How a profile that is not read is converted to one that is; NULL: it is none of those known. */
const char *profile_convertible(const void *head, size_t len);

/* The profile, for profile_free; NULL and a sentence about `name` when it is broken or none. `type`: the
 * sample type to show; NULL: the file's own choice. */
struct profile *profile_read(const void *bytes, size_t len, enum profile_format format, const char *type,
                             const char *name, struct sd_error *err);

/* Its records: one SD_PROFILE, and the functions with the largest figures, as many as `max_bytes` of text and
 * figures hold. False: the batch is full. */
bool profile_records(struct profile *p, const char *name, size_t max_bytes, const struct sd_host *host,
                     struct sd_batch *b);

/* ---- the formats, on plain bytes ---- */
bool pprof_like(const void *head, size_t len);
struct profile *pprof_read(const void *bytes, size_t len, struct sd_error *err);
bool folded_like(const char *head, size_t len);
struct profile *folded_read(const char *text, size_t len, struct sd_error *err);
bool perf_script_like(const char *head, size_t len);
struct profile *perf_script_read(const char *text, size_t len, struct sd_error *err);

#endif
