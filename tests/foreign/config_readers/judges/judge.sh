# Reads .env files as a shell does: the files that are arguments. Prints for each 'ok' or 'refused', and the names and values of those
# variables that VARIABLES names, each with a byte 1 behind it; a zero byte is behind both; nothing is run, as there is no PATH.
PATH=/nonexistent
for file; do
    values=$(
        set -e
        IFS=' '
        for name in $VARIABLES; do unset "$name"; done
        { . "$file"; } >/dev/null 2>&1 </dev/null
        for name in $VARIABLES; do eval "[ -z \"\${$name+set}\" ] || printf '%s\\001' \"$name\" \"\$$name\""; done
    )
    case $? in
    0) printf 'ok\0%s\0' "$values" ;;
    *) printf 'refused\0\0' ;;
    esac
done
