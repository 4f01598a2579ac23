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

/* Checks a bucket list from outside: ascending, in range and not empty. Readers of a batch need not check
 * again. */
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

static void hist_copy(const struct sd_hist *h, void *to)
{
    struct sd_hist *copy = to;
    struct sd_bucket *buckets = (struct sd_bucket *)(copy + 1);
    int64_t last = -1;
    uint32_t n = 0;
    for (size_t i = 0; i < h->n && n < SD_HIST_BUCKETS; i++)
        if (bucket_ok(h, i, &last))
            buckets[n++] = h->buckets[i];
    *copy = (struct sd_hist){.n = n, .buckets = buckets};
}

/* Lists of integers, of reals and of texts lie in memory alike: a count, and items of
 * eight bytes each. Copied as bytes, so that each keeps its type. */
struct list {
    uint32_t n;
    const void *items;
};
_Static_assert(sizeof(struct list) == sizeof(struct sd_ints) &&
                   sizeof(struct list) == sizeof(struct sd_reals) &&
                   sizeof(struct list) == sizeof(struct sd_texts) && sizeof(char *) <= sizeof(int64_t),
               "lists differ in their items only");

static const void *field_at(const void *record, const struct sd_field *f)
{
    const void *at;
    memcpy(&at, (const char *)record + f->offset, sizeof at);
    return at;
}

static size_t text_need(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static size_t texts_need(const struct sd_texts *list)
{
    size_t need = 0;
    for (uint32_t i = 0; i < list->n; i++)
        need += text_need(list->items[i]);
    return need;
}

static struct list list_at(const void *at)
{
    struct list list;
    memcpy(&list, at, sizeof list);
    return list;
}

/* Without its texts. */
static size_t list_need(const void *at)
{
    return sizeof(struct list) + list_at(at).n * sizeof(int64_t);
}

static void list_copy(const void *at, char *to)
{
    struct list list = list_at(at);
    char *items = to + sizeof list;
    memcpy(to, at, sizeof list);
    memcpy(to + offsetof(struct list, items), &items, sizeof items);
    if (list.n)
        memcpy(items, list.items, list.n * sizeof(int64_t));
}

size_t schema_need(const struct sd_schema *sc, const void *record)
{
    size_t need = sc->size;
    for (const struct sd_field *f = sc->fields, *stop = f + sc->n_fields; f < stop; f++) {
        const void *at = f->type >= SD_FIELD_TEXT ? field_at(record, f) : NULL;
        if (!at)
            continue;
        if (f->type == SD_FIELD_TEXT)
            need += text_need(at);
        else if (f->type == SD_FIELD_HIST)
            need += hist_need(at);
        else
            need += list_need(at) + (f->type == SD_FIELD_LIST_TEXT ? texts_need(at) : 0);
    }
    return need;
}

/* `field`: a const char * within the copy. */
static char *put_text(void *field, char *end)
{
    const char **text = field;
    size_t n = text_need(*text);
    if (n)
        *text = memcpy(end, *text, n);
    return end + n;
}

void *schema_copy(const struct sd_schema *sc, const void *record, void *to)
{
    /* One piece: the record, then histograms and lists (aligned as the record is), then text. */
    char *copy = to, *end = copy + sc->size;
    memcpy(copy, record, sc->size);
    const struct sd_field *stop = sc->fields + sc->n_fields;
    for (const struct sd_field *f = sc->fields; f < stop; f++) {
        const void *at = f->type >= SD_FIELD_HIST ? field_at(record, f) : NULL;
        if (!at)
            continue;
        memcpy(copy + f->offset, &(void *){end}, sizeof(void *));
        if (f->type == SD_FIELD_HIST) {
            hist_copy(at, end);
            end += hist_need(at);
        } else {
            list_copy(at, end);
            end += list_need(at);
        }
    }
    for (const struct sd_field *f = sc->fields; f < stop; f++) {
        void *field = copy + f->offset;
        if (f->type == SD_FIELD_TEXT) {
            end = put_text(field, end);
        } else if (f->type == SD_FIELD_LIST_TEXT && field_at(copy, f)) {
            const struct sd_texts *list = field_at(copy, f);
            char *texts = copy + ((const char *)list->items - copy);
            for (uint32_t k = 0; k < list->n; k++)
                end = put_text(texts + k * sizeof(char *), end);
        }
    }
    return copy;
}

static bool texts_same(const char *const *a, const char *const *b, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (!str_eq(a[i], b[i]))
            return false;
    return true;
}

static bool list_same(const void *a, const void *b, enum sd_field_type type)
{
    if (!a || !b)
        return a == b;
    struct list x = list_at(a), y = list_at(b);
    if (x.n != y.n || !x.n)
        return x.n == y.n;
    return type == SD_FIELD_LIST_TEXT ? texts_same(x.items, y.items, x.n)
                                      : memcmp(x.items, y.items, x.n * sizeof(int64_t)) == 0;
}

bool schema_same(const struct sd_schema *sc, const void *a, const void *b)
{
    bool same = true;
    for (size_t i = 0; i < sc->n_fields && same; i++) {
        const struct sd_field *f = &sc->fields[i];
        if (f->type == SD_FIELD_TEXT)
            same = str_eq(field_at(a, f), field_at(b, f));
        else if (f->type > SD_FIELD_HIST)
            same = list_same(field_at(a, f), field_at(b, f), f->type);
        else
            same = memcmp((const char *)a + f->offset, (const char *)b + f->offset, sizeof(int64_t)) == 0;
    }
    return same;
}

const char *schema_state_name(enum sd_state state)
{
    static const char *const names[] = {
#define STATE_NAME(UPPER, lower, help) [SD_STATE_##UPPER] = #lower,
        SD_STATES(STATE_NAME)};
    return (unsigned)state < ARRAY_LEN(names) ? names[state] : "unknown";
}
