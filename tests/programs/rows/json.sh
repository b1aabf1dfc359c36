# shellcheck shell=bash disable=SC2034
about='python3: documents parsed, changed and written by four threads, over and over, on malloc alone'
needs=(/usr/bin/python3=python3)
rounds=1

prepare() {
    :
}

work() {
    PYTHONMALLOC=malloc PYTHONHASHSEED=0 python3 "$PROGRAMS/documents.py" "$(sized full 10 small 8)" \
        "$(sized full 3000 small 500)"
}
