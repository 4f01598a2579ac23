# Completion for fish. The words come from the program that is completed, so they are always its own.
function __slowdive_words --description 'words of a kind, or of a kind and for a verb'
    set -l program (commandline -opc)[1]
    eval $program manual words 2>/dev/null | awk -v kind=$argv[1] -v more="$argv[2]" \
        '$1 == kind && (more == "" || $3 == more) && !seen[$2]++ { print $2 }'
end

function __slowdive_complete
    set -l before (commandline -opc)
    set -l cur (commandline -ct)
    set -l prev $before[-1]
    set -l verb $before[2]
    set -l prefix ''
    if string match -q -- '--*=*' $cur
        set prev (string split -m 1 = -- $cur)[1]
        set prefix $prev=
        set cur (string split -m 1 = -- $cur)[2]
    end
    set -l arg (eval $before[1] manual words 2>/dev/null | awk -v option=$prev '$1 == "option" && $2 == option { print $3; exit }')
    if test -n "$arg"
        switch $arg
            case COLUMN
                printf '%s\n' $prefix(__slowdive_words column $verb)
            case 'NAME=VALUE'
                printf '%s\n' $prefix(__slowdive_words setting)
            case 'FILE*'
                __fish_complete_path $cur
            case '*|*'
                printf '%s\n' $prefix(string split '|' -- $arg)
        end
        return
    end
    if string match -q -- '-*' $cur
        __slowdive_words option
        return
    end
    if test (count $before) -gt 1 -a "$verb" = sources
        __slowdive_words kind
        return
    end
    switch (count $before)
        case 1
            __slowdive_words verb
            __slowdive_words view
        case 2
            __slowdive_words second $verb
    end
    __fish_complete_path $cur
end

complete -c slowdive -f -a '(__slowdive_complete)'
