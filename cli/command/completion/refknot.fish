# SPDX-License-Identifier: MIT
# Completion for fish: `refknot __complete WORDS...` knows what may follow, by
# the same tables that the options are parsed with.

function __refknot_complete
    # The word at work may have a quote at its beginning, or backslashes.
    set -l word (commandline -ct | string replace -r '^[\'"]' '' | string replace -a '\\' '')
    set -l words (commandline -opc | string unescape)
    set -l list ($words[1] __complete $words[2..-1] "$word" 2>/dev/null)
    switch "$list[1]"
        case :files
            __fish_complete_path $word
        case :command
            __fish_complete_command
            __fish_complete_path $word
        case '*'
            printf '%s\n' $list
    end
end
complete -c refknot -f -a '(__refknot_complete)'
