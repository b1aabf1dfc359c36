#!/bin/bash
# Logs that other tools wrote, as traces, and traces as text.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"
cd "$room" || exit 1

# --- a log of Android's, plain and zipped ---
{
    for ((i = 1; i <= 500; i++)); do
        printf '10: malloc 0x%x %d\n11: malloc 0x%x %d\n' $((i * 32)) "$i" $((100000 + i * 32)) 7
    done
    for ((i = 1; i <= 500; i++)); do
        printf '11: free 0x%x\n10: realloc 0x%x 0x%x 9000\n' $((i * 32)) $((500000 + i * 32)) $((100000 + i * 32))
    done
    echo '11: thread_done 0x0'
} >log.txt
bench import -o plain.trace log.txt
check 'a log is imported and what it is guessed' '$status == 0' '-z $out' '$err == *"format android, guessed"*' \
    '$err == *"500, 100.00 % of frees"*' '$err == *"does not hold which thread started which"*'
"$PYTHON" -c 'import zipfile; zipfile.ZipFile("log.zip", "w", zipfile.ZIP_DEFLATED).write("log.txt")'
bench import --from android -o zipped.trace log.zip
check 'likewise zipped' '$status == 0' '$err == *"500, 100.00 % of frees"*' '$err != *guessed*'
"$ARENABENCH" dump plain.trace | grep -v ^program >plain.txt
"$ARENABENCH" dump zipped.trace | grep -v ^program >zipped.txt
check 'to the same trace' '$(cksum <plain.txt) == $(cksum <zipped.txt)' '$(wc -l <plain.txt) -ge 2003'

bench run --no-survey -a glibc,jemalloc,null -w plain.trace -b 2 -s 0.01 -o "$db" --json
check 'it is replayed' '$status == 0' \
    '$(json "{t[\"status\"] for t in trials()} == {\"ok\"} and len(trials())") == 6' \
    '$(json "result[\"cells\"][0][\"remote_frees\"]") == 500'

bench import log.txt
check 'without a name it is named after the log' '$status == 0' '-s log.txt.trace'
before=$(cksum <plain.trace)
bench import -o plain.trace log.txt
check 'what exists is not replaced' '$status == 2' '$err == *exists*' '$(cksum <plain.trace) == "$before"'
sed -i '700s/free/fee/' log.txt
echo '10: fee 0x10' >>log.txt
bench import -f -o plain.trace log.txt
check 'a broken line is named, and nothing replaced' '$status == 2' '$(wc -l <err) == 1' \
    '$err == *log.txt:2002:*' '$(cksum <plain.trace) == "$before"'
call bash -c '"$ARENABENCH" import -o x.trace - </dev/null; "$ARENABENCH" import -o x.trace <(cat log.txt)'
check 'no pipe is read' '$status == 2' '$(grep -c twice err) == 2' '! -e x.trace'

# --- what glibc writes ---
cat >mtrace.c <<'END'
#include <mcheck.h>
#include <stdlib.h>
int main(void)
{
    mtrace();
    char *volatile a = malloc(100), *volatile b = calloc(10, 20);
    a = realloc(a, 5000);
    for (int i = 0; i < 50; i++) {
        char *volatile c = malloc(1000 + i);
        free(c);
    }
    free(b);
    b = realloc(NULL, 7);
    return a == b;
}
END
if cc -O0 -o mtrace mtrace.c 2>/dev/null && MALLOC_TRACE=$room/mtrace.log LD_PRELOAD=libc_malloc_debug.so.0 ./mtrace 2>/dev/null &&
    [[ -s mtrace.log ]]; then
    bench import -o mtrace.trace mtrace.log
    check "a log of glibc's mtrace is imported" '$status == 0' '$err == *"format mtrace, guessed"*' \
        '$err == *"one thread"*'
    "$ARENABENCH" dump mtrace.trace >mtrace.txt
    check 'call for call' '$(grep -c " malloc [0-9]* 10[0-9][0-9]$" mtrace.txt) == 50' \
        '$(grep -c "^0 malloc [0-9]* 100$" mtrace.txt) == 1' '$(grep -c "^0 realloc [0-9]* 5000$" mtrace.txt) == 1' \
        '$(grep -c "^0 free " mtrace.txt) -ge 51'
else
    skip "a log of glibc's mtrace is imported" 'no compiler or no libc_malloc_debug.so.0'
fi

# --- what heaptrack writes ---
if command -v heaptrack >/dev/null && heaptrack --raw -o "$room/raw" "$THREADED" >ht.log 2>&1 && heaptrack -o "$room/cooked" "$THREADED" >ht.log 2>&1; then
    for file in raw.raw.zst cooked.zst; do
        bench import -f -o ht.trace "$file"
        check "heaptrack's $file is imported" '$status == 0' '$err == *"format heaptrack, guessed"*' '$err == *threaded*'
        "$ARENABENCH" dump ht.trace >ht.txt
        check 'with all its calls' '$(grep -c " free " ht.txt) -ge 2000'
    done
else
    skip "heaptrack's data is imported" 'no heaptrack'
fi

# --- a trace as text and back ---
# The frames of the chunks: the events themselves.
cat >frames.py <<'END'
import struct, sys
data = open(sys.argv[1], "rb").read()
at = 256 + struct.unpack_from("<I", data, 12)[0]
while data[at:at + 4] == b"chnk":
    n = struct.unpack_from("<I", data, at + 12)[0]
    print(data[at + 24:at + 24 + n].hex())
    at += 24 + n
END
# A dump thread by thread, without clocks, an object named by its maker: what does not depend on the order of threads.
cat >threads.py <<'END'
import collections, sys
names, made, lines = {}, collections.Counter(), collections.defaultdict(list)
for line in open(sys.argv[1]):
    words = line.split()
    if not words[0].isdigit() or words[1] == "clock":
        continue
    if words[1] in ("malloc", "calloc", "aligned", "realloc-null"):
        made[words[0]] += 1
        names[words[2]] = f"{words[0]}.{made[words[0]]}"
    if words[1] not in ("spawn", "join", "end"):
        words[2] = names[words[2]]
    lines[int(words[0])].append(" ".join(words))
for thread in sorted(lines):
    print(*lines[thread], sep="\n")
END
# round_trip TRACE: its text, a trace of that, and the text of that.
round_trip() {
    bench dump -f -o one.txt "$1" && ((status == 0)) && bench import -f -o again.trace one.txt &&
        ((status == 0)) && bench dump -f -o two.txt again.trace
}
# The C library alone, so that no other thread is in it.
bench record -o one-thread.trace -- sh -c 'for i in 1 2 3 4 5 6 7 8 9; do x="$x $i"; done'
round_trip one-thread.trace
check 'a trace is written as text and imported again' '$status == 0' \
    '$(head -n 1 one.txt) == "arenabench-trace-text 1"' '$(cksum <one.txt) == $(cksum <two.txt)'
"$PYTHON" frames.py one-thread.trace >one.frames
"$PYTHON" frames.py again.trace >two.frames
check 'byte for byte' '-s one.frames' '$(cksum <one.frames) == $(cksum <two.frames)'

bench record -o threaded.trace -- "$THREADED"
round_trip threaded.trace
check 'likewise one with threads' '$status == 0' '$(grep -c " free " one.txt) -ge 2000'
"$PYTHON" threads.py one.txt >one.lines
"$PYTHON" threads.py two.txt >two.lines
check 'each of which does the same' '$(wc -l <one.lines) -ge 4000' '$(cksum <one.lines) == $(cksum <two.lines)'
bench info again.trace
check 'with the same remote frees' '$out == *" 2000, "*'

"$ARENABENCH" dump threaded.trace 2>pipe.err | head -n 3 >/dev/null
check 'a reader that goes is no error' '! -s pipe.err'
bench dump -o one.txt threaded.trace
check 'a text that exists is not replaced' '$status == 2' '$err == *exists*'
bench dump -f -o threaded.trace threaded.trace
check 'nor a trace by itself' '$status == 2' '$err == *itself*'
bench dump log.txt
check 'what is no trace is told' '$status == 2' '$(wc -l <err) == 1'
if [[ -e /dev/full ]]; then
    call bash -c '"$ARENABENCH" dump threaded.trace >/dev/full'
    check 'a full disk is no success' '$status == 2' '$err == *"No space"*'
fi
bench import --help
check 'help names every format' '$status == 0' '$out == *android* && $out == *mtrace* && $out == *trace-utils*' \
    '$out == *rep* && $out == *heaptrack* && $out == *text*'

done_checking
