#include "sink/conceal.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <uthash.h>

#include "core/schema.h"
#include "core/sql/statement.h"

enum { SEEN_MAX = 2048 };

struct seen {
    char *text, *hidden;
    UT_hash_handle hh;
};
struct conceal {
    struct seen *seen;
};

struct conceal *conceal_new(void)
{
    return mem_alloc(sizeof(struct conceal));
}

static void forget(struct conceal *c)
{
    struct seen *s, *next;
    HASH_ITER(hh, c->seen, s, next)
    {
        HASH_DEL(c->seen, s);
        free(s->text);
        free(s->hidden);
        free(s);
    }
}

void conceal_free(struct conceal *c)
{
    if (!c)
        return;
    forget(c);
    free(c);
}

/* Parsing costs some 50 us, and the same statements are sampled again and again. */
static const char *hidden_text(struct conceal *c, const char *text)
{
    if (!text)
        return NULL;
    struct seen *s;
    HASH_FIND_STR(c->seen, text, s);
    if (s)
        return s->hidden;
    if (HASH_COUNT(c->seen) >= SEEN_MAX)
        forget(c);
    s = mem_alloc(sizeof *s);
    s->text = mem_strdup(text);
    s->hidden = sql_hide_literals(text);
    if (!s->hidden)
        s->hidden = mem_strdup("");
    HASH_ADD_KEYPTR(hh, c->seen, s->text, strlen(s->text), s);
    return s->hidden;
}

/* Values under these keys are names and kinds the server chose; every other text in a
 * plan is taken for an expression. A key that a later server adds is thus concealed. */
static const char *const harmless[] = {
    "Node Type",
    "Parent Relationship",
    "Strategy",
    "Partial Mode",
    "Operation",
    "Subplan Name",
    "Relation Name",
    "Schema",
    "Alias",
    "Index Name",
    "Scan Direction",
    "Join Type",
    "CTE Name",
    "Function Name",
    "Tuplestore Name",
    "Command",
    "Sort Method",
    "Sort Space Type",
    "Custom Plan Provider",
    "Constraint Name",
    "Trigger Name",
    "Relation",
    "Cache Mode",
    "Group Method",
    "Timing",
    "Storage",
    "Maximum Storage",
    "Format",
    NULL,
};

static void conceal_item(cJSON *item, bool is_harmless)
{
    for (cJSON *child = item->child; child; child = child->next) {
        bool named = child->string ? str_find(harmless, child->string) >= 0 : is_harmless;
        if (cJSON_IsString(child) && !named) {
            char *hidden = sql_hide_literals(child->valuestring);
            char *copy = cJSON_malloc(strlen(hidden ? hidden : "") + 1);
            if (!copy)
                abort();
            memcpy(copy, hidden ? hidden : "", strlen(hidden ? hidden : "") + 1);
            cJSON_free(child->valuestring);
            child->valuestring = copy;
            free(hidden);
        }
        conceal_item(child, named); /* cJSON refuses more than 1000 levels */
    }
}

char *conceal_plan(const char *body)
{
    cJSON *root = cJSON_Parse(body);
    if (!root || !root->child) {
        cJSON_Delete(root);
        return sql_hide_literals(body);
    }
    conceal_item(root, false);
    char *text = cJSON_PrintUnformatted(root), *mine = mem_strdup(text ? text : "");
    cJSON_free(text);
    cJSON_Delete(root);
    return mine;
}

/* "GET /pay?card=4111 HTTP/1.1" -> "GET /pay?... HTTP/1.1" */
static char *without_queries(const char *line)
{
    struct strbuf out = {0};
    for (const char *p = line; *p; p++) {
        strbuf_char(&out, *p);
        if (*p != '?')
            continue;
        strbuf_str(&out, "...");
        while (p[1] && !strchr(" \t\"'", p[1]))
            p++;
    }
    return strbuf_detach(&out);
}

/* invalid input syntax for type integer: "4111" -> ...: "..."; names of tables and
 * columns, which the server does not put behind a colon, stay. */
static char *without_values(const char *sentence)
{
    struct strbuf out = {0};
    for (const char *p = sentence; *p;) {
        const char *value = strstr(p, ": \""), *end = value ? strchr(value + 3, '"') : NULL;
        if (!value) {
            strbuf_str(&out, p);
            break;
        }
        strbuf_add(&out, p, (size_t)(value - p));
        strbuf_str(&out, ": \"...\"");
        p = end ? end + 1 : value + strlen(value);
    }
    return strbuf_detach(&out);
}

/* Keys of an index, one a line. */
static char *hide_lines(const char *lines)
{
    struct strbuf out = {0};
    while (*lines) {
        size_t len = strcspn(lines, "\n");
        char *line = mem_printf("%.*s", (int)len, lines), *hidden = sql_hide_literals(line);
        strbuf_printf(&out, "%s%s", out.len ? "\n" : "", hidden);
        free(hidden);
        free(line);
        lines += len + (lines[len] == '\n');
    }
    return out.text ? strbuf_detach(&out) : mem_strdup("");
}

static void add_concealed(struct conceal *c, struct sd_batch *to, enum sd_kind kind, const void *record)
{
    char *own = NULL, *other = NULL;
    if (kind == SD_STATEMENT) {
        struct sd_statement r = *(const struct sd_statement *)record;
        r.text = hidden_text(c, r.text);
        batch_add(to, kind, &r);
    } else if (kind == SD_ACTIVITY) {
        struct sd_activity r = *(const struct sd_activity *)record;
        r.query = hidden_text(c, r.query);
        batch_add(to, kind, &r);
    } else if (kind == SD_PLAN) {
        struct sd_plan r = *(const struct sd_plan *)record;
        r.query = hidden_text(c, r.query);
        r.body = own = r.body ? conceal_plan(r.body) : NULL;
        r.failed = other = r.failed ? without_values(r.failed) : NULL;
        batch_add(to, kind, &r);
    } else if (kind == SD_FAILURE) {
        struct sd_failure r = *(const struct sd_failure *)record;
        r.text = other = r.text ? without_values(r.text) : NULL;
        batch_add(to, kind, &r);
    } else if (kind == SD_ADVICE) { /* expressions and predicates of indexes */
        struct sd_advice r = *(const struct sd_advice *)record;
        r.ddl = own = sql_hide_literals(r.ddl);
        r.columns = other = r.columns ? hide_lines(r.columns) : NULL;
        char *none = r.none ? without_values(r.none) : NULL;
        r.none = none;
        batch_add(to, kind, &r);
        free(none);
    } else if (kind == SD_INTAKE) {
        struct sd_intake r = *(const struct sd_intake *)record;
        r.sample = own = r.sample ? without_queries(r.sample) : NULL;
        batch_add(to, kind, &r);
    } else {
        batch_add(to, kind, record);
    }
    free(own);
    free(other);
}

const struct sd_batch *conceal_batch(struct conceal *c, const struct sd_batch *b)
{
    bool any = false;
    enum sd_kind kind;
    for (size_t i = 0; i < batch_len(b) && !any; i++) {
        batch_record(b, i, &kind);
        any = kind == SD_STATEMENT || kind == SD_ACTIVITY || kind == SD_PLAN || kind == SD_ADVICE ||
              kind == SD_INTAKE || kind == SD_FAILURE;
    }
    if (!any)
        return batch_ref(b);
    struct sd_batch *to = batch_new(batch_origin(b), batch_time(b));
    for (size_t i = 0; i < batch_len(b); i++) {
        const void *r = batch_record(b, i, &kind);
        add_concealed(c, to, kind, r);
    }
    return to;
}
