#!/bin/bash
# The version: of the tag, behind it, and without one; and Debian's changelog, made of the one for users.
. "$(dirname "$0")/tap.bash"

export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
commit() { git -C tree -c user.name=a -c user.email=a@b -c commit.gpgsign=false commit -q --allow-empty -m "$1"; }
version_is() { [ "$(tree/contrib/version 2>err)" = "$1" ]; }
mkdir -p tree/contrib
cp "$root/contrib/version" "$root/contrib/CHANGELOG.md" tree/contrib/
newest=$(sed -n 's/^## \([^,]*\),.*/\1/p' tree/contrib/CHANGELOG.md | head -n 1)

ok "without git it is that of the changelog" version_is "$newest"
git init -q tree
commit one
ok "without a tag, too" version_is "$newest"
git -C tree tag v1.2.3
ok "the tag" version_is 1.2.3
commit two
ok "commits behind the tag" version_is "1.2.3+1.g$(git -C tree rev-parse --short HEAD)"
git -C tree tag nightly
ok "another tag is none" version_is "1.2.3+1.g$(git -C tree rev-parse --short HEAD)"
mkdir outer
git init -q outer
cp -r tree/contrib outer/inner 2>/dev/null
mkdir outer/package
cp -r tree/contrib outer/package/
git -C outer -c user.name=a -c user.email=a@b commit -q --allow-empty -m one
git -C outer tag v9.9.9
status=0
ok "the repository around an unpacked archive is not asked" [ "$(outer/package/contrib/version)" = "$newest" ]

"$root/contrib/debian/make-changelog" "$newest" <"$root/contrib/CHANGELOG.md" >out 2>err
ok "Debian's changelog has that version first" eval '[ "$(head -n 1 out)" = "slowdive ($newest) unstable; urgency=medium" ]'
ok "no line of it is too long" eval '! grep -qE "^  .{78}" out'
"$root/contrib/debian/make-changelog" "$newest+4.gabc" <"$root/contrib/CHANGELOG.md" >out 2>err
ok "one behind it is an entry of its own" eval '[ "$(grep -c "^slowdive (" out)" = $(($(grep -c "^## " "$root/contrib/CHANGELOG.md") + 1)) ]'
echo "no heading" | "$root/contrib/debian/make-changelog" 1 >out 2>err
status=$?
ok "a changelog without a heading is refused" [ "$status" = 1 -a -s err ]

# Dates in it are true, and versions go down.
dates=$(sed -n 's/^## [^,]*, //p' "$root/contrib/CHANGELOG.md")
ok "dates go down" [ "$dates" = "$(sort -r <<<"$dates")" ]
for d in $dates; do date -d "$d" >out 2>err || break; done
ok "and are dates" [ "$?" = 0 ]
finish
