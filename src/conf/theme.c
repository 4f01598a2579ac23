/* theme.c - themes from YAML, and colours brought to what a terminal has. */
#include "conf/theme.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/trust.h"
#include "conf/config.h"
#include "conf/tree.h"

static const char DARK[] =
#include "theme-dark.inc"
    ;
static const char LIGHT[] =
#include "theme-light.inc"
    ;
static const char MONO[] =
#include "theme-mono.inc"
    ;

static const char *const BUILTIN_NAMES[] = {"dark", "light", "mono", NULL};
static const char *const BUILTIN_TEXTS[] = {DARK, LIGHT, MONO};

enum { THEME_BYTES_MAX = 64 * 1024, PALETTE_MAX = 64 };

const char *const *theme_builtin_names(void)
{
    return BUILTIN_NAMES;
}

/* ---- colours ---- */

struct color {
    int32_t rgb; /* -1: the terminal's own */
    int index;   /* 0..255 when chosen by number or name, otherwise -1 */
};

/* xterm's defaults for the first 16. */
static const struct {
    const char *name;
    int32_t rgb;
} ANSI[16] = {
    {.name = "black", .rgb = 0x000000},        {.name = "red", .rgb = 0xcd0000},
    {.name = "green", .rgb = 0x00cd00},        {.name = "yellow", .rgb = 0xcdcd00},
    {.name = "blue", .rgb = 0x0000ee},         {.name = "magenta", .rgb = 0xcd00cd},
    {.name = "cyan", .rgb = 0x00cdcd},         {.name = "white", .rgb = 0xe5e5e5},
    {.name = "bright-black", .rgb = 0x7f7f7f}, {.name = "bright-red", .rgb = 0xff0000},
    {.name = "bright-green", .rgb = 0x00ff00}, {.name = "bright-yellow", .rgb = 0xffff00},
    {.name = "bright-blue", .rgb = 0x5c5cff},  {.name = "bright-magenta", .rgb = 0xff00ff},
    {.name = "bright-cyan", .rgb = 0x00ffff},  {.name = "bright-white", .rgb = 0xffffff},
};

/* The fixed part of the 256: a 6x6x6 cube from 16, 24 greys from 232. */
static int32_t xterm_rgb(int index)
{
    if (index < 16)
        return ANSI[index].rgb;
    if (index >= 232) {
        int32_t grey = 8 + 10 * (index - 232);
        return grey << 16 | grey << 8 | grey;
    }
    int n = index - 16, part[3] = {n / 36, n / 6 % 6, n % 6};
    int32_t rgb = 0;
    for (int i = 0; i < 3; i++)
        rgb = rgb << 8 | (part[i] ? 55 + 40 * part[i] : 0);
    return rgb;
}

/* Squared distance with the "redmean" weights (Riemersma, "Colour metric",
 * compuphase.com/cmetric.htm): near enough to the eye for 240 candidates. */
static int64_t color_distance(int32_t a, int32_t b)
{
    int64_t mean = ((a >> 16) + (b >> 16)) / 2;
    int64_t red = (a >> 16) - (b >> 16), green = (a >> 8 & 255) - (b >> 8 & 255),
            blue = (a & 255) - (b & 255);
    return ((512 + mean) * red * red) / 256 + 4 * green * green + ((767 - mean) * blue * blue) / 256;
}

/* Never one of the first 16: users give those other colours. */
static int nearest_256(int32_t rgb)
{
    int best = 16;
    for (int i = 17; i < 256; i++) {
        if (color_distance(rgb, xterm_rgb(i)) < color_distance(rgb, xterm_rgb(best)))
            best = i;
    }
    return best;
}

/* By hue, because with eight colours brightness is the terminal's choice: a dark
 * blue must not become an invisible black. Greys have no hue: -1. Between blue and
 * cyan and the like a foreground takes the lighter, a background the darker. */
static int nearest_8(int32_t rgb, bool background)
{
    int part[3] = {rgb >> 16, rgb >> 8 & 255, rgb & 255};
    int high = MAX(part[0], MAX(part[1], part[2])), low = MIN(part[0], MIN(part[1], part[2]));
    if (high - low < 48)
        return -1;
    int middle = low + (high - low) * (background ? 6 : 5) / 10, index = 0;
    for (int i = 0; i < 3; i++)
        index |= part[i] > middle ? 1 << i : 0;
    return index;
}

static int16_t color_256(struct color c)
{
    return (int16_t)(c.rgb < 0 ? -1 : c.index >= 0 ? c.index : nearest_256(c.rgb));
}

static int8_t color_8(struct color c, bool background)
{
    if (c.rgb < 0)
        return -1;
    return (int8_t)(c.index >= 0 && c.index < 16 ? c.index % 8 : nearest_8(c.rgb, background));
}

/* ---- parsing ---- */

struct parser {
    struct tree_report report;
    struct sd_error *err;
    struct palette_entry {
        const char *name;
        struct color color;
    } palette[PALETTE_MAX];
    size_t n_palette;
};

static void keep_first(void *ctx, const char *sentence)
{
    struct parser *p = ctx;
    if (p->report.n == 1)
        fail(p->err, "%s", sentence);
}

static bool parse_color(const struct parser *p, const char *word, struct color *c)
{
    size_t len = strlen(word);
    if (strcasecmp(word, "default") == 0) {
        *c = (struct color){.rgb = -1, .index = -1};
        return true;
    }
    if (word[0] == '#') {
        if (len != 7 || strspn(word + 1, "0123456789abcdefABCDEF") != 6)
            return false;
        *c = (struct color){.rgb = (int32_t)strtol(word + 1, NULL, 16), .index = -1};
        return true;
    }
    if (len <= 3 && strspn(word, "0123456789") == len) {
        int index = atoi(word);
        *c = (struct color){.rgb = index < 256 ? xterm_rgb(index) : 0, .index = index};
        return index < 256;
    }
    for (size_t i = 0; i < p->n_palette; i++) {
        if (strcmp(p->palette[i].name, word) == 0) {
            *c = p->palette[i].color;
            return true;
        }
    }
    for (int i = 0; i < 16; i++) {
        if (strcasecmp(word, ANSI[i].name) == 0) {
            *c = (struct color){.rgb = ANSI[i].rgb, .index = i};
            return true;
        }
    }
    return false;
}

static unsigned parse_attribute(const char *word)
{
    static const struct {
        const char *name;
        unsigned attr;
    } ATTRIBUTES[] = {{.name = "bold", .attr = THEME_BOLD},
                      {.name = "dim", .attr = THEME_DIM},
                      {.name = "underline", .attr = THEME_UNDERLINE},
                      {.name = "reverse", .attr = THEME_REVERSE}};
    for (size_t i = 0; i < ARRAY_LEN(ATTRIBUTES); i++) {
        if (strcasecmp(word, ATTRIBUTES[i].name) == 0)
            return ATTRIBUTES[i].attr;
    }
    return 0;
}

static void read_style(struct parser *p, struct theme_style *style, const struct tree_node *n)
{
    struct color fg = {.rgb = -1, .index = -1}, bg = fg;
    unsigned attrs = 0;
    bool behind = false, have_fg = false;
    for (const char *s = n->text + strspn(n->text, " "); *s; s += strspn(s, " ")) {
        size_t len = strcspn(s, " ");
        char word[32];
        snprintf(word, sizeof word, "%.*s", (int)MIN(len, sizeof word - 1), s);
        s += len;
        unsigned attr = behind ? 0 : parse_attribute(word);
        bool ok = len < sizeof word;
        if (attr)
            attrs |= attr;
        else if (!behind && strcasecmp(word, "on") == 0)
            behind = true;
        else if (behind)
            ok = parse_color(p, word, &bg), behind = false;
        else if (!have_fg)
            ok = ok && parse_color(p, word, &fg), have_fg = true;
        else
            ok = false;
        if (!ok) {
            tree_problem(
                &p->report, n->line, n->column,
                "\"%s\" is not a colour or attribute; expected [COLOUR] [on COLOUR] [bold] [dim] [underline] "
                "[reverse] with colours such as \"#6cb6ff\", 110, red or default",
                word);
            return;
        }
    }
    if (behind)
        tree_problem(&p->report, n->line, n->column, "the style ends after \"on\"; expected a colour there");
    *style = (struct theme_style){.fg = fg.rgb,
                                  .bg = bg.rgb,
                                  .fg256 = color_256(fg),
                                  .bg256 = color_256(bg),
                                  .fg8 = color_8(fg, false),
                                  .bg8 = color_8(bg, true),
                                  .attrs = attrs};
    /* With eight colours a grey background is none: the marking must stay. */
    if (bg.rgb >= 0 && (style->bg8 < 0 || style->bg8 == style->fg8)) {
        style->bg8 = -2;
        style->fg8 = -1;
    } else if (bg.rgb >= 0 && style->fg8 < 0) {
        /* Green, yellow and cyan are light, whichever terminal. */
        style->fg8 = style->bg8 == 2 || style->bg8 == 3 || style->bg8 == 6 ? 0 : 7;
    }
}

static void read_palette(struct parser *p, const struct tree_node *map)
{
    for (const struct tree_node *c = map->child; c; c = c->next) {
        struct color color;
        if (c->kind != TREE_SCALAR || !parse_color(p, c->text, &color))
            tree_problem(&p->report, c->line, c->column,
                         "%.60s is not a colour; expected \"#rrggbb\", 0..255, a colour's name or default",
                         c->key->text);
        else if (p->n_palette == PALETTE_MAX)
            tree_problem(&p->report, c->line, c->column, "too many colours; expected at most %d",
                         PALETTE_MAX);
        else
            p->palette[p->n_palette++] = (struct palette_entry){.name = c->key->text, .color = color};
    }
}

static void read_styles(struct parser *p, struct theme *t, const struct tree_node *map,
                        const char *const *names, size_t n_names)
{
    for (const struct tree_node *c = map->child; c; c = c->next) {
        int i = str_find(names, c->key->text);
        if (i < 0) {
            const char *meant = tree_suggest(c->key->text, names, n_names);
            tree_problem(&p->report, c->key->line, c->key->column, "unknown style \"%.60s\"; expected %s%s",
                         c->key->text, meant ? "one such as " : "one that themes/dark.yaml names",
                         meant ? meant : "");
        } else if (c->kind != TREE_SCALAR) {
            tree_problem(&p->report, c->line, c->column,
                         "the style %s is %s; expected one line such as \"red bold\"", c->key->text,
                         tree_kind_name(c->kind));
        } else if (i < THEME_STYLES_MAX) {
            read_style(p, &t->styles[i], c);
        }
    }
}

static const struct tree_node *mapping(struct parser *p, const struct tree_node *root, const char *name)
{
    for (const struct tree_node *c = root->child; c; c = c->next) {
        if (!str_eq(c->key->text, name))
            continue;
        if (c->kind == TREE_MAP)
            return c;
        tree_problem(&p->report, c->line, c->column, "%s is %s; expected lines of the form NAME: COLOUR",
                     name, tree_kind_name(c->kind));
    }
    return NULL;
}

bool theme_parse(struct theme *t, const char *file, const char *text, size_t len,
                 const char *const *style_names, struct sd_error *err)
{
    struct sd_error dropped;
    struct parser p = {.report = {.file = file, .problem = keep_first}, .err = err ? err : &dropped};
    p.report.ctx = &p;
    *t = (struct theme){.name = ""};
    for (size_t i = 0; i < THEME_STYLES_MAX; i++)
        t->styles[i] =
            (struct theme_style){.fg = -1, .bg = -1, .fg256 = -1, .bg256 = -1, .fg8 = -1, .bg8 = -1};
    size_t n_names = 0;
    while (style_names[n_names])
        n_names++;
    if (len > THEME_BYTES_MAX) {
        tree_problem(&p.report, 1, 1, "the file has %zu bytes; expected at most %d", len, THEME_BYTES_MAX);
        return false;
    }
    struct arena *a = arena_new();
    const struct tree_node *root = tree_read(a, text, len, &p.report);
    if (!root || root->kind != TREE_MAP) {
        tree_problem(&p.report, 1, 1,
                     "the file contains no theme; expected `styles:` and below it STYLE: COLOUR");
    } else {
        const struct tree_node *palette = mapping(&p, root, "palette"), *styles = mapping(&p, root, "styles");
        for (const struct tree_node *c = root->child; c; c = c->next) {
            if (!str_eq(c->key->text, "palette") && !str_eq(c->key->text, "styles"))
                tree_problem(&p.report, c->key->line, c->key->column,
                             "unknown name \"%.60s\"; expected palette or styles", c->key->text);
        }
        if (palette)
            read_palette(&p, palette);
        if (styles)
            read_styles(&p, t, styles, style_names, n_names);
    }
    arena_free(a);
    return p.report.n == 0;
}

/* ---- finding ---- */

static bool load_file(struct theme *t, const char *path, const char *const *style_names, struct sd_error *err)
{
    char *text;
    size_t len;
    if (!trust_read("theme", path, THEME_BYTES_MAX, &text, &len, err))
        return false;
    bool ok = theme_parse(t, path, text, len, style_names, err);
    free(text);
    return ok;
}

/* The user's own folder, then the installed one; NULL when neither has it. */
static char *find_file(const char *name, bool installed)
{
    char *folder = installed ? mem_strdup(SLOWDIVE_PREFIX "/share/slowdive") : config_folder();
    char *path = folder ? mem_printf("%s/themes/%s.yaml", folder, name) : NULL;
    free(folder);
    if (path && access(path, R_OK) != 0) {
        free(path);
        path = NULL;
    }
    return path;
}

static bool load_named(struct theme *t, const char *name, const char *const *style_names,
                       struct sd_error *err)
{
    int builtin = str_find(BUILTIN_NAMES, name);
    char *path = find_file(name, false);
    bool ok;
    if (!path && builtin >= 0)
        return theme_parse(t, name, BUILTIN_TEXTS[builtin], strlen(BUILTIN_TEXTS[builtin]), style_names, err);
    if (!path)
        path = find_file(name, true);
    if (path)
        ok = load_file(t, path, style_names, err);
    else
        ok = fail(err,
                  "there is no theme named \"%.60s\"; there are dark, light and mono, and files NAME.yaml in "
                  "the folder `themes` beside the configuration file",
                  name);
    free(path);
    return ok;
}

bool theme_load(struct theme *t, const char *name, const char *const *style_names, struct sd_error *err)
{
    struct theme loaded;
    if (!name || !*name)
        return fail(err, "no theme is named; expected dark, light, mono or a file");
    bool path = strchr(name, '/') || str_ends(name, ".yaml");
    if (!(path ? load_file(&loaded, name, style_names, err) : load_named(&loaded, name, style_names, err)))
        return false;
    const char *base = strrchr(name, '/');
    snprintf(loaded.name, sizeof loaded.name, "%s", base ? base + 1 : name);
    *t = loaded;
    return true;
}
