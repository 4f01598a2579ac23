/* explain_containers.c - a server's log as the runtime of its container keeps it.
 *
 *   Docker (json-file)  {"log": "LOG:  ...\n", "stream": "stderr", "time": "..."}, a line each
 *   Kubernetes (CRI)    2026-03-01T10:00:01.2Z stderr F LOG:  ...
 *
 * Both divide lines of more than 16 KiB: Docker's parts have no "\n" at their end, CRI's
 * are marked P, and F is the last one. */
#include "format/plans/explain_dress.h"

#include <cjson/cJSON.h>

#include "format/plans/explain_lines.h"

#define HEAD_MAX 200 /* bytes before " stderr P ": a time, perhaps the name of a pod */

static const char *const STREAMS[] = {"stdout", "stderr"};

/* ---- Docker ---- */

/* The text and the stream of one line; NULL. Caller deletes *json. */
static const char *docker_line(const char *s, const char *stop, size_t *stream, cJSON **json)
{
    *json = NULL;
    while (s < stop && (*s == ' ' || *s == '\t'))
        s++;
    if (s >= stop || *s != '{' || !memmem(s, (size_t)(stop - s), "\"log\"", 5))
        return NULL;
    *json = cJSON_ParseWithLength(s, (size_t)(stop - s));
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(*json, "stream"));
    *stream = name && !strcmp(name, STREAMS[0]) ? 0 : 1;
    return name ? cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(*json, "log")) : NULL;
}

/* What each stream wrote, one after the other: lines of one do not interrupt the other's. */
struct streams {
    struct strbuf part[ARRAY_LEN(STREAMS)], whole[ARRAY_LEN(STREAMS)];
};

static void streams_end(struct streams *s, struct strbuf *out)
{
    for (size_t i = 0; i < ARRAY_LEN(STREAMS); i++) {
        strbuf_add(&s->whole[i], strbuf_text(&s->part[i]), s->part[i].len);
        strbuf_add(out, strbuf_text(&s->whole[i]), s->whole[i].len);
        if (s->part[i].len)
            strbuf_char(out, '\n');
        strbuf_free(&s->part[i]);
        strbuf_free(&s->whole[i]);
    }
}

static void streams_line(struct streams *s, size_t stream, const char *text, size_t len, bool last)
{
    strbuf_add(&s->part[stream], text, len);
    if (!last)
        return;
    strbuf_add(&s->whole[stream], strbuf_text(&s->part[stream]), s->part[stream].len);
    if (!len || text[len - 1] != '\n')
        strbuf_char(&s->whole[stream], '\n');
    strbuf_clear(&s->part[stream]);
}

static bool docker_log(const char *text, size_t len, struct strbuf *out)
{
    const char *end = text + len;
    struct streams streams = {0};
    bool any = false;
    for (const char *s = text; s < end;) {
        const char *stop = lines_stop(s, end);
        size_t stream = 0;
        cJSON *json;
        const char *line = docker_line(s, stop, &stream, &json);
        if (line) {
            any = true;
            streams_line(&streams, stream, line, strlen(line), str_ends(line, "\n"));
        } else if (!json) { /* something else; a line that is cut off says nothing */
            streams_line(&streams, 1, s, (size_t)(stop - s), true);
        }
        cJSON_Delete(json);
        s = stop + (stop < end);
        if (!any && s - text > 1 << 16)
            break;
    }
    streams_end(&streams, out);
    return any;
}

/* A plan has a line for each of its lines: it ends where a line has no tab before it. */
static const char *docker_settled(const char *text, const char *end)
{
    const char *open[ARRAY_LEN(STREAMS)] = {NULL};
    bool entry[ARRAY_LEN(STREAMS)] = {false}, part[ARRAY_LEN(STREAMS)] = {false};
    for (const char *s = text; s < end; s = lines_stop(s, end) + 1) {
        size_t i = 0;
        cJSON *json;
        const char *line = docker_line(s, lines_stop(s, end), &i, &json);
        if (line) {
            bool begins = !part[i] && !(entry[i] && *line == '\t'), whole = str_ends(line, "\n");
            if (begins)
                open[i] = s;
            entry[i] = begins ? str_ends(line, "plan:\n") : entry[i];
            part[i] = !whole;
            if (whole && !entry[i])
                open[i] = NULL;
        }
        cJSON_Delete(json);
    }
    for (size_t i = 0; i < ARRAY_LEN(open); i++)
        end = open[i] ? MIN(end, open[i]) : end;
    return end;
}

/* ---- CRI ---- */

/* Where the text of a line of CRI begins; NULL: it is none. *partial: another part follows. */
static const char *cri_line(const char *s, const char *stop, size_t *stream, bool *partial)
{
    const char *limit = MIN(stop, s + HEAD_MAX);
    for (size_t i = 0; i < ARRAY_LEN(STREAMS); i++) {
        size_t n = strlen(STREAMS[i]);
        const char *at = memmem(s, (size_t)(limit - s), STREAMS[i], n);
        if (!at || at == s || at[-1] != ' ' || stop - at < (ptrdiff_t)n + 3 || at[n] != ' ' ||
            (at[n + 1] != 'P' && at[n + 1] != 'F') || (at[n + 2] != ' ' && at[n + 2] != ':'))
            continue;
        const char *content = memchr(at + n + 1, ' ', (size_t)(stop - at) - n - 1);
        *stream = i;
        *partial = at[n + 1] == 'P';
        return content ? content + 1 : stop;
    }
    return NULL;
}

/* The heads of whole lines stay: they hold the time. */
static bool cri_log(const char *text, size_t len, struct strbuf *out)
{
    bool parts = memmem(text, len, "stderr P", 8) || memmem(text, len, "stdout P", 8);
    bool both = memmem(text, len, "stderr F", 8) && memmem(text, len, "stdout F", 8);
    const char *end = text + len;
    struct streams streams = {0};
    bool any = false;
    for (const char *s = text; (parts || both) && s < end;) {
        const char *stop = lines_stop(s, end);
        size_t stream = 1;
        bool partial = false;
        const char *content = cri_line(s, stop, &stream, &partial);
        any = any || content;
        const char *from = content && streams.part[stream].len ? content : s; /* the head of the first part */
        streams_line(&streams, stream, from, (size_t)(stop - from), !partial);
        s = stop + (stop < end);
    }
    streams_end(&streams, out);
    return any;
}

static bool is_docker(const char *text, size_t len)
{
    len = MIN(len, (size_t)1 << 16);
    return memmem(text, len, "\"log\"", 5) && memmem(text, len, "\"stream\"", 8);
}

bool explain_container_log(const char *text, size_t len, struct strbuf *out)
{
    if (is_docker(text, len)) {
        if (docker_log(text, len, out))
            return true;
        strbuf_clear(out);
    }
    return cri_log(text, len, out);
}

size_t explain_container_settled(const char *text, size_t len)
{
    const char *newline = memrchr(text, '\n', len), *end = newline ? newline + 1 : text, *settled = end;
    const char *open[ARRAY_LEN(STREAMS)] = {NULL};
    if (is_docker(text, len))
        return (size_t)(docker_settled(text, end) - text);
    if (!memmem(text, len, "stderr P", 8) && !memmem(text, len, "stdout P", 8))
        return len;
    for (const char *s = text; s < end; s = lines_stop(s, end) + 1) {
        size_t stream = 0;
        bool partial = false;
        if (!cri_line(s, lines_stop(s, end), &stream, &partial))
            continue;
        open[stream] = !partial ? NULL : open[stream] ? open[stream] : s;
    }
    for (size_t i = 0; i < ARRAY_LEN(open); i++)
        if (open[i])
            settled = MIN(settled, open[i]);
    return (size_t)(settled - text);
}
