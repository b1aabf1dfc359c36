# shellcheck shell=bash disable=SC2034
about='zstd -T4: eight files in one process, and back again'
needs=(/usr/bin/zstd=zstd)
rounds=1

prepare() {
    local i n
    n=$(sized full 1500000 small 250000)
    for i in {1..8}; do
        seq "$((i * n))" "$(((i + 1) * n))" >"file$i"
    done
}

work() {
    cp "$INPUT"/file? .
    sampled zstd -q -6 -T4 -B1MiB -k file?
    cat file?.zst | sha256sum
    zstd -q -dc file?.zst | sha256sum
}
