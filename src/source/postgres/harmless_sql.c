/* harmless_sql.c - the queries of the check; all of them run under search_path = pg_catalog.
 *
 * They answer with rows (kind, schema, name, definition, oid); harmless.c says what each
 * kind means. */
#include "source/postgres/harmless.h"

/* Extensions whose functions act on nothing outside their result. */
const char HARMLESS_EXTENSIONS[] =
    "{bloom,btree_gin,btree_gist,citext,cube,dict_int,earthdistance,fuzzystrmatch,h3,hll,hstore,hypopg,"
    "intagg,"
    "intarray,ip4r,isn,ltree,pg_bigm,pg_trgm,pg_uuidv7,pgcrypto,pg_stat_statements,postgis,prefix,q3c,"
    "roaringbitmap,seg,semver,tdigest,tsm_system_rows,tsm_system_time,unaccent,unit,uuid-ossp,vector}";

/* Members of the listed extensions ($1), and unknown types. FirstNormalObjectId is 16384:
 * what has a smaller OID came with the server. The owner of an extension, who need not be a superuser,
 * may add functions, operators and domains of his own to it, so what any role can make must be a
 * superuser's. What is written in SQL or PL/pgSQL looks its names up on the path of whoever calls it, so
 * it is read as anybody's is. */
#define KNOWN                                                                                                \
    "good(class, oid) AS MATERIALIZED (SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension e "      \
    "ON e.oid = d.refobjid LEFT JOIN pg_operator o ON d.classid = 'pg_operator'::regclass AND o.oid = "      \
    "d.objid LEFT JOIN pg_type t ON d.classid = 'pg_type'::regclass AND t.oid = d.objid "                    \
    "WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = ANY ($1::text[]) "    \
    "AND (d.classid NOT IN ('pg_operator'::regclass, 'pg_type'::regclass) OR t.typtype = 'b' OR EXISTS "     \
    "(SELECT FROM pg_roles r WHERE r.rolsuper AND r.oid IN (o.oprowner, t.typowner)))), "                    \
    "known(oid) AS MATERIALIZED (SELECT p.oid FROM good g JOIN pg_proc p ON p.oid = g.oid "                  \
    "JOIN pg_language l ON l.oid = p.prolang JOIN pg_roles r ON r.oid = p.proowner "                         \
    "WHERE g.class = 'pg_proc'::regclass AND l.lanname IN ('c', 'internal') AND (p.prokind <> 'a' OR "       \
    "r.rolsuper))"
#define COMMON                                                                                               \
    KNOWN                                                                                                    \
    ", strange(oid) AS MATERIALIZED (SELECT t.oid FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem "  \
    "AND t.typinput::oid < 16384 WHERE 'b' IN (t.typtype, e.typtype) AND coalesce(e.typinput, "              \
    "t.typinput)::oid >= 16384 "                                                                             \
    "AND coalesce(e.oid, t.oid) NOT IN (SELECT oid FROM good WHERE class = 'pg_type'::regclass)) "

/* What a user-made operator o may run: its function, its estimators, and those of the
 * operators the planner may put in its place. x(oid). */
#define OF_OPERATOR                                                                                          \
    ", LATERAL (SELECT m.f::oid FROM pg_operator q, LATERAL unnest(ARRAY[q.oprcode, q.oprrest, "             \
    "q.oprjoin]::oid[]) m(f) WHERE q.oid IN (o.oid, o.oprcom, o.oprnegate) AND m.f::oid <> 0) x(oid) "
/* In PostgreSQL's own C: whoever made such a function is a superuser. */
#define IN_C(function) "EXISTS (SELECT FROM pg_proc c WHERE c.oid = " function " AND c.prolang IN (12, 13)) "

#define ON_PATH "(n.nspname = w.s OR (w.s IS NULL AND n.nspname = ANY ($2::text[])))"

/* Functions $3 $4 (schema, name; $5 literals), operators $6 $7 ($8), types $9 $10, attributes
 * $11 (of $15, NULL: of any value): those that are not built in or known, and the volatile functions of the
 * others. $12: a text, every operator in it; $13: what is in C is passed over by its strange arguments, and
 * nothing else; $14: the statement writes, which converts by casts for assignment, too. */
const char HARMLESS_NAMES[] = OWN_TAG
    "WITH RECURSIVE " COMMON ", named(oid, name) AS (SELECT t.oid, t.typname::text FROM unnest($9::text[], "
    "$10::text[]) w(s, f) JOIN pg_type t ON t.typname = w.f JOIN pg_namespace n ON n.oid = t.typnamespace "
    "AND " ON_PATH " UNION SELECT b.oid, x.name FROM named x JOIN pg_type t ON t.oid = x.oid "
    "JOIN pg_type b ON b.oid IN (t.typbasetype, t.typelem)) "
    "SELECT CASE WHEN p.oid < 16384 OR k.oid IS NOT NULL THEN 'volatile' ELSE 'function' END, "
    "n.nspname::text, "
    "p.proname::text, NULL::text, p.oid::int8 FROM unnest($3::text[], $4::text[], $5::int4[]) w(s, f, "
    "literals) "
    "JOIN pg_proc p ON p.proname = w.f JOIN pg_namespace n ON n.oid = p.pronamespace AND " ON_PATH
    " LEFT JOIN known k ON k.oid = p.oid WHERE p.prokind <> 'p' "
    "AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype) "
    "AND CASE WHEN p.oid < 16384 OR k.oid IS NOT NULL THEN p.provolatile = 'v' ELSE "
    "(SELECT count(*) FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY a(t, o) WHERE a.o <= p.pronargs - "
    "p.pronargdefaults AND a.t IN (SELECT oid FROM strange)) <= w.literals OR ($13::bool AND (p.prolang "
    "NOT IN (12, 13) OR p.prokind = 'a')) END "
    "UNION SELECT 'operator', n.nspname::text, o.oprname::text, NULL, x.oid::int8 "
    "FROM (SELECT * FROM unnest($6::text[], $7::text[], $8::int4[]) UNION ALL SELECT NULL, o.oprname::text, "
    "0 "
    "FROM pg_operator o WHERE o.oid >= 16384 AND strpos($12, o.oprname::text) > 0) w(s, f, literals) "
    "JOIN pg_operator o ON o.oprname = w.f JOIN pg_namespace n ON n.oid = o.oprnamespace AND " ON_PATH
        OF_OPERATOR
    " WHERE o.oid >= 16384 AND o.oid NOT IN (SELECT oid FROM good WHERE class = 'pg_operator'::regclass) "
    "AND ((o.oprleft IN (SELECT oid FROM strange))::int4 + (o.oprright IN (SELECT oid FROM strange))::int4 "
    "<= w.literals OR ($13::bool AND NOT " IN_C(
        "o.oprcode") ")) "
                     "UNION SELECT 'cast', n.nspname::text, p.proname::text, NULL, p.oid::int8 FROM pg_cast "
                     "c JOIN pg_proc p "
                     "ON p.oid = c.castfunc JOIN pg_namespace n ON n.oid = p.pronamespace "
                     "WHERE c.oid >= 16384 AND p.oid NOT IN (SELECT oid FROM known) "
                     "AND (p.oid >= 16384 OR p.provolatile = 'v') AND (c.castsource NOT IN (SELECT oid FROM "
                     "strange) OR "
                     "($13::bool AND p.prolang NOT IN (12, 13))) AND "
                     /* what converts by itself from or to a type of one's own is a matter of the types that
                        are there */
                     "(((c.castcontext = 'i' OR ($14::bool AND c.castcontext = 'a')) AND c.castsource::oid < "
                     "16384 AND "
                     "c.casttarget::oid < 16384) OR (c.castsource::oid < 16384 AND c.casttarget IN "
                     "(SELECT oid FROM named)) OR EXISTS (SELECT FROM pg_type t WHERE t.oid = c.casttarget "
                     "AND t.typname = ANY ($11::text[]))) "
                     /* (value).f is f(value), whatever the type of the value; t.f only of a whole row */
                     "UNION SELECT 'attribute', n.nspname::text, p.proname::text, NULL, p.oid::int8 FROM "
                     "pg_proc p "
                     "JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname = ANY ($2::text[]) "
                     "JOIN pg_type t ON t.oid = p.proargtypes[0] WHERE p.proname = ANY ($11::text[]) AND "
                     "p.oid >= 16384 "
                     "AND (t.typtype IN ('c', 'd', 'p') OR EXISTS (SELECT FROM unnest($15::text[], "
                     "$11::text[]) w(s, f) WHERE w.f = p.proname AND w.s IS NULL) OR EXISTS (SELECT FROM "
                     "pg_cast c JOIN pg_type s ON s.oid = c.castsource WHERE c.castcontext = 'i' AND "
                     "s.typtype IN ('c', 'd', 'p') AND c.oid >= 16384)) "
                     "AND p.oid NOT IN (SELECT oid FROM known) AND p.prokind <> 'p' AND p.pronargs - "
                     "p.pronargdefaults <= 1 "
                     /* what sorts and hashes a built-in type, should somebody have replaced that */
                     "UNION SELECT 'inside', n.nspname::text, o.opcname::text, NULL, NULL FROM pg_opclass o "
                     "JOIN pg_namespace n ON n.oid = o.opcnamespace WHERE o.oid >= 16384 AND o.opcdefault "
                     "AND "
                     "o.opcintype::oid < 16384 "
                     "AND o.opcmethod IN (403, 405) AND o.oid NOT IN (SELECT oid FROM good WHERE class = "
                     "'pg_opclass'::regclass) "
                     "ORDER BY 1, 2, 3";

/* Everything that relations $3 $4 and types $5 $6 consist of: what must not be there, and
 * the definitions to parse; with $7 also what changing their rows would run. An edge from a table to its
 * parent would bring in all its siblings, so tables refer to no relations. */
const char HARMLESS_CLOSURE[] = OWN_TAG
    "WITH RECURSIVE " COMMON ", found(class, oid) AS ("
    "(SELECT 'pg_class'::regclass::oid, c.oid FROM unnest($3::text[], $4::text[]) w(s, f) "
    "JOIN pg_class c ON c.relname = w.f JOIN pg_namespace n ON n.oid = c.relnamespace AND " ON_PATH
    " UNION ALL SELECT 'pg_type'::regclass, t.oid FROM unnest($5::text[], $6::text[]) w(s, f) "
    "JOIN pg_type t ON t.typname = w.f JOIN pg_namespace n ON n.oid = t.typnamespace AND " ON_PATH ") "
    "UNION SELECT x.class, x.oid FROM found f, LATERAL ("
    "SELECT d.refclassid, d.refobjid FROM pg_depend d WHERE d.classid = f.class AND d.objid = f.oid "
    "AND f.class NOT IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_opclass'::regclass, "
    "'pg_opfamily'::regclass) AND d.refclassid IN ('pg_class'::regclass, 'pg_type'::regclass, "
    "'pg_proc'::regclass, 'pg_operator'::regclass, 'pg_opclass'::regclass, 'pg_opfamily'::regclass) "
    "AND NOT (f.class = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass) "
    "AND NOT (f.class = 'pg_type'::regclass AND (f.oid IN (SELECT oid FROM strange) OR f.oid IN "
    "(SELECT oid FROM good WHERE class = 'pg_type'::regclass))) "
    "UNION ALL SELECT 'pg_type'::regclass, a.atttypid FROM pg_attribute a WHERE f.class = "
    "'pg_class'::regclass "
    "AND a.attrelid = f.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid >= 16384 "
    "UNION ALL SELECT 'pg_type'::regclass, e.typelem FROM pg_type e WHERE f.class = 'pg_type'::regclass "
    "AND e.oid = f.oid AND e.typelem >= 16384 "
    "UNION ALL SELECT 'pg_class'::regclass, i.inhrelid FROM pg_inherits i WHERE f.class = "
    "'pg_class'::regclass "
    "AND i.inhparent = f.oid AND (SELECT c.relhassubclass FROM pg_class c WHERE c.oid = f.oid) "
    /* a partition is told by the keys of the tables above it */
    "UNION ALL SELECT d.refclassid, d.refobjid FROM pg_class c, LATERAL pg_partition_ancestors(c.oid) a(oid) "
    "JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = a.oid AND d.refclassid IN "
    "('pg_proc'::regclass, 'pg_opclass'::regclass) WHERE f.class = 'pg_class'::regclass AND c.oid = f.oid "
    "AND c.relispartition "
    /* the columns of a composite type */
    "UNION ALL SELECT 'pg_class'::regclass, t.typrelid FROM pg_type t WHERE f.class = 'pg_type'::regclass "
    "AND t.oid = f.oid AND t.typrelid <> 0 AND t.typtype = 'c' "
    "UNION ALL SELECT 'pg_class'::regclass, i.indexrelid FROM pg_index i WHERE f.class = "
    "'pg_class'::regclass "
    "AND i.indrelid = f.oid AND f.oid >= 16384 "
    "UNION ALL SELECT 'pg_rewrite'::regclass, r.oid FROM pg_rewrite r JOIN pg_class v ON v.oid = r.ev_class "
    "AND CASE WHEN v.relkind = 'v' THEN $7::bool OR r.ev_type = '1' ELSE $7::bool AND r.ev_type <> '1' END "
    "WHERE f.class = 'pg_class'::regclass AND r.ev_class = f.oid "
    "UNION ALL SELECT 'pg_policy'::regclass, y.oid FROM pg_policy y WHERE f.class = 'pg_class'::regclass "
    "AND y.polrelid = f.oid "
    "UNION ALL SELECT 'pg_constraint'::regclass, k.oid FROM pg_constraint k WHERE f.class = "
    "'pg_class'::regclass "
    "AND k.conrelid = f.oid AND k.contype = 'c' "
    "UNION ALL SELECT 'pg_constraint'::regclass, k.oid FROM pg_constraint k WHERE f.class = "
    "'pg_type'::regclass "
    "AND k.contypid = f.oid AND k.contype = 'c' "
    /* to_json() looks for a cast to json, sorting and grouping for an operator class: by type, unnamed */
    "UNION ALL SELECT 'pg_proc'::regclass, c.castfunc FROM pg_cast c WHERE f.class IN ('pg_type'::regclass, "
    "'pg_class'::regclass) AND c.castsource = CASE WHEN f.class = 'pg_type'::regclass THEN f.oid ELSE "
    "(SELECT r.reltype FROM pg_class r WHERE r.oid = f.oid) END AND c.casttarget IN ('json'::regtype, "
    "'jsonb'::regtype) "
    "UNION ALL SELECT 'pg_opclass'::regclass, o.oid FROM pg_opclass o WHERE o.oid >= 16384 AND f.class IN "
    "('pg_type'::regclass, 'pg_class'::regclass) AND o.opcintype = CASE WHEN f.class = 'pg_type'::regclass "
    "THEN f.oid "
    "ELSE (SELECT r.reltype FROM pg_class r WHERE r.oid = f.oid) END "
    "UNION ALL SELECT 'pg_attrdef'::regclass, q.oid FROM pg_attrdef q JOIN pg_attribute a ON a.attrelid = "
    "q.adrelid AND a.attnum = q.adnum AND ($7::bool OR a.attgenerated <> '') WHERE f.class = "
    "'pg_class'::regclass "
    "AND q.adrelid = f.oid "
    "UNION ALL SELECT 'pg_statistic_ext'::regclass, z.oid FROM pg_statistic_ext z WHERE "
    "f.class = 'pg_class'::regclass AND z.stxrelid = f.oid"
    ") x(class, oid)), "
    "present(oid) AS (SELECT oid FROM found WHERE class = 'pg_type'::regclass UNION SELECT c.reltype FROM "
    "found "
    "f JOIN pg_class c ON c.oid = f.oid WHERE f.class = 'pg_class'::regclass) "
    "SELECT 'cast', n.nspname::text, p.proname::text, NULL::text, p.oid::int8 FROM pg_cast c JOIN pg_proc p "
    "ON "
    "p.oid = c.castfunc JOIN pg_namespace n ON n.oid = p.pronamespace WHERE c.oid >= 16384 AND p.oid NOT IN "
    "(SELECT oid FROM known) AND (c.castsource::oid >= 16384 OR c.castcontext = 'i' OR ($7::bool AND "
    "c.castcontext = 'a')) "
    "AND (c.castsource::oid >= 16384 OR c.casttarget::oid >= 16384) "
    "AND (c.castsource::oid < 16384 OR c.castsource IN (SELECT oid FROM present)) "
    "AND (c.casttarget::oid < 16384 OR c.casttarget IN (SELECT oid FROM present)) UNION ALL "
    /* planning one of file_fdw looks at a file, of postgres_fdw at nothing unless it is to ask there */
    "SELECT CASE WHEN e.extname IN ('file_fdw', 'postgres_fdw') AND NOT EXISTS (SELECT FROM "
    "unnest(coalesce(ft.ftoptions, '{}') || coalesce(fs.srvoptions, '{}')) x(o) WHERE x.o ~* "
    "'^use_remote_estimate=' AND x.o !~* '=(false|off|no|0|f|n)$') THEN 'foreign' ELSE 'remote' END, "
    "n.nspname::text, c.relname::text, NULL::text, NULL::int8 FROM found f "
    "JOIN pg_class c ON c.oid = f.oid AND c.relkind = 'f' JOIN pg_namespace n ON n.oid = c.relnamespace "
    "LEFT JOIN pg_foreign_table ft ON ft.ftrelid = c.oid LEFT JOIN pg_foreign_server fs ON fs.oid = "
    "ft.ftserver "
    "LEFT JOIN pg_foreign_data_wrapper fw ON fw.oid = fs.srvfdw LEFT JOIN pg_depend d ON d.classid = "
    "'pg_proc'::regclass AND d.objid = fw.fdwhandler AND d.refclassid = 'pg_extension'::regclass AND "
    "d.deptype = "
    "'e' LEFT JOIN pg_extension e ON e.oid = d.refobjid "
    "WHERE f.class = 'pg_class'::regclass "
    "UNION ALL SELECT 'secured', NULL, NULL, NULL, NULL FROM found f JOIN pg_class c ON c.oid = f.oid AND "
    "c.relrowsecurity WHERE f.class = 'pg_class'::regclass "
    "UNION ALL SELECT CASE WHEN k.oid IS NULL THEN 'inside' ELSE 'volatile' END, n.nspname::text, "
    "p.proname::text, "
    "NULL, p.oid::int8 FROM found f JOIN pg_proc p ON p.oid = f.oid JOIN pg_namespace n ON n.oid = "
    "p.pronamespace "
    "LEFT JOIN known k ON k.oid = p.oid WHERE f.class = 'pg_proc'::regclass AND p.oid >= 16384 "
    "AND (k.oid IS NULL OR p.provolatile = 'v') "
    "UNION ALL SELECT 'inside', n.nspname::text, o.oprname::text, NULL, x.oid::int8 FROM found f "
    "JOIN pg_operator o ON o.oid = f.oid JOIN pg_namespace n ON n.oid = o.oprnamespace " OF_OPERATOR
    " WHERE f.class = 'pg_operator'::regclass AND o.oid >= 16384 "
    "AND o.oid NOT IN (SELECT oid FROM good WHERE class = 'pg_operator'::regclass) "
    "UNION ALL SELECT 'inside', n.nspname::text, o.opcname::text, NULL, x.oid::int8 FROM found f "
    "JOIN pg_opclass o ON o.oid = f.oid JOIN pg_namespace n ON n.oid = o.opcnamespace "
    "LEFT JOIN LATERAL (SELECT a.amproc::oid FROM pg_amproc a WHERE a.amprocfamily = o.opcfamily UNION ALL "
    "SELECT r.oprcode::oid FROM pg_amop a JOIN pg_operator r ON r.oid = a.amopopr WHERE a.amopfamily = "
    "o.opcfamily) "
    "x(oid) ON true "
    "WHERE f.class = 'pg_opclass'::regclass AND o.oid >= 16384 "
    "AND o.oid NOT IN (SELECT oid FROM good WHERE class = 'pg_opclass'::regclass) "
    "UNION ALL SELECT 'type', n.nspname::text, t.typname::text, NULL, NULL FROM found f "
    "JOIN strange s ON s.oid = f.oid JOIN pg_type t ON t.oid = f.oid "
    "JOIN pg_namespace n ON n.oid = t.typnamespace WHERE f.class = 'pg_type'::regclass "
    "UNION ALL SELECT 'text', n.nspname::text, 'the view ' || c.relname, pg_get_viewdef(c.oid), NULL FROM "
    "found f "
    "JOIN pg_class c ON c.oid = f.oid AND c.relkind = 'v' JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE f.class = 'pg_class'::regclass "
    "UNION ALL SELECT 'text', NULL, 'the policy ' || y.polname, 'SELECT ' || pg_get_expr(y.polqual, "
    "y.polrelid), NULL "
    "FROM found f JOIN pg_policy y ON y.oid = f.oid AND y.polqual IS NOT NULL WHERE f.class = "
    "'pg_policy'::regclass "
    "UNION ALL SELECT 'check', NULL, 'the domain ' || t.typname, 'SELECT ' || pg_get_expr(k.conbin, 0), NULL "
    "FROM found f "
    "JOIN pg_constraint k ON k.oid = f.oid AND k.contypid <> 0 JOIN pg_type t ON t.oid = k.contypid "
    "WHERE f.class = 'pg_constraint'::regclass "
    "UNION ALL SELECT 'text', NULL, 'the generated columns of ' || q.adrelid::regclass, "
    "'SELECT ' || pg_get_expr(q.adbin, q.adrelid), NULL FROM found f JOIN pg_attrdef q ON q.oid = f.oid "
    "WHERE f.class = 'pg_attrdef'::regclass";

/* What is known of functions: $2 their OIDs, $3 whether each is run whatever its volatility. An
 * aggregate stands for the functions it consists of. Columns: schema, name, language, is it
 * VOLATILE, always, is it built in or known, kind, definition, source, has it a parsed body, a setting of
 * it that is not only taste, a right of its owner under which it runs. */
const char HARMLESS_BODIES[] = OWN_TAG
    "WITH " KNOWN
    ", asked(oid, always) AS (SELECT w.o::oid, w.a FROM unnest($2::int8[], $3::bool[]) w(o, a)), "
    "every(oid, always) AS (SELECT oid, always FROM asked UNION SELECT x.f, true FROM asked a "
    "JOIN pg_aggregate g ON g.aggfnoid::oid = a.oid LEFT JOIN pg_operator o ON o.oid = g.aggsortop, "
    "LATERAL unnest(ARRAY[g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.aggserialfn, g.aggdeserialfn, "
    "g.aggmtransfn, g.aggminvtransfn, g.aggmfinalfn, o.oprcode]::oid[]) x(f) WHERE x.f <> 0) "
    "SELECT n.nspname::text, p.proname::text, l.lanname::text, p.provolatile = 'v', e.always, "
    "p.oid < 16384 OR p.oid IN (SELECT oid FROM known), p.prokind::text, "
    "CASE WHEN p.oid < 16384 OR p.oid IN (SELECT oid FROM known) THEN NULL WHEN p.prokind <> 'a' THEN "
    "pg_get_functiondef(p.oid) ELSE (SELECT concat_ws(' ', pg_get_function_arguments(p.oid), "
    "format_type(g.aggtranstype, NULL), format_type(g.aggmtranstype, NULL)) FROM pg_aggregate g WHERE "
    "g.aggfnoid::oid = p.oid) END, p.prosrc, to_jsonb(p) ->> 'prosqlbody' IS NOT NULL, "
    "(SELECT split_part(c, '=', 1) FROM unnest(p.proconfig) c WHERE lower(split_part(c, '=', 1)) <> ALL "
    "('{search_path,work_mem,timezone,datestyle,intervalstyle,jit,extra_float_digits,lc_numeric,lc_monetary,"
    "lc_time,client_min_messages}') LIMIT 1), "
    "CASE WHEN p.prosecdef THEN " HARMLESS_RIGHTS_OF(
        "p.proowner") " END "
                      "FROM every e JOIN pg_proc p ON p.oid = e.oid JOIN pg_namespace n ON n.oid = "
                      "p.pronamespace "
                      "JOIN pg_language l ON l.oid = p.prolang";

/* With $1 and a role $2: the state of the catalog; the session's role, a right of it; $2 when the session may
 * become it and it has no such right. And is there anything at all of the user's own that planning could
 * run? Where there is not, most databases, there is nothing to look up for each statement. What the
 * server has of its own acts only when a query of it runs one given as a name: table_to_xml and the like. */
#define GIVES_XML(column)                                                                                    \
    column                                                                                                   \
        "::text ~ (SELECT ':funcid (' || string_agg(oid::text, '|') || ') ' FROM pg_proc WHERE oid < 16384 " \
        "AND proname ~ '_to_xml')"
const char HARMLESS_BEGIN[] =
    OWN_TAG "WITH " KNOWN " SELECT " HARMLESS_STATE ", session_user::text, " HARMLESS_RIGHTS_OF(
        "session_user") ", "
                        "(SELECT r.rolname::text FROM pg_roles r WHERE r.rolname = $2 AND "
                        "pg_has_role(session_user, r.oid, 'MEMBER') "
                        "AND " HARMLESS_RIGHTS_OF(
                            "r.oid") " IS NULL), "
                                     "EXISTS (SELECT FROM pg_proc p WHERE p.oid >= 16384 AND p.prokind <> "
                                     "'p' AND p.prorettype NOT IN "
                                     "('trigger'::regtype, 'event_trigger'::regtype, "
                                     "'language_handler'::regtype) "
                                     "AND p.oid NOT IN (SELECT oid FROM known)) "
                                     "OR EXISTS (SELECT FROM pg_operator o WHERE o.oid >= 16384 AND o.oid "
                                     "NOT IN (SELECT oid FROM good "
                                     "WHERE class = 'pg_operator'::regclass)) "
                                     "OR EXISTS (SELECT FROM pg_cast c WHERE c.oid >= 16384 AND c.castfunc "
                                     "<> 0 AND c.oid NOT IN (SELECT oid FROM "
                                     "good WHERE class = 'pg_cast'::regclass)) "
                                     "OR EXISTS (SELECT FROM pg_constraint k WHERE k.oid >= 16384 AND "
                                     "k.contypid <> 0) "
                                     "OR EXISTS (SELECT FROM pg_type t WHERE t.oid >= 16384 AND t.typtype IN "
                                     "('d', 'r') AND t.oid NOT IN "
                                     "(SELECT oid FROM good WHERE class = 'pg_type'::regclass)) "
                                     "OR EXISTS (SELECT FROM pg_class c WHERE c.relrowsecurity OR c.relkind "
                                     "= 'f') "
                                     "OR EXISTS (SELECT FROM pg_opclass c WHERE c.oid >= 16384 AND c.oid NOT "
                                     "IN (SELECT oid FROM good WHERE "
                                     "class = 'pg_opclass'::regclass)) "
                                     "OR EXISTS (SELECT FROM pg_rewrite r WHERE r.oid >= 16384 "
                                     "AND " GIVES_XML("r.ev_action") ") "
                                                                     "OR EXISTS (SELECT FROM pg_attrdef d "
                                                                     "WHERE d.oid >= 16384 AND " GIVES_XML(
                                                                         "d.adbin") ")";
