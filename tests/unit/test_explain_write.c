/* A plan written as text and read again is the same plan: its nodes, figures and
 * conditions. Over the plans of the tests and, where they are, of the corpora. */
#include "tests/lib/test.h"

#include <dirent.h>
#include <stdlib.h>

#include "format/plans/explain_input.h"
#include "format/plans/explain_write.h"

struct tally {
    size_t plans, nodes, unlike;
};

/* The text format leaves out what is 0, and rounds times to a microsecond. */
static bool same_number(double a, double b)
{
    a = isnan(a) ? 0 : a;
    b = isnan(b) ? 0 : b;
    return fabs(a - b) <= fabs(a) * 1e-9 + (a == floor(a) ? 1e-9 : 0.0051) || (fabs(a - b) < 1000 && a > 1e5);
}

/* What the text format has no word for, of which the plan keeps what JSON said. */
static bool has_no_word(const char *key)
{
    static const char *const silent[] = {"Parent Relationship",
                                         "Alias",
                                         "Schema",
                                         "Node Type",
                                         "Join Type",
                                         "Strategy",
                                         "Partial Mode",
                                         "Operation",
                                         "Command",
                                         "Scan Direction",
                                         "Custom Plan Provider",
                                         "Parallel Aware",
                                         "Async Capable",
                                         "Inner Unique",
                                         "Single Copy",
                                         "Disabled",
                                         "Table Function Name",
                                         "Tuplestore Name",
                                         "Function Name",
                                         "CTE Name",
                                         "Relation Name",
                                         "Index Name",
                                         NULL};
    return str_find(silent, key) >= 0;
}

static char *squeezed(const char *s)
{
    struct strbuf b = {0};
    strbuf_str(&b, "");
    for (; s && *s; s++)
        if (!strchr(" \n\r\t", *s))
            strbuf_char(&b, *s);
    return strbuf_detach(&b);
}

static bool same_text(const char *a, const char *b)
{
    char *x = squeezed(a), *y = squeezed(b);
    bool same = !strcmp(x, y);
    free(x);
    free(y);
    return same;
}

static char *joined(const struct plan_list *l)
{
    struct strbuf b = {0};
    strbuf_str(&b, "");
    for (size_t i = 0; i < l->n; i++)
        strbuf_printf(&b, "%s%s", i ? "," : "", l->items[i]);
    return strbuf_detach(&b);
}

static bool same_field(const struct plan_field *f, const void *a, const void *b)
{
    const char *x = (const char *)a + f->offset, *y = (const char *)b + f->offset;
    if (!strcmp(f->key, "Original Hash Batches")) /* said where they differ from the batches */
        return true;
    if (f->type == PLAN_REAL || f->type == PLAN_NS)
        return same_number(*(const double *)(const void *)x, *(const double *)(const void *)y);
    if (has_no_word(f->key))
        return true;
    if (f->type == PLAN_TEXT)
        return same_text(*(const char *const *)(const void *)x, *(const char *const *)(const void *)y);
    if (f->type == PLAN_LIST) {
        char *p = joined((const void *)x), *q = joined((const void *)y);
        bool same = same_text(p, q);
        free(p);
        free(q);
        return same;
    }
    return true;
}

static void line_of(const struct plan_node *n, struct strbuf *b)
{
    strbuf_clear(b);
    plan_node_name(n, b);
    plan_node_where(n, b);
}

static bool same_record(const struct plan_field *fields, size_t n, const void *a, const void *b,
                        const char *path, int id)
{
    for (size_t i = 0; i < n; i++)
        if (!same_field(&fields[i], a, b)) {
            if (getenv("SLOWDIVE_SHOW_DIFFERENCES"))
                printf("# %s: node %d: %s\n", path, id, fields[i].key);
            return false;
        }
    return true;
}

static bool same_node(const struct plan_node *a, const struct plan_node *b, const char *path)
{
    struct strbuf x = {0}, y = {0};
    line_of(a, &x);
    line_of(b, &y);
    bool same = same_text(strbuf_text(&x), strbuf_text(&y)) && a->depth == b->depth &&
                (a->parent ? a->parent->id : 0) == (b->parent ? b->parent->id : 0) &&
                a->n_workers == b->n_workers;
    if (!same && getenv("SLOWDIVE_SHOW_DIFFERENCES"))
        printf("# %s: node %d: %s (depth %d, %zu workers) became %s (depth %d, %zu workers)\n", path, a->id,
               strbuf_text(&x), a->depth, a->n_workers, strbuf_text(&y), b->depth, b->n_workers);
    strbuf_free(&x);
    strbuf_free(&y);
    if (!same || !same_record(plan_node_fields, plan_n_node_fields, a, b, path, a->id))
        return false;
    for (size_t i = 0; i < a->n_workers; i++)
        if (!same_record(plan_worker_fields, plan_n_worker_fields, &a->workers[i], &b->workers[i], path,
                         a->id))
            return false;
    return true;
}

static void round_trip(struct plan *p, const char *path, struct tally *t)
{
    struct strbuf out = {0};
    struct explain e;
    struct sd_error err = {""};
    if (p->n_nodes == 1 && isnan(p->total_cost) && isnan(p->nodes[0]->loops))
        return; /* a word alone tells nobody that it is a plan */
    explain_write(p, false, &out);
    if (!explain_read(strbuf_text(&out), out.len, &e, &err))
        fail_msg("%s: %s\n%s", path, err.text, strbuf_text(&out));
    struct plan *q = e.plans[0];
    t->plans++;
    t->nodes += p->n_nodes;
    bool shown = getenv("SLOWDIVE_SHOW_DIFFERENCES") != NULL;
    if (e.n_plans != 1 || q->n_nodes != p->n_nodes) {
        t->unlike++;
        if (shown)
            printf("# %s: %zu nodes became %zu, in %zu plans\n", path, p->n_nodes, q->n_nodes, e.n_plans);
    } else {
        bool same =
            same_number(p->planning_ns, q->planning_ns) &&
            (p->logged || same_number(p->execution_ns, q->execution_ns)) &&
            same_number(p->jit_ns, q->jit_ns) && p->query_id == q->query_id &&
            p->n_triggers == q->n_triggers && same_number(p->planning_shared_hit, q->planning_shared_hit) &&
            p->n_settings == q->n_settings && same_number(p->planning_memory_kb, q->planning_memory_kb);
        if (!same && shown)
            printf("# %s: the whole differs\n", path);
        for (size_t i = 0; i < p->n_nodes && same; i++)
            same = same_node(p->nodes[i], q->nodes[i], path);
        t->unlike += !same;
    }
    explain_free(&e);
    strbuf_free(&out);
}

static void file(const char *path, struct tally *t)
{
    char *data;
    size_t len;
    struct sd_error err = {""};
    if (!file_read(path, EXPLAIN_MAX_BYTES, &data, &len, &err))
        return;
    struct explain e;
    if (explain_read(data, len, &e, &err))
        for (size_t i = 0; i < e.n_plans; i++)
            round_trip(e.plans[i], path, t);
    explain_free(&e);
    free(data);
}

static void walk(const char *dir, int depth, struct tally *t)
{
    DIR *d = opendir(dir);
    struct dirent *entry;
    while (d && (entry = readdir(d)) != NULL) {
        char path[4096];
        if (entry->d_name[0] == '.' ||
            snprintf(path, sizeof path, "%s/%s", dir, entry->d_name) >= (int)sizeof path)
            continue;
        if (entry->d_type == DT_DIR && depth < 6)
            walk(path, depth + 1, t);
        else if (entry->d_type != DT_DIR && !strstr(entry->d_name, "pev2.json"))
            file(path, t);
    }
    if (d)
        closedir(d);
}

static void test_own_plans(void **state)
{
    (void)state;
    char dir[4096];
    struct tally t = {0};
    snprintf(dir, sizeof dir, "%s", test_file("data/plans"));
    walk(dir, 0, &t);
    assert_true(t.plans > 20);
    assert_int_equal(t.unlike, 0);
}

static void test_corpora(void **state)
{
    (void)state;
    const char *dir = test_corpus("pg_explain");
    if (!dir)
        skip();
    char copy[4096];
    snprintf(copy, sizeof copy, "%s", dir);
    struct tally t = {0};
    walk(copy, 0, &t);
    printf("# corpora: %zu plans of %zu nodes written and read again, %zu differ\n", t.plans, t.nodes,
           t.unlike);
    assert_true(t.plans > 200);
    assert_int_equal(t.unlike, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_plans),
        cmocka_unit_test(test_corpora),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
