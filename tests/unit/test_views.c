/* The views: sentences where there is nothing, and properties that hold for every view on
 * every model. */
#include "tests/lib/shop.h"
#include "tests/lib/test.h"

#include "core/schema.h"
#include "sink/print.h"
#include "view/action.h"

#include <cjson/cJSON.h>
#include <locale.h>
#include <stdlib.h>

#define T0 (1795189898 * SD_S) /* 2026-11-20T15:51:38Z */
static const char HOSTILE[] = "\x1b]0;x\x07\x1b[2J|\"a\",b\n\r\t\xff\xfe\xe2\x80\xae"
                              "c'; DROP TABLE x; -- \\";

static struct sd_batch *begin(const char *origin, sd_time at)
{
    return batch_new(origin, at);
}

static void end(struct model *m, struct sd_batch *b)
{
    model_apply(m, b);
    batch_unref(b);
}

static void *blank(enum sd_kind kind, void *record)
{
    schema_clear(schema_of(kind), record);
    return record;
}

static struct view_ctx context(const struct model *m, struct span span)
{
    return (struct view_ctx){.model = m, .span = span, .now = T0 + 60 * SD_S, .live = !span_is_all(span)};
}

static cJSON *json(const struct view_ctx *c, const char *view)
{
    struct strbuf out = {0};
    struct doc *d = view_named(view)->build(c);
    print_doc(d, PRINT_JSON, &(struct print_options){0}, &out);
    cJSON *j = cJSON_Parse(strbuf_text(&out));
    assert_non_null(j);
    strbuf_free(&out);
    doc_free(d);
    return j;
}

static const struct span MINUTE = {T0, T0 + 60 * SD_S};

static void status(struct model *m, sd_time at, const char *origin, const char *kind, enum sd_state state,
                   const char *text)
{
    struct sd_status r;
    blank(SD_STATUS, &r);
    r.kind = kind;
    r.target = "somewhere";
    r.state = state;
    r.text = text;
    r.since = T0;
    r.last_data = state == SD_STATE_LIVE || state == SD_STATE_ENDED ? at : SD_UNKNOWN;
    r.drops = r.errors = r.overruns = 0;
    r.cpu_ns = (at - T0) / 100; /* 1 % of a processor */
    shop_add(m, origin, at, SD_STATUS, &r);
}

/* Which row of the overview is of a kind; -1: none. */
static int listed(const struct doc *d, const char *kind)
{
    const struct table *t = &d->sections[0].table;
    for (size_t i = 0; i < t->n_rows; i++)
        if (!strcmp(t->rows[i].cells[table_column(t, "kind")].s, kind))
            return (int)i;
    return -1;
}

/* ---- nothing to show ---- */

static const char *sentence(struct doc *d)
{
    const struct section *s = &d->sections[0];
    return s->kind == SECTION_TEXT ? s->text : s->empty;
}

static void an_empty_view_says_what_to_do(void **state)
{
    (void)state;
    static const struct {
        const char *view, *says;
    } cases[] = {{"overview", "slowdive /var/log/nginx/access.log"},
                 {"endpoints", "slowdive /var/log/nginx/access.log"},
                 {"endpoint", "slowdive /var/log/nginx/access.log"},
                 {"queries", "slowdive postgres://"},
                 {"query", "slowdive postgres://"},
                 {"activity", "slowdive postgres://"},
                 {"tables", "slowdive postgres://"},
                 {"indexes", "slowdive postgres://"},
                 {"sources", "slowdive postgres://"}};
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct view_ctx c = context(m, SPAN_ALL);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct doc *d = view_named(cases[i].view)->build(&c);
        assert_non_null(strstr(sentence(d), cases[i].says));
        doc_free(d);
    }
    status(m, T0, "web", "log", SD_STATE_FAILED, "cannot open /x: Permission denied");
    struct doc *d = view_named("endpoints")->build(&c);
    assert_non_null(strstr(sentence(d), "Permission denied"));
    doc_free(d);
    d = view_named("queries")->build(&c); /* another source's trouble is not the reason here */
    assert_null(strstr(sentence(d), "Permission denied"));
    doc_free(d);
    d = view_named("overview")->build(&c);
    assert_int_equal(listed(d, "source"), 0);
    doc_free(d);
    c.arg = "GET /nowhere";
    d = view_named("endpoint")->build(&c);
    assert_non_null(strstr(sentence(d), "GET /nowhere"));
    doc_free(d);
    model_free(m);
}

/* The manual's words for each view name every key its JSON has. */
static void every_key_is_in_the_manual(void **state)
{
    (void)state;
    struct model *m = shop_model(false);
    struct view_ctx c = context(m, MINUTE);
    for (const struct view *const *v = VIEWS; *v; v++) {
        cJSON *j = json(&c, (*v)->name);
        const cJSON *rows = cJSON_GetObjectItem(j, (*v)->rows ? (*v)->rows : "rows"), *key;
        if (!rows && !(*v)->about) /* of what it is about there may be none */
            fail_msg("%s has no rows", (*v)->name);
        cJSON_ArrayForEach(key, j)
        {
            bool told = key == rows;
            for (size_t i = 0; i < (*v)->n_also; i++)
                told = told || !strcmp((*v)->also[i].key, key->string);
            for (size_t i = 0; i < VIEW_N_ENVELOPE; i++)
                told = told || !strcmp(VIEW_ENVELOPE[i].key, key->string);
            if (!told)
                fail_msg("%s: %s is not in the manual", (*v)->name, key->string);
        }
        cJSON_Delete(j);
    }
    model_free(m);
}

/* ---- properties of every view ---- */

static void unique_keys(const cJSON *o)
{
    for (const cJSON *a = o->child; a; a = a->next) {
        for (const cJSON *b = a->next; b && cJSON_IsObject(o); b = b->next)
            if (!strcmp(a->string, b->string))
                fail_msg("the key %s is there twice", a->string);
        if (cJSON_IsObject(a) || cJSON_IsArray(a))
            unique_keys(a);
    }
}

static void check_columns(const char *view, const struct column *columns, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!columns[i].key || !columns[i].title || !columns[i].title[0] || !columns[i].help ||
            !columns[i].help[0])
            fail_msg("%s: column %s is not documented", view, columns[i].key ? columns[i].key : "?");
        assert_int_equal(strspn(columns[i].key, "abcdefghijklmnopqrstuvwxyz0123456789_"),
                         strlen(columns[i].key));
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(columns[i].key, columns[k].key);
    }
}

static void check_doc(const struct view *v, struct doc *d)
{
    assert_string_equal(d->view, v->name);
    assert_non_null(d->title);
    assert_true(d->n_sections > 0);
    assert_true(d->focus >= 0 && (size_t)d->focus < d->n_sections);
    for (size_t i = 0; i < d->n_sections; i++) {
        const struct section *s = &d->sections[i];
        assert_non_null(s->title);
        if (s->kind == SECTION_GRAPH)
            assert_true(s->graph.n_points > 0 && s->graph.to > s->graph.from);
        if (s->kind != SECTION_TABLE && s->kind != SECTION_TREE)
            continue;
        check_columns(v->name, s->table.columns, s->table.n_columns);
        if (!s->table.n_rows && !s->empty)
            fail_msg("%s: %s says nothing where it is empty", v->name, s->title);
        for (size_t r = 0; r < s->table.n_rows; r++)
            if (s->table.rows[r].dive.view)
                assert_non_null(view_named(s->table.rows[r].dive.view));
    }
    static const int widths[] = {0, 1, 20, 80, 200};
    for (size_t w = 0; w < ARRAY_LEN(widths); w++)
        for (int f = PRINT_TEXT; f <= PRINT_CSV; f++) {
            struct strbuf out = {0};
            print_doc(d, (enum print_format)f, &(struct print_options){.width = widths[w], .ascii = w & 1},
                      &out);
            for (size_t i = 0; i < out.len; i++)
                if ((unsigned char)out.text[i] < 0x20 && !strchr("\n\r\t", out.text[i]))
                    fail_msg("%s: control byte %d in format %d", v->name, out.text[i], f);
            if (f == PRINT_JSON) {
                cJSON *j = cJSON_Parse(strbuf_text(&out));
                assert_non_null(j);
                unique_keys(j);
                cJSON_Delete(j);
            }
            strbuf_free(&out);
        }
}

static void check_views(const struct model *m)
{
    static const char *const args[] = {NULL, "GET /orders/:id", "shop/77", "", HOSTILE};
    const struct span spans[] = {SPAN_ALL,  MINUTE,
                                 {T0, T0},  {T0 - 1000 * SD_S, T0 - 900 * SD_S},
                                 {0, SD_S}, {INT64_MIN + 1, INT64_MAX}};
    for (const struct view *const *v = VIEWS; *v; v++)
        for (size_t s = 0; s < ARRAY_LEN(spans); s++)
            for (size_t a = 0; a < ((*v)->about ? ARRAY_LEN(args) : 1); a++) {
                struct view_ctx c = context(m, spans[s]);
                c.arg = args[a];
                c.show_literals = s & 1;
                c.graph_points = s == 1 ? 7 : 0;
                struct doc *d = (*v)->build(&c);
                check_doc(*v, d);
                doc_free(d);
            }
}

static void every_view_copes_with_little(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    check_views(m);
    shop_requests(m, T0, NULL, "/", 1, 0, 5);
    check_views(m);
    model_clear(m);
    shop_statement(m, T0, T0 - 3600 * SD_S, SD_UNKNOWN, NULL, 1, 0);
    check_views(m);
    model_clear(m);
    struct sd_activity a;
    blank(SD_ACTIVITY, &a);
    shop_add(m, "shop", T0, SD_ACTIVITY, &a);
    check_views(m);
    model_clear(m);
    struct sd_status st;
    blank(SD_STATUS, &st);
    struct sd_batch *b = begin("x", T0);
    batch_add(b, SD_STATUS, &st);
    end(m, b);
    check_views(m);
    model_free(m);
}

static void every_view_copes_with_much(void **state)
{
    (void)state;
    struct model *m = shop_model(false);
    check_views(m);
    model_free(m);
}

static void every_view_copes_with_hostile_records(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    const int64_t numbers[] = {INT64_MAX, INT64_MIN + 1, -1, 0, T0};
    for (size_t n = 0; n < ARRAY_LEN(numbers); n++)
        for (int kind = 1; kind < SD_KIND_END; kind++) {
            const struct sd_schema *sc = schema_of((enum sd_kind)kind);
            char *record = mem_alloc(sc->size);
            schema_clear(sc, record);
            for (size_t i = 0; i < sc->n_fields; i++) {
                if (sc->fields[i].type == SD_FIELD_INT)
                    *(int64_t *)(record + sc->fields[i].offset) = numbers[n];
                else if (sc->fields[i].type == SD_FIELD_TEXT)
                    *(const char **)(record + sc->fields[i].offset) = HOSTILE;
                else if (sc->fields[i].type == SD_FIELD_REAL)
                    *(double *)(record + sc->fields[i].offset) = n & 1 ? 1e308 : -INFINITY;
            }
            struct sd_batch *b = begin(HOSTILE, T0 + (sd_time)n * SD_S);
            batch_add(b, (enum sd_kind)kind, record);
            end(m, b);
            free(record);
        }
    check_views(m);
    model_free(m);
}

/* Every word of a list, alone and in turn; NULL at the end. */
static const char *next_word(const char **list, char word[64])
{
    *list += strspn(*list, " ");
    size_t len = strcspn(*list, " ");
    if (!len)
        return NULL;
    assert_true(len < 64);
    memcpy(word, *list, len);
    word[len] = 0;
    *list += len;
    return word;
}

static void check_names(const struct view *v)
{
    char word[64];
    assert_ptr_equal(view_named(v->name), v);
    assert_ptr_equal(view_exactly(v->name), v);
    for (const char *list = v->aliases ? v->aliases : ""; next_word(&list, word);) {
        assert_ptr_equal(view_named(word), v); /* so nobody else has it */
        for (const struct view *const *o = VIEWS; *o; o++)
            assert_string_not_equal((*o)->name, word);
    }
    for (const char *const *l = v->links; l && *l; l++) {
        const struct view *other = view_exactly(*l);
        if (!other || other == v || strcmp(other->name, *l) != 0)
            fail_msg("%s: there is no other view %s", v->name, *l);
        assert_string_equal(other->about ? other->about : "", v->about ? v->about : "");
    }
}

/* The rows of what can be done, and that each is harmless where there is nothing to act on. */
static void every_action_says_what_it_needs(void **state)
{
    (void)state;
    struct model *empty = model_new(&MODEL_DEFAULTS), *full = shop_model(false);
    const struct model *const models[] = {empty, full};
    const struct view_action *a;
    for (size_t i = 0; (a = view_action_at(i)); i++) {
        assert_true(a->name[0] && (a->keys[0] || a->args) && a->group[0] && a->help[0]);
        assert_non_null(a->run);
        assert_int_equal(a->args != NULL, a->args_help != NULL);
        assert_true(!a->danger || a->on_server); /* what changes something is asked of a server */
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(view_action_at(k)->name, a->name);
        for (size_t m = 0; m < ARRAY_LEN(models); m++)
            for (const struct view *const *v = VIEWS; *v; v++) {
                struct action_ctx c = {.view = context(models[m], MINUTE), .on = *v, .live = true, .now = T0};
                struct doc *d = (*v)->build(&c.view);
                struct sd_error why = {""};
                struct outcome o = {.arena = arena_new()};
                c.doc = d;
                if (a->enabled && !a->enabled(&c, &why))
                    assert_true(why.text[0]); /* a sentence */
                else
                    a->run(&c, &o);
                assert_true(!o.view || view_exactly(o.view));
                assert_true(!o.order.job || (o.order.args && o.order.origin && o.order.where));
                assert_true(!o.question.title || (o.question.what && o.order.job));
                assert_true(!o.order.job || !o.order.job->confirm || o.question.title);
                outcome_free(&o);
                doc_free(d);
            }
    }
    model_free(full);
    model_free(empty);
}

/* Going up from any view ends at Home, after at most three steps: with one that undoes what was done
 * to the screen, four. */
static void check_way_up(const struct view *v)
{
    int steps = 0;
    bool same_arg;
    for (const struct view *up = v; (up = view_above(up, &same_arg)); steps++)
        assert_true(steps < 4);
    assert_true(steps <= 3);
    assert_int_equal(steps == 0, v == view_home());
}

/* A view of no thing is in the row of its place, and . goes round it. */
static void check_place(const struct view *v)
{
    const struct view *at = view_beside(v->place, NULL, 1), *first = at;
    bool found = false;
    assert_non_null(view_place_title(v->place));
    if (v->about)
        return;
    for (int i = 0; i < 64 && !found; i++) {
        found = at == v;
        assert_ptr_equal(view_beside(v->place, view_beside(v->place, at, 1), -1), at);
        at = view_beside(v->place, at, 1);
    }
    assert_true(found && first);
}

static void every_view_is_described(void **state)
{
    (void)state;
    for (const struct view *const *v = VIEWS; *v; v++) {
        assert_true((*v)->name[0] && (*v)->title[0] && (*v)->summary[0]);
        assert_non_null((*v)->build);
        check_names(*v);
        check_place(*v);
        check_way_up(*v);
        assert_true((*v)->n_columns > 0); /* the manual describes what it prints */
        check_columns((*v)->name, (*v)->columns, (*v)->n_columns);
        check_columns((*v)->name, (*v)->also, (*v)->n_also);
    }
    check_columns("envelope", VIEW_ENVELOPE, VIEW_N_ENVELOPE);
    for (int p = 0; p <= 9; p++)
        assert_true(view_place_title((enum view_place)p) && view_place_help((enum view_place)p) &&
                    view_place_needs((enum view_place)p));
    assert_null(view_place_title((enum view_place)10));
    assert_ptr_equal(view_named("over"), view_named("overview"));
    assert_null(view_exactly("over"));
    assert_null(view_named("q")); /* queries or query */
    assert_null(view_named(""));
    assert_null(view_named("nothing"));
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_view_says_what_to_do),         cmocka_unit_test(every_key_is_in_the_manual),
        cmocka_unit_test(every_view_copes_with_little),          cmocka_unit_test(every_view_copes_with_much),
        cmocka_unit_test(every_view_copes_with_hostile_records), cmocka_unit_test(every_view_is_described),
        cmocka_unit_test(every_action_says_what_it_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
