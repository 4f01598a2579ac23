#include "core/schema.h"

/* One function per kind, because offsetof needs the struct's name and the field
 * macros do not carry it: a local typedef supplies it. */
#define FIELD_ROW(type_, name_, unit_, help_)                                                                \
    {.name = #name_,                                                                                         \
     .type = SD_FIELD_##type_,                                                                               \
     .offset = offsetof(record, name_),                                                                      \
     .unit = unit_,                                                                                          \
     .help = help_},

#define SCHEMA_FUNCTION(number, UPPER, lower, help_)                                                         \
    static const struct sd_schema *schema_##lower(void)                                                      \
    {                                                                                                        \
        typedef struct sd_##lower record;                                                                    \
        static const struct sd_field fields[] = {SD_##UPPER##_FIELDS(FIELD_ROW)};                            \
        static const struct sd_schema schema = {                                                             \
            .kind = SD_##UPPER,                                                                              \
            .name = #lower,                                                                                  \
            .help = help_,                                                                                   \
            .size = sizeof(record),                                                                          \
            .n_fields = ARRAY_LEN(fields),                                                                   \
            .fields = fields,                                                                                \
        };                                                                                                   \
        return &schema;                                                                                      \
    }
SD_RECORDS(SCHEMA_FUNCTION)

const struct sd_schema *schema_of(enum sd_kind kind)
{
    switch ((int)kind) {
#define SCHEMA_CASE(number, UPPER, lower, help)                                                              \
    case SD_##UPPER:                                                                                         \
        return schema_##lower();
        SD_RECORDS(SCHEMA_CASE)
    }
    return NULL;
}

const struct sd_schema *schema_named(const char *name)
{
    for (int kind = 1; kind < SD_KIND_END; kind++) {
        const struct sd_schema *sc = schema_of((enum sd_kind)kind);
        if (sc && str_eq(sc->name, name))
            return sc;
    }
    return NULL;
}

void schema_clear(const struct sd_schema *sc, void *record)
{
    memset(record, 0, sc->size);
    for (size_t i = 0; i < sc->n_fields; i++) {
        void *field = (char *)record + sc->fields[i].offset;
        if (sc->fields[i].type == SD_FIELD_INT)
            *(int64_t *)field = SD_UNKNOWN;
        else if (sc->fields[i].type == SD_FIELD_REAL)
            *(double *)field = (double)NAN;
    }
}

/* A bucket list from outside is believed only as far as it is ascending, in
 * range and not empty; whoever reads a batch need not check again. */
static bool bucket_ok(const struct sd_hist *h, size_t i, int64_t *last)
{
    const struct sd_bucket *k = &h->buckets[i];
    if (k->index >= SD_HIST_BUCKETS || (int64_t)k->index <= *last || !k->count)
        return false;
    *last = k->index;
    return true;
}

static size_t hist_need(const struct sd_hist *h)
{
    size_t n = MIN((size_t)h->n, (size_t)SD_HIST_BUCKETS);
    return sizeof *h + n * sizeof *h->buckets;
}

static const struct sd_hist *hist_copy(const struct sd_hist *h, void *to)
{
    struct sd_hist *copy = to;
    struct sd_bucket *buckets = (struct sd_bucket *)(copy + 1);
    int64_t last = -1;
    copy->n = 0;
    copy->buckets = buckets;
    for (size_t i = 0; i < h->n && copy->n < SD_HIST_BUCKETS; i++)
        if (bucket_ok(h, i, &last))
            buckets[copy->n++] = h->buckets[i];
    return copy;
}

#define FIELD_TEXT(record, f) (*(const char *const *)((const char *)(record) + (f)->offset))
#define FIELD_HIST(record, f) (*(const struct sd_hist *const *)((const char *)(record) + (f)->offset))

size_t schema_need(const struct sd_schema *sc, const void *record)
{
    size_t need = sc->size;
    for (size_t i = 0; i < sc->n_fields; i++) {
        const struct sd_field *f = &sc->fields[i];
        if (f->type == SD_FIELD_TEXT && FIELD_TEXT(record, f))
            need += strlen(FIELD_TEXT(record, f)) + 1;
        else if (f->type == SD_FIELD_HIST && FIELD_HIST(record, f))
            need += hist_need(FIELD_HIST(record, f));
    }
    return need;
}

void *schema_copy(const struct sd_schema *sc, const void *record, void *to)
{
    /* One piece: the record, then histograms (aligned as the record is), then text. */
    char *copy = to, *end = copy + sc->size;
    memcpy(copy, record, sc->size);
    for (size_t i = 0; i < sc->n_fields; i++) {
        const struct sd_field *f = &sc->fields[i];
        if (f->type == SD_FIELD_HIST && FIELD_HIST(record, f)) {
            *(const struct sd_hist **)(copy + f->offset) = hist_copy(FIELD_HIST(record, f), end);
            end += hist_need(FIELD_HIST(record, f));
        }
    }
    for (size_t i = 0; i < sc->n_fields; i++) {
        const struct sd_field *f = &sc->fields[i];
        if (f->type == SD_FIELD_TEXT && FIELD_TEXT(record, f)) {
            size_t n = strlen(FIELD_TEXT(record, f)) + 1;
            *(const char **)(copy + f->offset) = memcpy(end, FIELD_TEXT(record, f), n);
            end += n;
        }
    }
    return copy;
}

const char *schema_state_name(enum sd_state state)
{
    static const char *const names[] = {
#define STATE_NAME(UPPER, lower, help) [SD_STATE_##UPPER] = #lower,
        SD_STATES(STATE_NAME)};
    return (unsigned)state < ARRAY_LEN(names) ? names[state] : "unknown";
}
