/* load_text.h - figures and fields as load tools print them. Pure; any thread. */
#ifndef FORMAT_LOADS_LOAD_TEXT_H
#define FORMAT_LOADS_LOAD_TEXT_H

#include "base/base.h"

/* Some bytes of a text. */
struct load_span {
    char *at;
    size_t n;
};

static inline struct load_span load_span(char *at, size_t n)
{
    return (struct load_span){.at = at, .n = n};
}

bool span_is(struct load_span s, const char *text);
bool span_starts(struct load_span s, const char *text);
bool span_has(struct load_span s, const char *text);
struct load_span span_trim(struct load_span s);
/* Takes what stands before the next `end`, which is passed; the rest if there is none. */
struct load_span span_until(struct load_span *rest, char end);
/* Takes the next word, parted by blanks; empty: there is none. */
struct load_span span_word(struct load_span *rest);
/* The text behind `label` in s; n 0 with `at` NULL: it is not there. */
struct load_span span_after(struct load_span s, const char *label);

/* An integer from 0 of digits only; SD_UNKNOWN: it is none, or beyond 64 bits. */
int64_t span_int(struct load_span s);
/* A decimal number; NAN: it is none. */
double span_real(struct load_span s);
/* A decimal number times 10^digits (0..9), rounded: of seconds nanoseconds with 9. SD_UNKNOWN: it is none,
 * below 0, or beyond 64 bits. */
int64_t span_scaled(struct load_span s, int digits);
/* "4.86ms", "1m30.5s", "90us", "3.01 secs"; of a bare number seconds. ns; SD_UNKNOWN: it is none. */
int64_t span_duration(struct load_span s);
/* "48.71MB", "5.19K", "301 bytes", steps of 1024; SD_UNKNOWN: it is none. */
int64_t span_bytes(struct load_span s);
/* 13 digits in milliseconds, 10 in seconds, or a date as 2026-11-30T09:51:13.5Z, 2026/11/30 09:51:13.500:
 * ns since 1970, UTC where no zone is named. SD_UNKNOWN: it is none. */
int64_t span_time(struct load_span s);

/* The fields of a record of CSV, quotes removed in place. How many there are; those beyond `max` are not put.
 */
size_t csv_fields(struct load_span record, char delimiter, struct load_span *fields, size_t max);
/* The character that parts the fields of a header: the most frequent of , ; tab and |. */
char csv_delimiter(struct load_span header);

#endif
