#include "base/suggest.h"

#include "base/base.h"

#include <ctype.h>

enum { WORD_MAX = 40 };

static int lower(char c)
{
    return tolower((unsigned char)c);
}

/* Levenshtein's. */
static int distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    int row[WORD_MAX + 1];
    if (n > WORD_MAX || m > WORD_MAX)
        return WORD_MAX;
    for (size_t j = 0; j <= m; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int substituted = diagonal + (lower(a[i - 1]) != lower(b[j - 1]));
            diagonal = row[j];
            row[j] = MIN(substituted, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[m];
}

void suggest_try(struct suggest *s, const char *name)
{
    int near = 1 + (int)MIN(strlen(s->word), 12) / 3; /* further away is another word */
    int d = name ? distance(s->word, name) : WORD_MAX;
    if (d <= near && d < (int)strlen(s->word) && (!s->best || d < s->distance)) {
        s->best = name;
        s->distance = d;
    }
}
