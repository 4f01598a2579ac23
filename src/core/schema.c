#include "core/schema.h"

/* One function per kind, because offsetof needs the struct's name and the field
 * macros do not carry it: a local typedef supplies it. */
#define FIELD_ROW(type_, name_, unit_, help_)                                                        \
    {.name = #name_, .type = SD_FIELD_##type_, .offset = offsetof(record, name_), .unit = unit_, .help = help_},

#define SCHEMA_FUNCTION(number, UPPER, lower, help_)                                                 \
    static const struct sd_schema *schema_##lower(void)                                              \
    {                                                                                                \
        typedef struct sd_##lower record;                                                            \
        static const struct sd_field fields[] = {SD_##UPPER##_FIELDS(FIELD_ROW)};                    \
        static const struct sd_schema schema = {                                                     \
            .kind = SD_##UPPER,                                                                      \
            .name = #lower,                                                                          \
            .help = help_,                                                                           \
            .size = sizeof(record),                                                                  \
            .n_fields = ARRAY_LEN(fields),                                                           \
            .fields = fields,                                                                        \
        };                                                                                           \
        return &schema;                                                                              \
    }
SD_RECORDS(SCHEMA_FUNCTION)

const struct sd_schema *schema_of(enum sd_kind kind)
{
    switch ((int)kind) {
#define SCHEMA_CASE(number, UPPER, lower, help) \
    case SD_##UPPER:                            \
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

const char *schema_state_name(enum sd_state state)
{
    static const char *const names[] = {
#define STATE_NAME(UPPER, lower, help) [SD_STATE_##UPPER] = #lower,
        SD_STATES(STATE_NAME)
    };
    return (unsigned)state < ARRAY_LEN(names) ? names[state] : "unknown";
}
