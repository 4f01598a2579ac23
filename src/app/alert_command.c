#include "app/alert_command.h"

#include "base/base.h"
#include "rt/registry.h"

#include <stdlib.h>
#include <string.h>

#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:@%+=-"

/* scheme://NAME@host: who runs it has a name there, too. */
static void cut_user(char *target)
{
    char *host = strstr(target, "://");
    if (!host)
        return;
    host += 3;
    size_t n = strcspn(host, "/?#");
    for (size_t i = n; i-- > 0;)
        if (host[i] == '@') {
            memmove(host, host + i + 1, strlen(host + i + 1) + 1);
            return;
        }
}

/* user=NAME among the parameters of a URL, or of words as libpq has them. */
static char *hide_user(const char *target)
{
    struct strbuf b = {0};
    for (const char *p = target; *p;) {
        bool begins = p == target || strchr(" ?&", p[-1]);
        size_t key = begins ? strcspn(p, "= ?&") : 0;
        if (begins && key == 4 && p[4] == '=' && !strncmp(p, "user", 4)) {
            strbuf_str(&b, "user=***");
            p += 5;
            p += strcspn(p, " &");
        } else {
            strbuf_char(&b, *p++);
        }
    }
    return strbuf_detach(&b);
}

char *alert_command(const char *const *sources, size_t n)
{
    struct strbuf b = {0};
    strbuf_str(&b, "slowdive");
    for (size_t i = 0; i < n; i++) {
        char *safe = registry_redact(sources[i]);
        cut_user(safe);
        char *shown = hide_user(safe);
        bool plain = *shown && shown[strspn(shown, PLAIN)] == 0;
        strbuf_str(&b, plain ? " " : " '");
        for (const char *p = shown; *p; p++)
            if (*p == '\'')
                strbuf_str(&b, "'\\''");
            else
                strbuf_char(&b, *p);
        strbuf_str(&b, plain ? "" : "'");
        free(shown);
        free(safe);
    }
    return strbuf_detach(&b);
}
