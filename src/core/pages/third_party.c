#include "core/pages/third_party.h"

#include <ctype.h>
#include <strings.h>

#define FACADE_CHAT "show a button of your own and load the chat when it is pressed (a facade)"
#define TAGS                                                                                                 \
    "load it after the page's load event, with few tags; or run it in a worker (Partytown) or on the server"
#define RECORDER "load it when the page is idle, and for a sample of the visits"
#define EMBED    "show a link or an image, and load the embed when it is pressed or comes into view"
#define EXPERIMENT                                                                                           \
    "decide on the server or at the edge: a script that hides the page until it has decided delays each "    \
    "paint"
#define OWN_COPY "serve the file from your own origin: it spares a connection, and is in your bundle's cache"
#define FONTS    "serve the fonts from your own origin, with preload and font-display: swap"
#define ADVERTS                                                                                              \
    "load it after the content, reserve its place, and load what is below the fold when it comes near"

/* Words of the entity or the host, in lower case; the first that is found counts. */
static const struct {
    const char *word, *advice;
} TABLE[] = {
    {"youtube", "show its preview image and load the player when it is pressed (lite-youtube-embed)"},
    {"ytimg", "show its preview image and load the player when it is pressed (lite-youtube-embed)"},
    {"vimeo", "show its preview image and load the player when it is pressed (lite-vimeo-embed)"},
    {"wistia", "show its preview image and load the player when it is pressed"},
    {"google maps", "show a static image of the map, and load the map when it is pressed"},
    {"maps.google", "show a static image of the map, and load the map when it is pressed"},
    {"mapbox", "show a static image of the map, and load the map when it is pressed"},
    {"google fonts", FONTS},
    {"fonts.g", FONTS},
    {"typekit", FONTS},
    {"adobe fonts", FONTS},
    {"recaptcha", "load it when the form gets the focus"},
    {"hcaptcha", "load it when the form gets the focus"},
    {"tag manager", TAGS},
    {"googletagmanager", TAGS},
    {"analytics", TAGS},
    {"segment", TAGS},
    {"tealium", TAGS},
    {"adobe tag", TAGS},
    {"mixpanel", TAGS},
    {"amplitude", TAGS},
    {"doubleclick", ADVERTS},
    {"adsense", ADVERTS},
    {"googlesyndication", ADVERTS},
    {"amazon ads", ADVERTS},
    {"criteo", ADVERTS},
    {"taboola", ADVERTS},
    {"outbrain", ADVERTS},
    {"pubmatic", ADVERTS},
    {"rubicon", ADVERTS},
    {"intercom", FACADE_CHAT},
    {"drift", FACADE_CHAT},
    {"zendesk", FACADE_CHAT},
    {"zopim", FACADE_CHAT},
    {"help scout", FACADE_CHAT},
    {"livechat", FACADE_CHAT},
    {"tawk", FACADE_CHAT},
    {"olark", FACADE_CHAT},
    {"freshchat", FACADE_CHAT},
    {"crisp", FACADE_CHAT},
    {"hubspot", FACADE_CHAT},
    {"hotjar", RECORDER},
    {"fullstory", RECORDER},
    {"mouseflow", RECORDER},
    {"crazy egg", RECORDER},
    {"clarity", RECORDER},
    {"logrocket", RECORDER},
    {"optimizely", EXPERIMENT},
    {"google optimize", EXPERIMENT},
    {"vwo", EXPERIMENT},
    {"visual website optimizer", EXPERIMENT},
    {"ab tasty", EXPERIMENT},
    {"facebook", EMBED},
    {"twitter", EMBED},
    {"instagram", EMBED},
    {"tiktok", EMBED},
    {"pinterest", EMBED},
    {"linkedin", EMBED},
    {"disqus", "load the comments when they come into view"},
    {"spotify", EMBED},
    {"soundcloud", EMBED},
    {"onetrust",
     "load it with async, and style the banner so that nothing moves; it need not block the first paint"},
    {"cookielaw",
     "load it with async, and style the banner so that nothing moves; it need not block the first paint"},
    {"cookiebot",
     "load it with async, and style the banner so that nothing moves; it need not block the first paint"},
    {"stripe", "load it on the pages that pay"},
    {"paypal", "load it on the pages that pay"},
    {"sentry", "load it by its small loader, or after the page's load event"},
    {"bugsnag", "load it after the page's load event"},
    {"jsdelivr", OWN_COPY},
    {"unpkg", OWN_COPY},
    {"cdnjs", OWN_COPY},
    {"cloudflare cdn", OWN_COPY},
    {"jquery", OWN_COPY},
    {"google cdn", OWN_COPY},
    {"bootstrap", OWN_COPY},
};

const char *third_party_advice(const char *entity)
{
    for (size_t i = 0; entity && i < ARRAY_LEN(TABLE); i++)
        if (strcasestr(entity, TABLE[i].word))
            return TABLE[i].advice;
    return "load it with async or defer, and when it is first needed";
}
