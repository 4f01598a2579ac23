/* opaque.h - is a path segment a name, or personal data: a token, a key, an address? */
#ifndef CORE_OPAQUE_H
#define CORE_OPAQUE_H

#include "base/base.h"

/* Is s[0..n), a segment of a path or a part of one between points, something that
 * stands for one person, session or thing? Hex of 16 digits or more, runs of letters and
 * figures that no word or camelCase name looks like (16 or more; 12 with figures among
 * them; 20 of base64url with gaps), the beginnings of known keys ("sk_live_", "eyJ"),
 * mail addresses (also with %40), user:password@host, padded base64, telephone numbers and addresses of 7
 * figures or more, NAME=value, ULIDs, ids with a prefix ("cus_NffrFeUfNV2Hib"), names of assets with a
 * fingerprint ("app.3f9a1b2c.js"). Words joined by hyphens, package@1.2.3 and names with a year are not. Any
 * thread; reads nothing else. */
bool opaque(const char *s, size_t n);

/* Small letters alone, at most so many, are a word: opaque() is false of them. */
enum { OPAQUE_WORD = 11 };

#endif
