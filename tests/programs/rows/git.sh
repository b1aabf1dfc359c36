# shellcheck shell=bash disable=SC2034
about='git: import, commits, gc --aggressive, log -p, clone, fsck, blame'
needs=(/usr/bin/git=git)
rounds=0

# A history for git fast-import: each commit writes one of 40 files anew.
prepare() {
    awk -v n="$(sized full 1500 small 120)" 'BEGIN {
        srand(7)
        for (i = 1; i <= n; i++) {
            text = ""
            for (j = 0; j < 120; j++)
                text = text "line " j " of " int(rand() * 30) " " (j % 9 ? "kept" : "commit " i) "\n"
            message = "change " i "\n"
            printf "commit refs/heads/main\ncommitter A U Thor <a@example.org> %d +0000\n", 1600000000 + i
            printf "data %d\n%s", length(message), message
            printf "M 100644 inline dir%d/file%d.txt\ndata %d\n%s\n", i % 5, i % 40, length(text), text
        }
        print "done"
    }' >stream
}

work() {
    local i
    export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org \
        GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@example.org \
        GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000' \
        GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=pack.threads GIT_CONFIG_VALUE_0=2 \
        GIT_CONFIG_KEY_1=gc.auto GIT_CONFIG_VALUE_1=0
    git init -q -b main repository
    cd repository || return
    git fast-import --quiet --done <"$INPUT/stream"
    git reset -q --hard
    for ((i = 0; i < $(sized full 30 small 5); i++)); do
        echo "by hand $i" >>dir1/file1.txt
        git add dir1/file1.txt
        git commit -q -m "by hand $i"
    done
    git gc -q --aggressive --prune=now
    git log -p | sha256sum
    git rev-list --objects --all | sort | sha256sum
    git blame dir1/file1.txt | sha256sum
    git clone -q "file://$PWD" ../clone
    git -C ../clone fsck --full
    git -C ../clone rev-parse HEAD
}
