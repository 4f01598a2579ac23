#!/bin/bash
# Text from outside on its way to a terminal: no format carries a byte that one obeys.
. "$(dirname "$0")/tap.bash"

payloads=($'\e]0;PWN\a' $'\e[2J' $'\x9b31m' $'\xc2\x9b31m' $'\u202eevil\u2066' $'\xff\xc0\x80' $'\x08\x7f'
    $'\u200b\ufeff\u2028' $'\U000e0041' $'\ufff9' '%1b%5b31m' '=cmd|calc' '漢字')
for p in "${payloads[@]}"; do
    for i in 1 2 3; do line "$i" GET "/$p" 500 0.9; done
    printf '%s junk\n' "$p"
done >hostile.log
cp hostile.log $'h\e[31m\xc2\x9bx.log'
dangerous() { LC_ALL=C grep -qaP '[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf|\xf3\xa0' "$1"; }
harmless() { iconv -f UTF-8 -t UTF-8 "$1" >/dev/null 2>&1 && ! dangerous "$1"; }

for file in hostile.log $'h\e[31m\xc2\x9bx.log'; do
    for format in text csv md json; do
        for verb in overview endpoints endpoint status; do
            run "$verb" --format "$format" "$file"
            ok "$verb as $format" harmless out
            ok "$verb as $format, errors" harmless err
        done
    done
    run endpoints "$file.missing"
    ok "a missing file's name" harmless err
done
run endpoint --select $'GET /\e[31m' hostile.log
ok "a name that was asked for" harmless out
run endpoints --format json hostile.log
ok "JSON is lossless" says out '/\u202eevil\u2066'
ok "also beyond the basic plane" says out '/\udb40\udc41'
ok "and leaves other scripts alone" says out '/漢字'
run "--bad"$'\e[31m'
ok "an option's name" harmless err
finish
