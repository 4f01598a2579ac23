/* harmless_body.c - what the planner may run of the user's own functions.
 *
 * EXPLAIN executes nothing of its statement, but the planner runs functions that are not VOLATILE
 * and whose arguments are constant; to estimate, it runs operators, VOLATILE or not, and to read
 * constants domains and ranges. Refusing them all would refuse every database with row security by a
 * function. What they do to this database the read-only transaction stops or the rollback undoes.
 * What it does not undo are commands such as COPY, LOCK or SET, and calls of the functions that
 * sql_function_denied names, or of other VOLATILE ones: to other servers, files, sessions.
 *
 * So a body in SQL or PL/pgSQL must consist of queries (sql_may_be_body, sql_may_be_plpgsql); and
 * the definition is read for names as text, also in strings and comments: those of functions
 * that act, of further functions of the user's own, of views, types and operators, whose functions are
 * read in turn. Too much is found that way, not too little. What cannot be read is refused: other
 * languages, SQL put together at run time. So is what runs with the rights of a powerful
 * owner, or under other settings. */
#include <ctype.h>
#include <stdlib.h>

#include "core/sql/lex.h"
#include "source/postgres/harmless.h"

#define MAX_STRINGS   4    /* in each other, whose names are looked at */
#define MAX_FUNCTIONS 1000 /* read for one statement */
#define MAX_WORDS     20000
#define MAX_NAME      63 /* bytes of a name */

/* Where a name in the texts $2 may be found: on the path of the session ($1), or in a schema that a
 * text names, also as a setting of a function; those of another role's "$user" are not known. */
static const char SCHEMAS[] =
    OWN_TAG "SELECT array_agg(nspname::text)::text FROM pg_namespace WHERE nspname = ANY ($1::text[]) "
            "OR nspname = 'pg_catalog' OR strpos($2, replace(nspname::text, '\"', '\"\"')) > 0 "
            "OR strpos(lower($2), nspname::text) > 0 OR strpos($2, '$user') > 0 "
            "OR strpos($2, 'SECURITY DEFINER') > 0";

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

/* Constants are not counted: harmless_bodies goes by whether a strange type is used. */
static void add_name(struct sql_use_list *l, char *name)
{
    if (listed(l, name)) {
        free(name);
        return;
    }
    l->list = mem_grow(l->list, l->n, &l->cap, sizeof *l->list);
    l->list[l->n++] = (struct sql_use){.name = name};
}

/* x.name may be a call of name(x): of any value behind a point, otherwise of whole rows only. */
static void add_attribute(struct sql_use_list *l, char *name, bool behind_point)
{
    for (size_t i = 0; i < l->n; i++)
        if (!l->list[i].schema == behind_point && str_eq(l->list[i].name, name)) {
            free(name);
            return;
        }
    l->list = mem_grow(l->list, l->n, &l->cap, sizeof *l->list);
    l->list[l->n++] = (struct sql_use){.schema = behind_point ? NULL : mem_strdup(""), .name = name};
}

/* The server cuts names at 63 bytes, between characters. */
static size_t name_length(const char *text, size_t len)
{
    if (len > MAX_NAME)
        for (len = MAX_NAME; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
            len--;
    return len;
}

static void add_word(struct sql_uses *u, const char *text, size_t len, bool is_called)
{
    struct sql_use_list *lists[] = {&u->relations, &u->types, &u->functions};
    len = name_length(text, len);
    for (size_t i = 0; i < ARRAY_LEN(lists) - !is_called; i++)
        add_name(lists[i], mem_strndup(text, len));
    add_attribute(&u->attributes, mem_strndup(text, len), false);
}

static char *lower(const char *text, size_t len)
{
    char *out = mem_strndup(text, len);
    for (char *s = out; *s; s++)
        *s = (char)tolower((unsigned char)*s);
    return out;
}

char *harmless_read(const char *text, struct sql_uses *u)
{
    size_t words = 0;
    for (const char *p = text; *p;) {
        const char *end = p + 1;
        if (word_starts((unsigned char)*p)) {
            while (word_goes_on((unsigned char)*end))
                end++;
            char *word = lower(p, (size_t)(end - p));
            bool escaped = strcmp(word, "u") == 0 && end[0] == '&' && end[1] == '"';
            bool is_called = called(*end == '"' ? end + 1 : end);
            if (escaped || (is_called && sql_function_denied(word)) || ++words > MAX_WORDS)
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
        }
        p = end;
    }
    return NULL;
}

/* The text of a constant. Where it has escapes, which may stand for a point or a blank, all its
 * words come to stand behind a point; NULL where they may stand for letters. */
static char *constant_text(const struct sql_token *t)
{
    struct strbuf out = {0};
    bool escapes = memchr(t->text, '\\', t->len) != NULL;
    for (size_t i = 1; i + 1 < t->len; i++) {
        if (t->text[i] == '\\' && strchr("xuU01234567", t->text[i + 1])) {
            strbuf_free(&out);
            return NULL;
        }
        strbuf_char(&out, escapes && !word_goes_on((unsigned char)t->text[i]) ? '.' : t->text[i]);
        i += t->text[i] == '\\';
    }
    return out.text ? strbuf_detach(&out) : mem_strdup("");
}

static char *unquoted(const struct sql_token *t)
{
    struct strbuf name = {0};
    for (size_t i = 1; i + 1 < t->len; i++) {
        strbuf_char(&name, t->text[i]);
        i += t->text[i] == '"';
    }
    char *cut = mem_strndup(strbuf_text(&name), name_length(strbuf_text(&name), name.len));
    strbuf_free(&name);
    return cut;
}

bool harmless_points(const char *body, struct sql_uses *u, int depth)
{
    struct sql_token t;
    bool point = false, told = true;
    for (const char *p = body; told && (t = sql_lex(p)).kind != SQL_END; p = t.text + t.len) {
        if (t.kind == SQL_SPACE || t.kind == SQL_COMMENT)
            continue;
        if (t.kind == SQL_STRING && t.len > 2) {
            char *inner = depth < MAX_STRINGS ? constant_text(&t) : NULL;
            told = inner && harmless_points(inner, u, depth + 1);
            free(inner);
        } else if (point && t.kind == SQL_WORD) {
            add_attribute(&u->attributes, lower(t.text, name_length(t.text, t.len)), true);
        } else if (point && t.kind == SQL_QUOTED) {
            add_attribute(&u->attributes, unquoted(&t), true);
        }
        point = t.kind == SQL_OTHER && *t.text == '.';
    }
    return told;
}

/* ---- one function ---- */

struct function {
    const char *schema, *name, *language, *kind, *definition, *source, *setting, *right;
    bool is_volatile, always, known, parsed;
};

static struct function function_of(const PGresult *r, int row)
{
    return (struct function){.schema = conn_text(r, row, 0),
                             .name = conn_text(r, row, 1),
                             .language = conn_text(r, row, 2),
                             .is_volatile = conn_int(r, row, 3) == 1,
                             .always = conn_int(r, row, 4) == 1,
                             .known = conn_int(r, row, 5) == 1,
                             .kind = conn_maybe(r, row, 6),
                             .definition = conn_maybe(r, row, 7),
                             .source = conn_maybe(r, row, 8),
                             .parsed = conn_int(r, row, 9) == 1,
                             .setting = conn_maybe(r, row, 10),
                             .right = conn_maybe(r, row, 11)};
}

SD_PRINTF(3, 4)
static enum sd_result refuse(const struct function *f, struct sd_error *why, const char *fmt, ...)
{
    char reason[320];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(reason, sizeof reason, fmt, ap);
    va_end(ap);
    return sd_fail(why, SD_UNSUPPORTED, "planning may run the function %.64s.%.64s, %s", f->schema, f->name,
                   reason);
}

/* Built in, or of a known extension. */
static enum sd_result judge_known(const struct function *f, struct sd_error *why)
{
    if (sql_function_denied(f->name) || (f->always && f->is_volatile && !harmless_volatile(f->name)))
        return refuse(f, why, "which may change something even when the statement is only planned");
    return SD_OK;
}

/* Does what it consists of only compute and query? */
static enum sd_result judge_body(const struct function *f, struct sd_error *why)
{
    struct sd_error reason;
    bool sql = str_eq(f->language, "sql");
    if (!sql && !str_eq(f->language, "plpgsql"))
        return refuse(f, why, "which is written in %.32s and may do anything", f->language);
    if (f->parsed) /* BEGIN ATOMIC: there is nothing but queries in it */
        return SD_OK;
    if (!f->source)
        return refuse(f, why, "whose text is not shown");
    if (sql ? sql_may_be_body(f->source, &reason) : sql_may_be_plpgsql(f->source, &reason))
        return SD_OK;
    return refuse(f, why, "and %s (%.32s)", reason.text, f->language);
}

/* A function in SQL may be put in the place of its call, whatever its volatility. */
static bool runs(const struct function *f)
{
    return !f->is_volatile || f->always || str_eq(f->language, "sql");
}

static enum sd_result judge_function(const struct function *f, struct sql_uses *u, struct sd_error *why)
{
    if (f->known)
        return judge_known(f, why);
    if (!runs(f))
        return SD_OK;
    if (f->right)
        return refuse(f, why, "which runs with the rights of its owner (SECURITY DEFINER), who has %.40s",
                      f->right);
    if (f->setting)
        return refuse(f, why, "which sets %.64s while it runs", f->setting);
    bool aggregate = str_eq(f->kind, "a"), internal = str_eq(f->language, "internal") && !aggregate;
    if (internal && f->source && !sql_function_denied(f->source) && !sql_function_denied(f->name))
        return SD_OK; /* another name for a function of the server; only a superuser can give it */
    enum sd_result result = aggregate ? SD_OK : judge_body(f, why);
    if (result != SD_OK)
        return result;
    char *word = f->definition ? harmless_read(f->definition, u) : mem_strdup(f->name);
    /* In the definition its first and last word stick to the dollars around it. */
    if (!word && f->source && !aggregate)
        word = harmless_read(f->source, u);
    if (!word && f->source && !aggregate && !harmless_points(f->source, u, 0))
        word = mem_strdup("what the escapes in its constants stand for");
    if (!word)
        return SD_OK;
    refuse(f, why, "which may call %.64s; that may change something even when the statement is only planned",
           word);
    free(word);
    return SD_UNSUPPORTED;
}

/* ---- all of them ---- */

/* Those from `first` on, into *r. */
static enum sd_result read_functions(struct harmless *h, size_t first, PGresult **r, struct sd_error *why)
{
    struct strbuf oids = {0}, always = {0};
    for (size_t i = first; i < h->n; i++) {
        strbuf_printf(&oids, "%s%lld", oids.len ? "," : "{", (long long)h->functions[i].oid);
        strbuf_printf(&always, "%s%s", always.len ? "," : "{", h->functions[i].always ? "t" : "f");
    }
    strbuf_char(&oids, '}');
    strbuf_char(&always, '}');
    const char *args[] = {HARMLESS_EXTENSIONS, oids.text, always.text};
    enum sd_result result = conn_query(h->c, HARMLESS_BODIES, ARRAY_LEN(args), args, true, r, why);
    strbuf_free(&oids);
    strbuf_free(&always);
    return result;
}

/* In a server of one byte a character, letters beyond ASCII are folded as its locale says. */
static bool only_ascii(const char *text)
{
    while (*text && (unsigned char)*text < 0x80)
        text++;
    return !*text;
}

/* What the bodies read so far name: a function sees the search_path of one that calls it, so that what is
 * read later may give names read before another meaning. */
static enum sd_result follow(struct harmless *h, const char *path, struct sql_uses *u, const char *text,
                             struct sd_error *why)
{
    PGresult *r = NULL;
    const char *args[] = {path, text};
    if (!str_eq(PQparameterStatus(h->c->pg, "server_encoding"), "UTF8") && !only_ascii(text))
        return sd_fail(
            why, SD_UNSUPPORTED,
            "planning may run a function with letters beyond ASCII, and in this database's encoding it "
            "is not certain which names they are");
    enum sd_result result = conn_query(h->c, SCHEMAS, ARRAY_LEN(args), args, false, &r, why);
    if (result != SD_OK)
        return result;
    const char *schemas = conn_text(r, 0, 0);
    h->inner = true;
    result = harmless_parts(h, schemas, u, why);
    for (size_t i = 0; i < u->functions.n && h->strange; i++)
        u->functions.list[i].literals = 99;
    if (result == SD_OK)
        result = harmless_names(h, schemas, u, text, why);
    h->inner = false;
    PQclear(r);
    return result;
}

/* All of its words count, as those of a body; and the operators that its other constructs may stand for. */
enum sd_result harmless_unread(struct harmless *h, const char *path, const char *sql, struct sd_error *why)
{
    struct sql_uses u = {0};
    char *word = harmless_read(sql, &u), *text = mem_printf("%s = <> < > <= >= ~~ !~~ ~~* !~~* ~", sql);
    enum sd_result result = SD_OK;
    if (word)
        result =
            sd_fail(why, SD_UNSUPPORTED,
                    "slowdive's parser, that of PostgreSQL 15, cannot read the statement, and it may call "
                    "%.64s, which may change something even when it is only planned",
                    word);
    else if (!harmless_points(sql, &u, 0))
        result = sd_fail(why, SD_UNSUPPORTED,
                         "slowdive's parser, that of PostgreSQL 15, cannot read the statement, and it has "
                         "constants with escapes, which may stand for anything");
    else
        result = follow(h, path, &u, text, why);
    sql_uses_free(&u);
    free(word);
    free(text);
    return result;
}

enum sd_result harmless_bodies(struct harmless *h, const char *path, struct sd_error *why)
{
    struct sql_uses u = {0};
    struct strbuf text = {0};
    enum sd_result result = SD_OK;
    for (size_t done = 0; done < h->n && result == SD_OK;) {
        PGresult *r = NULL;
        size_t before = text.len;
        if (h->n > MAX_FUNCTIONS)
            result =
                sd_fail(why, SD_UNSUPPORTED,
                        "planning may run more than %d functions; that is too many to check", MAX_FUNCTIONS);
        else
            result = read_functions(h, done, &r, why);
        done = h->n;
        for (int row = 0; result == SD_OK && row < PQntuples(r); row++) {
            struct function f = function_of(r, row);
            result = judge_function(&f, &u, why);
            if (f.definition && runs(&f))
                strbuf_printf(&text, "%s\n", f.definition);
        }
        PQclear(r);
        if (result == SD_OK && text.len > before)
            result = follow(h, path, &u, text.text, why);
    }
    sql_uses_free(&u);
    strbuf_free(&text);
    return result;
}
