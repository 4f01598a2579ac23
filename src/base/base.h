/* base.h - what every room uses: memory, text, errors, time.
 *
 * Allocation never fails from the caller's view: out of memory ends the program
 * with the terminal restored (mem_failed). Errors are whole sentences in a
 * struct sd_error. All of this is thread-safe unless a function says otherwise.
 */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slowdive/source.h"

/* A row of a table names its fields; gcc checks it. */
#if defined(__GNUC__) && !defined(__clang__)
#define SD_DESIGNATED __attribute__((designated_init))
#else
#define SD_DESIGNATED
#endif

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)    ((a) < (b) ? (a) : (b))
#define MAX(a, b)    ((a) > (b) ? (a) : (b))

/* ---- memory ---- */
void *mem_alloc(size_t size);            /* zeroed */
void *mem_realloc(void *p, size_t size); /* new part not zeroed */
void *mem_array(size_t n, size_t size);  /* zeroed, overflow checked */
char *mem_strdup(const char *s);         /* NULL gives NULL */
char *mem_strndup(const char *s, size_t n);
char *mem_printf(const char *fmt, ...) SD_PRINTF(1, 2);
/* Gives the pages of these bytes back to the system; what they hold is lost, they stay allocated. Where only
 * a part of a page is meant it stays as it is. */
void mem_forget(const char *bytes, size_t n);
/* Says that these bytes will all be used: large pages of the system may lie behind them, of which one is
 * fetched where else there would be hundreds. */
void mem_large(void *bytes, size_t n);
/* Gives what is allocated no more back to the system. It takes milliseconds: for after a rare peak. */
void mem_give_back(void);
/* Grows *items (of `size` bytes each) so that n + 1 fit; *cap is updated. */
void *mem_grow(void *items, size_t n, size_t *cap, size_t size);

/* ---- arena: many allocations, one free. Not thread-safe. ---- */
struct arena;
struct arena *arena_new(void);
void arena_free(struct arena *a);                /* NULL is fine */
void *arena_alloc(struct arena *a, size_t size); /* zeroed, 16-byte aligned */
void *arena_copy(struct arena *a, const void *data, size_t size);
char *arena_strdup(struct arena *a, const char *s); /* NULL gives NULL */
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) SD_PRINTF(2, 3);
/* Takes over what malloc gave, to be freed with the arena; `size`: how much of it is in use. */
void arena_adopt(struct arena *a, void *p, size_t size);
size_t arena_bytes(const struct arena *a); /* held from the system */

/* ---- strbuf: a growing text, always NUL-terminated. {0} is empty. ---- */
struct strbuf {
    char *text; /* NULL only before the first append; see strbuf_text */
    size_t len;
    size_t cap;
};
void strbuf_free(struct strbuf *b);
void strbuf_clear(struct strbuf *b); /* keeps the memory */
void strbuf_add(struct strbuf *b, const void *bytes, size_t n);
void strbuf_str(struct strbuf *b, const char *s);
/* Where the next n bytes and a NUL will stand; who writes them adds their number to `len`. */
char *strbuf_room(struct strbuf *b, size_t n);
void strbuf_char(struct strbuf *b, char c);
void strbuf_pad(struct strbuf *b, char c, size_t n);
void strbuf_printf(struct strbuf *b, const char *fmt, ...) SD_PRINTF(2, 3);
void strbuf_vprintf(struct strbuf *b, const char *fmt, va_list ap);
const char *strbuf_text(const struct strbuf *b); /* "" when empty */
char *strbuf_detach(struct strbuf *b);           /* caller frees; b is empty again */

/* ---- text ---- */
bool str_eq(const char *a, const char *b); /* NULLs allowed, NULL == NULL */
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/* "io/netty/Channel:.read" -> "Channel:.read": of a function's name without the path that it begins with,
 * which is before any of "(<[ ". In s. */
const char *str_after_path(const char *s);
/* "abc" -> index in `names` (NULL-terminated), or -1. */
int str_find(const char *const *names, const char *s);
uint64_t str_hash(const void *bytes, size_t n); /* FNV-1a; for tables see hash.h */

/* ---- errors ---- */
/* err->text = sentence; returns false, so that `return fail(err, ...)` reads well. */
bool fail(struct sd_error *err, const char *fmt, ...) SD_PRINTF(2, 3);

/* ---- files ---- */
/* Reads a whole file ("-": standard input) of at most `limit` bytes into a
 * malloc'd, NUL-terminated buffer. False and a sentence on any failure. */
bool file_read(const char *path, size_t limit, char **data, size_t *len, struct sd_error *err);
/* The same of an open file; `name` is for the sentence. */
bool file_read_fd(int fd, const char *name, size_t limit, char **data, size_t *len, struct sd_error *err);

/* ---- log: one line a message, to a file; silent until opened ---- */
bool log_open(const char *path, struct sd_error *err); /* appends: output_open */
const char *log_path(void);                            /* NULL when closed */
int log_fd(void);                                      /* -1 when closed; for the crash handler */
void log_line(const char *who, const char *fmt, ...) SD_PRINTF(2, 3);

#endif
