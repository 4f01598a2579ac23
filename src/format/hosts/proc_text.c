#include "format/hosts/proc_text.h"

#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

bool proc_line(struct proc_text *text, struct proc_text *line)
{
    if (text->at >= text->end)
        return false;
    const char *feed = memchr(text->at, '\n', (size_t)(text->end - text->at));
    *line = (struct proc_text){.at = text->at, .end = feed ? feed : text->end};
    text->at = feed ? feed + 1 : text->end;
    return true;
}

bool proc_word(struct proc_text *line, struct proc_text *word)
{
    while (line->at < line->end && is_blank(*line->at))
        line->at++;
    word->at = line->at;
    while (line->at < line->end && !is_blank(*line->at))
        line->at++;
    word->end = line->at;
    return word->end > word->at;
}

bool proc_word_is(const struct proc_text *word, const char *text)
{
    size_t n = strlen(text);
    return (size_t)(word->end - word->at) == n && !memcmp(word->at, text, n);
}

static bool digits(const struct proc_text *word, int64_t *value)
{
    int64_t v = 0;
    for (const char *c = word->at; c < word->end; c++) {
        if (*c < '0' || *c > '9')
            return false;
        v = v > (INT64_MAX - 9) / 10 ? INT64_MAX : v * 10 + (*c - '0');
    }
    *value = v;
    return word->end > word->at;
}

bool proc_number(struct proc_text *line, int64_t *value)
{
    struct proc_text word;
    return proc_word(line, &word) && digits(&word, value);
}

int64_t proc_value(const char *text, size_t n, const char *key)
{
    struct proc_text all = {text, text + n}, line, word;
    int64_t v;
    size_t len = strlen(key);
    while (proc_line(&all, &line)) {
        if (!proc_word(&line, &word))
            continue;
        if (word.end[-1] == ':')
            word.end--;
        if ((size_t)(word.end - word.at) == len && !memcmp(word.at, key, len))
            return proc_number(&line, &v) ? v : SD_UNKNOWN;
    }
    return SD_UNKNOWN;
}

int64_t proc_first(const char *text, size_t n)
{
    struct proc_text all = {text, text + n}, line;
    int64_t v;
    return proc_line(&all, &line) && proc_number(&line, &v) ? v : SD_UNKNOWN;
}
