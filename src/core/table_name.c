/* Columns by the name a person writes: a key or a heading. */
#include "core/table.h"

#include <ctype.h>

/* Letters, digits and signs alone: "Waits on", "waits_on" and "waits-on" are one name. */
static const char *next_sign(const char *p)
{
    while (*p && strchr(" _-", *p))
        p++;
    return p;
}

/* The first len bytes of a name are the word. */
static bool same_name(const char *name, size_t len, const char *word)
{
    const char *end = name + len;
    for (name = next_sign(name), word = next_sign(word); name < end && *word;
         name = next_sign(name + 1), word = next_sign(word + 1))
        if (tolower((unsigned char)*name) != tolower((unsigned char)*word))
            return false;
    return name >= end && !*word && len > 0;
}

/* Without the unit that a JSON key ends with: "p99" of p99_ns. */
static size_t unit_begins(const char *key)
{
    static const char *const units[] = {"_ns", "_bytes", "_per_s", "_share"};
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (str_ends(key, units[i]))
            return strlen(key) - strlen(units[i]);
    return strlen(key);
}

/* How well the word names the column; 0: not at all. */
static int naming(const struct column *c, const char *word)
{
    if (!strcmp(c->key, word))
        return 5;
    int shown = !(c->flags & COLUMN_HIDDEN); /* of two with one heading the one that is seen */
    if (c->title && same_name(c->title, strlen(c->title), word))
        return 3 + shown;
    if (same_name(c->key, strlen(c->key), word) || same_name(c->key, unit_begins(c->key), word))
        return 1 + shown;
    return 0;
}

int table_column_meant(const struct table *t, const char *word)
{
    int best = -1, best_naming = 0;
    for (size_t i = 0; i < t->n_columns; i++) {
        int n = naming(&t->columns[i], word);
        if (n > best_naming) {
            best = (int)i;
            best_naming = n;
        }
    }
    return best;
}

void table_suggest(const struct table *t, struct suggest *s)
{
    for (size_t i = 0; i < t->n_columns; i++) {
        suggest_try(s, t->columns[i].title);
        suggest_try(s, t->columns[i].key);
    }
}
