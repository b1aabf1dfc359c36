#!/bin/bash
# Plots of a stored run: every kind in every form, what the data say, names from outside that mean something to gnuplot, and
# what cannot be drawn.
# shellcheck disable=SC2016,SC2034 # conditions are expanded by check()
. "$(dirname -- "$0")/../support/tap.sh"

cd "$room" || exit 1
mkdir folder
kinds=(throughput memory-speed memory fragmentation scaling)

bench plot
check 'without a kind, plot lists them' '$status == 0' '-z $err' '$out == *example:*'
for kind in "${kinds[@]}"; do
    check "$kind is in the list" '$out == *"$kind"*'
done
bench plot --help
check '--help has an example' '$status == 0' '$out == *"example: arenabench plot"*'

# refuses NAME PATTERN WORDS...: in one line like PATTERN, and no file is made
refuses() {
    local name=$1 pattern=$2
    shift 2
    bench plot "$@" --results "$db"
    check "$name" '$status == 2' '-z $out' '$(sed "/^Try .arenabench/,\$d" "$room/err" | wc -l) == 1' \
        "\$err == $pattern" '-z $(compgen -G "plot*")' '-z $(ls -A folder)'
}

refuses 'an unknown kind: near ones' '*memry*did\ you\ mean\ memory*' memry -o plot.svg
refuses 'no file' '*-o\ FILE*' memory
refuses 'a form that is none' '*.svg,\ .png\ or\ .pdf*plot.jpeg*' memory -o plot.jpeg
refuses 'a file with nothing before its ending' '*.svg,\ .png\ or\ .pdf*' memory -o .svg
refuses 'a base that is none' '*--by*hours*' memory -o plot.svg --by hours
refuses '--cell where there is none to choose' '*--cell*throughput*' throughput -o plot.svg --cell churn:1
refuses '--by where there is no time' '*--by*scaling*' scaling -o plot.svg --by seconds
refuses 'two runs' '*too\ much*' memory 1 2 -o plot.svg
call env PATH="$room/nothing" "$ARENABENCH" plot memory -o plot.svg --results "$db"
check 'without gnuplot that is said in one line, before anything else' '$status == 2' '$(wc -l <"$room/err") == 1' \
    '$err == *"install the package gnuplot-nox"*' '! -e plot.svg'

if ! command -v gnuplot >/dev/null; then
    skip 'plots' 'gnuplot is not installed'
    done_checking
    exit 0
fi

refuses 'nothing stored' '*no\ results*' memory -o plot.svg
bench run -a glibc,ptmalloc,null -w nop,churn,larson -t 1,2 -b 3 -s 0.02 -o "$db"
check 'a run to draw' '$status == 0'

# --- every kind, in every form ---

starts() {
    head -c "$2" "$1" | tr -d '\0'
}

for kind in "${kinds[@]}"; do
    for form in svg png pdf; do
        bench plot "$kind" -o "$kind.$form" --results "$db"
        check "$kind as $form" '$status == 0' '-z $out' '-z $err' '-s $kind.$form'
    done
    check "$kind is what its name says" '$(starts $kind.svg 5) == "<?xml"' '$(starts $kind.png 4) == *PNG' \
        '$(starts $kind.pdf 4) == %PDF' '$(stat -c %a $kind.svg) == $(printf %o $((0666 & ~$(umask))))'
    check "$kind names its allocators, and none that is the bench itself" '$(<$kind.svg) == *ptmalloc*' \
        '$(<$kind.svg) != *">null<"*'
done
check 'speeds and memory are held against the baseline' '$(<throughput.svg) == *"ratio to glibc"*' \
    '$(<memory-speed.svg) == *"ratio to glibc"*Pareto*'
check 'a control is no panel and no bar' '$(<throughput.svg) != *"nop, "*' '$(<scaling.svg) != *">nop<"*'
check 'plots over time have units' '$(<memory.svg) == *MiB*seconds*' '$(<fragmentation.svg) == *"requested live"*seconds*'
bench plot memory -o memory.svg --results "$db" --by operations --cell larson:1
check 'a plot is replaced, with another base and cell' '$status == 0' '$(<memory.svg) == *"larson, 1 thread"*' '$(<memory.svg) == *"million operations"*' \
    '$(compgen -G "memory.svg?*") == ""'
bench plot memory-speed 1 -o cell.svg --results "$db" --cell churn:2
check 'speed against memory of one cell, of a run by its number' '$status == 0' '$(<cell.svg) == *"churn, 2 threads"*'

# --- the script is kept ---

bench plot throughput -o kept.svg --keep --results "$db"
check 'the script with its data is kept' '$status == 0' '-s kept.gp' '$(<kept.gp) == *"<< EOD"*'
bench show --json -o "$db"
ratio=$(json "'%.5g' % entries('ptmalloc')[2]['ratio']")
check 'its numbers are those of the table' '-n $ratio' '$(<kept.gp) == *"
$ratio "*'
cp kept.svg before.svg
rm kept.svg
call gnuplot kept.gp
check 'and draws the same again' '$status == 0' '$(<kept.svg) == "$(<before.svg)"'

# --- bad input ---

refuses 'an unknown run' '*nosuch*' memory nosuch -o plot.svg
refuses 'a cell that does not exist: lists them' '*churn:7*churn:1,\ churn:2,\ larson:1*' memory -o plot.svg --cell churn:7
refuses 'a cell without threads' '*churn*larson:2*' memory -o plot.svg --cell churn
refuses 'a folder that does not exist' '*cannot\ write\ nowhere/plot.svg*' memory -o nowhere/plot.svg
ln -s folder link.svg
refuses 'a folder in the place of the plot' '*not\ a\ regular\ file*' memory -o link.svg
mkfifo pipe.svg
refuses 'a pipe in the place of the plot' '*not\ a\ regular\ file*' memory -o pipe.svg
check 'the pipe is still one' '-p pipe.svg'
mkdir kept2.gp
refuses 'a folder in the place of the script' '*kept2.gp*not\ a\ regular\ file*' memory -o kept2.svg --keep
check 'and then there is no plot either' '! -e kept2.svg'

bench run -a glibc,ptmalloc -w churn -t 2 -b 1 -s 0.01 -o "$room/one.db"
db=$room/one.db refuses 'one thread count only' '*one\ thread\ count\ only*' scaling -o plot.svg
bench run -a glibc -w churn -t 1 -b 1 -s 0.01 -o "$room/alone.db"
db=$room/alone.db refuses 'no ratio to draw' '*no\ ratio*' throughput -o plot.svg
db=$room/alone.db refuses 'nobody beside the baseline' '*nothing\ to\ hold\ against*' memory-speed -o plot.svg
"${PYTHON:-python3}" - "$room/one.db" <<'EOF'
import sqlite3, sys
store = sqlite3.connect(sys.argv[1])
store.execute('DELETE FROM series')
store.commit()
EOF
db=$room/one.db refuses 'no series' '*no\ memory\ over\ time*' memory -o plot.svg
db=$room/one.db refuses 'no live bytes' '*no\ live\ bytes\ over\ time*' fragmentation -o plot.svg

# --- names that mean something to gnuplot, to a shell or to XML ---

rename() {
    "${PYTHON:-python3}" - "$db" "$1" <<'EOF'
import sqlite3, sys
store = sqlite3.connect(sys.argv[1])
store.execute('PRAGMA foreign_keys = OFF')
store.execute("UPDATE run SET baseline = ?", (sys.argv[2] + '1',))
store.execute("UPDATE subject SET name = ? || (ordinal + 1)", (sys.argv[2],))
store.execute("UPDATE cell SET workload = ? || (ordinal / 2) WHERE workload NOT LIKE 'nop%'", (sys.argv[2],))
store.commit()
EOF
}

hostile=(
    "it's"
    "'; system 'touch pwned'; x = '"
    $'x\'\n!touch pwned\n\''
    '`touch pwned`'
    '"; `touch pwned`; "'
    '@x $d0 \'
    $'EOD\nsystem "touch pwned"\n'
    '<script>&amp;</svg>'
    '{/Symbol a}_2^{x}~'
    '%d %s %n'
    '# ! |touch pwned'
)
for name in "${hostile[@]}"; do
    rename "$name"
    shown=${name//[^[:print:]]/ }
    for kind in "${kinds[@]}"; do
        bench plot "$kind" -o "hostile-$kind.svg" --results "$db"
        check "$kind of a run whose names are $shown" '$status == 0' '! -e pwned'
    done
    "${PYTHON:-python3}" - "$shown" "${kinds[@]}" >"$room/seen" 2>&1 <<'EOF'
import sys, xml.etree.ElementTree as tree
words = lambda t: ' '.join(t.replace('\u00a0', ' ').split())
for kind in sys.argv[2:]:
    texts = [''.join(t.itertext())
             for t in tree.parse('hostile-' + kind + '.svg').iter('{http://www.w3.org/2000/svg}text')]
    if not any(words(sys.argv[1]) in words(t) for t in texts):
        print(kind, texts)
EOF
    check "and each plot shows $shown as it is" '-z $(<"$room/seen")'
done

mkdir 'odd names'
for path in '|touch pwned;.svg' "it's.svg" 'odd names/a b.svg' '-.svg' '`touch pwned`.svg' '%s%n.svg' 'back\slash.svg'; do
    bench plot memory "-o$path" --results "$db"
    check "a plot to $path" '$status == 0' '! -e pwned' '$(starts "./$path" 5) == "<?xml"'
done
refuses 'a file with a line break in its name' '*line\ break*' memory -o $'plot\n.svg'

done_checking
