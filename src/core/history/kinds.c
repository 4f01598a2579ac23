/* kinds.c - what is kept of each kind of record, and the row of a record. */
#include <stdlib.h>

#include "core/history/forms.h"
#include "core/history/shape.h"
#include "core/labels.h"

static const struct history_kind KINDS[] = {
#define KIND_ROW(KIND, HOW, key_, total_) {SD_##KIND, HISTORY_##HOW, key_, total_},
    HISTORY_KINDS(KIND_ROW)
#undef KIND_ROW
};

const struct history_kind *history_kind(enum sd_kind kind)
{
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++)
        if (KINDS[i].kind == kind)
            return &KINDS[i];
    return NULL;
}

static bool is_named(const char *names, const char *name)
{
    size_t len = strlen(name);
    for (const char *p = names; (p = strstr(p, name)); p += len)
        if ((p == names || p[-1] == ' ') && (p[len] == ' ' || !p[len]))
            return true;
    return false;
}

static enum history_role role_of(const struct history_kind *k, const struct sd_field *f)
{
    if (is_named(k->key, f->name))
        return ROLE_KEY;
    if (k->how != HISTORY_SUM)
        return ROLE_OWN;
    if (f->type == SD_FIELD_HIST)
        return ROLE_BUCKETS;
    if (f->type != SD_FIELD_INT)
        return ROLE_NONE;
    if (str_eq(f->name, "interval_ns"))
        return ROLE_LENGTH;
    return str_starts(f->name, "min_") || str_starts(f->name, "first_")  ? ROLE_MIN
           : str_starts(f->name, "max_") || str_starts(f->name, "last_") ? ROLE_MAX
                                                                         : ROLE_ADD;
}

bool history_shape(enum sd_kind kind, struct history_shape *out)
{
    const struct history_kind *k = history_kind(kind);
    const struct sd_schema *sc = schema_of(kind);
    *out = (struct history_shape){.kind = k, .schema = sc};
    if (!k || k->how == HISTORY_NOT || sc->n_fields > HISTORY_FIELDS_MAX)
        return false;
    for (size_t i = 0; i < sc->n_fields; i++) {
        out->roles[i] = (unsigned char)role_of(k, &sc->fields[i]);
        if (str_eq(sc->fields[i].name, "interval_ns"))
            out->length = &sc->fields[i];
        if (str_eq(sc->fields[i].name, "host"))
            out->host = &sc->fields[i];
        if (*k->total && str_eq(sc->fields[i].name, k->total))
            out->total = &sc->fields[i];
    }
    return true;
}

/* ---- the row of a record ---- */

static const char *text_in(const void *record, const struct sd_field *f)
{
    return *(const char *const *)(const void *)((const char *)record + f->offset);
}

bool history_row_of(enum sd_kind kind, const void *record, sd_time at, const char *host, const char *source,
                    struct history_copy *copy, struct history_row *out)
{
    struct history_shape s;
    if (history_form_of(kind, record, &copy->form)) {
        kind = copy->form.kind;
        record = &copy->form.r;
        host = copy->form.host && *copy->form.host ? copy->form.host : host;
    }
    if (!history_shape(kind, &s))
        return false;
    *out = (struct history_row){
        .kind = kind, .host = host, .source = source, .at = at, .record = record, .length_ns = 0};
    if (s.kind->how == HISTORY_SUM) {
        int64_t length = s.length ? history_int(record, s.length) : SD_UNKNOWN;
        out->length_ns = sd_known(length) && length > 0 ? length : SD_S;
    }
    if (kind == SD_HTTP && !(((const struct sd_http *)record)->count > 0))
        return false;
    if (kind == SD_METRIC && isnan(((const struct sd_metric *)record)->value))
        return false;
    if (kind == SD_METRIC &&
        label_value(((const struct sd_metric *)record)->labels, "host", copy->host, sizeof copy->host))
        out->host = copy->host;
    if (s.host && text_in(record, s.host) && *text_in(record, s.host) &&
        s.schema->size <= sizeof copy->record) {
        out->host = text_in(record, s.host);
        memcpy(copy->record, record, s.schema->size);
        *(const char **)(void *)((char *)copy->record + s.host->offset) = NULL;
        out->record = copy->record;
    }
    return true;
}

void history_key(const struct history_row *row, struct strbuf *out)
{
    struct history_shape s;
    if (history_shape(row->kind, &s))
        history_shape_key(&s, row->record, out);
}

/* Every value with its length in front: names may hold any byte. */
void history_shape_key(const struct history_shape *s, const void *record, struct strbuf *out)
{
    for (size_t i = 0; i < s->schema->n_fields; i++) {
        const struct sd_field *f = &s->schema->fields[i];
        if (s->roles[i] != ROLE_KEY)
            continue;
        const char *text = f->type == SD_FIELD_TEXT ? text_in(record, f) : NULL;
        if (text)
            strbuf_printf(out, "%zu:%s", strlen(text), text);
        else if (f->type == SD_FIELD_INT && sd_known(history_int(record, f)))
            strbuf_printf(out, "%lld,", (long long)history_int(record, f));
        else
            strbuf_char(out, '-');
    }
}
