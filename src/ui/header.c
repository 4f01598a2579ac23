/* The two lines at the top: what is looked at and when; the places, and the views of this one. */
#include "ui/state.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "core/schema.h"

/* Marks of places are looked for at most so often while data comes. */
#define MARKS_NS (5 * SD_S)

enum { SOURCES_SHOWN = 16, CRUMB = 24, ARROW = 3, HERE = 20 };

void header_hit(struct console *c, struct hit h)
{
    if (c->n_hits < HITS_MAX)
        c->hits[c->n_hits++] = h;
}

/* ---- what is looked at, and when ---- */

static void time_text(const struct console *c, struct strbuf *b)
{
    char when[CLOCK_TEXT_MAX], window[UNIT_TEXT_MAX];
    sd_time at = console_cursor(c), now = console_now(c);
    clock_hms(at, c->env.replay ? at : now, when);
    if (c->mode == CURSOR_PLAYING)
        strbuf_printf(b, "play x%g %.30s", c->speed, when);
    else if (c->mode == CURSOR_PAUSED)
        strbuf_printf(b, "%s %.30s", c->env.replay ? "replay" : "PAUSED", when);
    else if (sd_known(c->anchor) && at > now)
        strbuf_printf(b, "data is ahead, %.30s", clock_hms(at, now, when));
    else if (sd_known(c->anchor))
        strbuf_printf(b, "data ends %.30s", clock_hms(at, now, when));
    else /* without seconds: an idle screen sends nothing */
        strbuf_printf(b, "live %.5s", when);
    strbuf_printf(b, ", %.30s", unit_format_int(UNIT_NS, span_length(console_span(c)), window));
    if (c->scope)
        strbuf_printf(b, ", %.60s", c->scope);
}

/* "shop PostgreSQL 15.4, access.log": each source with what its state begins with. */
static void sources_text(const struct console *c, struct strbuf *b)
{
    struct source_info info[SOURCES_SHOWN];
    size_t n = model_sources(c->sources, c->mode == CURSOR_LIVE ? console_now(c) : console_cursor(c), info,
                             SOURCES_SHOWN);
    for (size_t i = 0; i < n; i++) {
        const struct sd_status *s = info[i].status;
        const char *text = s && s->state == SD_STATE_LIVE && s->text ? s->text : "";
        int first = (int)strcspn(text, ",;");
        bool product = first > 0 && first <= CRUMB && text[first] == ',';
        strbuf_printf(b, "%s%s%s%.*s", i ? ", " : "", info[i].origin, product ? " " : "", product ? first : 0,
                      text);
    }
    if (!n)
        strbuf_str(b, "no source");
}

/* Of the view above: the thing, when that screen is kept. */
static const char *title_above(const struct console *c, const struct view *up, bool same_arg)
{
    for (size_t i = 0; same_arg && i < c->n_screens; i++)
        if (c->screens[i]->view == up && str_eq(c->screens[i]->arg, console_screen(c)->arg))
            return c->screens[i]->title;
    return up->title;
}

/* What the thing belongs to, and the thing. */
static void crumbs(const struct console *c, struct grid *g, struct rect r, int end)
{
    const struct screen *s = console_screen(c);
    bool same;
    const struct view *up = s->arg || s->view->about ? view_above(s->view, &same) : NULL;
    const char *above = up && up != view_home() ? title_above(c, up, same) : NULL;
    int x = r.x + 1, room = end - x;
    if (above && MIN(utf8_width(above), CRUMB) + ARROW + HERE <= room) {
        x += grid_text(g, r, x, r.y, CRUMB, STYLE_CRUMB, above) + 1;
        if (utf8_width(above) > CRUMB)
            grid_put(g, r, x - 2, r.y, STYLE_DIM, 0x2026);
        grid_put(g, r, x, r.y, STYLE_DIM, 0x203A);
        x += 2;
    }
    int w = end - x;
    x += grid_text(g, r, x, r.y, w, STYLE_HERE, s->title) + 1;
    if (w > 1 && utf8_width(s->title) > w)
        grid_put(g, r, x - 2, r.y, STYLE_DIM, 0x2026);
}

static bool recording(const struct console *c)
{
    return c->env.recording && c->env.recording(c->env.app);
}

static void first_line(struct console *c, struct grid *g, struct rect r, bool alone)
{
    struct strbuf when = {0}, what = {0};
    const struct screen *s = console_screen(c);
    bool rec = recording(c);
    time_text(c, &when);
    int w = utf8_width(when.text) + (rec ? 5 : 0), end = r.x + r.w - w - 2;
    grid_fill(g, r, STYLE_CRUMB);
    if (end > r.w / 3) {
        grid_text(g, r, end + 1, r.y, w, c->mode == CURSOR_LIVE ? STYLE_DIM : STYLE_WARN, when.text);
        if (rec)
            grid_text(g, r, r.x + r.w - 4, r.y, 3, STYLE_BAD, "REC");
    } else {
        end = r.x + r.w;
    }
    if (alone || s->arg || s->view->about) {
        crumbs(c, g, r, end);
    } else {
        sources_text(c, &what);
        int room = end - r.x - 1;
        grid_text(g, r, r.x + 1, r.y, room, STYLE_CRUMB, strbuf_text(&what));
        if (room > 1 && utf8_width(strbuf_text(&what)) > room)
            grid_put(g, r, r.x + room, r.y, STYLE_DIM, 0x2026);
    }
    strbuf_free(&when);
    strbuf_free(&what);
}

/* ---- places ---- */

static void find_marks(struct console *c)
{
    struct marks *m = &c->marks;
    sd_time now = console_now(c), to = console_span(c).to;
    uint64_t version = model_version(c->env.model);
    bool moved = c->mode != CURSOR_LIVE && m->to != to;
    if (m->known && !moved && (m->version == version || (now >= m->at && now - m->at < MARKS_NS)))
        return;
    struct view_ctx ctx = console_view_ctx(c);
    ctx.arg = NULL;
    view_place_marks(&ctx, m->of);
    m->version = version;
    m->to = to;
    m->at = now;
    m->known = true;
}

static const char *mark_of(const struct console *c, enum view_place p)
{
    enum severity s = c->marks.of[p];
    return s == SEVERITY_BAD ? "!!" : s == SEVERITY_WARN ? "!" : "";
}

/* The views of the place that have no thing, named. */
static int views_width(enum view_place p, const struct view **row, size_t *n, size_t max)
{
    int w = 0;
    const struct view *first = p == PLACE_MAP ? NULL : view_beside(p, NULL, 1), *v = first;
    for (*n = 0; v && *n < max; v = view_beside(p, v, 1)) {
        if (*n && v == first)
            break;
        row[(*n)++] = v;
        w += utf8_width(v->title) + 1;
    }
    return w;
}

/* How much of the line the places take: digits, marks, and titles when `titles`. */
static int places_width(const struct console *c, enum view_place here, bool titles)
{
    int w = 0;
    for (int p = PLACE_HOME; p < PLACE_END; p++)
        w += 2 + (int)strlen(mark_of(c, (enum view_place)p)) +
             (titles || p == (int)here ? utf8_width(view_place_title((enum view_place)p)) + 1 : 0);
    return w - 1;
}

static const struct view *list_shown(const struct console *c)
{
    const struct view *v = console_screen(c)->view, *list = v->about ? view_listing(v->about) : v;
    return list ? list : v;
}

/* Of the views in the row the one that is shown and its neighbours, as many as take at most `room`. */
static size_t near_shown(const struct console *c, const struct view **row, size_t n, int room)
{
    size_t from = 0;
    while (from < n && row[from] != list_shown(c))
        from++;
    size_t to = from;
    while (to < n && utf8_width(row[to]->title) < room)
        room -= utf8_width(row[to++]->title) + 1;
    while (to > from && from > 0 && utf8_width(row[from - 1]->title) < room)
        room -= utf8_width(row[--from]->title) + 1;
    memmove(row, row + from, (to - from) * sizeof *row);
    return to - from;
}

/* Views of the place that there is no room for. */
struct unseen {
    bool before, after;
};

static int draw_unseen(struct grid *g, struct rect r, int x, bool any)
{
    if (any)
        grid_put(g, r, x, r.y, STYLE_DIM, 0x2026);
    return any ? x + 2 : x;
}

static int draw_views(struct console *c, struct grid *g, struct rect r, int x, const struct view **row,
                      size_t n, struct unseen u)
{
    x = draw_unseen(g, r, x, u.before);
    for (size_t i = 0; i < n; i++) {
        bool here = row[i] == list_shown(c);
        int w = grid_text(g, r, x, r.y, r.x + r.w - x, here ? STYLE_HERE : STYLE_CRUMB, row[i]->title);
        header_hit(c, (struct hit){.r = {x, r.y, w, 1}, .place = -1, .view = row[i]});
        x += w + 1;
    }
    return draw_unseen(g, r, x, u.after);
}

static int draw_place(struct console *c, struct grid *g, struct rect r, int x, enum view_place p, bool title,
                      bool here)
{
    int from = x;
    enum severity s = c->marks.of[p];
    bool data = view_place_has_data(p, c->env.model);
    x += grid_printf(g, r, x, r.y, 1, here ? STYLE_HERE : data ? STYLE_KEY : STYLE_DIM, "%d", (int)p);
    if (title) {
        enum style style = here ? STYLE_HERE : data ? STYLE_CRUMB : STYLE_DIM;
        grid_put(g, r, x, r.y, style, ' ');
        x += 1 + grid_text(g, r, x + 1, r.y, r.x + r.w - x - 1, style, view_place_title(p));
    }
    x += grid_text(g, r, x, r.y, 2, s == SEVERITY_BAD ? STYLE_BAD : STYLE_WARN, mark_of(c, p));
    header_hit(c, (struct hit){.r = {from, r.y, x - from, 1}, .place = (int)p});
    return x + 1;
}

/* All titles where there is room for them and for the views of this place; where one starts the
 * titles come first, elsewhere the views. */
static void second_line(struct console *c, struct grid *g, struct rect r)
{
    enum { UNSEEN = 4 }; /* columns for its signs */
    const struct view *row[32] = {NULL};
    size_t n;
    enum view_place here = visit_place_of(c);
    int views = views_width(here, row, &n, ARRAY_LEN(row)), room = r.w - 2, x = r.x + 1;
    if (here == PLACE_HOME && n == 1)
        views = (int)(n = 0);
    bool all = places_width(c, here, true) + views <= room;
    bool start = here == PLACE_MAP || console_screen(c)->view == view_home();
    if (!all && (start || n == 0)) {
        all = true;
        n = 0;
    }
    if (places_width(c, here, true) > room)
        all = false;
    int least = places_width(c, here, all);
    const struct view *first = row[0], *last = row[n ? n - 1 : 0];
    struct unseen u = {0};
    if (n && least + views > room) { /* every digit is in sight */
        n = near_shown(c, row, n, room - least - UNSEEN);
        u = (struct unseen){.before = n && row[0] != first, .after = n && row[n - 1] != last};
    }
    grid_fill(g, r, STYLE_CRUMB);
    for (int p = PLACE_HOME; p < PLACE_END; p++) {
        bool own = p == (int)here;
        x = draw_place(c, g, r, x, (enum view_place)p, all || own, own);
        if (own && n)
            x = draw_views(c, g, r, x, row, n, u);
    }
}

void header_draw(struct console *c, struct grid *g, struct rect r)
{
    first_line(c, g, (struct rect){r.x, r.y, r.w, 1}, r.h < 2);
    if (r.h < 2)
        return;
    find_marks(c);
    second_line(c, g, (struct rect){r.x, r.y + 1, r.w, 1});
}
