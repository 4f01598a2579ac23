"""Answers of a server and what `slowdive audit` must say of each: every finding that holds, and no other.

For tests/cli/audit_server.py, which sends them, and tests/cli/audit_check.py, which compares.
"""
import time
from email.utils import formatdate

NOW = time.time()
YEAR = 31536000
LIMIT = 1 << 31
LARGE = b"body { color: red; margin: 0 }\n" * 100
SMALL = b"a{}"
CASES = {}

CSS, JS, HTML, JSON, PNG, TEXT = ("text/css", "text/javascript; charset=utf-8", "text/html; charset=utf-8",
                                  "application/json", "image/png", "text/plain")
HASHED = "/%d/app.3f2a9c1b.js"


def date(offset):
    """A moment that far from the start of the server, as HTTP writes it."""
    return formatdate(NOW + offset, usegmt=True)


def case(name, headers, findings, kind=TEXT, path=None, status=200, body=SMALL, with_date=True, revalidates=True, etag=True,
         **facts):
    """One answer. headers: "Name: value" lines; an ETag is added unless etag=False. facts: keys of the row."""
    rows = [tuple(h.split(": ", 1)) if ": " in h else (h.rstrip(":"), "") for h in headers]
    if etag:
        rows.append(("ETag", '"%d"' % len(CASES)))
    path = (path or "/%d/x.txt") % len(CASES)
    CASES[path] = {"name": name, "headers": rows, "findings": set(findings), "type": kind, "status": status,
                   "body": body, "date": with_date, "revalidates": revalidates, "facts": facts}


def cc(*directives):
    return ["Cache-Control: " + d for d in directives]


# ---- storing and freshness, RFC 9111 ----
case("max-age", cc("max-age=60"), [], storable_shared=True, storable_private=True, fresh_shared_s=60,
     fresh_private_s=60, revalidation_status=304, status_=200)
case("s-maxage is for shared caches alone", cc("s-maxage=600, max-age=60"), [], fresh_shared_s=600, fresh_private_s=60)
case("s-maxage alone", cc("s-maxage=600"), [], fresh_shared_s=600, fresh_private_s=0)
case("private", cc("private, max-age=60"), [], storable_shared=False, storable_private=True, fresh_shared_s=None,
     fresh_private_s=60)
case("no-store", cc("no-store"), [], storable_shared=False, storable_private=False, fresh_shared_s=None,
     fresh_private_s=None, hit_probability=None)
case("no-cache", cc("no-cache"), [], storable_shared=True, fresh_shared_s=0, fresh_private_s=0)
case("no-cache over max-age", cc("no-cache, max-age=600"), [], fresh_shared_s=0, fresh_private_s=0)
case("no-cache with field names", cc('no-cache="Set-Cookie", max-age=600'), [], fresh_shared_s=600, fresh_private_s=600)
case("private with field names", cc('private="X-User", max-age=600'), [], storable_shared=True, fresh_shared_s=600)
case("Expires", ["Expires: " + date(3600)], [], fresh_shared_s=3600, fresh_private_s=3600)
case("Expires without Date", ["Expires: " + date(3600)], [], with_date=False)
case("max-age over Expires", cc("max-age=60") + ["Expires: " + date(3600)], [], fresh_private_s=60)
case("Expires as in RFC 850", ["Date: Thursday, 12-Nov-26 10:00:00 GMT", "Expires: Thursday, 12-Nov-26 10:10:00 GMT"], [],
     with_date=False, fresh_private_s=600)
case("Expires as of asctime", ["Date: Thu Nov  5 10:00:00 2026", "Expires: Thu Nov  5 10:20:00 2026"], [],
     with_date=False, fresh_private_s=1200)
case("Expires in the past", ["Expires: " + date(-3600)], [], fresh_shared_s=0, fresh_private_s=0)
case("Expires beyond all bounds", ["Expires: Fri, 31 Dec 9999 23:59:59 GMT"], [], fresh_private_s=LIMIT)
case("max-age beyond all bounds", cc("max-age=99999999999999999999999"), [], fresh_private_s=LIMIT, hit_probability=1)
case("two max-age that are the same", cc("max-age=60, max-age=60"), [], fresh_private_s=60)
case("quotes, blanks, case, empty members, unknown words", cc(' , MAX-AGE = "120" ,, x-new=1, Public'), [],
     fresh_private_s=120)
case("several headers are one list", cc("public", "max-age=90"), [], fresh_shared_s=90)
case("a tab around a value", cc("max-age\t=\t75"), [], fresh_private_s=75)
case("status 500 with nothing", [], ["no_cache_policy"], status=500, storable_shared=False, storable_private=False)
case("status 500 with max-age", cc("max-age=30"), [], status=500, storable_shared=True, fresh_shared_s=30)
case("status 500 with s-maxage", cc("s-maxage=30"), [], status=500, storable_shared=True, storable_private=False)
case("status 302 that leads nowhere", cc("private, max-age=5"), [], status=302, storable_shared=False,
     storable_private=True)
case("status 404", cc("max-age=10"), [], status=404, fresh_shared_s=10)
case("must-understand and no-store", cc("must-understand, no-store, max-age=60"), [], storable_shared=True,
     fresh_private_s=60)

# ---- the heuristic ----
case("a tenth of the age", ["Last-Modified: " + date(-864000)], ["heuristic_freshness"], fresh_shared_s=86400,
     fresh_private_s=86400)
case("not when max-age is there", cc("max-age=5") + ["Last-Modified: " + date(-864000)], [], fresh_private_s=5)
case("not with no-cache", cc("no-cache") + ["Last-Modified: " + date(-864000)], [], fresh_private_s=0)
case("with public alone", cc("public") + ["Last-Modified: " + date(-864000)], 
     ["heuristic_freshness", "error_cached_long"], status=500, fresh_shared_s=86400)
case("not of a status that is not cacheable", ["Last-Modified: " + date(-864000)], ["no_cache_policy"], status=500)
case("Last-Modified in the future", ["Last-Modified: " + date(864000)], ["no_cache_policy"], fresh_private_s=0)
case("Last-Modified that is no date", ["Last-Modified: yesterday"], ["no_cache_policy"], etag=False, fresh_private_s=0)
case("by Date, not by the clock here", ["Date: Thu, 12 Nov 2026 10:00:00 GMT", "Last-Modified: Thu, 12 Nov 2026 09:50:00 GMT"],
     ["heuristic_freshness"], with_date=False, fresh_private_s=60)
case("private and the heuristic", cc("private") + ["Last-Modified: " + date(-864000)], ["heuristic_freshness"],
     fresh_shared_s=None, fresh_private_s=86400)

# ---- hashed assets ----
case("as it should be", cc("public, max-age=31536000, immutable"), [], JS, HASHED, hit_probability=1)
case("a day", cc("public, max-age=86400, immutable"), ["hashed_asset_short_ttl"], JS, HASHED)
case("a second less than a year", cc("max-age=31535999, immutable"), ["hashed_asset_short_ttl"], JS, HASHED)
case("no-cache", cc("no-cache"), ["hashed_asset_short_ttl"], JS, HASHED)
case("no-store", cc("no-store"), ["hashed_asset_short_ttl"], JS, HASHED)
case("immutable without a lifetime", cc("immutable"), ["hashed_asset_short_ttl"], JS, HASHED)
case("not immutable", cc("public, max-age=31536000"), ["hashed_asset_not_immutable"], JS, HASHED)
case("private", cc("private, max-age=31536000, immutable"), ["hashed_asset_not_shared"], JS, HASHED)
case("private and an hour", cc("private, max-age=3600"), ["hashed_asset_not_shared", "hashed_asset_short_ttl"], CSS,
     "/%d/main-0123456789abcdef.css")
case("a hash and more words", cc("max-age=31536000"), ["hashed_asset_not_immutable"], JS, "/%d/main.3f2a9c1b.chunk.js")
case("the hash alone", cc("max-age=31536000"), ["hashed_asset_not_immutable"], PNG, "/%d/3F2A9C1B55.png")
case("seven digits are none", cc("max-age=31536000"), [], JS, "/%d/app.3f2a9c1.js")
case("a word of letters is none", cc("max-age=31536000"), [], JS, "/%d/app.defacedd.js")
case("other letters are none", cc("max-age=31536000"), [], JS, "/%d/app.3f2a9c1z.js")
case("a page has none", cc("public, max-age=60, stale-while-revalidate=60"), [], HTML, "/%d/report-20261120.html")
case("in the query is none", cc("max-age=31536000"), [], JS, "/%d/app.js")
case("no policy", [], ["hashed_asset_short_ttl", "no_cache_policy"], JS, HASHED)
case("an error is no asset", cc("max-age=10"), [], JS, HASHED, status=404)

# ---- static assets ----
case("immutable under a fixed name", cc("public, max-age=31536000, immutable"), ["unhashed_immutable"], CSS)
case("a minute", cc("max-age=60"), ["short_ttl"], CSS, hit_probability=1 / 12 * .1)
case("a day", cc("max-age=86400"), ["short_ttl"], PNG, hit_probability=.6)
case("ten days", cc("max-age=864000"), ["short_ttl"], "font/woff2", hit_probability=.9 + .1 * (240 - 168) / (8760 - 168))
case("below the threshold", cc("max-age=8337600"), ["short_ttl"], "application/wasm")
case("above the threshold", cc("max-age=8370000"), [], "image/svg+xml", hit_probability=.9 + .1 * (2325 - 168) / 8592)
case("a year", cc("max-age=31536000"), [], "application/javascript", hit_probability=1)
case("nothing", cc("max-age=0"), ["short_ttl"], CSS, hit_probability=0)
case("Expires in the past", ["Expires: " + date(-10)], ["short_ttl"], CSS)
case("a short s-maxage alone", cc("s-maxage=60"), ["short_ttl"], CSS)
case("a long s-maxage does not help browsers", cc("s-maxage=31536000, max-age=60"), ["short_ttl"], CSS)
case("the heuristic is not said", ["Last-Modified: " + date(-864000)], ["heuristic_freshness"], CSS)
case("no-store", cc("no-store"), ["static_not_cached"], CSS)
case("no-cache", cc("no-cache"), ["static_not_cached"], PNG)
case("no-cache over a lifetime", cc("no-cache, max-age=60"), ["static_not_cached"], PNG)
case("no-store of a user's", cc("private, no-store"), [], CSS)
case("no-cache of a user's", cc("private, no-cache"), [], PNG)
case("no-store with a cookie", cc("no-store") + ["Set-Cookie: id=1"], [], CSS)
case("not of text", cc("no-store"), [], TEXT)
case("other types are not static", cc("max-age=60"), [], "application/pdf")

# ---- nothing said ----
case("nothing at all", [], ["no_cache_policy", "missing_validator"], etag=False, revalidation_status=None,
     fresh_shared_s=0, fresh_private_s=0, storable_shared=True, hit_probability=0)
case("an empty Cache-Control", ["Cache-Control:"], ["no_cache_policy"])
case("commas only", cc(" , , "), ["no_cache_policy"])
case("an unknown directive is a policy", cc("x-mine"), [])
case("Pragma alone", ["Pragma: no-cache"], ["pragma_without_cache_control"])
case("Pragma and Last-Modified", ["Pragma: no-cache", "Last-Modified: " + date(-1000)],
     ["pragma_without_cache_control", "heuristic_freshness"])
case("Pragma and Cache-Control", cc("no-cache") + ["Pragma: no-cache"], [])

# ---- validators ----
case("neither", cc("max-age=60"), ["missing_validator"], etag=False, revalidation_status=None)
case("neither, to be revalidated", cc("no-cache"), ["missing_validator"], etag=False)
case("neither, not stored", cc("no-store"), [], etag=False)
case("neither, an error", cc("max-age=5"), [], status=404, etag=False)
case("Last-Modified is one", cc("max-age=60") + ["Last-Modified: " + date(-100)], [], etag=False, revalidation_status=304)
case("an ETag is ignored", cc("max-age=60"), ["validator_ignored"], revalidates=False, revalidation_status=200)
case("Last-Modified is ignored", cc("max-age=60") + ["Last-Modified: " + date(-100)], ["validator_ignored"], etag=False,
     revalidates=False)
case("a weak one", cc("max-age=60") + ['ETag: W/"weak"'], [], etag=False, revalidation_status=304)
case("an empty one", cc("max-age=60") + ["ETag:"], ["missing_validator"], etag=False)

# ---- what cannot be read ----
for bad in ("abc", "", "-1", "1.5", "60s", "+5", "'60'", '"60', "0x10", "6 0", "60; public"):
    case("max-age=%s" % bad, cc("max-age=%s" % bad), ["invalid_directive"], fresh_private_s=0, storable_private=True)
case("max-age without a value", cc("max-age"), ["invalid_directive"], fresh_private_s=0)
case("s-maxage", cc("s-maxage=x, max-age=60"), ["invalid_directive"], fresh_shared_s=0, fresh_private_s=60)
case("stale-while-revalidate", cc("max-age=60, stale-while-revalidate=x"), ["invalid_directive"])
case("stale-if-error", cc("max-age=60, stale-if-error=-5"), ["invalid_directive"])
case("a word that is unknown", cc("max-age=60, x=-1"), [])
for bad in ("0", "-1", "now", "Thu, 32 Nov 2026 10:00:00 GMT", "Thu, 12 Nov 2026 10:00:00 +0100", "Thu, 12 Nov 2026 25:00:00 GMT",
            "Thu, 12 Nov 2026 10:00:00", "2026-11-12T10:00:00Z"):
    case("Expires: %s" % bad, ["Expires: " + bad], ["invalid_directive"], fresh_private_s=0)
case("an Expires in lower case", ["Date: thu, 12 nov 2026 10:00:00 gmt", "Expires: thu, 12 nov 2026 10:00:10 gmt"], [],
     with_date=False, fresh_private_s=10)
for bad in ("-5", "x", "1.5", "+3", ""):
    case("Age: %s" % bad, cc("max-age=60") + ["Age: " + bad], ["invalid_directive"], age_s=None)

# ---- what contradicts itself ----
case("two lifetimes", cc("max-age=60, max-age=90"), ["conflicting_directives"], fresh_private_s=60)
case("in two headers", cc("max-age=90", "public, max-age=60"), ["conflicting_directives"], fresh_private_s=90)
case("two s-maxage", cc("max-age=60, s-maxage=1, s-maxage=2"), ["conflicting_directives"], fresh_shared_s=1)
case("the first is no number", cc("max-age=x, max-age=60"), ["conflicting_directives", "invalid_directive"],
     fresh_private_s=0)
case("no-store with a lifetime", cc("no-store, max-age=60"), ["conflicting_directives"], storable_private=False)
case("no-store with max-age=0", cc("no-store, no-cache, max-age=0, must-revalidate"), [])
case("public and private", cc("public, private, max-age=60"), ["conflicting_directives"], storable_shared=False)
case("no-cache with a lifetime", cc("no-cache, max-age=60"), [])

# ---- what is not for all ----
case("an API that is private", cc("private, max-age=0, must-revalidate"), [], JSON)
case("an API that a shared cache serves", cc("max-age=60"), ["api_shared_cacheable"], JSON)
case("another JSON type", cc("public, s-maxage=60"), ["api_shared_cacheable"], "application/problem+json; charset=utf-8")
case("an API, fresh by the heuristic", ["Last-Modified: " + date(-10000)], ["api_shared_cacheable", "heuristic_freshness"],
     JSON)
case("an API to be revalidated", cc("no-cache"), [], JSON)
case("an API with s-maxage=0", cc("s-maxage=0, max-age=60"), [], JSON)
case("a cookie on a private answer", cc("private, max-age=60") + ["Set-Cookie: id=1"], [])
case("a cookie on what is fresh for all", cc("public, max-age=60") + ["Set-Cookie: id=1"], ["set_cookie_cacheable"])
case("a cookie by the heuristic", ["Last-Modified: " + date(-10000), "Set-Cookie: id=1"],
     ["set_cookie_cacheable", "heuristic_freshness"])
case("a cookie on what is never fresh", cc("no-cache") + ["Set-Cookie: id=1"], [])
case("a cookie on what is not stored", cc("no-store") + ["Set-Cookie: id=1"], [])
case("Vary: *", cc("max-age=60") + ["Vary: *"], ["vary_star"], storable_shared=True)
case("Vary: * among others", cc("max-age=60") + ["Vary: Accept-Encoding, *"], ["vary_star"])
for wide in ("User-Agent", "cookie", "Accept-Encoding, Authorization", "X-Session-ID", "X-Forwarded-For", "Referer"):
    case("Vary: " + wide, cc("max-age=60") + ["Vary: " + wide], ["vary_high_cardinality"])
for narrow in ("Accept-Encoding", "Accept, Accept-Encoding", "Origin", "Accept-Language", "Sec-Fetch-Mode"):
    case("Vary: " + narrow, cc("max-age=60") + ["Vary: " + narrow], [])
case("two Vary headers", cc("max-age=60") + ["Vary: Accept-Encoding", "Vary: Cookie"], ["vary_high_cardinality"])

# ---- pages ----
case("a page as it should be", cc("public, s-maxage=60, stale-while-revalidate=300") + ["Last-Modified: " + date(-9999)], [],
     HTML, fresh_shared_s=60)
case("a page without", cc("public, s-maxage=60"), ["html_without_swr"], HTML)
case("a page with no-cache", cc("no-cache"), ["html_without_swr"], HTML)
case("a private page", cc("private, no-cache"), [], HTML)
case("a page that nothing is said of", [], ["html_without_swr", "no_cache_policy"], "application/xhtml+xml")
case("an error page", cc("max-age=10"), [], HTML, status=404)

# ---- compression ----
case("a long text", cc("max-age=31536000"), ["uncompressed"], CSS, body=LARGE, size_bytes=len(LARGE))
case("a short text", cc("max-age=31536000"), [], CSS, body=b"x" * 1399)
case("of 1,400 bytes", cc("max-age=31536000"), ["uncompressed"], JS, body=b"x" * 1400)
case("as it is said to be", cc("max-age=31536000") + ["Content-Encoding: identity"], ["uncompressed"], CSS, body=LARGE)
case("a picture", cc("max-age=31536000"), [], PNG, body=LARGE, gzip_bytes=None)
case("a drawing", cc("max-age=31536000"), ["uncompressed"], "image/svg+xml", body=LARGE)
case("a long JSON", cc("private, no-cache"), ["uncompressed"], JSON, body=LARGE)
case("of no type", cc("max-age=60"), [], None, body=LARGE)

# ---- errors ----
case("an error for an hour", cc("max-age=3600"), ["error_cached_long"], status=404)
case("an error for a minute", cc("max-age=60"), [], status=404)
case("an error for 61 s in a CDN", cc("s-maxage=61"), ["error_cached_long"], status=503)
case("an error by the heuristic", ["Last-Modified: " + date(-864000)], ["error_cached_long", "heuristic_freshness"],
     status=410)
case("an error that is not stored", cc("no-store"), [], status=500)

# ---- caches on the way ----


def layers(headers, hit, n=1, findings=(), **facts):
    case("; ".join(headers), cc("max-age=3600") + headers, findings, cache_hit=hit, n_layers=n, **facts)


case("no cache says anything", cc("max-age=3600"), [], cache_hit=None, n_layers=0, age_s=None)
layers(["Age: 30"], True, 0, age_s=30)
layers(["Age: 0"], None, 0, age_s=0)
layers(["Cache-Status: ExampleCache; hit"], True)
layers(["Cache-Status: ExampleCache; hit=?0; fwd=uri-miss"], False)
layers(["Cache-Status: \"a \\\"b\\\"\"; hit; ttl=-30; key=\"k\""], True)
layers(["Cache-Status: Origin; hit, CDN; fwd=uri-miss; fwd-status=200; stored"], False, 2)
layers(["Cache-Status: Origin; fwd=miss", "Cache-Status: CDN; hit; ttl=376"], True, 2)
layers(["Cache-Status: ExampleCache; fwd=stale; fwd-status=304; collapsed; detail=x"], False)
layers(["Cache-Status: ExampleCache"], None)
layers(["Cache-Status: ExampleCache; hit; ;"], None, 0)
layers(["Cache-Status: hit hit"], None, 0)
layers(["Cache-Status: ExampleCache; fwd=bypass"], False, findings=["cdn_does_not_cache"])
for word, hit in (("HIT", True), ("MISS", False), ("EXPIRED", False), ("STALE", True), ("REVALIDATED", True),
                  ("UPDATING", True), ("hit", True), ("NONE/UNKNOWN", False)):
    layers(["CF-Cache-Status: " + word], hit)
layers(["CF-Cache-Status: DYNAMIC"], False, findings=["cdn_does_not_cache"])
layers(["CF-Cache-Status: BYPASS"], False, findings=["cdn_does_not_cache"])
layers(["CF-Cache-Status: WHATEVER"], None)
layers(["X-Cache: Hit from cloudfront"], True)
layers(["X-Cache: Miss from cloudfront"], False)
layers(["X-Cache: RefreshHit from cloudfront"], True)
layers(["X-Cache: Error from cloudfront"], False)
layers(["X-Served-By: cache-ams1, cache-fra2", "X-Cache: MISS, HIT", "X-Cache-Hits: 0, 3"], True, 2)
layers(["X-Served-By: cache-ams1, cache-fra2", "X-Cache: HIT, MISS"], False, 2)
layers(["X-Cache: TCP_HIT from a23-45.deploy.akamaitechnologies.com (AkamaiGHost/11.0) (-)"], True)
layers(["X-Cache: TCP_MEM_HIT from a1.akamai"], True)
layers(["X-Cache: TCP_REFRESH_MISS from a1.akamai"], False)
layers(["X-Cache: TCP_REFRESH_FAIL_HIT from a1.akamai"], True)
layers(["X-Cache: squirrel"], None, 0)
layers(["X-Vercel-Cache: HIT"], True)
layers(["X-Vercel-Cache: STALE"], True)
layers(["X-Vercel-Cache: MISS"], False)
layers(["X-Cache: HIT", "CF-Cache-Status: MISS"], False, 2)
case("an edge that passes what is private", cc("private, max-age=60") + ["CF-Cache-Status: DYNAMIC"], [])
case("an edge that passes what is not stored", cc("no-store") + ["CF-Cache-Status: BYPASS"], [])
case("older than its lifetime", cc("max-age=60") + ["Age: 61"], ["served_stale"], age_s=61)
case("as old as its lifetime", cc("max-age=60") + ["Age: 60"], [], age_s=60)
case("by the shared lifetime", cc("max-age=60, s-maxage=3600") + ["Age: 600"], [])
case("no lifetime to be older than", ["Age: 600"], ["no_cache_policy"])
case("an absurd age", cc("max-age=60") + ["Age: 99999999999999999999"], ["served_stale"], age_s=LIMIT)

# ---- several at once ----
case("all of it", cc("max-age=x, max-age=60, no-cache", "stale-if-error=1") +
     ["Vary: *, Cookie", "Set-Cookie: a=b", "Pragma: no-cache", "Age: x", "CF-Cache-Status: DYNAMIC"],
     ["invalid_directive", "conflicting_directives", "vary_star", "vary_high_cardinality", "uncompressed",
      "html_without_swr", "missing_validator", "cdn_does_not_cache"], HTML, body=LARGE, etag=False)
case("a hundred directives", cc(", ".join("x%d=%d" % (i, i) for i in range(400)) + ", max-age=60"), [], fresh_private_s=60)
case("bytes that are no ASCII", cc("max-age=60, x=\xff\xfe"), [], fresh_private_s=60)
