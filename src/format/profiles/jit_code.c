#include "format/profiles/jit_code.h"

#include <stdlib.h>

enum {
    LINE_MAX_BYTES = 8192,         /* of the map; what is longer is no line */
    NAME_MAX_BYTES = 1024,         /* what is longer is cut */
    DUMP_HEAD = 40,                /* bytes of the header that is known */
    DUMP_HEAD_MAX = 4096,          /* a header of more is none */
    DUMP_LOAD = 0,                 /* record: code that was made */
    RECORD_HEAD = 16,              /* id, size, time */
    LOAD_FIXED = RECORD_HEAD + 40, /* and pid, tid, vma, address, size, index */
    NEAR = 64,                     /* pieces before an address that may reach it */
};

struct jit_piece {
    uint64_t start, size;
    uint32_t name, number; /* name: where it stands in `names`; number: of the order they came in */
};

void jit_code_free(struct jit_code *c)
{
    free(c->items);
    strbuf_free(&c->names);
    strbuf_free(&c->rest);
    strbuf_free(&c->dump);
    *c = (struct jit_code){0};
}

static void add_at(struct jit_code *c, uint64_t start, uint64_t size, uint32_t name)
{
    if (c->n == c->cap)
        c->items = mem_grow(c->items, c->n, &c->cap, sizeof *c->items);
    c->items[c->n] = (struct jit_piece){.start = start, .size = size, .name = name, .number = (uint32_t)c->n};
    c->n++;
}

static void add(struct jit_code *c, uint64_t start, uint64_t size, const char *name, size_t len)
{
    len = strnlen(name, MIN(len, (size_t)NAME_MAX_BYTES));
    if (c->n >= JIT_CODE_MAX || c->names.len + len >= JIT_CODE_TEXT_MAX) {
        c->full = true;
        return;
    }
    if (!len || size > UINT64_MAX - start) {
        c->bad++;
        return;
    }
    add_at(c, start, size, (uint32_t)c->names.len);
    strbuf_add(&c->names, name, len);
    strbuf_char(&c->names, 0);
}

/* ---- the map ---- */

static bool take_hex(const char **at, const char *end, uint64_t *v)
{
    const char *s = *at;
    if (end - s > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
        s += 2;
    size_t n = 0;
    for (*v = 0; s < end && n < 17; s++, n++) {
        int digit = *s >= '0' && *s <= '9'   ? *s - '0'
                    : *s >= 'a' && *s <= 'f' ? *s - 'a' + 10
                    : *s >= 'A' && *s <= 'F' ? *s - 'A' + 10
                                             : -1;
        if (digit < 0)
            break;
        *v = *v << 4 | (uint64_t)digit;
    }
    *at = s;
    return n > 0 && n < 17;
}

static bool take_blank(const char **at, const char *end)
{
    const char *s = *at;
    while (s < end && (*s == ' ' || *s == '\t'))
        s++;
    bool any = s > *at;
    *at = s;
    return any;
}

/* START SIZE NAME */
static void map_line(struct jit_code *c, const char *s, size_t len)
{
    const char *end = s + len;
    uint64_t start, size;
    if (len && end[-1] == '\r')
        end--;
    if (take_hex(&s, end, &start) && take_blank(&s, end) && take_hex(&s, end, &size) && take_blank(&s, end))
        add(c, start, size, s, (size_t)(end - s));
    else if (len)
        c->bad++;
}

void jit_code_map(struct jit_code *c, const char *text, size_t len)
{
    while (len && !c->full) {
        const char *newline = memchr(text, '\n', len);
        size_t n = newline ? (size_t)(newline - text) : len;
        if (c->rest.len || !newline)
            strbuf_add(&c->rest, text, MIN(n, LINE_MAX_BYTES - MIN(c->rest.len, (size_t)LINE_MAX_BYTES)));
        if (newline && c->rest.len)
            map_line(c, c->rest.text, c->rest.len);
        else if (newline)
            map_line(c, text, n);
        if (newline)
            strbuf_clear(&c->rest);
        text += n + (newline != NULL);
        len -= n + (newline != NULL);
    }
}

/* ---- the jitdump ---- */

static uint64_t number(const char *at, size_t bytes)
{
    uint64_t v = 0;
    memcpy(&v, at, bytes);
    return v;
}

static void dump_record(struct jit_code *c, const char *r, size_t size)
{
    uint64_t id = number(r, 4);
    if (id == DUMP_LOAD && size > LOAD_FIXED) {
        const char *name = r + LOAD_FIXED;
        if (memchr(name, 0, size - LOAD_FIXED))
            add(c, number(r + 32, 8), number(r + 40, 8), name, size - LOAD_FIXED);
        else
            c->bad++;
    }
}

static bool dump_header(struct jit_code *c, size_t *used)
{
    const char *h = c->dump.text;
    size_t size = (size_t)number(h + 8, 4);
    if (memcmp(h, "DTiJ", 4) != 0 || size < DUMP_HEAD || size > DUMP_HEAD_MAX) {
        c->dump_broken = true; /* also one of the other byte order */
        c->bad++;
        return false;
    }
    if (c->dump.len < size)
        return false;
    *used = size;
    return c->dump_begun = true;
}

/* How much of what is there makes a record; 0: more is needed. Of a record only its names are wanted: the
 * code behind them may be long. */
static size_t dump_next(struct jit_code *c, const char *r, size_t left)
{
    enum { WANTED = LOAD_FIXED + NAME_MAX_BYTES + 1 };
    if (left < RECORD_HEAD)
        return 0;
    uint64_t size = number(r + 4, 4);
    if (size < RECORD_HEAD) {
        c->dump_broken = true;
        c->bad++;
        return 0;
    }
    size_t wanted = (size_t)MIN(size, (uint64_t)WANTED), there = MIN(left, wanted);
    /* A program may write the code behind the name much later. */
    bool named = there > LOAD_FIXED && memchr(r + LOAD_FIXED, 0, there - LOAD_FIXED);
    if (left < wanted && !named)
        return 0;
    dump_record(c, r, there);
    size_t here = (size_t)MIN(size, (uint64_t)left);
    c->dump_skip = size - here;
    return here;
}

void jit_code_dump(struct jit_code *c, const void *bytes, size_t len)
{
    const char *at = bytes;
    if (c->dump_broken || c->full)
        return;
    size_t skip = (size_t)MIN(c->dump_skip, (uint64_t)len), used = 0;
    c->dump_skip -= skip;
    strbuf_add(&c->dump, at + skip, len - skip);
    if (!c->dump_begun && (c->dump.len < DUMP_HEAD || !dump_header(c, &used)))
        return;
    for (size_t n; !c->dump_broken && !c->full && used < c->dump.len; used += n)
        if (!(n = dump_next(c, c->dump.text + used, c->dump.len - used)))
            break;
    c->dump.len -= used;
    if (c->dump.len)
        memmove(c->dump.text, c->dump.text + used, c->dump.len);
}

/* ---- asking ---- */

static int by_start(const void *a, const void *b)
{
    const struct jit_piece *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

const char *jit_code_at(struct jit_code *c, uint64_t address)
{
    if (c->n_sorted < c->n)
        qsort(c->items, c->n, sizeof *c->items, by_start);
    c->n_sorted = c->n;
    size_t low = 0, high = c->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->items[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    const struct jit_piece *best = NULL;
    for (size_t i = low; i-- > 0 && low - i <= NEAR;) {
        const struct jit_piece *p = &c->items[i];
        if (address - p->start < MAX(p->size, (uint64_t)1) && (!best || p->number > best->number))
            best = p;
    }
    return best ? c->names.text + best->name : NULL;
}

size_t jit_code_bytes(const struct jit_code *c)
{
    return c->cap * sizeof *c->items + c->names.cap + c->rest.cap + c->dump.cap;
}
