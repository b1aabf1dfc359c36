# shellcheck shell=bash disable=SC2034
about='sqlite3: rows, indices, joins, groups, updates, in the same round over and over'
needs=(/usr/bin/sqlite3=sqlite3)
rounds=1

prepare() {
    local rows i
    rows=$(sized full 50000 small 4000)
    {
        echo 'PRAGMA journal_mode = off; PRAGMA synchronous = off; PRAGMA temp_store = memory; PRAGMA cache_size = -32768;'
        for i in {1..8}; do
            cat <<END
CREATE TABLE item (id INTEGER PRIMARY KEY, kind INT, name TEXT, price REAL);
CREATE TABLE sale (id INTEGER PRIMARY KEY, item INT, n INT, note TEXT);
WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < $rows / 10)
  INSERT INTO item SELECT i, i % 37, printf('item %d of %d', i, $i), i * 0.25 FROM c;
WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < $rows)
  INSERT INTO sale SELECT i, i * 7919 % ($rows / 10) + 1, i % 11, hex(i * 2654435761) FROM c;
CREATE INDEX sale_item ON sale (item, n);
CREATE INDEX sale_note ON sale (note);
SELECT kind, count(*), sum(n * price), group_concat(DISTINCT n) FROM sale JOIN item ON item.id = sale.item
  GROUP BY kind ORDER BY 3 DESC;
SELECT a.name, count(*) FROM sale s JOIN item a ON a.id = s.item JOIN sale t ON t.item = a.id AND t.n = s.n
  GROUP BY a.id ORDER BY 2 DESC, 1 LIMIT 20;
UPDATE sale SET note = note || note || id WHERE n % 3 = 0;
DELETE FROM sale WHERE n = 5;
SELECT count(*), max(note), min(note), sum(length(note)) FROM sale;
SELECT json_group_array(json_object('id', id, 'name', name)) FROM (SELECT * FROM item ORDER BY name LIMIT 500);
DROP TABLE sale;
DROP TABLE item;
END
        done
    } >script
}

work() {
    sampled sqlite3 -bail work.db <"$INPUT/script"
}
