/* trace_store.c - spans and their texts, packed and unpacked. */
#include "core/model/trace_store.h"

#include "base/hash.h"

/* ---- texts ---- */

static uint32_t hash_of(uint32_t key, const char *s, size_t n)
{
    uint64_t h = (hash_words(s, n) ^ key) * UINT64_C(0xff51afd7ed558ccd);
    return (uint32_t)(h ^ h >> 32);
}

static uint32_t find(const struct text_table *x, uint32_t key, const char *text, uint32_t hash)
{
    uint32_t i = x->n_buckets ? x->buckets[hash & (x->n_buckets - 1)] : 0;
    for (; i; i = x->items[i].next) {
        const struct kept_text *k = &x->items[i];
        if (k->hash == hash && k->key == key && strcmp(k->text, text) == 0)
            break;
    }
    return i;
}

uint32_t text_find(const struct text_table *x, uint32_t key, const char *text)
{
    return find(x, key, text, hash_of(key, text, strlen(text)));
}

static void more_buckets(struct part *p, struct text_table *x)
{
    uint32_t want = x->n_buckets ? 2 * x->n_buckets : 64;
    x->buckets = model_resize(p, x->buckets, x->n_buckets, want, sizeof *x->buckets);
    x->n_buckets = want;
    memset(x->buckets, 0, want * sizeof *x->buckets);
    for (uint32_t i = 1; i < x->n; i++)
        if (x->items[i].text) {
            uint32_t *b = &x->buckets[x->items[i].hash & (want - 1)];
            x->items[i].next = *b;
            *b = i;
        }
}

static uint32_t new_number(struct part *p, struct text_table *x)
{
    if (x->n_spare)
        return x->spare[--x->n_spare];
    if (x->n == x->cap) {
        uint32_t want = x->cap ? x->cap + x->cap / 2 : 64;
        x->items = model_resize(p, x->items, x->cap, want, sizeof *x->items);
        x->cap = want;
    }
    if (!x->n)
        x->items[x->n++] = (struct kept_text){0}; /* 0 is no text */
    return x->n++;
}

uint32_t text_hold(struct part *p, struct text_table *x, uint32_t key, const char *text)
{
    size_t n = strlen(text);
    uint32_t hash = hash_of(key, text, n), i = find(x, key, text, hash);
    if (i) {
        x->items[i].refs++;
        return i;
    }
    if (x->used >= x->n_buckets)
        more_buckets(p, x);
    i = new_number(p, x);
    uint32_t *b = &x->buckets[hash & (x->n_buckets - 1)];
    x->items[i] =
        (struct kept_text){.text = model_strdup(p, text, n), .refs = 1, .key = key, .hash = hash, .next = *b};
    *b = i;
    x->used++;
    if (key)
        x->items[key].refs++;
    return i;
}

void text_hold_again(struct text_table *x, uint32_t number)
{
    if (number)
        x->items[number].refs++;
}

static void keep_spare(struct part *p, struct text_table *x, uint32_t number)
{
    if (x->n_spare == x->cap_spare) {
        size_t want = x->cap_spare ? x->cap_spare + x->cap_spare / 2 : 64;
        x->spare = model_resize(p, x->spare, x->cap_spare, want, sizeof *x->spare);
        x->cap_spare = want;
    }
    x->spare[x->n_spare++] = number;
}

void text_release(struct part *p, struct text_table *x, uint32_t number)
{
    while (number && !--x->items[number].refs) {
        struct kept_text *k = &x->items[number];
        uint32_t key = k->key, *at = &x->buckets[k->hash & (x->n_buckets - 1)];
        while (*at != number)
            at = &x->items[*at].next;
        *at = k->next;
        model_strfree(p, k->text);
        k->text = NULL;
        x->used--;
        keep_spare(p, x, number);
        number = key; /* the name of an attribute that is gone */
    }
}

const char *text_of(const struct text_table *x, uint32_t number)
{
    return number ? x->items[number].text : NULL;
}

void text_table_free(struct part *p, struct text_table *x)
{
    for (uint32_t i = 1; i < x->n; i++)
        model_strfree(p, x->items[i].text);
    x->items = model_resize(p, x->items, x->cap, 0, sizeof *x->items);
    x->spare = model_resize(p, x->spare, x->cap_spare, 0, sizeof *x->spare);
    x->buckets = model_resize(p, x->buckets, x->n_buckets, 0, sizeof *x->buckets);
    *x = (struct text_table){0};
}

/* ---- ids ---- */

/* Of 16 lower-case hex digits. */
static bool hex_id(const char *s, uint64_t *id)
{
    uint64_t v = 0;
    for (int i = 0; i < 16; i++) {
        char c = s[i];
        if (c >= '0' && c <= '9')
            v = v << 4 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            v = v << 4 | (uint64_t)(c - 'a' + 10);
        else
            return false;
    }
    *id = v;
    return !s[16];
}

static uint64_t id_of(struct part *p, struct text_table *x, const char *s, uint8_t text, uint8_t *flags)
{
    uint64_t id;
    if (hex_id(s, &id))
        return id;
    *flags |= text;
    return text_hold(p, x, 0, s);
}

/* ---- which spans are there ---- */

enum { FEW = 16 };

static bool same_span(const struct kept_span *a, const struct kept_span *b)
{
    return a->id == b->id && a->parent == b->parent && a->start == b->start && a->duration == b->duration &&
           a->service == b->service && a->name == b->name && a->kind == b->kind && a->flags == b->flags;
}

/* Where the same span stands, or would stand. */
static size_t place_of_span(const struct kept_trace *t, const struct kept_span *s)
{
    uint64_t h = (s->id ^ (uint64_t)s->start * UINT64_C(0xff51afd7ed558ccd)) * UINT64_C(0x9e3779b97f4a7c15);
    size_t i = (h >> 20) & (t->n_places - 1);
    while (t->places[i] && !same_span(&t->spans[t->places[i] - 1], s))
        i = (i + 1) & (t->n_places - 1);
    return i;
}

static void make_places(struct part *p, struct kept_trace *t, size_t want)
{
    t->places = model_resize(p, t->places, t->n_places, want, sizeof *t->places);
    t->n_places = want;
    memset(t->places, 0, want * sizeof *t->places);
    for (size_t i = 0; i < t->n; i++)
        t->places[place_of_span(t, &t->spans[i])] = (uint32_t)i + 1;
}

void kept_trace_forget_places(struct part *p, struct kept_trace *t)
{
    t->places = model_resize(p, t->places, t->n_places, 0, sizeof *t->places);
    t->n_places = 0;
}

/* Did it come before, exactly so? Exporters send again what they had no answer to. What is twice in one
 * record is two spans. */
static bool is_known(struct part *p, struct kept_trace *t, const struct kept_span *s)
{
    if (t->n < FEW) {
        for (size_t i = 0; i < t->n_before; i++)
            if (same_span(&t->spans[i], s))
                return true;
        return false;
    }
    if (2 * (t->n + 1) > t->n_places) {
        size_t want = t->n_places ? t->n_places : 4 * FEW;
        while (want < 2 * (t->n + 1))
            want *= 2;
        make_places(p, t, want);
    }
    size_t k = place_of_span(t, s);
    if (t->places[k])
        return t->places[k] <= t->n_before;
    t->places[k] = (uint32_t)t->n + 1;
    return false;
}

/* ---- adding ---- */

static uint32_t *numbers_for(const struct sd_texts *list)
{
    return mem_array(list ? list->n + (size_t)1 : 1, sizeof(uint32_t));
}

struct record_texts record_texts_new(const struct sd_spans *r)
{
    return (struct record_texts){.services = numbers_for(r->services),
                                 .resources = numbers_for(r->resources),
                                 .names = numbers_for(r->names),
                                 .statements = numbers_for(r->statements),
                                 .keys = numbers_for(r->keys),
                                 .values = numbers_for(r->keys)};
}

static void release_all(struct part *p, struct text_table *x, const struct sd_texts *list, uint32_t *known)
{
    for (uint32_t i = 0; list && i < list->n; i++)
        text_release(p, x, known[i]);
    free(known);
}

void record_texts_free(struct part *p, struct text_table *x, const struct sd_spans *r,
                       struct record_texts *known)
{
    release_all(p, x, r->services, known->services);
    release_all(p, x, r->resources, known->resources);
    release_all(p, x, r->names, known->names);
    release_all(p, x, r->statements, known->statements);
    release_all(p, x, r->keys, known->keys);
    free(known->values);
}

static void *room(struct part *p, void *items, size_t n, size_t more, size_t *cap, size_t size)
{
    if (n + more <= *cap)
        return items;
    size_t want = MAX(n + more, *cap + *cap / 2);
    items = model_resize(p, items, *cap, want, size);
    *cap = want;
    return items;
}

static uint32_t known_text(struct part *p, struct text_table *x, const struct sd_texts *list, int64_t i,
                           uint32_t *known)
{
    const char *text = list_text(list, i);
    if (!text)
        return 0;
    if (!known[i])
        known[i] = text_hold(p, x, 0, text);
    text_hold_again(x, known[i]);
    return known[i];
}

static void release_span(struct part *p, struct text_table *x, const struct kept_span *s)
{
    text_release(p, x, s->service);
    text_release(p, x, s->resource);
    text_release(p, x, s->name);
    text_release(p, x, s->statement);
    if (s->flags & KEPT_ID_TEXT)
        text_release(p, x, (uint32_t)s->id);
    if (s->flags & KEPT_PARENT_TEXT)
        text_release(p, x, (uint32_t)s->parent);
}

/* Most have the value that came last under their name. */
static uint32_t attribute(struct part *p, struct text_table *x, const struct sd_spans *r, int64_t key,
                          const char *value, struct record_texts *known)
{
    uint32_t last = known->values[key];
    if (last && strcmp(text_of(x, last), value) == 0) {
        text_hold_again(x, last);
        return last;
    }
    uint32_t k = known_text(p, x, r->keys, key, known->keys);
    known->values[key] = text_hold(p, x, k, value);
    text_release(p, x, k);
    return known->values[key];
}

static void add_attributes(struct part *p, struct text_table *x, struct kept_trace *t, struct kept_span *to,
                           const struct span_source *s, struct record_texts *known)
{
    uint32_t n = MIN(s->n_attributes, (uint32_t)UINT16_MAX);
    t->attributes = room(p, t->attributes, t->n_attributes, n, &t->cap_attributes, sizeof *t->attributes);
    to->first_attribute = (uint32_t)t->n_attributes;
    for (uint32_t i = 0; i < n; i++) {
        int64_t key = list_int(s->r->of_key, s->attributes[i]);
        const char *name = list_text(s->r->keys, key), *value = list_text(s->r->of_value, s->attributes[i]);
        if (!name || !value)
            continue;
        t->attributes[t->n_attributes++] = attribute(p, x, s->r, key, value, known);
        to->n_attributes++;
    }
}

static void add_events(struct part *p, struct text_table *x, struct kept_trace *t, struct kept_span *to,
                       const struct span_source *s)
{
    uint32_t n = MIN(s->n_events, (uint32_t)UINT16_MAX);
    t->events = room(p, t->events, t->n_events, n, &t->cap_events, sizeof *t->events);
    to->first_event = (uint32_t)t->n_events;
    for (uint32_t i = 0; i < n; i++) {
        const char *text = list_text(s->r->event_text, s->events[i]);
        t->events[t->n_events++] = (struct kept_event){.at = list_int(s->r->event_at, s->events[i]),
                                                       .text = text_hold(p, x, 0, text ? text : "")};
    }
    to->n_events = (uint16_t)n;
}

static struct kept_span head_of(struct part *p, struct text_table *x, const struct span_source *s,
                                const char *id, struct record_texts *known)
{
    const struct sd_spans *r = s->r;
    const char *parent = list_text(r->parent, s->span);
    int64_t kind = list_int(r->span_kind, s->span), duration = list_int(r->duration, s->span);
    int64_t service = list_int(r->service, s->span);
    struct kept_span to = {
        .start = list_int(r->start, s->span),
        .duration = sd_known(duration) && duration < 0 ? SD_UNKNOWN : duration,
        .service = known_text(p, x, r->services, service, known->services),
        .resource = known_text(p, x, r->resources, service, known->resources),
        .name = known_text(p, x, r->names, list_int(r->name, s->span), known->names),
        .statement = known_text(p, x, r->statements, list_int(r->statement, s->span), known->statements),
        .kind = kind >= SPAN_INTERNAL && kind <= SPAN_CONSUMER ? (uint8_t)kind : SPAN_UNSAID,
    };
    if (list_int(r->error, s->span) == 1)
        to.flags |= KEPT_ERROR;
    if (list_int(r->follows, s->span) == 1)
        to.flags |= KEPT_FOLLOWS;
    to.id = id_of(p, x, id, KEPT_ID_TEXT, &to.flags);
    if (parent && *parent)
        to.parent = id_of(p, x, parent, KEPT_PARENT_TEXT, &to.flags);
    else
        to.flags |= KEPT_ROOT;
    return to;
}

enum span_added kept_trace_add(struct part *p, struct text_table *x, struct kept_trace *t,
                               const struct span_source *s, struct record_texts *known)
{
    const char *id = list_text(s->r->id, s->span);
    if (!id || !*id || t->n >= UINT32_MAX / 2 || t->n_attributes >= UINT32_MAX / 2)
        return SPAN_HAS_NO_ID;
    struct kept_span to = head_of(p, x, s, id, known);
    if (is_known(p, t, &to)) {
        release_span(p, x, &to);
        return SPAN_IS_KNOWN;
    }
    add_attributes(p, x, t, &to, s, known);
    add_events(p, x, t, &to, s);
    t->spans = room(p, t->spans, t->n, 1, &t->cap, sizeof *t->spans);
    if ((to.flags & KEPT_ROOT) && (t->root == UINT32_MAX || t->spans[t->root].duration < to.duration))
        t->root = (uint32_t)t->n;
    t->errors += (to.flags & KEPT_ERROR) != 0;
    t->spans[t->n++] = to;
    return SPAN_IS_NEW;
}

void kept_trace_fit(struct part *p, struct kept_trace *t)
{
    t->spans = model_resize(p, t->spans, t->cap, t->n, sizeof *t->spans);
    t->attributes = model_resize(p, t->attributes, t->cap_attributes, t->n_attributes, sizeof *t->attributes);
    t->events = model_resize(p, t->events, t->cap_events, t->n_events, sizeof *t->events);
    t->cap = t->n;
    t->cap_attributes = t->n_attributes;
    t->cap_events = t->n_events;
}

size_t kept_trace_bytes(const struct kept_trace *t)
{
    return sizeof *t + t->cap * sizeof *t->spans + t->cap_attributes * sizeof *t->attributes +
           t->cap_events * sizeof *t->events + t->n_places * sizeof *t->places;
}

void kept_trace_free(struct part *p, struct text_table *x, struct kept_trace *t)
{
    for (size_t i = 0; i < t->n; i++)
        release_span(p, x, &t->spans[i]);
    for (size_t i = 0; i < t->n_attributes; i++)
        text_release(p, x, t->attributes[i]);
    for (size_t i = 0; i < t->n_events; i++)
        text_release(p, x, t->events[i].text);
    text_release(p, x, t->facts.endpoint);
    t->n = t->n_attributes = t->n_events = 0;
    kept_trace_fit(p, t);
    kept_trace_forget_places(p, t);
    model_strfree(p, t->id);
    model_give(p, t, sizeof *t);
}

/* ---- unpacking ---- */

static const char *id_text(const struct text_table *x, uint64_t id, bool is_text, char buf[17])
{
    if (is_text)
        return text_of(x, (uint32_t)id);
    for (int i = 15; i >= 0; i--, id >>= 4)
        buf[i] = "0123456789abcdef"[id & 15];
    buf[16] = 0;
    return buf;
}

static void *at_least(void *items, size_t n, size_t *cap, size_t size)
{
    if (n <= *cap)
        return items;
    *cap = n + n / 4;
    free(items);
    return mem_array(*cap, size);
}

const struct trace *kept_trace_unpack(const struct text_table *x, const struct kept_trace *t,
                                      struct unpacked *u)
{
    u->spans = at_least(u->spans, t->n, &u->cap, sizeof *u->spans);
    u->ids = at_least(u->ids, 2 * t->n, &u->cap_ids, sizeof *u->ids);
    u->attributes = at_least(u->attributes, t->n_attributes, &u->cap_attributes, sizeof *u->attributes);
    u->events = at_least(u->events, t->n_events, &u->cap_events, sizeof *u->events);
    for (size_t i = 0; i < t->n_attributes; i++) {
        const struct kept_text *k = &x->items[t->attributes[i]];
        u->attributes[i] = (struct trace_attribute){.key = text_of(x, k->key), .value = k->text};
    }
    for (size_t i = 0; i < t->n_events; i++)
        u->events[i] = (struct trace_event){.at = t->events[i].at, .text = text_of(x, t->events[i].text)};
    for (size_t i = 0; i < t->n; i++) {
        const struct kept_span *s = &t->spans[i];
        const char *service = text_of(x, s->service), *name = text_of(x, s->name);
        u->spans[i] = (struct trace_span){
            .id = id_text(x, s->id, s->flags & KEPT_ID_TEXT, u->ids[2 * i]),
            .parent = s->flags & KEPT_ROOT
                          ? NULL
                          : id_text(x, s->parent, s->flags & KEPT_PARENT_TEXT, u->ids[2 * i + 1]),
            .service = service ? service : "",
            .name = name ? name : "",
            .resource = text_of(x, s->resource),
            .statement = text_of(x, s->statement),
            .start = s->start,
            .duration = s->duration,
            .kind = s->kind,
            .error = s->flags & KEPT_ERROR,
            .follows = s->flags & KEPT_FOLLOWS,
            .first_attribute = s->first_attribute,
            .n_attributes = s->n_attributes,
            .first_event = s->first_event,
            .n_events = s->n_events,
        };
    }
    u->trace = (struct trace){.id = t->id,
                              .spans = u->spans,
                              .n = (uint32_t)t->n,
                              .attributes = u->attributes,
                              .events = u->events,
                              .cut = t->cut};
    return &u->trace;
}

void unpacked_free(struct unpacked *u)
{
    free(u->spans);
    free(u->attributes);
    free(u->events);
    free(u->ids);
    *u = (struct unpacked){0};
}
