#!/bin/bash
# Completion in bash, zsh and fish: each offers the same words, which are those of the program.
. "$(dirname "$0")/tap.bash"

for shell in zsh fish; do
    command -v $shell >/dev/null || { echo "1..0 # SKIP no $shell"; exit 0; }
done
mkdir bin
ln -s "$program" bin/slowdive
export PATH=$dir/bin:$PATH XDG_CONFIG_HOME=$dir/config XDG_DATA_HOME=$dir/data
touch some.log

# WORDS...: the last is what is being typed. Each prints what may stand there, sorted.
in_bash() {
    bash -c '
        compopt() { :; }
        . "$1"; shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _slowdive slowdive
        printf "%s\n" "${COMPREPLY[@]}"' - "$root/contrib/completions/slowdive.bash" "$@" | sort -u
}
in_zsh() {
    zsh -f -c '
        compset() { :; }
        _files() { print -l -- *; }
        compadd() {
            while [[ $1 == -* ]]; do
                case $1 in
                -a) print -l -- ${(P)2}; return ;;
                -S) shift 2 ;;
                --) shift; break ;;
                esac
            done
            print -l -- "$@"
        }
        file=$1; shift
        words=("$@") CURRENT=$#
        . $file' - "$root/contrib/completions/_slowdive" "$@" | grep -- "^${*: -1}" | sort -u
}
in_fish() {
    fish -c 'source $argv[1]; complete -C "$argv[2]"' "$root/contrib/completions/slowdive.fish" "$*" |
        cut -f 1 | sed 's/^--[a-z-]*=//' | sort -u
}
# WHAT WANTED WORDS...: all three offer exactly WANTED.
offers() {
    local what=$1 wanted=$2 shell
    shift 2
    for shell in bash zsh fish; do
        status=0
        in_$shell "$@" >out 2>err
        ok "$what, in $shell" [ "$(xargs <out)" = "$wanted" ]
    done
}
offers "views and verbs" "endpoint endpoints" slowdive endp
offers "options" "--policy" slowdive check --poli
offers "values of an option" "md" slowdive endpoints --format m
offers "columns of a view" "error_bound error_share" slowdive endpoints --sort erro
offers "settings" "refresh=" slowdive --set refr
offers "kinds of source" "memcached" slowdive sources mem
offers "the second word of a verb" "run" slowdive load ru
offers "files" "some.log" slowdive endpoints some
offers "files of an option" "some.log" slowdive --config some
offers "nothing" "" slowdive endpoints nothing-there
in_fish slowdive endpoints --format=js >out 2>err
ok "--option=VALUE, in fish" says out json
finish
