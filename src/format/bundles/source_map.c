#include "format/bundles/source_map.h"

#include <math.h>
#include <stdlib.h>

#include "format/bundles/json_field.h"
#include "format/bundles/source_map_lines.h"
#include "format/json_check.h"

struct position {
    uint64_t line, column;
};

/* From where to where a map or a section owns the asset. */
struct region {
    struct position begin, end; /* `end` is not in it */
};

static const struct position NOWHERE = {.line = UINT64_MAX, .column = UINT64_MAX};

struct splitter {
    struct map_lines lines;
    struct arena *arena;
    struct source_map_part *parts; /* of all sections; parallel to lines.bytes */
    size_t n, cap;
    struct strbuf scratch, root, name;
    size_t name_bytes, name_bytes_max;
    struct sd_error *err;
};

/* The values of a map, or of a section, where they stand. */
enum { VERSION, SECTIONS, SOURCES, SOURCE_ROOT, MAPPINGS, IGNORED, IGNORED_GOOGLE, OFFSET, MAP, URL, FIELDS };

struct fields {
    struct json_pull of[FIELDS];
};

static bool before(struct position a, struct position b)
{
    return a.line != b.line ? a.line < b.line : a.column < b.column;
}

static void find_fields(struct json_pull *object, struct fields *f)
{
    static const char *const KEYS[FIELDS] = {
        [VERSION] = "version",
        [SECTIONS] = "sections",
        [SOURCES] = "sources",
        [SOURCE_ROOT] = "sourceRoot",
        [MAPPINGS] = "mappings",
        [IGNORED] = "ignoreList",
        [IGNORED_GOOGLE] = "x_google_ignoreList",
        [OFFSET] = "offset",
        [MAP] = "map",
        [URL] = "url",
    };
    json_fields(object, KEYS, f->of, FIELDS);
    if (!f->of[IGNORED].at)
        f->of[IGNORED] = f->of[IGNORED_GOOGLE];
}

static bool is_there(struct json_pull *value)
{
    return value->at && json_peek(value) != 'n';
}

/* ---- sources ---- */

/* "a/b" is relative; "/a", "webpack://a" and "C:\a" are not. */
static bool is_relative(const char *source)
{
    size_t scheme = strspn(source, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
    return *source != '/' && !(scheme && source[scheme] == ':');
}

static const char *full_name(struct splitter *s)
{
    const char *name = strbuf_text(&s->name), *root = strbuf_text(&s->root);
    if (!*root || !is_relative(name))
        return arena_strdup(s->arena, name);
    return arena_printf(s->arena, "%s%s%s", root, str_ends(root, "/") ? "" : "/", name);
}

static bool read_sources(struct splitter *s, struct fields *f)
{
    strbuf_clear(&s->root);
    if (f->of[SOURCE_ROOT].at)
        json_name(&f->of[SOURCE_ROOT], &s->root);
    if (!f->of[SOURCES].at || !json_enter(&f->of[SOURCES], '['))
        return true;
    while (json_item(&f->of[SOURCES])) {
        json_name(&f->of[SOURCES], &s->name);
        s->name_bytes += s->root.len + s->name.len;
        if (s->name_bytes > s->name_bytes_max)
            return fail(s->err, "The names of the sources in the source map are too long.");
        s->parts = mem_grow(s->parts, s->n, &s->cap, sizeof *s->parts);
        /* A source without a name is none. */
        s->parts[s->n++] = (struct source_map_part){.source = s->name.len ? full_name(s) : NULL};
    }
    return true;
}

static void read_ignored(struct splitter *s, struct json_pull list, size_t first)
{
    if (list.at && json_enter(&list, '['))
        while (json_item(&list)) {
            uint64_t i = json_index(&list);
            if (i < s->n - first)
                s->parts[first + i].ignored = true;
        }
}

/* ---- mappings ---- */

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

struct cursor {
    const char *at, *start, *end;
    struct sd_error *err;
};

static bool broken(const struct cursor *c)
{
    return fail(c->err, "The mappings of the source map are broken at character %zu.",
                (size_t)(c->at - c->start));
}

static bool too_large(const struct cursor *c)
{
    return fail(c->err, "A value in the mappings of the source map has more than 32 bits, at character %zu.",
                (size_t)(c->at - c->start));
}

/* The difference that comes, added to `*value`. */
static bool add_vlq(struct cursor *c, int64_t *value)
{
    uint64_t bits = 0;
    int digit = 32;
    for (unsigned shift = 0; digit & 32; shift += 5, c->at++) {
        if (c->at == c->end || (digit = base64_value(*c->at)) < 0)
            return broken(c);
        if (shift < 35)
            bits |= (uint64_t)(digit & 31) << shift;
        if (bits > UINT32_MAX || (shift >= 35 && digit & 31))
            return too_large(c);
    }
    *value += bits & 1 ? -(int64_t)(bits >> 1) : (int64_t)(bits >> 1);
    return (*value <= UINT32_MAX && *value >= -(int64_t)UINT32_MAX) || too_large(c);
}

/* Of a segment: how many fields it has; 0: it is broken, and told. */
static size_t read_segment(struct cursor *c, int64_t *column, int64_t others[4])
{
    size_t n = 1;
    if (!add_vlq(c, column))
        return 0;
    for (; c->at < c->end && *c->at != ',' && *c->at != ';'; n++)
        if (n == 5 ? !broken(c) : !add_vlq(c, &others[n - 1]))
            return 0;
    if (n == 2 || n == 3 || *column < 0)
        return broken(c), (size_t)0;
    return n;
}

static int64_t source_of(const struct splitter *s, size_t first, size_t fields, int64_t index)
{
    if (fields == 1 || index < 0 || (uint64_t)index >= s->n - first ||
        !s->parts[first + (size_t)index].source)
        return SOURCE_MAP_NONE;
    return (int64_t)first + index;
}

static void add_segment(struct splitter *s, const struct region *r, struct position at, int64_t source)
{
    if (before(at, r->end))
        map_lines_segment(&s->lines, at.line, at.column, source);
}

static bool read_mappings(struct splitter *s, const char *text, size_t len, const struct region *r,
                          size_t first)
{
    struct cursor c = {.at = text, .start = text, .end = text + len, .err = s->err};
    struct position at = {.line = r->begin.line};
    uint64_t shift = r->begin.column; /* of the first line */
    int64_t column = 0, others[4] = {0};
    while (c.at < c.end) {
        if (*c.at == ';') {
            at.line++;
            column = 0;
            shift = 0;
        }
        if (*c.at == ';' || *c.at == ',') {
            c.at++;
            continue;
        }
        size_t n = read_segment(&c, &column, others);
        if (!n)
            return false;
        at.column = (uint64_t)column + shift;
        add_segment(s, r, at, source_of(s, first, n, others[0]));
    }
    return true;
}

/* A map without sections. */
static bool read_plain(struct splitter *s, struct fields *f, const struct region *r)
{
    size_t first = s->n, len;
    if (!read_sources(s, f))
        return false;
    read_ignored(s, f->of[IGNORED], first);
    map_lines_add_sources(&s->lines, s->n - first);
    const char *text = f->of[MAPPINGS].at ? json_bytes(&f->of[MAPPINGS], &s->scratch, &len) : NULL;
    if (!text)
        return fail(s->err, "The source map has no mappings.");
    return read_mappings(s, text, len, r, first);
}

/* ---- sections ---- */

static bool read_offset(struct fields *f, struct position *at)
{
    struct json_pull line = {0}, column = {0};
    if (f->of[OFFSET].at) {
        line = json_find(f->of[OFFSET], "line");
        column = json_find(f->of[OFFSET], "column");
    }
    at->line = line.at ? json_index(&line) : UINT64_MAX;
    at->column = column.at ? json_index(&column) : UINT64_MAX;
    return at->line <= UINT32_MAX && at->column <= UINT32_MAX;
}

/* Where a section begins, in the asset. */
static bool section_begin(struct splitter *s, struct fields *f, const struct region *r,
                          struct position *begin)
{
    struct position at;
    if (f->of[URL].at)
        return fail(s->err, "The source map has a section that is elsewhere, by URL.");
    if (!read_offset(f, &at))
        return fail(s->err, "A section of the source map has no offset that can be used.");
    begin->line = r->begin.line + at.line;
    begin->column = at.column + (at.line ? 0 : r->begin.column);
    return true;
}

static bool read_map(struct splitter *s, struct json_pull map, const struct region *r, unsigned level);

static bool read_sections(struct splitter *s, struct json_pull list, const struct region *r, unsigned level)
{
    struct fields f, next;
    struct region own = {.begin = r->begin};
    if (level == SOURCE_MAP_LEVELS_MAX)
        return fail(s->err, "Sections of the source map are nested deeper than %d.", SOURCE_MAP_LEVELS_MAX);
    if (!json_enter(&list, '['))
        return fail(s->err, "The sections of the source map are no list.");
    bool more = json_item(&list);
    if (more)
        find_fields(&list, &next);
    if (more && !section_begin(s, &next, r, &own.begin))
        return false;
    while (more) {
        f = next;
        own.end = r->end;
        more = json_item(&list);
        struct position begin = own.begin;
        if (more) {
            find_fields(&list, &next);
            if (!section_begin(s, &next, r, &begin))
                return false;
            if (before(begin, own.begin))
                return fail(s->err, "The sections of the source map are out of order.");
            own.end = before(begin, r->end) ? begin : r->end;
        }
        /* What is before the first segment is nobody's, not the section's before. */
        add_segment(s, &own, own.begin, SOURCE_MAP_UNMAPPED);
        if (!f.of[MAP].at)
            return fail(s->err, "A section of the source map has no map.");
        if (!read_map(s, f.of[MAP], &own, level + 1))
            return false;
        own.begin = begin;
    }
    return true;
}

static bool read_map(struct splitter *s, struct json_pull map, const struct region *r, unsigned level)
{
    struct fields f;
    if (json_peek(&map) != '{')
        return fail(s->err, "The source map is no object.");
    find_fields(&map, &f);
    double version = f.of[VERSION].at ? json_number(&f.of[VERSION]) : (double)NAN;
    if (isnan(version))
        return fail(s->err, "The source map does not say its version.");
    if (version < 3 || version > 3)
        return fail(s->err, "The source map is of version %g, not 3.", version);
    return is_there(&f.of[SECTIONS]) ? read_sections(s, f.of[SECTIONS], r, level) : read_plain(s, &f, r);
}

/* ---- the whole ---- */

static bool starts(const char *text, size_t len, const char *with)
{
    return len >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

/* Past a byte order mark and the line that keeps others from running it as a script. */
static struct json_pull begin(const char *map, size_t len)
{
    static const char MARK[] = "\xef\xbb\xbf";
    const char *end = map + len;
    map += starts(map, len, MARK) ? strlen(MARK) : 0;
    if (starts(map, (size_t)(end - map), ")]}")) {
        const char *line = memchr(map, '\n', (size_t)(end - map));
        map = line ? line + 1 : end;
        map += starts(map, (size_t)(end - map), MARK) ? strlen(MARK) : 0;
    }
    return json_pull(map, (size_t)(end - map));
}

static void take_result(struct splitter *s, struct source_map_split *out)
{
    *out = (struct source_map_split){.arena = s->arena,
                                     .unmapped = s->lines.unmapped,
                                     .no_source = s->lines.no_source,
                                     .line_ends = s->lines.line_ends,
                                     .map_comment = s->lines.map_comment};
    for (size_t i = 0; i < s->n; i++) {
        s->parts[i].bytes = s->lines.bytes[i];
        if (s->parts[i].bytes)
            s->parts[out->n++] = s->parts[i];
    }
    out->parts = arena_copy(s->arena, s->parts, out->n * sizeof *out->parts);
}

bool source_map_split(const char *asset, size_t asset_len, const char *map, size_t map_len,
                      struct source_map_split *out, struct sd_error *err)
{
    struct json_pull json = begin(map, map_len);
    struct region all = {.end = NOWHERE};
    if (!json_check(json.at, (size_t)(json.end - json.at), err))
        return false;
    /* A long sourceRoot before many sources would take more memory than any map. */
    struct splitter s = {.arena = arena_new(), .err = err, .name_bytes_max = map_len + (16 << 20)};
    map_lines_begin(&s.lines, asset, asset_len);
    bool ok = read_map(&s, json, &all, 0);
    if (ok) {
        map_lines_finish(&s.lines);
        take_result(&s, out);
    } else {
        arena_free(s.arena);
    }
    map_lines_clear(&s.lines);
    free(s.parts);
    strbuf_free(&s.scratch);
    strbuf_free(&s.root);
    strbuf_free(&s.name);
    return ok;
}

void source_map_split_clear(struct source_map_split *s)
{
    arena_free(s->arena);
    *s = (struct source_map_split){.arena = NULL};
}
