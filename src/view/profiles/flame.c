/* The call tree of profiles as a flame graph, the outermost frames at the top. */
#include "view/profiles/flame.h"

#include <stdlib.h>

#include "view/profiles/call_boxes.h"

struct flame {
    struct shown_profile *shown;
    struct call_boxes *boxes;
};

static void flame_free(void *owned)
{
    struct flame *f = owned;
    call_boxes_free(f->boxes);
    shown_profile_free(f->shown);
    free(f);
}

static struct doc *build_flame(const struct view_ctx *c)
{
    struct doc *d = doc_new("flame", "Flame graph");
    struct flame *f = mem_alloc(sizeof *f);
    f->shown = shown_profile(c);
    doc_own(d, f, flame_free);
    shown_envelope(d, c, f->shown);
    struct section *s = doc_section(d, SECTION_BOXES, "rows", "Flame graph");
    const struct profile *p = f->shown->found.p;
    s->weight = 1;
    s->kinds = KINDS_PROFILE;
    if (p && p->n_nodes > 1) {
        f->boxes = call_boxes_new(f->shown, p, "all");
        call_boxes_show(f->boxes, s);
        s->note = shown_note(d, c, f->shown);
    } else if (f->shown->n_order) {
        s->empty = "The profile has figures of functions only, no stacks: see the view functions.";
    } else {
        s->empty = shown_empty(d, c, f->shown);
    }
    return d;
}

const struct view flame_view = {
    .name = "flame",
    .aliases = "flamegraph icicle",
    .place = PLACE_CODE,
    .title = "Flame graph",
    .summary = "the call tree of a profile: who calls what, as wide as it takes time or memory",
    .needs = KINDS_PROFILE,
    .links = (const char *const[]){"functions", NULL},
    .compares = true,
    .build = build_flame,
    .also = SHOWN_ENVELOPE,
    .n_also = SHOWN_N_ENVELOPE,
};
