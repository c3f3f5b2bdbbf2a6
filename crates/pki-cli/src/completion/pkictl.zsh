#compdef pkictl
# Completion of pkictl for zsh: source <(pkictl completion zsh)

_pkictl() {
    local -a open_words open_texts words_ texts
    local line word
    for line in "${(@f)$(PKICTL_COMPLETE=zsh "${words[1]}" "${(@)words[2,CURRENT]}" 2> /dev/null)}"; do
        [[ -z $line ]] && continue
        word="${line%%$'\t'*}"
        if [[ $word == *[=/] ]]; then
            open_words+=("$word")
            open_texts+=("${line/$'\t'/  -- }")
        else
            words_+=("$word")
            texts+=("${line/$'\t'/  -- }")
        fi
    done
    if (( ${#open_words} + ${#words_} == 0 )); then
        _files
        return
    fi
    (( ${#open_words} )) && compadd -S '' -l -d open_texts -a open_words
    (( ${#words_} )) && compadd -l -d texts -a words_
    return 0
}

compdef _pkictl pkictl
