/* statement.h - SQL through PostgreSQL's own parser (libpg_query). Any thread; no state. */
#ifndef CORE_SQL_STATEMENT_H
#define CORE_SQL_STATEMENT_H

#include "base/base.h"

/* libpg_query's parse tree; caller deletes. NULL when the text does not parse, is longer
 * than sql_bounded allows or nested deeper than cJSON follows. */
struct cJSON *sql_parse_tree(const char *sql);
bool sql_parses(const char *sql);
/* An identifier as SQL: quoted where it must be. */
void sql_quote(const char *name, struct strbuf *out);

/* The libpg_query fingerprint (16 hex digits) into out[17]; false when it does not parse. ? may stand for
 * constants, as drivers and sql_hide_literals write them. */
bool sql_fingerprint(const char *sql, char out[17]);
/* Constants as $n; caller frees; NULL when it does not parse. */
char *sql_normalize(const char *sql);
/* No possible literal remains in any text: normalised when it parses, otherwise by a scanner that replaces
 * strings and numbers. Caller frees. */
char *sql_hide_literals(const char *sql);

/* The same of an expression out of a plan, which is no statement. Caller frees. */
char *sql_hide_expression(const char *sql);

/* The statement on one line, without its comments: line breaks between its words become
 * blanks; a name or string with a character that no line may hold (controls, bidi controls)
 * is written with escapes, U&"" or E''. Caller frees; NULL when there is no such line. */
char *sql_one_line(const char *sql);
bool sql_is_line(const char *sql); /* valid UTF-8 without such a character */
/* Exactly one CREATE INDEX or REINDEX INDEX, on one line, without a comment? Hidden constants may be in it.
 */
bool sql_builds_index(const char *sql);

/* May this text be given to plain EXPLAIN? Exactly one statement; SELECT, VALUES
 * or INSERT/UPDATE/DELETE/MERGE; no INTO, no utility statement, no nested EXPLAIN;
 * no data-modifying CTE. A sentence says why not. */
bool sql_may_explain(const char *sql, struct sd_error *why);

/* Does the text begin as a statement that EXPLAIN takes, and does the parser, which is that of
 * PostgreSQL 15, not read it? A newer server may. */
bool sql_is_unread(const char *sql);

/* What a statement names, so that a server can be asked what each of them does. */
struct sql_use {
    char *schema; /* NULL: not given */
    char *name;
    int literals; /* of a function, an operator: arguments that are constants without a type, most of any use
                   */
};
struct sql_uses {
    struct sql_use_list {
        struct sql_use *list;
        size_t n, cap;
    } relations,                                 /* of FROM; names of WITH queries among them */
        functions, operators, types, attributes; /* x.name: a column, or a call of name(x) */
    bool modifies;                               /* INSERT, UPDATE, DELETE or MERGE */
    bool locks;                                  /* FOR UPDATE and the like */
};
void sql_uses_free(struct sql_uses *u);

/* May this text be executed, under EXPLAIN ANALYZE in a read-only transaction? Much
 * stricter: exactly one SELECT, VALUES or TABLE, without INTO, locking clause, INSERT,
 * UPDATE, DELETE or MERGE anywhere in it; no parameters; no call that sql_may_explain refuses.
 * A necessary condition only: what the functions, operators, types and relations do
 * that it names, only its server can tell. `uses` (NULL: not wanted; the caller frees it
 * in any case) gets them all, those that a construct implies among them (BETWEEN: >= and <=). */
bool sql_may_execute(const char *sql, struct sql_uses *uses, struct sd_error *why);
/* sql_may_explain, with what the statement names. */
bool sql_may_plan(const char *sql, struct sql_uses *uses, struct sd_error *why);
/* May a function with this body in SQL, or in PL/pgSQL, be run while a statement is only
 * planned? It consists of queries alone (in PL/pgSQL also of what computes): no COPY, LOCK,
 * SET, NOTIFY, CALL, no SQL put together at run time. Necessary only: what it calls is not
 * looked at. `why` is half a sentence: "it contains COPY". */
bool sql_may_be_body(const char *sql, struct sd_error *why);
bool sql_may_be_plpgsql(const char *source, struct sd_error *why);
/* Refused wherever it is called? `name` as the server has it. */
bool sql_function_denied(const char *name);

/* Highest $n used; 0: none. */
int sql_parameters(const char *sql);

/* The statement with each list that pg_stat_statements of PostgreSQL 18 keeps as "$1" and a comment as one
 * of SQL_LIST_LENGTH parameters, the new ones behind the highest: what the planner assumes of an array whose
 * length it does not know. Caller frees. */
enum { SQL_LIST_LENGTH = 10, SQL_EXPANDED_MAX = 900 };
char *sql_expand_lists(const char *sql);

/* The statement with its parameters replaced by `values`: constants separated by commas,
 * the first for $1 ("42, 'text', NULL"; "$1 = 42, ..." is understood, too; "(1, 2)" for a list of
 * PostgreSQL 18). What comes out
 * is text from outside like any other. Caller frees; NULL and a sentence. */
char *sql_with_values(const char *sql, const char *values, struct sd_error *err);

/* Does the statement read or write the table? By its words, without a parser, so that thousands can be
 * asked, and a text that is cut: what stands where a table stands in FROM, JOIN, UPDATE, INTO.
 * `schema` matters where the statement gives one. */
bool sql_uses_table(const char *sql, const char *schema, const char *table);

/* First bytes of every statement that slowdive makes. */
#define SQL_OWN_TAG "/* slowdive */"
/* A statement that begins with the tag as it is sent: the tag behind its first word, since
 * pg_stat_statements of PostgreSQL 18 drops comments in front of it. Any other statement stays
 * as it is. Caller frees. */
char *sql_tag_own(const char *sql);
/* Is it a statement of a tool that looks at the server, and none of the application: slowdive's own, a
 * call of HypoPG, a reset of statistics? Such statements are in no workload. */
bool sql_is_tool(const char *sql);

/* ---- sqlcommenter tags ---- */
struct sql_tags {
    char *route; /* NULL; as tagged */
    char *method;
    char *trace_id; /* 32 hex digits, from traceparent */
    char *application;
};
/* Reads the last comment that has tags: key='v' (URL-encoded), key=v and key:v. */
bool sql_tags(const char *sql, struct sql_tags *out);
void sql_tags_free(struct sql_tags *t);
/* The text without the comments that hold tags; others stay (hints are comments).
 * pg_stat_statements keeps the tags of the first caller, which misleads. Caller frees. */
char *sql_strip_tags(const char *sql);

#endif
