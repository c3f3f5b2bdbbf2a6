# Completion of pkictl for bash: source <(pkictl completion bash)

_pkictl() {
    local line="${COMP_LINE:0:COMP_POINT}" words candidate
    read -ra words <<< "$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    local typed="${words[${#words[@]}-1]}"
    # Readline replaces only what follows the last of these.
    local kept="${typed%"${typed##*[=:]}"}"
    COMPREPLY=()
    while IFS= read -r candidate; do
        candidate="${candidate%%$'\t'*}"
        COMPREPLY+=("${candidate#"$kept"}")
    done < <(PKICTL_COMPLETE=bash "${words[0]}" "${words[@]:1}" 2> /dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=/] ]]; then
        compopt -o nospace 2> /dev/null
    fi
}

complete -o default -F _pkictl pkictl
