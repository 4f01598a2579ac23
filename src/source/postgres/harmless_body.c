/* harmless_body.c - what the planner may run of the user's own functions.
 *
 * EXPLAIN executes nothing but the functions that are not VOLATILE and whose arguments are
 * constant. Refusing them all would refuse every database with row security by a
 * function. What they do to this database the read-only transaction stops or the rollback undoes;
 * what it does not undo are calls of the functions that sql_function_denied names: to
 * other servers, files, sessions. So the definition is read for such names as text, also in
 * strings and comments, and for the names of further functions of the user's own, of
 * views, types and operators, whose functions are read in turn. Too much is found that way,
 * not too little. What cannot be read is refused: SQL put together at run time, languages
 * that may do anything. */
#include <ctype.h>
#include <stdlib.h>

#include "source/postgres/harmless.h"

#define MAX_FUNCTIONS 1000 /* read for one statement */
#define MAX_WORDS     20000

/* $1: OIDs. Aggregates are not run by the planner, what they consist of neither. */
static const char BODIES[] =
    OWN_TAG "SELECT n.nspname::text, p.proname::text, l.lanname::text, l.lanpltrusted, p.provolatile = 'v', "
            "EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND "
            "d.deptype = 'e'), "
            "pg_get_functiondef(p.oid), p.prosrc "
            "FROM unnest($1::int8[]) w(oid) JOIN pg_proc p ON p.oid::int8 = w.oid JOIN pg_namespace n ON "
            "n.oid = p.pronamespace "
            "JOIN pg_language l ON l.oid = p.prolang WHERE p.prokind IN ('f', 'p')";

static const char SCHEMAS[] = OWN_TAG "SELECT array_agg(nspname::text)::text FROM pg_namespace";

/* Is what stands before `p` called? A comment may come between. A column of that name is
 * not, nor is http://. */
static bool called(const char *p)
{
    while (isspace((unsigned char)*p))
        p++;
    return *p == '(' || (p[0] == '/' && p[1] == '*') || (p[0] == '-' && p[1] == '-');
}

static bool word_starts(unsigned char c)
{
    return isalpha(c) || c == '_' || c >= 0x80;
}

static bool word_goes_on(unsigned char c)
{
    return word_starts(c) || isdigit(c) || c == '$';
}

static bool listed(const struct sql_use_list *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->list[i].name, name) == 0)
            return true;
    return false;
}

/* A name may be that of anything; 99 literals: every overload counts. */
static void add_name(struct sql_use_list *l, char *name)
{
    if (listed(l, name)) {
        free(name);
        return;
    }
    l->list = mem_grow(l->list, l->n, &l->cap, sizeof *l->list);
    l->list[l->n++] = (struct sql_use){.name = name, .literals = 99};
}

static void add_word(struct sql_uses *u, const char *text, size_t len, bool is_called)
{
    struct sql_use_list *lists[] = {&u->relations, &u->types, &u->attributes, &u->functions};
    for (size_t i = 0; i < ARRAY_LEN(lists) - !is_called; i++)
        add_name(lists[i], mem_strndup(text, len));
}

static char *lower(const char *text, size_t len)
{
    char *out = mem_strndup(text, len);
    for (char *s = out; *s; s++)
        *s = (char)tolower((unsigned char)*s);
    return out;
}

char *harmless_read(const char *text, bool plpgsql, struct sql_uses *u)
{
    static const char operators[] = "+-*/<>=~!@#%^&|`?";
    size_t words = 0;
    for (const char *p = text; *p;) {
        const char *end = p + 1;
        if (word_starts((unsigned char)*p)) {
            while (word_goes_on((unsigned char)*end))
                end++;
            char *word = lower(p, (size_t)(end - p));
            bool dynamic = (plpgsql && strcmp(word, "execute") == 0) ||
                           (strcmp(word, "u") == 0 && end[0] == '&' && end[1] == '"');
            bool is_called = called(*end == '"' ? end + 1 : end);
            if (dynamic || (is_called && sql_function_denied(word)) || ++words > MAX_WORDS)
                return word;
            add_word(u, word, strlen(word), is_called);
            free(word);
        } else if (*p == '"') {
            struct strbuf name = {0};
            for (; *end && (*end != '"' || end[1] == '"'); end++) {
                strbuf_char(&name, *end);
                end += *end == '"';
            }
            if (name.len) {
                bool is_called = *end && called(end + 1);
                if (is_called && sql_function_denied(name.text))
                    return strbuf_detach(&name);
                add_word(u, name.text, name.len, is_called);
            }
            strbuf_free(&name);
            end = p + 1; /* its words count, too, should the quote be something else */
        } else if (strchr(operators, *p)) {
            while (*end && strchr(operators, *end))
                end++;
            add_name(&u->operators, mem_strndup(p, (size_t)(end - p)));
        }
        p = end;
    }
    return NULL;
}

/* One function; `inner`: called by another, so that its own volatility keeps nobody from it. */
static enum sd_result judge(const PGresult *r, int row, bool inner, struct sql_uses *u, struct sd_error *why)
{
    const char *schema = conn_text(r, row, 0), *name = conn_text(r, row, 1), *language = conn_text(r, row, 2);
    bool trusted = conn_int(r, row, 3) == 1, is_volatile = conn_int(r, row, 4) == 1;
    bool extension = conn_int(r, row, 5) == 1;
    const char *definition = conn_maybe(r, row, 6), *source = conn_maybe(r, row, 7);
    bool compiled = str_eq(language, "c") || str_eq(language, "internal");
    /* A function in SQL may be put in the place of its call, whatever its volatility. */
    if (is_volatile && !inner && !str_eq(language, "sql"))
        return SD_OK;
    char *word = NULL;
    if (sql_function_denied(name) || (str_eq(language, "internal") && source && sql_function_denied(source)))
        word = mem_strdup(name);
    else if (compiled && (extension || str_eq(language, "internal")))
        return SD_OK;
    if (!word && (compiled || !trusted))
        return sd_fail(
            why, SD_UNSUPPORTED,
            "planning may run the function %.64s.%.64s, which is written in %.32s and may do anything; "
            "it is not STABLE or IMMUTABLE in the sense of EXPLAIN",
            schema, name, language);
    if (!word && definition)
        word = harmless_read(definition, str_eq(language, "plpgsql"), u);
    if (!word)
        return SD_OK;
    bool dynamic = strcmp(word, "execute") == 0 || strcmp(word, "u") == 0;
    sd_fail(why, SD_UNSUPPORTED,
            dynamic
                ? "planning may run the function %.64s.%.64s, and what it executes cannot be told from its "
                  "text (%.32s)"
                : "planning may run the function %.64s.%.64s, which may call %.64s; that acts even when the "
                  "statement is only planned",
            schema, name, word);
    free(word);
    return SD_UNSUPPORTED;
}

static void no_names(struct sql_uses *u)
{
    sql_uses_free(u);
    *u = (struct sql_uses){0};
}

enum sd_result harmless_bodies(struct harmless *h, struct sd_error *why)
{
    PGresult *r = NULL;
    char *path = NULL;
    struct sql_uses u = {0};
    enum sd_result result = SD_OK;
    size_t own = h->n; /* those of the statement itself come first */
    for (size_t done = 0; done < h->n && result == SD_OK;) {
        if (h->n > MAX_FUNCTIONS) {
            result =
                sd_fail(why, SD_UNSUPPORTED,
                        "planning may run more than %d functions; that is too many to check", MAX_FUNCTIONS);
            break;
        }
        struct strbuf oids = {0};
        bool inner = done >= own;
        size_t end = inner ? h->n : own;
        for (; done < end; done++)
            strbuf_printf(&oids, "%s%lld", oids.len ? "," : "{", (long long)h->functions[done]);
        strbuf_char(&oids, '}');
        const char *args[] = {oids.text};
        result = conn_query(h->c, BODIES, 1, args, true, &r, why);
        strbuf_free(&oids);
        for (int row = 0; result == SD_OK && row < PQntuples(r); row++)
            result = judge(r, row, inner, &u, why);
        PQclear(r);
        if (result == SD_OK && !path &&
            (result = conn_query(h->c, SCHEMAS, 0, NULL, false, &r, why)) == SD_OK) {
            path = mem_strdup(conn_text(r, 0, 0));
            PQclear(r);
        }
        if (result == SD_OK && (u.functions.n || u.operators.n)) {
            result = harmless_names(h, path, &u, why);
            if (result == SD_OK)
                result = harmless_parts(h, path, &u, why);
        }
        no_names(&u);
    }
    no_names(&u);
    free(path);
    return result;
}
