#include "conf/yaml_json.h"

#include <string.h>

#include "base/num.h"
#include "base/utf8.h"
#include "conf/tree.h"

static void put_text(struct strbuf *out, const char *s)
{
    struct strbuf valid = {0};
    utf8_append_valid(&valid, s, strlen(s));
    strbuf_char(out, '"');
    for (const char *p = strbuf_text(&valid); *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\')
            strbuf_printf(out, "\\%c", c);
        else if (c < 0x20)
            strbuf_printf(out, "\\u%04x", c);
        else
            strbuf_char(out, *p);
    }
    strbuf_char(out, '"');
    strbuf_free(&valid);
}

static void put_scalar(struct strbuf *out, const struct tree_node *n)
{
    static const char *const WORDS[][2] = {{"true", "true"},   {"True", "true"},   {"TRUE", "true"},
                                           {"false", "false"}, {"False", "false"}, {"FALSE", "false"},
                                           {"null", "null"},   {"Null", "null"},   {"NULL", "null"},
                                           {"~", "null"},      {"", "null"}};
    double number;
    for (size_t i = 0; i < ARRAY_LEN(WORDS) && n->plain; i++)
        if (!strcmp(WORDS[i][0], n->text)) {
            strbuf_str(out, WORDS[i][1]);
            return;
        }
    if (n->plain && num_parse_real(n->text, &number))
        strbuf_printf(out, "%.17g", number);
    else
        put_text(out, n->text);
}

/* As deep as the tree, which is bounded. */
void tree_json(struct strbuf *out, const struct tree_node *n)
{
    bool map = n->kind == TREE_MAP;
    if (n->kind == TREE_SCALAR) {
        put_scalar(out, n);
        return;
    }
    strbuf_char(out, map ? '{' : '[');
    for (const struct tree_node *c = n->child; c; c = c->next) {
        if (map) {
            put_text(out, c->key->text);
            strbuf_char(out, ':');
        }
        tree_json(out, c);
        if (c->next)
            strbuf_char(out, ',');
    }
    strbuf_char(out, map ? '}' : ']');
}

static void keep_first(void *ctx, const char *sentence)
{
    struct sd_error *err = ctx;
    if (!err->text[0])
        fail(err, "%s", sentence);
}

bool yaml_to_json(const char *file, const char *text, size_t len, struct strbuf *out, struct sd_error *err)
{
    struct arena *a = arena_new();
    struct tree_report r = {.file = file, .problem = keep_first, .ctx = err};
    err->text[0] = 0;
    const struct tree_node *root = tree_read(a, text, len, &r);
    bool ok = root && !r.n;
    if (ok)
        tree_json(out, root);
    else if (!err->text[0])
        fail(err, "%s holds nothing", file);
    arena_free(a);
    return ok;
}

size_t yaml_item_lines(const char *text, size_t len, const char *key, int *lines, size_t max)
{
    struct arena *a = arena_new();
    struct tree_report r = {.file = ""};
    const struct tree_node *root = tree_read(a, text, len, &r), *list = NULL;
    size_t n = 0;
    for (const struct tree_node *c = root && root->kind == TREE_MAP ? root->child : NULL; c; c = c->next)
        if (str_eq(c->key->text, key) && c->kind == TREE_LIST)
            list = c;
    for (const struct tree_node *c = list ? list->child : NULL; c && n < max; c = c->next)
        lines[n++] = c->line;
    arena_free(a);
    return n;
}
