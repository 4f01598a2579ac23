#include "tests/lib/test.h"
#include "tests/lib/world.h"

#include <stdlib.h>
#include <string.h>

static sd_time world_now(void *app)
{
    return ((struct world *)app)->now;
}

static enum copied world_copy(void *app, const char *text)
{
    struct world *w = app;
    snprintf(w->copied, sizeof w->copied, "%s", text);
    return w->how;
}

static bool world_write(void *app, const char *path, const char *text, size_t len, struct sd_error *err)
{
    struct world *w = app;
    (void)err;
    snprintf(w->written, sizeof w->written, "%s", path);
    snprintf(w->text, sizeof w->text, "%.*s", (int)len, text);
    return true;
}

static uint64_t world_request(void *app, const char *origin, const struct sd_request *req,
                              struct sd_error *err)
{
    struct world *w = app;
    (void)err;
    assert_string_equal(origin, "shop");
    if (req->job == SD_JOB_EXPLAIN)
        w->asked = *(const struct sd_job_explain *)req->args;
    snprintf(w->asked_query, sizeof w->asked_query, "%s", w->asked.query ? w->asked.query : "");
    return (uint64_t)++w->requests;
}

struct world *world_of(struct model *m, sd_time now, int width, int height, bool replay)
{
    struct world *w = mem_alloc(sizeof *w);
    w->model = m;
    w->config = config_new(actions_all());
    w->now = now;
    w->how = COPIED;
    w->console = console_new(&(struct console_env){.app = w,
                                                   .model = w->model,
                                                   .config = w->config,
                                                   .now = world_now,
                                                   .replay = replay,
                                                   .request = replay ? NULL : world_request,
                                                   .copy = world_copy,
                                                   .write_file = world_write});
    w->grid = grid_new(width, height, false);
    console_resize(w->console, width, height);
    console_draw(w->console, w->grid);
    return w;
}

struct world *world_new(int width, int height, bool hostile, bool replay)
{
    return world_of(shop_model(hostile), SHOP_END, width, height, replay);
}

void world_free(struct world *w)
{
    console_free(w->console);
    grid_free(w->grid);
    config_free(w->config);
    model_free(w->model);
    free(w);
}

void play(struct world *w, const char *steps)
{
    struct strbuf out = {0};
    struct sd_error err = {""};
    if (!script_run(w->console, w->grid, steps, &out, &err))
        fail_msg("%s", err.text);
    strbuf_free(&out);
}

char *screen(struct world *w)
{
    static char text[400000];
    struct strbuf b = {0};
    console_draw(w->console, w->grid);
    grid_dump(w->grid, &b);
    snprintf(text, sizeof text, "%s", strbuf_text(&b));
    strbuf_free(&b);
    return text;
}

void see(struct world *w, const char *text)
{
    char *s = screen(w);
    if (!strstr(s, text))
        fail_msg("\"%s\" is not on the screen:\n%s", text, s);
}

void see_not(struct world *w, const char *text)
{
    char *s = screen(w);
    if (strstr(s, text))
        fail_msg("\"%s\" is on the screen:\n%s", text, s);
}

char *selected(struct world *w)
{
    static char line[2000];
    char *s = screen(w), *mark = strstr(s, "▸");
    line[0] = '\0';
    if (mark)
        snprintf(line, sizeof line, "%.*s", (int)strcspn(mark, "\n"), mark);
    return line;
}

void see_no_column(struct world *w, const char *title)
{
    char *s = screen(w), *frame = strstr(s, "\u250c"), *line = frame ? strchr(frame, '\n') : NULL;
    assert_non_null(line);
    line[1 + strcspn(line + 1, "\n")] = '\0';
    if (strstr(line, title))
        fail_msg("\"%s\" is a column:\n%s", title, line);
}

const char *shown(struct world *w)
{
    return console_screen(w->console)->view->name;
}
