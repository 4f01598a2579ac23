/* speedscope.c - speedscope's own files: sampled and evented profiles, several in one file. Those of one unit
 * are added up: mostly a profile is a thread. */
#include "format/profiles/profile_file.h"

#include <math.h>
#include <stdlib.h>

#include "format/json_pull.h"

enum { FRAMES_MAX = 4 << 20 };

struct speedscope {
    struct profile *p;
    uint32_t *functions, *stack; /* of the file's frames; of the sample, or what is open */
    size_t n_functions, n_stack, cap_functions, cap_stack;
    struct strbuf name, file;
    size_t profiles, active;
    double values[3];
    size_t type; /* of the profile that is read */
    double scale;
    const char *problem;
};

static const char BROKEN[] = "its JSON is cut or broken";

static const struct {
    const char *unit, *type, *base;
    double scale;
} UNITS[] = {
    {"nanoseconds", "time", "ns", 1},    {"microseconds", "time", "ns", 1e3},
    {"milliseconds", "time", "ns", 1e6}, {"seconds", "time", "ns", 1e9},
    {"bytes", "bytes", "bytes", 1},      {"none", "weight", "count", 1},
};

static bool refuse(struct speedscope *x, const char *problem)
{
    x->problem = x->problem ? x->problem : problem;
    return false;
}

static bool read_frames(struct speedscope *x, struct json_pull shared)
{
    struct json_pull frames = shared.at ? json_find(shared, "frames") : shared;
    if (!frames.at || !json_enter(&frames, '['))
        return refuse(x, "it has no frames");
    while (json_item(&frames) && !x->p->full) {
        if (x->n_functions == FRAMES_MAX)
            return refuse(x, "it has more than 4,194,304 frames");
        strbuf_clear(&x->name);
        strbuf_clear(&x->file);
        if (json_enter(&frames, '{'))
            while (json_key(&frames)) {
                if (json_is(&frames, "name"))
                    json_text(&frames, &x->name);
                else if (json_is(&frames, "file"))
                    json_text(&frames, &x->file);
                else
                    json_skip(&frames);
            }
        x->functions = x->n_functions == x->cap_functions
                           ? mem_grow(x->functions, x->n_functions, &x->cap_functions, sizeof *x->functions)
                           : x->functions;
        x->functions[x->n_functions++] =
            profile_function(x->p, strbuf_text(&x->name), x->name.len,
                             x->file.len ? strbuf_text(&x->file) : NULL, x->file.len, NULL);
    }
    return !frames.broken || refuse(x, BROKEN);
}

/* The function of the frame that comes goes onto the stack. */
static bool push(struct speedscope *x, uint64_t frame)
{
    if (frame >= x->n_functions)
        return refuse(x, "it refers to a frame that is not in its list");
    if (x->n_stack == PROFILE_DEPTH_MAX)
        return refuse(x, "it has a stack of more than 1,048,576 frames");
    x->stack = x->n_stack == x->cap_stack ? mem_grow(x->stack, x->n_stack, &x->cap_stack, sizeof *x->stack)
                                          : x->stack;
    x->stack[x->n_stack++] = x->functions[frame];
    return true;
}

static bool count(struct speedscope *x, double weight, int64_t samples)
{
    x->values[x->type] = isfinite(weight) ? weight * x->scale : 0;
    bool done = profile_stack(x->p, x->stack, x->n_stack, samples, x->values);
    x->values[x->type] = 0;
    return done;
}

static bool read_sampled(struct speedscope *x, struct json_pull samples, struct json_pull weights)
{
    bool weighted = weights.at && json_enter(&weights, '[');
    if (!samples.at || !json_enter(&samples, '['))
        return refuse(x, "a profile in it has no samples");
    while (json_item(&samples)) {
        x->n_stack = 0;
        if (json_enter(&samples, '['))
            while (json_item(&samples))
                if (!push(x, json_index(&samples)))
                    return false;
        weighted = weighted && json_item(&weights);
        if (!count(x, weighted ? json_number(&weights) : 1, 1))
            return false;
    }
    return !samples.broken || refuse(x, BROKEN);
}

struct event {
    char type;
    uint64_t frame;
    double at;
};

static struct event read_event(struct json_pull *j)
{
    struct event e = {.frame = UINT64_MAX, .at = (double)NAN};
    if (json_enter(j, '{'))
        while (json_key(j)) {
            if (json_is(j, "type"))
                e.type = json_peek(j) == '"' && j->end - j->at > 1 ? j->at[1] : 0;
            if (json_is(j, "frame"))
                e.frame = json_index(j);
            else if (json_is(j, "at"))
                e.at = json_number(j);
            else
                json_skip(j);
        }
    return e;
}

static bool read_evented(struct speedscope *x, struct json_pull events)
{
    double last = 0;
    x->n_stack = 0;
    x->p->counted = false;
    if (!events.at || !json_enter(&events, '['))
        return refuse(x, "a profile in it has no events");
    while (json_item(&events)) {
        struct event e = read_event(&events);
        if (!isfinite(e.at) || (e.type != 'O' && e.type != 'C'))
            return refuse(x, events.broken ? BROKEN : "an event in it has no time, or is neither O nor C");
        if (x->n_stack && e.at > last && !count(x, e.at - last, 0))
            return false;
        last = e.at;
        if (e.type == 'O' && !push(x, e.frame))
            return false;
        if (e.type == 'C' &&
            (!x->n_stack || e.frame >= x->n_functions || x->stack[x->n_stack - 1] != x->functions[e.frame]))
            return refuse(x, "an event in it closes a frame that is not the innermost");
        x->n_stack -= e.type == 'C';
    }
    return !events.broken || refuse(x, BROKEN);
}

static bool choose_unit(struct speedscope *x, struct json_pull unit)
{
    json_text(&unit, &x->name);
    for (size_t i = 0; i < ARRAY_LEN(UNITS); i++)
        if (str_eq(UNITS[i].unit, strbuf_text(&x->name))) {
            x->type = profile_type(x->p, UNITS[i].type, UNITS[i].base);
            x->scale = UNITS[i].scale;
            if (x->profiles <= x->active)
                x->p->chosen = x->type;
            return true;
        }
    return refuse(x, "a profile in it has an unknown unit");
}

static bool read_profile(struct speedscope *x, struct json_pull j)
{
    struct json_pull type = json_find(j, "type"), unit = json_find(j, "unit");
    if (!type.at || !unit.at)
        return refuse(x, "a profile in it has no type or no unit");
    if (!choose_unit(x, unit))
        return false;
    json_text(&type, &x->name);
    x->profiles++;
    if (str_eq(strbuf_text(&x->name), "sampled"))
        return read_sampled(x, json_find(j, "samples"), json_find(j, "weights"));
    if (str_eq(strbuf_text(&x->name), "evented"))
        return read_evented(x, json_find(j, "events"));
    return refuse(x, "a profile in it is neither sampled nor evented");
}

static bool read_file(struct speedscope *x, struct json_pull file)
{
    struct json_pull profiles = json_find(file, "profiles"), active = json_find(file, "activeProfileIndex");
    x->active = active.at ? (size_t)json_index(&active) : 0;
    if (!read_frames(x, json_find(file, "shared")))
        return false;
    if (!profiles.at || !json_enter(&profiles, '['))
        return refuse(x, "it has no profiles");
    for (; json_item(&profiles); json_skip(&profiles))
        if (!read_profile(x, profiles))
            return false;
    if (profiles.broken || !x->profiles)
        return refuse(x, profiles.broken ? BROKEN : "it has no profiles");
    if (x->profiles > 1) {
        char note[96];
        snprintf(note, sizeof note, "The %zu profiles in the file are added up.", x->profiles);
        profile_say(x->p, note);
    }
    return true;
}

struct profile *speedscope_read(const void *text, size_t len, struct sd_error *err)
{
    struct speedscope x = {.p = profile_new("speedscope", 3)};
    x.p->counted = true;
    read_file(&x, json_pull(text, len));
    if (!x.p->counted) /* of events nobody took samples */
        x.p->samples = SD_UNKNOWN;
    free(x.functions);
    free(x.stack);
    strbuf_free(&x.name);
    strbuf_free(&x.file);
    return profile_read_end(x.p, x.problem, err);
}

bool speedscope_like(const void *head, size_t len)
{
    static const char *const profile[] = {"profiles", "unit", "startValue", NULL};
    static const char *const frames[] = {"shared", "frames", "name", NULL};
    static const char schema[] = "speedscope.app/file-format-schema";
    return json_names(head, len, (const char *const[]){NULL}) &&
           (memmem(head, len, schema, sizeof schema - 1) || json_names(head, len, profile) ||
            json_names(head, len, frames));
}
