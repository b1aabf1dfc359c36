# shellcheck shell=bash disable=SC2034
about='pigz -p 4: eight files in one process, and back again'
needs=(/usr/bin/pigz=pigz)
rounds=1

prepare() {
    local i n
    n=$(sized full 400000 small 200000)
    for i in {1..8}; do
        seq "$((i * n))" "$(((i + 1) * n))" >"file$i"
    done
}

work() {
    cp "$INPUT"/file? .
    sampled pigz -q -n -6 -p 4 -k file?
    cat file?.gz | sha256sum
    pigz -q -dc -p 4 file?.gz | sha256sum
}
