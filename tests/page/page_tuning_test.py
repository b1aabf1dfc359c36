#!/usr/bin/env python3
"""The report page of tunings in headless Chromium, over results files that were made without measuring (stored_tuning.c)."""

import os
import shutil
import subprocess
import tempfile

import browser
from checks import check, drawn, embedded, finish, is_quiet

ARENABENCH, STORED = os.environ["ARENABENCH"], os.environ["STORED"]
HOSTILE = "</script><img src=x onerror=alert(1)>"
BEST = "mmap_threshold=1M trim_threshold=64M"
SURFACE = """[...document.querySelectorAll(".surface-table")].map((table) => [...table.querySelectorAll("tbody tr")].map((row) => ({
  head: row.querySelector("th").textContent, cells: [...row.querySelectorAll("td")].map((td) => ({ text: td.textContent, kind: td.className, title: td.title })) })))"""
TEXT_OF = "document.getElementById('{}').innerText"
IS_SEEN = "document.getElementById('{}').offsetWidth > 0"


def make(chromium, room, kind, **how):
    db, path = f"{room}/{kind}.db", f"{room}/{kind}.html"
    if not os.path.exists(db):
        subprocess.run([STORED, db, kind], check=True)
    subprocess.run([ARENABENCH, "report", "--results", db, "-o", path], check=True, stdout=subprocess.DEVNULL)
    page = browser.Page(chromium, path, **how)
    page.look_through()
    return page, path


def text(page, element):
    return page.value(TEXT_OF.format(element))


def check_surface(page):
    speed, memory = page.value(SURFACE)
    check("the surface has the levels in their order, unset first",
          [row["head"] for row in speed] == ["64M", "128K", "unset"] and speed[0]["head"] == memory[0]["head"]
          and page.value("[...document.querySelectorAll('.surface-table')[0].querySelectorAll('thead tr:last-child th')].map((n) => n.textContent).slice(1)")
          == ["unset", "128K", "1M", "32M"], [row["head"] for row in speed])
    default, best = speed[2]["cells"][0], speed[0]["cells"][2]
    check("the default and the recommendation are marked", "is-default" in default["kind"] and "is-recommended" in best["kind"]
          and "the default" in default["title"] and "recommended" in best["title"], default, best)
    check("the recommendation's number is that of the confirmation, not of the lucky search",
          best["text"] == "1.10" and "10 blocks of the confirmation" in best["title"] and memory[0]["cells"][2]["text"] == "0.80", best)
    few = speed[0]["cells"][0]
    check("one block is uncertain and hatched", "uncertain" in few["kind"] and "1 block of the search" in few["title"]
          and "repeating-linear-gradient" in page.value("getComputedStyle(document.querySelector('.surface-table td.uncertain')).backgroundImage"), few)
    check("many blocks are not", "uncertain" not in speed[2]["cells"][2]["kind"], speed[2]["cells"][2])
    failed = speed[0]["cells"][3]
    check("a point that failed is shown as such", failed["text"] == "×" and "failed" in failed["kind"] and "failed" in failed["title"], failed)
    legend = text(page, "tuning-legend")
    check("a legend says what marks mean", all(word in legend for word in ("hatched: fewer than 6 blocks, uncertain", "the default", "recommended", "failed")), legend)


def check_front(page):
    got = drawn(page, "tuning-front-chart")
    check("the front draws, and says what it is", got and got["shapes"] >= 25 and len(got["label"] or "") > 30
          and abs(got["width"] - got["room"]) < 2, got)
    names = ["Pareto front", "behind the front", "on the front, of the search: unconfirmed", "the default", "recommended"]
    check("its kinds of points are told apart", all(name in got["texts"] for name in names), got["texts"])
    note = text(page, "tuning-front-note")
    check("and what they rest on", f"{BEST} stands where the 10 fresh blocks of the confirmation put it" in note, note)
    page.value("document.getElementById('tuning-front-chart').scrollIntoView({ block: 'center' })")
    box = page.value("""(() => { const b = document.querySelector("#tuning-front-chart svg").getBoundingClientRect();
      const marks = [...document.querySelectorAll("#tuning-front-chart svg path")].filter((n) => n.getAttribute("fill") === "#d55e00").map((n) => n.getBoundingClientRect());
      const m = marks.sort((a, b) => b.y - a.y)[0] || b; return [m.x + m.width / 2, m.y + m.height / 2]; })()""")
    page.call("Input.dispatchMouseEvent", type="mouseMoved", x=box[0] - 3, y=box[1])
    page.call("Input.dispatchMouseEvent", type="mouseMoved", x=box[0], y=box[1])
    page.settle()
    tip = text(page, "tuning-front-chart")
    check("hovering names the setting", BEST in tip and "10 blocks of the confirmation" in tip, tip, box)


def check_answer(page):
    said = text(page, "answers")
    check("the sentence comes first", "recommended:" in text(page, "tuning-verdict") and HOSTILE in text(page, "tuning-verdict"), said)
    check("what is claimed rests on the confirmation", "from 10 fresh blocks" in said and "1.100" in text(page, "tuning-confirmation")
          and "1.50" not in text(page, "tuning-confirmation"), said)
    check("and who shared these blocks", "fresh blocks of the default, this setting and 1 other, with 95 % intervals that hold for all 2 together" in said
          and page.value("[...document.querySelectorAll('#tuning-beside tbody tr')].map((row) => [...row.cells].map((c) => c.textContent))")
          == [["trim_threshold=64M", "0.625 [0.500, 0.750]", "–", "beyond the limit"]], said)
    check("a setting that could not be proved is named", text(page, "tuning-unproved").endswith(": hugetlb."), said)
    check("the lines to paste stand alone", page.value("[...document.querySelectorAll('pre.paste')].map((n) => n.textContent)") ==
          ["GLIBC_TUNABLES='glibc.malloc.mmap_threshold=1048576'", "mallopt(M_MMAP_THRESHOLD, 1048576);"], said)
    check("and what it costs", "mappings at the end 30" in said, said)
    check("the Pareto set says that it is of the search", "from the blocks of the search alone" in text(page, "tuning-pareto")
          and f"{BEST} *" in text(page, "tuning-pareto"), said)
    check("no other claim of who is best stands in the page", "fastest" not in said and "leanest" not in said, said)


def check_rest(page):
    others = text(page, "tuning-others")
    check("the other knob's levels are all there, and one that was never tried", '<b>knob</b>="on"&' in others
          and "<b>knob</b>=<i>" in others and "<b>knob</b>=7" in others and "Never tried, for want of time: never_tried" in others, others)
    page.value("document.querySelector('#tuning details').open = true")
    rows = page.value("[...document.querySelectorAll('#tuning-all-table tbody tr')].map((row) => [...row.cells].map((c) => c.textContent))")
    by_name = {row[0]: row for row in rows}
    check("so is every setting", len(rows) == 15 and by_name[BEST][1] == "confirmation" and by_name[BEST][2] == "10"
          and by_name["the default"][1] == "every block", rows)
    check("and what failed", by_name["<b>knob</b>=<i>"][1] == "failed in 1 of 1 trial" and by_name["<b>knob</b>=7"][1].startswith("failed in 1 of"), rows)
    check("what failed once is not on the front", by_name["<b>knob</b>=7"][-1] == "", rows)
    check("sections of a comparison are left out", not page.value(IS_SEEN.format("matrix")) and not page.value(IS_SEEN.format("tradeoff"))
          and "Matrix" not in text(page, "nav") and "Tuning" in text(page, "nav"))
    check("names stay text", page.value("document.querySelectorAll('main img, main b, main i, [onerror], [onload]').length") == 0
          and page.value("document.scripts.length") == 3)
    check("every table has a caption and heads", page.value(
        "[...document.querySelectorAll('main table')].filter((t) => t.rows.length && !t.hidden && !(t.caption && t.tHead && t.querySelector('tbody th[scope=row]'))).length") == 0)


def check_whole(chromium, room):
    page, path = make(chromium, room, "whole")
    check_surface(page)
    check_answer(page)
    check_rest(page)
    check_front(page)
    check("it can be printed", page.pdf().startswith(b"%PDF"))
    is_quiet("whole", page, path)
    for width, dark in ((1280, True), (420, False)):
        page, path = make(chromium, room, "whole", width=width, dark=dark)
        wide = page.value("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        got = drawn(page, "tuning-front-chart")
        check(f"at {width} px the page is no wider than the window", wide <= 0 and got and got["shapes"] >= 25, wide, got)
        is_quiet(f"{width} px", page, path)


def check_others(chromium, room):
    page, path = make(chromium, room, "leave")
    said = text(page, "tuning-verdict")
    check("leave the default: what was measured again is marked, and not as recommended", "leave the default" in said
          and page.value("document.querySelectorAll('.surface-table .is-recommended').length") == 0
          and page.value("document.querySelectorAll('.surface-table .is-candidate').length") == 2
          and "measured again, not recommended" in drawn(page, "tuning-front-chart")["texts"], said)
    is_quiet("leave", page, path)

    page, path = make(chromium, room, "line")
    got = drawn(page, "tuning-line-chart")
    check("one knob is a line over its levels", got and got["shapes"] >= 15 and all(level in got["texts"] for level in ("unset", "128K", "1M", "32M")), got)
    check("and has no section of others", not page.value(IS_SEEN.format("tuning-others")))
    is_quiet("line", page, path)

    page, path = make(chromium, room, "cut")
    said = text(page, "answers")
    check("cut off: unconfirmed, with how it goes on", "UNCONFIRMED" in said and "tune --resume=" in said and "Measured again" not in said, said)
    texts = drawn(page, "tuning-front-chart")["texts"]
    check("the best so far is told as such", "best so far, unconfirmed" in texts and "recommended" not in texts, texts)
    is_quiet("cut", page, path)

    page, path = make(chromium, room, "killed")
    check("without an answer the page says so", "No answer is stored" in text(page, "answers"), text(page, "answers"))
    is_quiet("killed", page, path)

    page, path = make(chromium, room, "damaged")
    _, data = embedded(path)
    check("an answer that is none is taken for none", data["tuning"]["answer"] is None and data["tuning"]["recommended"] is None
          and "No answer is stored" in text(page, "answers"), data["tuning"]["answer"])
    is_quiet("damaged", page, path)


def main():
    path = browser.find()
    if not path:
        print("1..0 # SKIP there is no Chromium")
        return
    room = tempfile.mkdtemp(prefix="arenabench-page-")
    chromium = browser.Browser(path)
    try:
        check_whole(chromium, room)
        check_others(chromium, room)
    finally:
        chromium.close()
        shutil.rmtree(room, ignore_errors=True)
    finish()


main()
