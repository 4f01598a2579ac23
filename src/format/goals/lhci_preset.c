#include "format/goals/lhci_preset.h"

#include <string.h>

/* What a preset does with an audit. */
enum treatment {
    NEVER,      /* off in all: it does not judge a page */
    ALWAYS,     /* error in all */
    FLAKY,      /* error in `all`, else a warning */
    ITEMS,      /* in `all` its score, else that it lists nothing */
    WARN_ITEMS, /* the same, as a warning */
    FLAKY_PWA,  /* as FLAKY, but off in `no-pwa` */
    PWA,        /* error, but off in `no-pwa` */
    STRICT      /* error in `all`, else off */
};

#define PRESET_AUDITS(X)                                                                                     \
    X("interaction-to-next-paint", NEVER)                                                                    \
    X("uses-responsive-images-snapshot", NEVER)                                                              \
    X("work-during-interaction", NEVER)                                                                      \
    X("critical-request-chains", NEVER)                                                                      \
    X("final-screenshot", NEVER)                                                                             \
    X("js-libraries", NEVER)                                                                                 \
    X("largest-contentful-paint-element", NEVER)                                                             \
    X("layout-shifts", NEVER)                                                                                \
    X("main-thread-tasks", NEVER)                                                                            \
    X("network-requests", NEVER)                                                                             \
    X("network-rtt", NEVER)                                                                                  \
    X("network-server-latency", NEVER)                                                                       \
    X("resource-summary", NEVER)                                                                             \
    X("screenshot-thumbnails", NEVER)                                                                        \
    X("script-treemap-data", NEVER)                                                                          \
    X("third-party-summary", NEVER)                                                                          \
    X("total-blocking-time", NEVER)                                                                          \
    X("user-timings", NEVER)                                                                                 \
    X("diagnostics", NEVER)                                                                                  \
    X("metrics", NEVER)                                                                                      \
    X("aria-allowed-attr", ALWAYS)                                                                           \
    X("aria-allowed-role", ALWAYS)                                                                           \
    X("aria-command-name", ALWAYS)                                                                           \
    X("aria-conditional-attr", ALWAYS)                                                                       \
    X("aria-deprecated-role", ALWAYS)                                                                        \
    X("aria-dialog-name", ALWAYS)                                                                            \
    X("aria-hidden-body", ALWAYS)                                                                            \
    X("aria-hidden-focus", ALWAYS)                                                                           \
    X("aria-input-field-name", ALWAYS)                                                                       \
    X("aria-meter-name", ALWAYS)                                                                             \
    X("aria-progressbar-name", ALWAYS)                                                                       \
    X("aria-prohibited-attr", ALWAYS)                                                                        \
    X("aria-required-attr", ALWAYS)                                                                          \
    X("aria-required-children", ALWAYS)                                                                      \
    X("aria-required-parent", ALWAYS)                                                                        \
    X("aria-roles", ALWAYS)                                                                                  \
    X("aria-text", ALWAYS)                                                                                   \
    X("aria-toggle-field-name", ALWAYS)                                                                      \
    X("aria-tooltip-name", ALWAYS)                                                                           \
    X("aria-treeitem-name", ALWAYS)                                                                          \
    X("aria-valid-attr-value", ALWAYS)                                                                       \
    X("aria-valid-attr", ALWAYS)                                                                             \
    X("bf-cache", ALWAYS)                                                                                    \
    X("bootup-time", FLAKY)                                                                                  \
    X("button-name", ALWAYS)                                                                                 \
    X("cache-insight", WARN_ITEMS)                                                                           \
    X("clickjacking-mitigation", ALWAYS)                                                                     \
    X("cls-culprits-insight", ALWAYS)                                                                        \
    X("color-contrast", ALWAYS)                                                                              \
    X("crawlable-anchors", ALWAYS)                                                                           \
    X("csp-xss", ALWAYS)                                                                                     \
    X("cumulative-layout-shift", FLAKY)                                                                      \
    X("definition-list", ALWAYS)                                                                             \
    X("document-latency-insight", ALWAYS)                                                                    \
    X("document-title", ALWAYS)                                                                              \
    X("dom-size-insight", FLAKY)                                                                             \
    X("dom-size", FLAKY)                                                                                     \
    X("duplicate-id-aria", ALWAYS)                                                                           \
    X("duplicated-javascript-insight", ALWAYS)                                                               \
    X("duplicated-javascript", WARN_ITEMS)                                                                   \
    X("efficient-animated-content", ITEMS)                                                                   \
    X("empty-heading", ALWAYS)                                                                               \
    X("errors-in-console", ALWAYS)                                                                           \
    X("first-contentful-paint", FLAKY)                                                                       \
    X("first-meaningful-paint", FLAKY)                                                                       \
    X("font-display-insight", ALWAYS)                                                                        \
    X("font-display", ALWAYS)                                                                                \
    X("font-size", ALWAYS)                                                                                   \
    X("forced-reflow-insight", ALWAYS)                                                                       \
    X("form-field-multiple-labels", ALWAYS)                                                                  \
    X("frame-title", ALWAYS)                                                                                 \
    X("geolocation-on-start", ALWAYS)                                                                        \
    X("has-hsts", ALWAYS)                                                                                    \
    X("heading-order", ALWAYS)                                                                               \
    X("html-has-lang", ALWAYS)                                                                               \
    X("html-lang-valid", ALWAYS)                                                                             \
    X("html-xml-lang-mismatch", ALWAYS)                                                                      \
    X("http-status-code", ALWAYS)                                                                            \
    X("identical-links-same-purpose", ALWAYS)                                                                \
    X("image-alt", ALWAYS)                                                                                   \
    X("image-aspect-ratio", ALWAYS)                                                                          \
    X("image-delivery-insight", ALWAYS)                                                                      \
    X("image-redundant-alt", ALWAYS)                                                                         \
    X("image-size-responsive", ALWAYS)                                                                       \
    X("input-button-name", ALWAYS)                                                                           \
    X("input-image-alt", ALWAYS)                                                                             \
    X("inspector-issues", ALWAYS)                                                                            \
    X("interaction-to-next-paint-insight", ALWAYS)                                                           \
    X("is-crawlable", ALWAYS)                                                                                \
    X("is-on-https", FLAKY_PWA)                                                                              \
    X("label-content-name-mismatch", ALWAYS)                                                                 \
    X("landmark-one-main", ALWAYS)                                                                           \
    X("largest-contentful-paint", FLAKY)                                                                     \
    X("lcp-discovery-insight", ALWAYS)                                                                       \
    X("lcp-lazy-loaded", ALWAYS)                                                                             \
    X("lcp-phases-insight", ALWAYS)                                                                          \
    X("legacy-javascript-insight", ALWAYS)                                                                   \
    X("legacy-javascript", WARN_ITEMS)                                                                       \
    X("link-in-text-block", ALWAYS)                                                                          \
    X("link-name", ALWAYS)                                                                                   \
    X("link-text", ALWAYS)                                                                                   \
    X("long-tasks", STRICT)                                                                                  \
    X("mainthread-work-breakdown", FLAKY)                                                                    \
    X("max-potential-fid", FLAKY)                                                                            \
    X("meta-description", ALWAYS)                                                                            \
    X("meta-refresh", ALWAYS)                                                                                \
    X("meta-viewport", ALWAYS)                                                                               \
    X("modern-http-insight", ALWAYS)                                                                         \
    X("modern-image-formats", WARN_ITEMS)                                                                    \
    X("network-dependency-tree-insight", ALWAYS)                                                             \
    X("no-document-write", ALWAYS)                                                                           \
    X("non-composited-animations", ALWAYS)                                                                   \
    X("notification-on-start", ALWAYS)                                                                       \
    X("object-alt", ALWAYS)                                                                                  \
    X("offscreen-images", ITEMS)                                                                             \
    X("origin-isolation", ALWAYS)                                                                            \
    X("paste-preventing-inputs", ALWAYS)                                                                     \
    X("prioritize-lcp-image", ALWAYS)                                                                        \
    X("redirects-http", ALWAYS)                                                                              \
    X("render-blocking-insight", WARN_ITEMS)                                                                 \
    X("render-blocking-resources", WARN_ITEMS)                                                               \
    X("robots-txt", ALWAYS)                                                                                  \
    X("select-name", ALWAYS)                                                                                 \
    X("server-response-time", FLAKY)                                                                         \
    X("skip-link", ALWAYS)                                                                                   \
    X("speed-index", FLAKY)                                                                                  \
    X("table-duplicate-name", ALWAYS)                                                                        \
    X("table-fake-caption", ALWAYS)                                                                          \
    X("target-size", ALWAYS)                                                                                 \
    X("td-has-header", ALWAYS)                                                                               \
    X("td-headers-attr", ALWAYS)                                                                             \
    X("th-has-data-cells", ALWAYS)                                                                           \
    X("third-parties-insight", ALWAYS)                                                                       \
    X("third-party-cookies", ALWAYS)                                                                         \
    X("third-party-facades", ALWAYS)                                                                         \
    X("total-byte-weight", ALWAYS)                                                                           \
    X("unminified-css", ITEMS)                                                                               \
    X("unminified-javascript", ITEMS)                                                                        \
    X("unsized-images", ALWAYS)                                                                              \
    X("unused-css-rules", ITEMS)                                                                             \
    X("unused-javascript", ITEMS)                                                                            \
    X("uses-http2", STRICT)                                                                                  \
    X("uses-long-cache-ttl", WARN_ITEMS)                                                                     \
    X("uses-optimized-images", ITEMS)                                                                        \
    X("uses-passive-event-listeners", ALWAYS)                                                                \
    X("uses-rel-preconnect", ITEMS)                                                                          \
    X("uses-responsive-images", ITEMS)                                                                       \
    X("uses-text-compression", ITEMS)                                                                        \
    X("valid-lang", ALWAYS)                                                                                  \
    X("valid-source-maps", ALWAYS)                                                                           \
    X("video-caption", ALWAYS)                                                                               \
    X("viewport-insight", ALWAYS)                                                                            \
    X("accesskeys", ALWAYS)                                                                                  \
    X("bypass", ALWAYS)                                                                                      \
    X("canonical", ALWAYS)                                                                                   \
    X("charset", ALWAYS)                                                                                     \
    X("deprecations", ALWAYS)                                                                                \
    X("dlitem", ALWAYS)                                                                                      \
    X("doctype", ALWAYS)                                                                                     \
    X("hreflang", ALWAYS)                                                                                    \
    X("interactive", FLAKY)                                                                                  \
    X("label", ALWAYS)                                                                                       \
    X("list", ALWAYS)                                                                                        \
    X("listitem", ALWAYS)                                                                                    \
    X("redirects", ALWAYS)                                                                                   \
    X("tabindex", ALWAYS)                                                                                    \
    X("viewport", PWA)

static const struct {
    const char *audit;
    enum treatment how;
} AUDITS[] = {
#define AUDIT_ROW(name, treatment) {.audit = name, .how = treatment},
    PRESET_AUDITS(AUDIT_ROW)
#undef AUDIT_ROW
};

enum preset { ALL, RECOMMENDED, NO_PWA };

static cJSON *assertion_of(enum treatment how, enum preset p)
{
    const char *level = "error";
    bool items = p != ALL && (how == ITEMS || how == WARN_ITEMS);
    if (p == NO_PWA && (how == PWA || how == FLAKY_PWA))
        return cJSON_CreateString("off");
    if (how == NEVER || (p != ALL && how == STRICT))
        level = "off";
    else if (p != ALL && (how == FLAKY || how == FLAKY_PWA || how == WARN_ITEMS))
        level = "warn";
    cJSON *a = cJSON_CreateArray(), *options = cJSON_CreateObject();
    if (items)
        cJSON_AddNumberToObject(options, "maxLength", 0);
    cJSON_AddItemToArray(a, cJSON_CreateString(level));
    cJSON_AddItemToArray(a, options);
    return a;
}

cJSON *lhci_preset(const char *name)
{
    static const char *const NAMES[] = {
        [ALL] = "lighthouse:all", [RECOMMENDED] = "lighthouse:recommended", [NO_PWA] = "lighthouse:no-pwa"};
    for (size_t p = 0; p < ARRAY_LEN(NAMES); p++) {
        if (strcmp(NAMES[p], name) != 0)
            continue;
        cJSON *o = cJSON_CreateObject();
        for (size_t i = 0; i < ARRAY_LEN(AUDITS); i++)
            cJSON_AddItemToObject(o, AUDITS[i].audit, assertion_of(AUDITS[i].how, (enum preset)p));
        return o;
    }
    return NULL;
}
