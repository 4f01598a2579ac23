/* payload_slack.c - a message for an incoming webhook of Slack, Mattermost or Rocket.Chat: {"text": ...}. In
 * it
 * `& < >` of data are entities, because Slack reads <!channel> and <url|text>; Mattermost reads @channel as
 * well, so the @ of such words is a wide one. */
#include "format/goals/payload.h"

#include "core/labels.h"
#include "core/result.h"

#include <stdlib.h>
#include <strings.h>

enum {
    ALERT_MAX = 300,
    INSTANCE_MAX = 100,
    LINE_MAX_CHARACTERS = 160,
    CONSOLE_MAX = 400,
    TAIL = 30, /* "and 9999999 more" */
};

struct message {
    struct strbuf text;
    size_t used, max; /* characters */
};

/* Is a word there that everybody is called by? */
static bool calls_everybody(const char *at)
{
    static const char *const WORDS[] = {"@channel", "@here", "@all", "@everyone"};
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++)
        if (!strncasecmp(at, WORDS[i], strlen(WORDS[i])))
            return true;
    return false;
}

/* At most `max` characters of what is written: an entity is never cut. */
static size_t escaped(struct strbuf *out, const char *text, size_t max)
{
    struct strbuf plain = {0};
    size_t n = 0;
    payload_text(&plain, text, max);
    const char *at = strbuf_text(&plain);
    while (*at) {
        const char *as = *at == '&' ? "&amp;" : *at == '<' ? "&lt;" : *at == '>' ? "&gt;" : NULL;
        size_t bytes = 1, characters = as ? strlen(as) : 1;
        while (!as && ((unsigned char)at[bytes] & 0xc0) == 0x80)
            bytes++;
        if (n + characters > max)
            break;
        if (as)
            strbuf_str(out, as);
        else if (*at == '@' && calls_everybody(at))
            strbuf_str(out, "\xef\xbc\xa0");
        else
            strbuf_add(out, at, bytes);
        n += characters;
        at += bytes;
    }
    strbuf_free(&plain);
    return n;
}

static size_t characters(const struct strbuf *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->len; i++)
        n += ((unsigned char)b->text[i] & 0xc0) != 0x80;
    return n;
}

/* False: it has no room, and nothing was added. Frees the line. */
static bool add_line(struct message *m, struct strbuf *line)
{
    size_t n = characters(line) + 1;
    bool fits = m->used + n <= m->max;
    if (fits) {
        if (m->text.len)
            strbuf_char(&m->text, '\n');
        strbuf_add(&m->text, strbuf_text(line), line->len);
        m->used += n;
    }
    strbuf_free(line);
    return fits;
}

static void add_headline(struct message *m, const struct delivery *d)
{
    struct strbuf line = {0}, alert = {0}, figures = {0};
    struct delivery unnamed = *d;
    unnamed.alert = "";
    /* The name alone is data: what is around it must not be escaped. */
    escaped(&alert, d->alert, ALERT_MAX);
    payload_headline(&unnamed, &figures);
    size_t front = strcspn(strbuf_text(&figures), "]") + 2;
    strbuf_add(&line, figures.text, front);
    strbuf_str(&line, strbuf_text(&alert));
    escaped(&line, figures.text + front, LINE_MAX_CHARACTERS);
    add_line(m, &line);
    strbuf_free(&alert);
    strbuf_free(&figures);
}

static void add_instances(struct message *m, const struct delivery *d)
{
    size_t shown = 0;
    for (size_t i = 0; i < d->n_instances && shown < PAYLOAD_INSTANCES_MAX; i++) {
        struct strbuf line = {0}, value = {0};
        if (!d->instances[i].instance && d->n_instances == 1)
            return;
        char *name = labels_hide_people(d->instances[i].instance);
        strbuf_str(&line, "\xe2\x80\xa2 ");
        escaped(&line, name ? name : "total", INSTANCE_MAX);
        free(name);
        payload_value(&value, d->unit, d->instances[i].value);
        strbuf_str(&line, ": ");
        escaped(&line, strbuf_text(&value), LINE_MAX_CHARACTERS);
        strbuf_free(&value);
        if (!add_line(m, &line))
            break;
        shown++;
    }
    if (shown < d->n_instances) {
        struct strbuf line = {0};
        strbuf_printf(&line, "and %zu more", d->n_instances - shown);
        m->max += TAIL;
        add_line(m, &line);
        m->max -= TAIL;
    }
}

static void add_playbook(struct message *m, const struct goal_playbook *p)
{
    struct strbuf line = {0};
    strbuf_str(&line, "Playbook: ");
    escaped(&line, p->title ? p->title : p->name, LINE_MAX_CHARACTERS);
    if (!add_line(m, &line))
        return;
    for (size_t i = 0; i < p->n_steps; i++) {
        struct strbuf step = {0};
        strbuf_printf(&step, "%zu. ", i + 1);
        escaped(&step, p->steps[i].text, LINE_MAX_CHARACTERS);
        if (!add_line(m, &step))
            return;
    }
}

char *payload_slack(const struct delivery *d, const struct payload_about *about)
{
    struct message m = {.max = PAYLOAD_SLACK_MAX - TAIL};
    struct strbuf console = {0};
    if (about->console) {
        strbuf_str(&console, "Console: ");
        escaped(&console, about->console, CONSOLE_MAX);
        m.max -= characters(&console) + 1; /* it always has room */
    }
    add_headline(&m, d);
    add_instances(&m, d);
    if (d->playbook && !payload_is_over(d))
        add_playbook(&m, d->playbook);
    m.max = PAYLOAD_SLACK_MAX;
    if (about->console)
        add_line(&m, &console);
    cJSON *o = cJSON_CreateObject();
    result_text(o, "text", strbuf_text(&m.text));
    char *json = cJSON_PrintUnformatted(o);
    cJSON_Delete(o);
    strbuf_free(&m.text);
    return json;
}
