/* :save FILE: the past as a recording, and in FILE.md what a reader needs first. */
#include "ui/state.h"

#include "base/clock.h"
#include "sink/print.h"
#include "view/shared/worst.h"

#include <stdlib.h>

/* A pane as text is not wider than a page. */
enum { PAGE_WIDTH = 120 };

static void heading(struct console *c, const char *path, const struct saved *saved, struct strbuf *out)
{
    char from[CLOCK_TEXT_MAX], to[CLOCK_TEXT_MAX], first[CLOCK_TEXT_MAX], size[UNIT_TEXT_MAX];
    struct model_usage u = model_usage(c->env.model);
    sd_time now = console_now(c);
    const char *name = strrchr(path, '/');
    strbuf_printf(out, "# Incident recording %s\n\n", name ? name + 1 : path);
    strbuf_printf(out, "- Recorded from %s to %s, %s.\n", clock_rfc3339(saved->from, from),
                  clock_rfc3339(now, to), unit_format_int(UNIT_BYTES, saved->bytes, size));
    if (sd_known(u.first) && u.first > saved->from + SD_S)
        strbuf_printf(out, "- The figures below are from %s on: older data is in the recording only.\n",
                      clock_rfc3339(u.first, first));
    strbuf_printf(out, "- To look at it: `slowdive replay %s`\n- Constants in SQL are hidden.\n\n",
                  name ? name + 1 : path);
}

static void pane_text(struct doc *d, struct section *s, struct strbuf *out)
{
    struct strbuf text = {0};
    print_section(d, s, PRINT_TEXT, &(struct print_options){.width = PAGE_WIDTH}, &text);
    /* Indented, it is code whatever is in it: a fence could be closed by a query. */
    for (const char *p = strbuf_text(&text); *p; p += *p == '\n') {
        size_t len = strcspn(p, "\n");
        if (len)
            strbuf_printf(out, "    %.*s", (int)len, p);
        strbuf_char(out, '\n');
        p += len;
    }
    strbuf_char(out, '\n');
    strbuf_free(&text);
}

static void panes(const struct view *v, struct doc *d, struct strbuf *out)
{
    strbuf_printf(out, "## %s\n\n", d->title ? d->title : v->title);
    for (size_t i = 0; i < d->n_sections; i++)
        if (!d->sections[i].aside)
            pane_text(d, &d->sections[i], out);
}

static char *summary(struct console *c, const char *path, const struct saved *saved)
{
    struct strbuf out = {0};
    struct screen *s = console_screen(c);
    struct view_ctx ctx = console_view_ctx(c);
    struct model_usage u = model_usage(c->env.model);
    console_build(c);
    heading(c, path, saved, &out);
    struct doc *d = doc_new("saved", NULL);
    ctx.key = NULL;
    ctx.show_literals = false;
    worst_over_time(d, &ctx, (struct span){u.first, sd_known(u.last) ? MAX(u.last, u.first + 1) : u.last});
    print_section(d, &d->sections[0], PRINT_MARKDOWN, &(struct print_options){.ascii = false}, &out);
    strbuf_char(&out, '\n');
    doc_free(d);
    ctx.arg = NULL;
    struct doc *home = view_build(view_home(), &ctx);
    panes(view_home(), home, &out);
    doc_free(home);
    if (s->view != view_home()) { /* what was looked at when it was saved */
        ctx.arg = s->arg;
        struct doc *here = view_build(s->view, &ctx);
        panes(s->view, here, &out);
        doc_free(here);
    }
    return strbuf_detach(&out);
}

bool command_save(struct console *c, const char *path, struct sd_error *err)
{
    struct saved saved;
    if (!c->env.save || !c->env.write_file)
        return fail(err, "there is nothing to save here: the flight recorder writes in a live console");
    if (!c->env.save(c->env.app, path, &saved, err))
        return false;
    char *beside = mem_printf("%s.md", path), *text = summary(c, path, &saved);
    bool ok = c->env.write_file(c->env.app, beside, text, strlen(text), err);
    char length[UNIT_TEXT_MAX];
    unit_format_int(UNIT_NS, MAX(console_now(c) - saved.from, 0), length);
    if (!ok) {
        struct sd_error why = *err;
        fail(err, "%s holds the last %s, but there is no summary: %.300s", path, length, why.text);
    } else {
        console_message(c, saved.late ? SEVERITY_WARN : SEVERITY_GOOD, "Saved the last %s to %s and %s.md%s",
                        length, path, path,
                        saved.late ? "; the disk is slow, the last seconds are missing" : "");
    }
    free(beside);
    free(text);
    return ok;
}
