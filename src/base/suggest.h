/* suggest.h - "did you mean": the name that a mistyped word was probably meant to be. */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

/* Begin with the word alone: struct suggest s = {.word = word}. */
struct suggest {
    const char *word;
    const char *best; /* of the names tried, the nearest; NULL: none is near. The first of equal ones */
    int distance;     /* edits between both, upper and lower case being the same */
};

/* The name is kept in s->best, not copied. NULL is fine. */
void suggest_try(struct suggest *s, const char *name);

#endif
