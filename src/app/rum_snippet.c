/* rum_snippet.c - what a site adds to send the vitals of its visits to the receiver rum://. */
#include "app/app.h"
#include "app/output.h"

#include <stdlib.h>

#define RECEIVER_DEFAULT "http://127.0.0.1:8125/"

/* A text, not JSON, so that the browser asks the receiver for nothing beforehand. The library is the site's
 * own copy: no other server is asked for it, and none learns of the visit. */
static const char BEFORE[] = "// Vitals of real users for slowdive. In the site's own bundle: npm install "
                             "web-vitals, then import this\n"
                             "// file once. A page says its template with <html data-page=\"/orders/:id\">; "
                             "else its path is sent, without\n"
                             "// the query.\n"
                             "import { onCLS, onFCP, onINP, onLCP, onTTFB } from 'web-vitals/attribution';\n"
                             "\n"
                             "const receiver = '";
static const char BEHIND[] =
    "';\n"
    "const page = () => document.documentElement.dataset.page || location.pathname;\n"
    "const device = matchMedia('(pointer: coarse)').matches ? 'mobile' : 'desktop';\n"
    "const waiting = new Map();\n"
    "\n"
    "const send = () => {\n"
    "  if (!waiting.size) return;\n"
    "  const body = JSON.stringify([...waiting.values()]);\n"
    "  waiting.clear();\n"
    "  if (!navigator.sendBeacon?.(receiver, body))\n"
    "    fetch(receiver, { method: 'POST', body, keepalive: true, credentials: 'omit' }).catch(() => {});\n"
    "};\n"
    "\n"
    "// The last value of a metric is the one that counts.\n"
    "const keep = ({ name, id, value, navigationType, attribution: a }) => {\n"
    "  waiting.set(id, {\n"
    "    name, id, value, navigationType, device, page: page(),\n"
    "    connection: navigator.connection?.effectiveType,\n"
    "    attribution: {\n"
    "      target: a.target || a.interactionTarget || a.largestShiftTarget || a.element,\n"
    "      longestScript: { sourceURL: a.longestScript?.entry?.sourceURL },\n"
    "    },\n"
    "  });\n"
    "};\n"
    "\n"
    "[onCLS, onFCP, onINP, onLCP, onTTFB].forEach((on) => on(keep));\n"
    "addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && send());\n"
    "addEventListener('pagehide', send);\n";

/* As it may stand between quotes of JavaScript. */
static bool harmless(const char *url)
{
    for (const char *p = url; *p; p++)
        if (*p <= ' ' || *p >= 127 || strchr("'\"\\<>`", *p))
            return false;
    return str_starts(url, "http://") || str_starts(url, "https://") || *url == '/';
}

int verb_rum_snippet(const struct cli *cli)
{
    const char *given = cli->n_args ? cli->args[0] : RECEIVER_DEFAULT;
    char *url = str_starts(given, "rum://") ? mem_printf("http://%s", given + 6) : mem_strdup(given);
    int status = EXIT_USAGE;
    if (cli->n_args > 1 || !harmless(url)) {
        complain("rum-snippet takes the address beacons are sent to, such as %s or /rum", RECEIVER_DEFAULT);
    } else {
        char *text = mem_printf("%s%s%s", BEFORE, url, BEHIND);
        status = output_text(text) ? EXIT_FINE : EXIT_USAGE;
        free(text);
    }
    free(url);
    return status;
}
