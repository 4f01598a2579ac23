#include "format/bundles/module_path.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char FOLDER[] = "node_modules/";
enum { FOLDER_LEN = sizeof FOLDER - 1 };

/* C0, DEL, and C1 in UTF-8. Returns its bytes, 0: the character is none. */
static size_t control(const unsigned char *p, const unsigned char *end)
{
    if (*p < 0x20 || *p == 0x7f)
        return 1;
    return *p == 0xc2 && p + 1 < end && p[1] >= 0x80 && p[1] < 0xa0 ? 2 : 0;
}

static void add_visible(struct strbuf *out, const char *name, size_t len)
{
    const unsigned char *p = (const unsigned char *)name, *end = p + len;
    while (p < end) {
        const unsigned char *from = p;
        size_t n = 0;
        while (p < end && !(n = control(p, end)))
            p++;
        strbuf_add(out, from, (size_t)(p - from));
        p += n;
    }
}

/* Behind "scheme://host/", or `p`. */
static const char *after_host(const char *p)
{
    size_t n = 0;
    while (isalnum((unsigned char)p[n]) || (n && strchr("+.-", p[n]) && p[n]))
        n++;
    if (!n || !isalpha((unsigned char)*p) || !str_starts(p + n, "://"))
        return p;
    const char *slash = strchr(p + n + 3, '/');
    return slash ? slash + 1 : p;
}

static const char *after_dots(const char *p)
{
    for (;;) {
        size_t n = str_starts(p, "../") ? 3 : str_starts(p, "./") ? 2 : *p == '/';
        if (!n)
            return p;
        p += n;
    }
}

static const char *next_folder(const char *from, const char *begin)
{
    while ((from = strstr(from, FOLDER)) && from > begin && from[-1] != '/')
        from += FOLDER_LEN;
    return from;
}

void module_path(const char *name, size_t len, struct strbuf *out)
{
    struct strbuf all = {0};
    add_visible(&all, name, len);
    const char *text = strbuf_text(&all), *loader = strrchr(text, '!');
    const char *p = after_host(loader ? loader + 1 : text);
    /* The name of a context module holds a pattern, which may hold a question mark. */
    size_t n = strstr(p, "sync ^") ? strlen(p) : strcspn(p, "?");
    char *path = mem_strndup(p, n);
    const char *below = after_dots(path), *folder = next_folder(below, below);
    strbuf_clear(out);
    strbuf_str(out, folder ? folder : below);
    if (!out->len)
        strbuf_str(out, "(no name)");
    free(path);
    strbuf_free(&all);
}

const char *module_path_package(const char *path, size_t *len)
{
    const char *last = NULL;
    for (const char *p = path; (p = next_folder(p, path)); p += FOLDER_LEN)
        last = p + FOLDER_LEN;
    if (!last)
        return NULL;
    size_t n = strcspn(last, "/");
    if (*last == '@' && last[n] == '/')
        n += 1 + strcspn(last + n + 1, "/");
    *len = n;
    return n ? last : NULL;
}
