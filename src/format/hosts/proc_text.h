/* proc_text.h - words and numbers of the text files of /proc and /sys, for the readers of this folder. Bytes
 * that are no number end a line's figures; nothing is read beyond `end`. Pure. */
#ifndef FORMAT_HOSTS_PROC_TEXT_H
#define FORMAT_HOSTS_PROC_TEXT_H

#include "base/base.h"

struct proc_text {
    const char *at, *end;
};

/* The next line without its line feed; false: there is none. */
bool proc_line(struct proc_text *text, struct proc_text *line);
/* The next word of a line, between blanks; false: there is none. */
bool proc_word(struct proc_text *line, struct proc_text *word);
bool proc_word_is(const struct proc_text *word, const char *text);
/* The next word as a number of digits alone, which stops at INT64_MAX. */
bool proc_number(struct proc_text *line, int64_t *value);
/* The number behind the first word `key`, with or without a colon, of a line; SD_UNKNOWN: there is none. */
int64_t proc_value(const char *text, size_t n, const char *key);
/* The first word as a number; SD_UNKNOWN: it is none, such as "max" or -1. */
int64_t proc_first(const char *text, size_t n);

#endif
