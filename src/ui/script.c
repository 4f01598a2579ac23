#include "ui/script.h"

#include "base/utf8.h"

#include <stdlib.h>

struct run {
    struct console *c;
    struct grid *g;
    struct strbuf *out;
    size_t printed;
};

static void draw(struct run *r)
{
    int64_t wait;
    console_tick(r->c, &wait);
    console_draw(r->c, r->g);
}

static void print(struct run *r)
{
    if (r->printed++)
        strbuf_char(r->out, '\n');
    draw(r);
    grid_dump(r->g, r->out);
}

static bool keys(struct run *r, char *names, struct sd_error *err)
{
    char *save = NULL;
    for (char *name = strtok_r(names, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
        key_code key;
        if (!key_parse(name, &key))
            return fail(err, "there is no key %s", name);
        console_key(r->c, key);
        draw(r);
        if (console_quitting(r->c))
            break;
    }
    return true;
}

static bool type(struct run *r, const char *text)
{
    size_t len = strlen(text);
    struct utf8_char ch;
    for (size_t n; len && (n = utf8_next(text, len, &ch)); text += n, len -= n)
        console_key(r->c, ch.code == ' ' ? K_SPACE : ch.code);
    draw(r);
    return true;
}

static bool size(struct run *r, const char *arg, struct sd_error *err)
{
    int w, h, used = 0;
    if (sscanf(arg, "%dx%d%n", &w, &h, &used) != 2 || arg[used] || w < 1 || h < 1 || w > 1000 || h > 1000)
        return fail(err, "size takes COLUMNSxROWS, such as 80x24");
    grid_resize(r->g, w, h);
    console_resize(r->c, w, h);
    draw(r);
    return true;
}

static bool step(struct run *r, char *line, struct sd_error *err)
{
    if (*line == ':') {
        bool ok = console_command(r->c, line + 1, err);
        draw(r);
        return ok;
    }
    char *arg = line + strcspn(line, " ");
    if (*arg)
        *arg++ = 0;
    if (!strcmp(line, "key"))
        return keys(r, arg, err);
    if (!strcmp(line, "type"))
        return type(r, arg);
    if (!strcmp(line, "wait"))
        return console_condition(r->c, arg, err);
    if (!strcmp(line, "size"))
        return size(r, arg, err);
    if (!strcmp(line, "print")) {
        print(r);
        return true;
    }
    return fail(err, "unknown step \"%s\"; expected key, type, :, wait, size, print", line);
}

bool script_run(struct console *c, struct grid *g, const char *steps, struct strbuf *out,
                struct sd_error *err)
{
    struct run r = {.c = c, .g = g, .out = out, .printed = 0};
    int number = 0;
    draw(&r);
    while (*steps && !console_quitting(c)) {
        size_t len = strcspn(steps, "\n");
        char *line = mem_strndup(steps, len), *text = line + strspn(line, " \t");
        size_t n = strlen(text);
        number++;
        while (n && (text[n - 1] == ' ' || text[n - 1] == '\r'))
            text[--n] = 0;
        struct sd_error why;
        bool ok = !*text || *text == '#' || step(&r, text, &why);
        free(line);
        if (!ok)
            return fail(err, "script line %d: %.400s", number, why.text);
        steps += len;
        steps += *steps == '\n';
    }
    if (!r.printed)
        print(&r);
    return true;
}
