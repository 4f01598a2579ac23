#include "core/goals/file_pattern.h"

#include <stdlib.h>
#include <string.h>

/* ---- one text, without braces ---- */

/* The places of the pattern that the text so far leads to, character by character: the time is the product of
 * both lengths, whatever the pattern is. */
struct places {
    bool *now, *next;
    const char *pattern;
    size_t n;
};

/* Places that are reached without a character more. */
static void skip_empty(struct places *p, bool *at)
{
    for (size_t i = 0; i < p->n; i++) {
        if (!at[i] || p->pattern[i] != '*')
            continue;
        size_t stars = strspn(p->pattern + i, "*");
        at[i + stars] = true;
        /* Folders or none: also what stands behind the slash. */
        if (stars > 1 && p->pattern[i + stars] == '/' && (i == 0 || p->pattern[i - 1] == '/'))
            at[i + stars + 1] = true;
    }
}

static bool goes_on(char c)
{
    return (c & 0xC0) == 0x80; /* inside of a character of UTF-8 */
}

static void step(struct places *p, char c)
{
    memset(p->next, 0, p->n + 1);
    for (size_t i = 0; i <= p->n; i++) {
        char want = p->pattern[i];
        if (!p->now[i])
            continue;
        if (goes_on(c) && i > 0 && p->pattern[i - 1] == '?')
            p->next[i] = true;
        if (want == '*')
            p->next[i] |= c != '/' || p->pattern[i + 1] == '*';
        else
            p->next[i + 1] |= want == '?' ? c != '/' && !goes_on(c) : want == c;
    }
    bool *was = p->now;
    p->now = p->next;
    p->next = was;
}

static bool matches_one(const char *pattern, const char *path)
{
    size_t n = strlen(pattern);
    struct places p = {.pattern = pattern, .n = n};
    p.now = mem_array(n + 2, 1);
    p.next = mem_array(n + 2, 1);
    p.now[0] = true;
    skip_empty(&p, p.now);
    for (const char *c = path; *c; c++) {
        step(&p, *c);
        skip_empty(&p, p.now);
    }
    bool all = p.now[n];
    free(p.now);
    free(p.next);
    return all;
}

/* ---- braces ---- */

/* The innermost first pair from the left that has a comma: its braces. False: there is none. */
static bool find_choice(const char *s, size_t *open, size_t *close)
{
    for (size_t i = 0; s[i]; i++) {
        if (s[i] != '{')
            continue;
        bool comma = false;
        for (size_t k = i + 1; s[k] && s[k] != '{'; k++) {
            comma = comma || s[k] == ',';
            if (s[k] == '}' && comma) {
                *open = i;
                *close = k;
                return true;
            }
            if (s[k] == '}')
                break;
        }
    }
    return false;
}

typedef bool each_text(void *ctx, const char *pattern); /* true: enough */

/* Calls `each` for every text that the braces stand for, at most `*left` of them. */
static bool each_choice(const char *pattern, size_t *left, each_text *each, void *ctx)
{
    size_t open, close;
    if (!find_choice(pattern, &open, &close)) {
        if (!*left)
            return false;
        --*left;
        return each(ctx, pattern);
    }
    bool enough = false;
    for (size_t from = open + 1; from <= close && *left && !enough;) {
        size_t len = strcspn(pattern + from, ",}");
        char *one =
            mem_printf("%.*s%.*s%s", (int)open, pattern, (int)len, pattern + from, pattern + close + 1);
        enough = each_choice(one, left, each, ctx);
        free(one);
        from += len + 1;
    }
    return enough;
}

static bool count_one(void *ctx, const char *pattern)
{
    (void)pattern;
    ++*(size_t *)ctx;
    return false;
}

bool file_pattern_check(const char *pattern, struct sd_error *err)
{
    size_t n = 0, left = FILE_PATTERN_CHOICES_MAX + 1;
    if (strlen(pattern) > FILE_PATTERN_MAX)
        return fail(err, "a pattern of files has %zu characters; at most %d are read", strlen(pattern),
                    FILE_PATTERN_MAX);
    each_choice(pattern, &left, count_one, &n);
    return n <= FILE_PATTERN_CHOICES_MAX ||
           fail(err, "the braces of the pattern %.80s stand for more than %d texts", pattern,
                FILE_PATTERN_CHOICES_MAX);
}

static bool try_one(void *ctx, const char *pattern)
{
    while (!strncmp(pattern, "./", 2))
        pattern += 2;
    return matches_one(pattern, ctx);
}

bool file_pattern_matches(const char *pattern, const char *path)
{
    size_t left = FILE_PATTERN_CHOICES_MAX;
    while (!strncmp(path, "./", 2))
        path += 2;
    char *own = mem_strdup(path);
    bool matched = each_choice(pattern, &left, try_one, own);
    free(own);
    return matched;
}
