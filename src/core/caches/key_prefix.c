#include "core/caches/key_prefix.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "core/caches/key_class.h"

enum {
    PLAIN_MAX = 16, /* words of one place below which nothing varies: each is a key of its own */
    WORDS_MAX = 64, /* words of one place */
    FIRST_WORDS_MAX = 256,
    STEMS_MAX = 8, /* `page1`, `page2`, ... of one place, before they are `page*` */
    NODES_MAX = 60000,
};

/* A segment at its place. `*` is a node without text that varies. */
struct node {
    struct node *parent, *child, *next;
    uint32_t id;       /* of the keys that end here; 0: none */
    uint16_t children; /* words: nodes of a text */
    char separator;
    bool varies; /* what follows the text does */
    bool folded, folded_plain;
    uint8_t len;
    char text[];
};

struct key_prefixes {
    char **patterns;
    size_t n_patterns;
    void (*merged)(void *ctx, uint32_t from, uint32_t into);
    void *ctx;
    struct node *root;
    size_t nodes, bytes;
    struct node *of[KEY_PREFIXES_MAX]; /* by number */
    uint32_t spare[KEY_PREFIXES_MAX];  /* numbers given back */
    uint32_t n_spare, next_id;
};

static struct node *node_new(struct key_prefixes *p, struct node *parent, const struct key_segment *s)
{
    size_t len = MIN(s->len, (size_t)KEY_SEGMENT_MAX);
    struct node *n = mem_alloc(sizeof *n + len);
    n->parent = parent;
    n->separator = s->separator;
    n->varies = s->varies;
    n->len = (uint8_t)len;
    memcpy(n->text, s->text, len);
    if (parent) {
        n->next = parent->child;
        parent->child = n;
        parent->children += len > 0;
    }
    p->nodes++;
    p->bytes += sizeof *n + len;
    return n;
}

/* It is in no list any more, and has no children. */
static void node_free(struct key_prefixes *p, struct node *n)
{
    p->nodes--;
    p->bytes -= sizeof *n + n->len;
    free(n);
}

struct key_prefixes *key_prefixes_new(const char *const *patterns,
                                      void (*merged)(void *ctx, uint32_t from, uint32_t into), void *ctx)
{
    struct key_prefixes *p = mem_alloc(sizeof *p);
    p->merged = merged;
    p->ctx = ctx;
    p->root = node_new(p, NULL, &(struct key_segment){.text = ""});
    while (patterns && patterns[p->n_patterns] && p->n_patterns < KEY_PREFIXES_MAX / 2)
        p->n_patterns++;
    p->patterns = mem_array(p->n_patterns + 1, sizeof *p->patterns);
    for (size_t i = 0; i < p->n_patterns; i++)
        p->patterns[i] = mem_strdup(patterns[i]);
    p->next_id = 1 + (uint32_t)p->n_patterns;
    return p;
}

static void tree_free(struct node *n)
{
    for (struct node *c = n->child, *next; c; c = next) {
        next = c->next;
        tree_free(c);
    }
    free(n);
}

void key_prefixes_free(struct key_prefixes *p)
{
    if (!p)
        return;
    tree_free(p->root);
    for (size_t i = 0; i < p->n_patterns; i++)
        free(p->patterns[i]);
    free(p->patterns);
    free(p);
}

size_t key_prefixes_bytes(const struct key_prefixes *p)
{
    return sizeof *p + p->bytes;
}

/* ---- merging ---- */

static bool same(const struct node *n, const struct key_segment *s)
{
    return n->separator == s->separator && n->varies == s->varies && n->len == MIN(s->len, KEY_SEGMENT_MAX) &&
           memcmp(n->text, s->text, n->len) == 0;
}

static struct node *child_of(const struct node *n, const struct key_segment *s)
{
    for (struct node *c = n->child; c; c = c->next)
        if (same(c, s))
            return c;
    return NULL;
}

static void give_id(struct key_prefixes *p, struct node *from, struct node *into)
{
    if (!from->id)
        return;
    if (!into->id) {
        into->id = from->id;
        p->of[into->id] = into;
        return;
    }
    if (p->merged)
        p->merged(p->ctx, from->id, into->id);
    p->of[from->id] = NULL;
    p->spare[p->n_spare++] = from->id;
}

static void fold_where_many(struct key_prefixes *p, struct node *n);

/* All that is in and below `from`, which is freed. */
static void merge_into(struct key_prefixes *p, struct node *from, struct node *into)
{
    give_id(p, from, into);
    for (struct node *c = from->child, *next; c; c = next) {
        next = c->next;
        struct key_segment s = {
            .separator = c->separator, .text = c->text, .len = c->len, .varies = c->varies};
        struct node *twin = child_of(into, &s);
        if (twin) {
            merge_into(p, c, twin);
            continue;
        }
        c->parent = into;
        c->next = into->child;
        into->child = c;
        into->children += c->len > 0;
    }
    into->folded |= from->folded;
    into->folded_plain |= from->folded_plain;
    node_free(p, from);
    fold_where_many(p, into);
}

/* Does nothing vary in and below it? Then all its keys are in the tree as they are. */
static bool plain(const struct node *n)
{
    if (n->varies)
        return false;
    for (const struct node *c = n->child; c; c = c->next)
        if (!plain(c))
            return false;
    return true;
}

static bool shares_stem(const struct node *n, const struct node *with)
{
    size_t k = with->len;
    while (k && with->text[k - 1] >= '0' && with->text[k - 1] <= '9')
        k--;
    if (!k || k == with->len || n->varies || n->separator != with->separator || n->len <= k)
        return false;
    for (size_t i = k; i < n->len; i++)
        if (n->text[i] < '0' || n->text[i] > '9')
            return false;
    return memcmp(n->text, with->text, k) == 0;
}

enum which { EVERY, PLAIN, STEM };

static bool chosen(const struct node *c, enum which which, const struct node *with)
{
    return c->len && (which == EVERY || (which == PLAIN ? plain(c) : shares_stem(c, with)));
}

/* Children of the chosen kind become one that varies, of each separator. */
static void fold(struct key_prefixes *p, struct node *n, enum which which, const struct key_segment *to)
{
    struct node *taken = NULL, *with = which == STEM ? n->child : NULL;
    for (struct node **at = &n->child; *at;) {
        struct node *c = *at;
        if (c == with || !chosen(c, which, with)) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        n->children--;
        c->next = taken;
        taken = c;
    }
    if (with) { /* the pattern of the others, at last */
        n->child = with->next;
        n->children--;
        with->next = taken;
        taken = with;
    }
    for (struct node *c = taken, *next; c; c = next) {
        next = c->next;
        struct key_segment star = {
            .separator = c->separator, .text = to->text, .len = to->len, .varies = true};
        struct node *into = child_of(n, &star);
        merge_into(p, c, into ? into : node_new(p, n, &star));
    }
}

static size_t count(const struct node *n, enum which which, const struct node *with)
{
    size_t k = 0;
    for (const struct node *c = n->child; c; c = c->next)
        k += chosen(c, which, with);
    return k;
}

static void fold_where_many(struct key_prefixes *p, struct node *n)
{
    const struct key_segment star = {.text = "", .varies = true};
    if (n->children > (n == p->root ? FIRST_WORDS_MAX : WORDS_MAX)) {
        n->folded = true;
        fold(p, n, EVERY, &star);
    } else if (n->children > PLAIN_MAX && count(n, PLAIN, NULL) > PLAIN_MAX) {
        n->folded_plain = true;
        fold(p, n, PLAIN, &star);
    }
}

/* `page7` has come to the others. */
static void fold_stems(struct key_prefixes *p, struct node *n)
{
    struct node *with = n->child;
    if (!with || count(n, STEM, with) <= STEMS_MAX)
        return;
    size_t k = with->len;
    char text[KEY_SEGMENT_MAX];
    while (k && with->text[k - 1] >= '0' && with->text[k - 1] <= '9')
        k--;
    memcpy(text, with->text, k);
    fold(p, n, STEM, &(struct key_segment){.text = text, .len = k, .varies = true});
}

/* ---- a key ---- */

static bool fits(const char *pattern, const char *key, size_t n)
{
    const char *retry = NULL;
    size_t i = 0, again = 0;
    while (i < n) {
        if (*pattern == '*') {
            retry = ++pattern;
            again = ++i; /* at least one character */
        } else if (*pattern && *pattern == key[i]) {
            pattern++;
            i++;
        } else if (retry) {
            pattern = retry;
            i = ++again;
        } else {
            return false;
        }
    }
    return !*pattern;
}

static uint32_t new_id(struct key_prefixes *p, struct node *n)
{
    uint32_t id = p->n_spare ? p->spare[--p->n_spare] : p->next_id < KEY_PREFIXES_MAX ? p->next_id++ : 0;
    if (id)
        p->of[id] = n;
    return id;
}

/* Was what a segment says folded at its place? */
static bool is_folded(const struct node *n, const struct key_segment *s, bool plain_key)
{
    return s->len && (n->folded || (n->folded_plain && plain_key));
}

/* The stem `page*` is there for `page7`. */
static struct node *stem_child(const struct node *n, const struct key_segment *s)
{
    size_t k = s->len;
    while (k && s->text[k - 1] >= '0' && s->text[k - 1] <= '9')
        k--;
    struct key_segment stem = {.separator = s->separator, .text = s->text, .len = k, .varies = true};
    return s->varies || !k || k == s->len ? NULL : child_of(n, &stem);
}

static struct node *step(struct key_prefixes *p, struct node *n, const struct key_segment *s, bool plain_key,
                         struct node **grown)
{
    struct node *c = child_of(n, s);
    if (!c)
        c = stem_child(n, s);
    if (c)
        return c;
    struct key_segment star = {.separator = s->separator, .text = "", .varies = true};
    if (is_folded(n, s, plain_key) || p->nodes >= NODES_MAX) {
        c = child_of(n, &star);
        return c || p->nodes >= NODES_MAX ? c : node_new(p, n, &star);
    }
    if (!*grown)
        *grown = n;
    return node_new(p, n, s);
}

static uint32_t find(struct key_prefixes *p, const struct key_segment *s, size_t n_segments,
                     struct node **grown)
{
    struct node *n = p->root;
    bool plain_key = true;
    for (size_t i = 0; i < n_segments; i++)
        plain_key &= !s[i].varies;
    for (size_t i = 0; n && i < n_segments; i++)
        n = step(p, n, &s[i], plain_key, grown);
    if (n && !n->id)
        n->id = new_id(p, n);
    return n ? n->id : KEY_PREFIX_OTHER;
}

uint32_t key_prefix_of(struct key_prefixes *p, const char *key, size_t n)
{
    struct key_segment s[KEY_SEGMENTS_MAX];
    struct node *grown = NULL;
    for (size_t i = 0; i < p->n_patterns; i++)
        if (fits(p->patterns[i], key, n))
            return 1 + (uint32_t)i;
    size_t k = key_split(key, n, s);
    uint32_t id = find(p, s, k, &grown);
    if (!grown)
        return id;
    fold_stems(p, grown);
    fold_where_many(p, grown);
    return find(p, s, k, &grown);
}

/* ---- names ---- */

static void name_of(const struct node *n, struct strbuf *b)
{
    if (!n->parent)
        return;
    name_of(n->parent, b);
    bool soft = n->separator == '-' || n->separator == '_' || n->separator == '.';
    if (n->varies && !n->len && soft && b->len && b->text[b->len - 1] == '*')
        return; /* `*-*` says no more than `*` */
    if (n->separator)
        strbuf_char(b, n->separator);
    strbuf_add(b, n->text, n->len);
    if (n->varies)
        strbuf_char(b, '*');
}

bool key_prefix_name(const struct key_prefixes *p, uint32_t id, char out[KEY_PREFIX_TEXT])
{
    struct strbuf b = {0};
    if (id >= KEY_PREFIXES_MAX || (id > p->n_patterns && !p->of[id]))
        return false;
    if (id == KEY_PREFIX_OTHER)
        strbuf_str(&b, "(other)");
    else if (id <= p->n_patterns)
        strbuf_str(&b, p->patterns[id - 1]);
    else
        name_of(p->of[id], &b);
    for (size_t i = 0; i < b.len; i++)
        if (b.text[i] < 0x20 || b.text[i] > 0x7e)
            b.text[i] = '?';
    snprintf(out, KEY_PREFIX_TEXT, "%s", b.len ? b.text : "(empty)");
    strbuf_free(&b);
    return true;
}

struct named {
    uint32_t id;
    char text[KEY_PREFIX_TEXT];
};

static int by_name(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    return order ? order : x->id < y->id ? -1 : x->id > y->id;
}

void key_prefixes_settle(struct key_prefixes *p)
{
    struct named *all = mem_array(KEY_PREFIXES_MAX, sizeof *all);
    size_t n = 0;
    for (uint32_t id = 1 + (uint32_t)p->n_patterns; id < p->next_id; id++) {
        all[n].id = id;
        n += key_prefix_name(p, id, all[n].text);
    }
    qsort(all, n, sizeof *all, by_name);
    for (size_t i = 1, first = 0; i < n; i++) {
        if (!str_eq(all[i].text, all[first].text)) {
            first = i;
            continue;
        }
        if (p->merged)
            p->merged(p->ctx, all[i].id, all[first].id);
        p->of[all[i].id]->id = 0;
        p->of[all[i].id] = NULL;
        p->spare[p->n_spare++] = all[i].id;
    }
    free(all);
}
