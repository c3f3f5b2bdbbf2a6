# Completion of pkictl for fish: pkictl completion fish | source

function __pkictl_complete
    set -l words (commandline --current-process --tokenize --cut-at-cursor)
    set -l found (PKICTL_COMPLETE=fish $words[1] $words[2..] (commandline --current-token --cut-at-cursor) 2>/dev/null)
    if test (count $found) -eq 0
        __fish_complete_path (commandline --current-token --cut-at-cursor)
    else
        printf '%s\n' $found
    end
end

complete --command pkictl --no-files --arguments '(__pkictl_complete)'
