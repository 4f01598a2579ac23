/* fields.h - a YAML mapping read into a struct by a table: what the keys are called, what they hold, where it
 * goes. Private to src/conf; for inputs of commands, where the first mistake is the whole answer. */
#ifndef CONF_FIELDS_H
#define CONF_FIELDS_H

#include "conf/tree.h"

/* X(UPPER, type that it is read into, expected) */
#define FIELD_KINDS(X)                                                                                       \
    X(OTHER, int, "something else") /* only known by name: the reader of the whole looks at it */            \
    X(TEXT, const char *, "a text")                                                                          \
    X(DURATION, int64_t, "a duration such as 500ms or 10s, at most 10000d")                                  \
    X(RATE, double, "a rate such as 100 (a second) or 600/m")                                                \
    X(SHARE, double, "a share such as 5% or 0.05")                                                           \
    X(BYTES, int64_t, "a size such as 512MB or 2GiB")                                                        \
    X(REAL, double, "a number")                                                                              \
    X(WHOLE, int64_t, "a whole number")                                                                      \
    X(BOOL, bool, "true or false")                                                                           \
    X(WORD, int, "one of its words") /* the index in `words` */
enum field_kind {
#define FIELD_KIND_ENUM(UPPER, type, expected) FIELD_##UPPER,
    FIELD_KINDS(FIELD_KIND_ENUM)
#undef FIELD_KIND_ENUM
};

/* Longer durations are refused: 10,000 days, so that sums of some of them stay numbers. */
#define FIELDS_DURATION_MAX (10000 * 86400 * SD_S)

struct field {
    const char *key;
    enum field_kind kind;
    size_t at; /* offset in the struct */
    bool required;
    const char *const *words; /* FIELD_WORD; ends with NULL */
    bool positive;            /* a figure of 0 is refused, too */
};

/* A row: FIELD("from", RATE, offsetof(struct x, from), .required = true). */
#define FIELD(name_, kind_, at_, ...)                                                                        \
    {                                                                                                        \
        .key = (name_), .kind = FIELD_##kind_, .at = (at_), ##__VA_ARGS__                                    \
    }

struct fields_reader {
    struct arena *arena; /* texts go here */
    struct tree_report report;
    char first[400]; /* the first problem; "": none */
};
/* Collects problems of `file` in r->first. */
void fields_begin(struct fields_reader *r, struct arena *a, const char *file);
/* Reads the mapping; keys that are not there leave the struct as it is. Every other key is a problem. `what`:
 * "a stage", for the sentences. */
void fields_read(struct fields_reader *r, const struct tree_node *map, const struct field *f, size_t n,
                 void *into, const char *what);
/* The value of a key of a mapping, or NULL. */
const struct tree_node *fields_member(const struct tree_node *map, const char *key);
/* "KEY is a list; expected EXPECTED". */
void fields_wrong(struct fields_reader *r, const struct tree_node *n, const char *key, const char *expected);

#endif
