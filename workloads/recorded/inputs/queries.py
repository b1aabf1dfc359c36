"""Writes the script of sqlite.sh: a small shop's tables, rows, indexes and questions, always the same."""

import json
import random

rng = random.Random(3)
SYLLABLES = ["ka", "lo", "mi", "ter", "san", "vu", "el", "dor", "pi", "ras"]


def word(low=2, high=4):
    return "".join(rng.choice(SYLLABLES) for _ in range(rng.randint(low, high)))


def text(words):
    return " ".join(word() for _ in range(words))


def rows():
    print("BEGIN;")
    for i in range(3000):
        facts = json.dumps({"city": word(), "tags": [word() for _ in range(rng.randint(0, 6))]})
        print(f"INSERT INTO customer VALUES({i}, '{text(2)}', '{facts}');")
    for i in range(16000):
        customer = rng.randrange(3000)
        print(
            f"INSERT INTO sale VALUES({i}, {customer}, {rng.randint(1, 40)}, {rng.randint(1, 9999)},"
            f" '{text(rng.randint(1, 90))}');"
        )
    print("INSERT INTO note SELECT remark FROM sale WHERE id % 4 = 0;")
    print("COMMIT;")


def questions():
    for i in range(120):
        customer = rng.randrange(3000)
        print(f"SELECT name, sum(cents) FROM customer JOIN sale ON customer = customer.id"
              f" WHERE customer.id BETWEEN {customer} AND {customer + 50} GROUP BY name ORDER BY 2 DESC;")
        print(f"SELECT count(*) FROM note WHERE note MATCH '{word()} OR {word()}*';")
        print(f"UPDATE sale SET remark = remark || ' {text(3)}' WHERE id % 97 = {i % 97};")
    print("SELECT json_extract(facts, '$.city'), json_group_array(name) FROM customer GROUP BY 1;")
    print("SELECT value, count(*) FROM customer, json_each(facts, '$.tags') GROUP BY value;")
    print("SELECT product, group_concat(remark, '; ') FROM sale GROUP BY product;")
    print("SELECT id, sum(cents) OVER (PARTITION BY product ORDER BY id) FROM sale;")
    print("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)"
          " SELECT count(DISTINCT hex(i) || upper(printf('%08d', i * 7919 % 40009))) FROM n;")
    print("DELETE FROM sale WHERE id % 3 = 0;")
    print("VACUUM;")


print("PRAGMA cache_size = -8000;")
print("CREATE TABLE customer(id INTEGER PRIMARY KEY, name TEXT, facts TEXT);")
print("CREATE TABLE sale(id INTEGER PRIMARY KEY, customer INT, product INT, cents INT, remark TEXT);")
print("CREATE VIRTUAL TABLE note USING fts5(remark);")
rows()
print("CREATE INDEX sale_customer ON sale(customer);")
print("CREATE INDEX sale_remark ON sale(remark);")
questions()
