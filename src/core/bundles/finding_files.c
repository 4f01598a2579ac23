/* Fonts and images. */
#include <string.h>

#include "base/units.h"
#include "core/bundles/finding_rules.h"

static const char *extension_of(const struct sd_bundle_asset *r)
{
    const char *dot = strrchr(r->name, '.');
    return r->format ? r->format : dot ? dot + 1 : "";
}

/* Runs over the assets of a type. */
static const struct sd_bundle_asset *next_of(const struct finding_run *f, const char *type, size_t *i)
{
    while (*i < f->build->n_assets) {
        const struct sd_bundle_asset *r = &f->build->assets[(*i)++];
        if (!strcmp(r->type, type))
            return r;
    }
    return NULL;
}

/* Is the same font there as WOFF2? Then this one is for old browsers, which ask for it. */
static bool has_newer(const struct finding_run *f, const struct sd_bundle_asset *font)
{
    const struct sd_bundle_asset *r;
    size_t stem =
        strcspn(str_after_path(font->name), ".") + (size_t)(str_after_path(font->name) - font->name);
    for (size_t i = 0; (r = next_of(f, "font", &i));)
        if (!strcmp(extension_of(r), "woff2") && !strncmp(r->name, font->name, stem) && r->name[stem] == '.')
            return true;
    return false;
}

void find_font_format(struct finding_run *f)
{
    const struct sd_bundle_asset *r;
    for (size_t i = 0; (r = next_of(f, "font", &i));)
        if (strcmp(extension_of(r), "woff2") != 0 && !has_newer(f, r))
            finding_add(f, (struct bundle_finding){
                               .path = r->name,
                               .is_file = true,
                               .bytes = r->size_bytes,
                               .message = arena_printf(f->a, "%s is a font in the format %s.", r->name,
                                                       extension_of(r)),
                               .advice = "Ship WOFF2, which every browser reads and which is about a third "
                                         "smaller than WOFF."});
}

void find_font_display(struct finding_run *f)
{
    const struct sd_bundle_asset *r;
    for (size_t i = 0; (r = next_of(f, "font", &i));) {
        const char *how = r->font_display;
        if (!how || (strcmp(how, "block") != 0 && strcmp(how, "auto") != 0))
            continue;
        finding_add(f, (struct bundle_finding){
                           .path = r->name,
                           .is_file = true,
                           .bytes = r->size_bytes,
                           .message = arena_printf(f->a,
                                                   "The text in %s is hidden while the font loads: "
                                                   "font-display is %s.",
                                                   r->name, how),
                           .advice = "Write font-display: swap (or optional) into its @font-face rule."});
    }
}

void find_font_subset(struct finding_run *f)
{
    const struct sd_bundle_asset *r;
    for (size_t i = 0; (r = next_of(f, "font", &i));)
        if (r->glyphs > BUNDLE_LIMIT[BUNDLE_GLYPHS] && r->size_bytes >= BUNDLE_LIMIT[BUNDLE_FONT])
            finding_add(
                f, (struct bundle_finding){
                       .path = r->name,
                       .is_file = true,
                       .bytes = r->size_bytes,
                       .message = arena_printf(f->a, "%s has %lld glyphs.", r->name, (long long)r->glyphs),
                       .advice = "Cut it to the scripts that are used (pyftsubset, or unicode-range with "
                                 "several files)."});
}

void find_image_format(struct finding_run *f)
{
    static const char *const old[] = {"png", "jpg", "jpeg", "gif", "bmp", NULL};
    const struct sd_bundle_asset *r;
    for (size_t i = 0; (r = next_of(f, "image", &i));)
        if (r->size_bytes >= BUNDLE_LIMIT[BUNDLE_IMAGE] && str_find(old, extension_of(r)) >= 0)
            finding_add(f,
                        (struct bundle_finding){
                            .path = r->name,
                            .is_file = true,
                            .bytes = r->size_bytes,
                            .message = arena_printf(f->a, "%s is a large image in the format %s.", r->name,
                                                    extension_of(r)),
                            .advice = "Ship WebP or AVIF, which are a third to a half smaller; a moving GIF "
                                      "as a video."});
}

void find_image_size(struct finding_run *f)
{
    const struct sd_bundle_asset *r;
    for (size_t i = 0; (r = next_of(f, "image", &i));)
        if (MAX(r->width, r->height) > BUNDLE_LIMIT[BUNDLE_PIXELS] && strcmp(extension_of(r), "svg") != 0)
            finding_add(
                f, (struct bundle_finding){
                       .path = r->name,
                       .is_file = true,
                       .bytes = r->size_bytes,
                       .message = arena_printf(f->a, "%s has %lld x %lld pixels, more than screens show.",
                                               r->name, (long long)r->width, (long long)r->height),
                       .advice = "Make it smaller, and give several sizes in srcset."});
}
