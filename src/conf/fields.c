#include "conf/fields.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/loads/amounts.h"

static const char *const EXPECTED[] = {
#define FIELD_KIND_EXPECTED(UPPER, type, expected) expected,
    FIELD_KINDS(FIELD_KIND_EXPECTED)
#undef FIELD_KIND_EXPECTED
};

enum { NAMES_MAX = 64 };

static void keep_first(void *ctx, const char *sentence)
{
    struct fields_reader *r = ctx;
    if (!*r->first)
        snprintf(r->first, sizeof r->first, "%s", sentence);
}

void fields_begin(struct fields_reader *r, struct arena *a, const char *file)
{
    *r = (struct fields_reader){.arena = a};
    r->report = (struct tree_report){.file = file, .problem = keep_first, .ctx = r};
}

const struct tree_node *fields_member(const struct tree_node *map, const char *key)
{
    for (const struct tree_node *k = map->child; k; k = k->next)
        if (!strcmp(k->key->text, key))
            return k;
    return NULL;
}

void fields_wrong(struct fields_reader *r, const struct tree_node *n, const char *key, const char *expected)
{
    tree_problem(&r->report, n->line, n->column, "%s is %s; expected %s", key,
                 n->kind == TREE_SCALAR ? "not understood" : tree_kind_name(n->kind), expected);
}

static bool word_index(const char *const *words, const char *text, int *index)
{
    *index = str_find(words, text);
    return *index >= 0;
}

/* Text to figure; `out` is of the kind's type. */
static bool figure(const struct field *f, const char *text, void *out, double *size)
{
    struct sd_error err;
    int64_t whole = 0;
    bool ok = false;
    switch (f->kind) {
    case FIELD_RATE:
        ok = amount_rate(text, out, &err);
        break;
    case FIELD_SHARE:
        ok = amount_share(text, out, &err);
        break;
    case FIELD_REAL:
        ok = amount_number(text, out, &err) && *(double *)out >= 0;
        break;
    case FIELD_DURATION:
        ok = amount_duration(text, &whole, &err) && whole <= FIELDS_DURATION_MAX;
        break;
    case FIELD_BYTES:
        ok = amount_bytes(text, &whole, &err);
        break;
    default:
        ok = amount_whole(text, 0, (int64_t)1 << 53, &whole, &err);
        break;
    }
    bool real = f->kind == FIELD_RATE || f->kind == FIELD_SHARE || f->kind == FIELD_REAL;
    if (ok && !real)
        *(int64_t *)out = whole;
    *size = !ok ? (double)NAN : real ? *(double *)out : (double)whole;
    return ok;
}

static void wrong_word(struct fields_reader *r, const struct tree_node *n, const struct field *f)
{
    struct strbuf b = {0};
    for (const char *const *w = f->words; *w; w++)
        strbuf_printf(&b, "%s%s", w == f->words ? "" : w[1] ? ", " : " or ", *w);
    fields_wrong(r, n, f->key, strbuf_text(&b));
    strbuf_free(&b);
}

static void read_one(struct fields_reader *r, const struct tree_node *n, const struct field *f, void *out)
{
    double size = 0;
    bool ok = n->kind == TREE_SCALAR;
    if (f->kind == FIELD_OTHER)
        return;
    if (!ok) {
        fields_wrong(r, n, f->key, EXPECTED[f->kind]);
    } else if (f->kind == FIELD_TEXT) {
        *(const char **)out = arena_strdup(r->arena, n->text);
    } else if (f->kind == FIELD_BOOL) {
        *(bool *)out = !strcmp(n->text, "true");
        if (!*(bool *)out && strcmp(n->text, "false") != 0)
            fields_wrong(r, n, f->key, EXPECTED[f->kind]);
    } else if (f->kind == FIELD_WORD) {
        int index;
        if (word_index(f->words, n->text, &index))
            *(int *)out = index;
        else
            wrong_word(r, n, f);
    } else if (!figure(f, n->text, out, &size)) {
        fields_wrong(r, n, f->key, EXPECTED[f->kind]);
    } else if (f->positive && !(size > 0)) {
        tree_problem(&r->report, n->line, n->column, "%s has to be more than 0", f->key);
    }
}

static void unknown(struct fields_reader *r, const struct tree_node *k, const struct field *f, size_t n,
                    const char *what)
{
    const char *names[NAMES_MAX];
    n = MIN(n, NAMES_MAX);
    for (size_t i = 0; i < n; i++)
        names[i] = f[i].key;
    const char *meant = tree_suggest(k->key->text, names, n);
    tree_problem(&r->report, k->key->line, k->key->column, "unknown key \"%.60s\" in %s%s%s%s", k->key->text,
                 what, meant ? "; did you mean \"" : "", meant ? meant : "", meant ? "\"?" : "");
}

void fields_read(struct fields_reader *r, const struct tree_node *map, const struct field *f, size_t n,
                 void *into, const char *what)
{
    if (map->kind != TREE_MAP) {
        struct strbuf b = {0};
        for (size_t i = 0; i < MIN(n, 3); i++)
            strbuf_printf(&b, "%s%s", i ? ", " : "keys such as ", f[i].key);
        fields_wrong(r, map, what, strbuf_text(&b));
        strbuf_free(&b);
        return;
    }
    for (const struct tree_node *k = map->child; k; k = k->next) {
        size_t i = 0;
        while (i < n && strcmp(k->key->text, f[i].key) != 0)
            i++;
        if (i < n)
            read_one(r, k, &f[i], (char *)into + f[i].at);
        else
            unknown(r, k, f, n, what);
    }
    for (size_t i = 0; i < n; i++)
        if (f[i].required && !fields_member(map, f[i].key))
            tree_problem(&r->report, map->line, map->column, "%s has no %s", what, f[i].key);
}
