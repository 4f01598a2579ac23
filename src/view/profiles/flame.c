/* The call tree of profiles as a flame graph, the outermost frames at the top. */
#include "view/profiles/flame.h"

#include <stdlib.h>

#include "core/profiles/profile_group.h"
#include "view/profiles/call_boxes.h"
#include "view/profiles/profile_actions.h"

struct flame {
    struct shown_profile *shown;
    struct profile *merged; /* without recursion; NULL: as it is */
    struct call_boxes *boxes;
};

static void flame_free(void *owned)
{
    struct flame *f = owned;
    call_boxes_free(f->boxes);
    profile_free(f->merged);
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
    struct section *s = doc_section(d, SECTION_BOXES, "rows", shown_title(d, f->shown, "Flame graph"));
    const struct profile *p = f->shown->ungrouped ? NULL : f->shown->found.p;
    s->weight = 1;
    s->kinds = KINDS_PROFILE;
    if (p && p->n_nodes > 1) {
        f->merged = view_chosen(c, PROFILE_RECURSION_CHOICE) ? profile_without_recursion(p) : NULL;
        f->boxes = call_boxes_new(f->shown, f->merged ? f->merged : p, "all");
        s->boxes = call_boxes_of(f->boxes);
        if (view_chosen(c, PROFILE_SHAPE_CHOICE))
            s->boxes.shape = BOXES_FLAME;
        s->note = shown_note(d, c, f->shown);
    } else if (f->shown->n_order) {
        s->empty = "The profile has figures of functions only, no stacks: see the view functions.";
    } else {
        s->empty = shown_empty(d, c, f->shown);
    }
    return d;
}

/* As drawings print boxes: each after the one it is in. */
static const struct column ROWS[] = {
    {.key = "label",
     .title = "Name",
     .help = "the function; (smaller ones): calls that were too small to keep"},
    {.key = "weight_ns",
     .title = "Weight",
     .unit = UNIT_NS,
     .help = "value in it and in what it calls here; weight_bytes or weight when the sample type is no time"},
    {.key = "self_ns", .title = "Self", .unit = UNIT_NS, .help = "value in it alone, named in the same way"},
    {.key = "depth", .title = "Depth", .unit = UNIT_COUNT, .help = "0: an outermost frame"},
    {.key = "parent",
     .title = "Parent",
     .unit = UNIT_COUNT,
     .help = "number of its caller's row, from 0; null: none"},
};
static const struct column ALSO[] = {SHOWN_ENVELOPE};

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
    .columns = ROWS,
    .n_columns = ARRAY_LEN(ROWS),
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
