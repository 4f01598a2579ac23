/* pattern.h - what of a text pattern an index can look up. */
#ifndef CORE_INDEXES_PATTERN_H
#define CORE_INDEXES_PATTERN_H

#include "base/base.h"

struct text_pattern {
    size_t prefix; /* bytes that every match begins with; 0: none, or letter case does not count */
    bool whole;    /* and there is nothing after them */
    bool trigrams; /* it may hold three characters in a row, which a trigram index searches for */
};

/* Of LIKE, ~ and SIMILAR TO. NULL: a pattern that is not known; nothing is said of it. Of a regular
 * expression the planner takes the characters after ^ as the prefix (regex_fixed_prefix); so is it here,
 * up to the first that is none of itself. */
struct text_pattern pattern_of_like(const char *pattern, bool insensitive);
struct text_pattern pattern_of_regex(const char *pattern, bool insensitive);
struct text_pattern pattern_of_similar(const char *pattern);

#endif
