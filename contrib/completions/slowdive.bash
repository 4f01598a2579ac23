# Completion for bash. The words come from the program that is completed, so they are
# always its own.
_slowdive()
{
    local IFS=$' \t\n' cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]} words arg
    words=$("$1" manual words 2>/dev/null) || return
    of() { awk -v what="$1" '$1 == what {print $2}' <<<"$words"; }
    COMPREPLY=()
    # `--option=` is a word of its own for bash.
    [ "$cur" = = ] && cur=
    [ "$prev" = = ] && prev=${COMP_WORDS[COMP_CWORD - 2]}
    arg=$(awk -v option="$prev" '$1 == "option" && $2 == option {print $3}' <<<"$words")
    case $arg in
    '') ;;
    COLUMN) mapfile -t COMPREPLY < <(compgen -W "$(awk -v view="$verb" '$1 == "column" && $3 == view {print $2}' <<<"$words")" -- "$cur"); return ;;
    NAME=VALUE) mapfile -t COMPREPLY < <(compgen -W "$(of setting)" -- "$cur"); compopt -o nospace; return ;;
    FILE*) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    *[a-z]*'|'*) mapfile -t COMPREPLY < <(compgen -W "${arg//|/ }" -- "$cur"); return ;;
    *) return ;;
    esac
    case $cur in
    -*) mapfile -t COMPREPLY < <(compgen -W "$(of option)" -- "$cur"); return ;;
    esac
    if [ "$COMP_CWORD" -gt 1 ] && [ "$verb" = sources ]; then
        mapfile -t COMPREPLY < <(compgen -W "$(of kind)" -- "$cur")
        return
    fi
    compopt -o filenames
    mapfile -t COMPREPLY < <(
        [ "$COMP_CWORD" -ne 1 ] || compgen -W "$(of verb) $(of view)" -- "$cur"
        [ "$COMP_CWORD" -ne 2 ] || compgen -W "$(awk -v verb="$verb" '$1 == "second" && $3 == verb {print $2}' <<<"$words")" -- "$cur"
        compgen -f -- "$cur"
    )
}
complete -F _slowdive slowdive
