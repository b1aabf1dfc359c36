# shellcheck shell=bash disable=SC2034
about='xz -T4: eight files in one process, and back again'
needs=(/usr/bin/xz=xz-utils)
rounds=1

prepare() {
    local i n
    n=$(sized full 400000 small 100000)
    for i in {1..8}; do
        seq "$((i * n))" "$(((i + 1) * n))" >"file$i"
    done
}

work() {
    cp "$INPUT"/file? .
    sampled xz -q -1 -T4 --block-size=1MiB -k file?
    cat file?.xz | sha256sum
    xz -q -dc -T4 file?.xz | sha256sum
}
