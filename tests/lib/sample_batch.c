#include "tests/lib/test.h"
#include "tests/lib/sample_batch.h"

#include <stdio.h>

#include "core/schema.h"

enum { FIELDS_MOST = 128 }; /* of a record */

const void *sample_list(enum sd_field_type type, unsigned v)
{
    static const int64_t numbers[] = {7, 7, SD_UNKNOWN, INT64_MAX, INT64_MIN + 1, 0};
    static const double reals[] = {0.5, 0.5, NAN, -INFINITY, 1e308};
    static const char *const texts[] = {"a", "a", NULL, "", "\xff\x1b[2J"};
    static const struct sd_ints ints[] = {{6, numbers}, {0, numbers}, {1, numbers + 3}};
    static const struct sd_reals of_reals[] = {{5, reals}, {0, NULL}, {2, reals + 3}};
    static const struct sd_texts of_texts[] = {{5, texts}, {0, NULL}, {3, texts + 2}};
    return type == SD_FIELD_LIST_INT    ? (const void *)&ints[v % 3]
           : type == SD_FIELD_LIST_REAL ? (const void *)&of_reals[v % 3]
                                        : &of_texts[v % 3];
}

/* A record whose every field depends on the seed; some are unknown. */
static void fill(const struct sd_schema *sc, void *r, unsigned seed, char texts[FIELDS_MOST][16])
{
    static const struct sd_bucket buckets[] = {
        {0, 1}, {63, 2}, {64, 70000}, {SD_HIST_BUCKETS - 1, UINT32_MAX}};
    static const struct sd_hist hists[] = {{4, buckets}, {0, buckets}, {2, buckets}};
    static const int64_t numbers[] = {0, 1, -1, 127, 128, INT64_MAX, INT64_MIN + 1, SAMPLE_START};
    assert_true(sc->n_fields <= FIELDS_MOST);
    schema_clear(sc, r);
    for (size_t i = 0; i < sc->n_fields; i++) {
        void *p = (char *)r + sc->fields[i].offset;
        unsigned v = seed * 31 + (unsigned)i * 7;
        if (v % 5 == 0)
            continue;
        if (sc->fields[i].type == SD_FIELD_INT) {
            *(int64_t *)p = numbers[v % ARRAY_LEN(numbers)];
        } else if (sc->fields[i].type == SD_FIELD_REAL) {
            *(double *)p = v % 3 ? v / 3.0 : 1.5;
        } else if (sc->fields[i].type == SD_FIELD_TEXT) {
            snprintf(texts[i], 16, "%s%u", v % 3 ? "\xff\x1b[" : "", v % 11);
            *(const char **)p = texts[i];
        } else if (sc->fields[i].type == SD_FIELD_HIST) {
            *(const struct sd_hist **)p = &hists[v % 3];
        } else {
            *(const void **)p = sample_list(sc->fields[i].type, v);
        }
    }
}

struct sd_batch *sample_batch(unsigned seed)
{
    struct sd_batch *b = batch_new(seed % 2 ? "log" : "pg main", SAMPLE_START + seed);
    union { /* the longest of all kinds */
#define SAMPLE_RECORD(number, UPPER, lower, help) struct sd_##lower lower;
        SD_RECORDS(SAMPLE_RECORD)
#undef SAMPLE_RECORD
    } r;
    char texts[FIELDS_MOST][16];
    for (unsigned i = 0; i < 12; i++) {
        const struct sd_schema *sc = schema_of((enum sd_kind)(1 + (seed + i / 2) % (SD_KIND_END - 1)));
        fill(sc, &r, seed + i, texts);
        assert_true(batch_add(b, sc->kind, &r));
    }
    return b;
}

static void same_hist(const struct sd_hist *a, const struct sd_hist *b)
{
    assert_int_equal(!a, !b);
    if (!a)
        return;
    assert_int_equal(a->n, b->n);
    if (a->n)
        assert_memory_equal(a->buckets, b->buckets, a->n * sizeof *a->buckets);
}

static bool same_real(double a, double b)
{
    return isnan(a) ? isnan(b) : a == b;
}

void same_list(enum sd_field_type type, const void *a, const void *b)
{
    const struct sd_ints *ia = a, *ib = b;
    const struct sd_reals *ra = a, *rb = b;
    const struct sd_texts *ta = a, *tb = b;
    assert_int_equal(!a, !b);
    if (!a)
        return;
    uint32_t n = type == SD_FIELD_LIST_INT ? ia->n : type == SD_FIELD_LIST_REAL ? ra->n : ta->n;
    assert_int_equal(n, type == SD_FIELD_LIST_INT ? ib->n : type == SD_FIELD_LIST_REAL ? rb->n : tb->n);
    for (uint32_t i = 0; i < n; i++)
        assert_true(type == SD_FIELD_LIST_INT    ? ia->items[i] == ib->items[i]
                    : type == SD_FIELD_LIST_REAL ? same_real(ra->items[i], rb->items[i])
                                                 : str_eq(ta->items[i], tb->items[i]));
}

void same_batch(const struct sd_batch *a, const struct sd_batch *b)
{
    assert_string_equal(batch_origin(a), batch_origin(b));
    assert_int_equal(batch_time(a), batch_time(b));
    assert_int_equal(batch_len(a), batch_len(b));
    for (size_t i = 0; i < batch_len(a); i++) {
        enum sd_kind ka, kb;
        const char *ra = batch_record(a, i, &ka), *rb = batch_record(b, i, &kb);
        assert_int_equal(ka, kb);
        const struct sd_schema *sc = schema_of(ka);
        for (size_t f = 0; f < sc->n_fields; f++) {
            const void *pa = ra + sc->fields[f].offset, *pb = rb + sc->fields[f].offset;
            if (sc->fields[f].type == SD_FIELD_TEXT)
                assert_true(str_eq(*(const char *const *)pa, *(const char *const *)pb));
            else if (sc->fields[f].type == SD_FIELD_HIST)
                same_hist(*(const struct sd_hist *const *)pa, *(const struct sd_hist *const *)pb);
            else if (sc->fields[f].type > SD_FIELD_HIST)
                same_list(sc->fields[f].type, *(const void *const *)pa, *(const void *const *)pb);
            else if (sc->fields[f].type == SD_FIELD_INT || !isnan(*(const double *)pa))
                assert_memory_equal(pa, pb, 8);
            else
                assert_true(isnan(*(const double *)pb));
        }
    }
}
