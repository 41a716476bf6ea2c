-- The warehouse: derived from the truth by change.seq, deleted and made again at will. Its tables and the statements that
-- fill them, for DuckDB and for PostgreSQL (a schema of the truth's database). Facts carry what every question filters by (day, channel, store, class), so that no tile needs a join.
--
-- class is a person's (1 consumer); person_id the record that a customer is today. counts says what a document is for the
-- numbers: 1 purchase, 2 exchange, 3 return, 0 neither (not paid, or cancelled before it was shipped). role says it of a line:
-- 1 sold, 2 exchanged (both sides, their paid sum is the difference), 3 returned, 0 none. sales_minor and margin_minor of a
-- document are the sums of its lines of roles 1 and 2; first_day is the day of the person's first purchase anywhere, NULL before it.

-- name: warehouse_table_state
CREATE TABLE follower (schema_hash VARCHAR NOT NULL, made BIGINT NOT NULL, seq BIGINT NOT NULL, unit BIGINT NOT NULL);

-- name: warehouse_table_customer
CREATE TABLE customer (
    id BIGINT NOT NULL, person_id BIGINT NOT NULL, person_class SMALLINT NOT NULL, class SMALLINT NOT NULL, class_us BIGINT NOT NULL,
    member SMALLINT NOT NULL, home_store_id BIGINT NOT NULL, first_source_id BIGINT NOT NULL, first_store_id BIGINT NOT NULL, created_us BIGINT NOT NULL);

-- name: warehouse_table_subject
CREATE TABLE subject (subject BIGINT NOT NULL, customer_id BIGINT NOT NULL, shared SMALLINT NOT NULL);

-- name: warehouse_table_sale
CREATE TABLE sale (
    id BIGINT NOT NULL, customer_id BIGINT NOT NULL, person_id BIGINT NOT NULL, class SMALLINT NOT NULL, known SMALLINT NOT NULL, member SMALLINT NOT NULL,
    kind SMALLINT NOT NULL, status SMALLINT NOT NULL, counts SMALLINT NOT NULL, channel VARCHAR NOT NULL, store_id BIGINT NOT NULL, source_id BIGINT NOT NULL,
    at_us BIGINT NOT NULL, day INTEGER NOT NULL, currency VARCHAR NOT NULL, total_minor BIGINT NOT NULL, freight_minor BIGINT NOT NULL,
    refunded_minor BIGINT NOT NULL, units BIGINT NOT NULL, sales_minor BIGINT NOT NULL, margin_minor BIGINT NOT NULL, first_day INTEGER);

-- name: warehouse_table_line
CREATE TABLE sale_line (
    sale_id BIGINT NOT NULL, line_no INTEGER NOT NULL, role SMALLINT NOT NULL, day INTEGER NOT NULL, channel VARCHAR NOT NULL, store_id BIGINT NOT NULL,
    class SMALLINT NOT NULL, member SMALLINT NOT NULL, sku VARCHAR NOT NULL, sku_id BIGINT NOT NULL, style_id BIGINT NOT NULL, category_id BIGINT NOT NULL,
    quantity BIGINT NOT NULL, list_minor BIGINT NOT NULL, paid_minor BIGINT NOT NULL, net_minor BIGINT NOT NULL, tax_permyriad INTEGER NOT NULL,
    cost_minor BIGINT, floor_minor BIGINT, of_sale_id BIGINT NOT NULL, of_line INTEGER NOT NULL);

-- name: warehouse_table_refund
CREATE TABLE refund (
    sale_id BIGINT NOT NULL, position INTEGER NOT NULL, day INTEGER NOT NULL, amount_minor BIGINT NOT NULL, units BIGINT NOT NULL);

-- name: warehouse_table_sku
CREATE TABLE sku (id BIGINT NOT NULL, code VARCHAR NOT NULL, style_id BIGINT NOT NULL, color VARCHAR NOT NULL, size VARCHAR NOT NULL, list_minor BIGINT NOT NULL);

-- name: warehouse_table_price
CREATE TABLE sku_price (sku_id BIGINT NOT NULL, kind SMALLINT NOT NULL, from_day INTEGER NOT NULL, to_day INTEGER NOT NULL, amount_minor BIGINT NOT NULL);

-- name: warehouse_table_style
CREATE TABLE style (
    id BIGINT NOT NULL, code VARCHAR NOT NULL, name VARCHAR NOT NULL, category_id BIGINT NOT NULL, season VARCHAR NOT NULL, wave VARCHAR NOT NULL,
    launch_day INTEGER, image VARCHAR NOT NULL);

-- name: warehouse_table_category
CREATE TABLE category (id BIGINT NOT NULL, parent_id BIGINT NOT NULL, path VARCHAR NOT NULL, name VARCHAR NOT NULL);

-- name: warehouse_table_store
CREATE TABLE store (id BIGINT NOT NULL, code VARCHAR NOT NULL, name VARCHAR NOT NULL, region VARCHAR NOT NULL, city VARCHAR NOT NULL, kind SMALLINT NOT NULL);

-- name: warehouse_table_source
CREATE TABLE source (id BIGINT NOT NULL, code VARCHAR NOT NULL, name VARCHAR NOT NULL, kind VARCHAR NOT NULL, channel VARCHAR NOT NULL);

-- name: warehouse_table_segment
CREATE TABLE segment (unit BIGINT NOT NULL, events BIGINT NOT NULL, last_block BIGINT NOT NULL);

-- Who visited, for funnels over any period: visitors are numbered as segments bring them, and a row of visit holds the sorted
-- numbers of those who came to a step (1 browse, 2 cart, 4 order) on a day, of one segment, as visits.h packs them; word_id 0
-- is whatever the category, else the shop's own word for it.

-- name: warehouse_table_visitor
CREATE TABLE visitor (subject BIGINT NOT NULL, no INTEGER NOT NULL);

-- name: warehouse_table_word
CREATE TABLE visit_word (id INTEGER NOT NULL, word VARCHAR NOT NULL);

-- name: warehouse_table_visit
CREATE TABLE visit (unit BIGINT NOT NULL, day INTEGER NOT NULL, source_id BIGINT NOT NULL, word_id INTEGER NOT NULL, step SMALLINT NOT NULL, visitors $BYTES NOT NULL);

-- What lies in the log's tail, as far as questions need it; the rest of an event is read from its block. step as in visits.h, 0 none.
-- name: warehouse_table_recent
CREATE TABLE event_recent (
    block BIGINT NOT NULL, id BIGINT NOT NULL, source_id BIGINT NOT NULL, subject BIGINT NOT NULL, day INTEGER NOT NULL, at_us BIGINT NOT NULL,
    step SMALLINT NOT NULL, category VARCHAR NOT NULL);

-- ---- PostgreSQL's alone: DuckDB reads sealed events where they are, scans its columns without an index, and has hash() ----

-- Sealed events, as far as questions and stories need them. Rows come segment by segment.
-- name: warehouse_table_sealed@postgres
CREATE TABLE event_sealed (
    id BIGINT NOT NULL, source_id BIGINT NOT NULL, subject BIGINT NOT NULL, at_us BIGINT NOT NULL, value_minor BIGINT NOT NULL, day INTEGER NOT NULL,
    step SMALLINT NOT NULL, type SMALLINT NOT NULL, category VARCHAR NOT NULL, name VARCHAR NOT NULL, path VARCHAR NOT NULL, title VARCHAR NOT NULL,
    product VARCHAR NOT NULL, device VARCHAR NOT NULL);

-- The same columns as DuckDB's, which is made anew as segments come (events.c).
-- name: warehouse_view_event@postgres
CREATE VIEW event AS SELECT id, source_id, subject, day, at_us, step, category FROM event_recent
UNION ALL SELECT id, source_id, subject, day, at_us, step, category FROM event_sealed;

-- What steps of the follower and stories look for by key, with what the funnel then wants of it, so that it need not see the rows. The
-- overview reads days.
-- name: warehouse_indexes@postgres
CREATE UNIQUE INDEX customer_id ON customer (id) INCLUDE (person_id, person_class);
CREATE INDEX customer_person ON customer (person_id);
CREATE UNIQUE INDEX subject_subject ON subject (subject) INCLUDE (customer_id, shared);
CREATE UNIQUE INDEX sale_id ON sale (id);
CREATE INDEX sale_customer ON sale (customer_id);
CREATE INDEX sale_person ON sale (person_id);
CREATE INDEX sale_day ON sale (day);
CREATE INDEX sale_line_sale ON sale_line (sale_id);
CREATE INDEX sale_line_day ON sale_line (day);
CREATE INDEX refund_sale ON refund (sale_id);
CREATE INDEX refund_day ON refund (day);
CREATE UNIQUE INDEX sku_id ON sku (id);
CREATE INDEX sku_code ON sku (code);
CREATE INDEX sku_price_sku ON sku_price (sku_id);
CREATE UNIQUE INDEX style_id ON style (id);
CREATE UNIQUE INDEX visitor_subject ON visitor (subject) INCLUDE (no);
CREATE INDEX visit_day ON visit (day, word_id);
CREATE INDEX event_recent_subject ON event_recent (subject);
CREATE INDEX event_recent_block ON event_recent (block);
CREATE INDEX event_sealed_subject ON event_sealed (subject, at_us);

-- Of a row. PostgreSQL's own adds the cells up, so that two cells of a column might change places: it is mixed once more.
-- name: warehouse_function_hash@postgres
CREATE FUNCTION hash(anyelement) RETURNS BIGINT LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT hashint8extended(hash_record_extended($1, 0), 0)';

-- ---- of this connection: what a step of the follower brings ----

-- name: warehouse_table_step_id
CREATE TEMP TABLE step_id (id BIGINT NOT NULL) $PASSING;

-- name: warehouse_table_step_customer
CREATE TEMP TABLE step_customer (
    id BIGINT NOT NULL, person_id BIGINT NOT NULL, class SMALLINT NOT NULL, class_us BIGINT NOT NULL, member SMALLINT NOT NULL,
    home_store_id BIGINT NOT NULL, first_source_id BIGINT NOT NULL, first_store_id BIGINT NOT NULL, created_us BIGINT NOT NULL) $PASSING;

-- name: warehouse_table_step_sale
CREATE TEMP TABLE step_sale (
    id BIGINT NOT NULL, customer_id BIGINT NOT NULL, member SMALLINT NOT NULL, kind SMALLINT NOT NULL, status SMALLINT NOT NULL, counts SMALLINT NOT NULL,
    channel VARCHAR NOT NULL, store_id BIGINT NOT NULL, source_id BIGINT NOT NULL, at_us BIGINT NOT NULL, day INTEGER NOT NULL, currency VARCHAR NOT NULL,
    total_minor BIGINT NOT NULL, freight_minor BIGINT NOT NULL, refunded_minor BIGINT NOT NULL, units BIGINT NOT NULL) $PASSING;

-- name: warehouse_table_step_line
CREATE TEMP TABLE step_line (
    sale_id BIGINT NOT NULL, line_no INTEGER NOT NULL, sku VARCHAR NOT NULL, sku_id BIGINT NOT NULL, quantity BIGINT NOT NULL, list_minor BIGINT NOT NULL,
    paid_minor BIGINT NOT NULL, net_minor BIGINT NOT NULL, tax_permyriad INTEGER NOT NULL, of_sale_id BIGINT NOT NULL, of_line INTEGER NOT NULL) $PASSING;

-- name: warehouse_table_step_visit
CREATE TEMP TABLE step_visit (subject BIGINT NOT NULL, day INTEGER NOT NULL, source_id BIGINT NOT NULL, category VARCHAR NOT NULL, steps INTEGER NOT NULL) $PASSING;

-- The events of a segment that is being applied.
-- name: warehouse_table_step_event@postgres
CREATE TEMP TABLE step_event (LIKE event_sealed) $PASSING;

-- name: warehouse_table_step_visitor
CREATE TEMP TABLE step_visitor (subject BIGINT NOT NULL, no INTEGER NOT NULL) $PASSING;

-- ---- state ----

-- name: wh_state
SELECT schema_hash, made, seq, unit FROM follower;

-- name: wh_state_unit
SELECT unit FROM follower;

-- name: wh_state_insert
INSERT INTO follower (schema_hash, made, seq, unit) VALUES ($schema_hash, $made, 0, 0);

-- name: wh_state_update
UPDATE follower SET seq = $seq, unit = $unit;

-- DuckDB's is a file, which is there or is not.
-- name: wh_schema_there@postgres
SELECT count(*) FROM pg_class AS t JOIN pg_namespace AS n ON n.oid = t.relnamespace WHERE n.nspname = $schema AND t.relname = 'follower';

-- Of this connection; DuckDB's file is opened with one of its own.
-- name: wh_steps_there@postgres
SELECT count(*) FROM pg_class AS t WHERE t.relnamespace = pg_my_temp_schema() AND t.relname = 'step_id';

-- ---- steps ----

-- name: wh_step_id_clear
DELETE FROM step_id;

-- name: wh_step_clear_customer
DELETE FROM step_customer;

-- name: wh_step_clear_sale
DELETE FROM step_sale;

-- name: wh_step_clear_line
DELETE FROM step_line;

-- name: wh_customer_delete
DELETE FROM customer WHERE id IN (SELECT s.id FROM step_customer AS s);

-- name: wh_customer_insert
INSERT INTO customer SELECT s.id, s.person_id, 1, s.class, s.class_us, s.member, s.home_store_id, s.first_source_id, s.first_store_id, s.created_us FROM step_customer AS s;

-- name: wh_customer_class
UPDATE customer SET person_class = p.class
FROM (SELECT DISTINCT ON (c.person_id) c.person_id, c.class FROM customer AS c
      WHERE c.class > 0 AND c.person_id IN (SELECT s.person_id FROM step_customer AS s)
      ORDER BY c.person_id NULLS FIRST, c.class_us DESC NULLS LAST, c.id DESC NULLS LAST) AS p
WHERE customer.person_id = p.person_id AND customer.person_class <> p.class;

-- name: wh_customer_sales
UPDATE sale SET person_id = c.person_id, class = c.person_class, known = 1
FROM customer AS c
WHERE c.id = sale.customer_id AND c.id IN (SELECT s.id FROM step_customer AS s)
    AND (sale.person_id <> c.person_id OR sale.class <> c.person_class OR sale.known = 0);

-- name: wh_customer_lines
UPDATE sale_line SET class = s.class FROM sale AS s
WHERE s.id = sale_line.sale_id AND s.class <> sale_line.class AND s.customer_id IN (SELECT c.id FROM step_customer AS c);

-- name: wh_subject_delete
DELETE FROM subject WHERE subject IN (SELECT s.id FROM step_id AS s);

-- name: wh_sale_delete
DELETE FROM sale WHERE id IN (SELECT s.id FROM step_sale AS s);

-- name: wh_sale_insert
INSERT INTO sale
SELECT s.id, s.customer_id, coalesce(c.person_id, s.customer_id), coalesce(c.person_class, 1), CASE WHEN c.id IS NULL THEN 0 ELSE 1 END, s.member, s.kind,
    s.status, s.counts, s.channel, s.store_id, s.source_id, s.at_us, s.day, s.currency, s.total_minor, s.freight_minor, s.refunded_minor, s.units, 0, 0, NULL
FROM step_sale AS s LEFT JOIN customer AS c ON c.id = s.customer_id ORDER BY s.id NULLS FIRST;

-- name: wh_line_delete
DELETE FROM sale_line WHERE sale_id IN (SELECT s.id FROM step_sale AS s);

-- name: wh_refund_delete
DELETE FROM refund WHERE sale_id IN (SELECT s.id FROM step_sale AS s);

-- name: wh_line_insert
INSERT INTO sale_line
SELECT l.sale_id, l.line_no,
    CASE WHEN s.counts = 1 AND l.quantity > 0 THEN 1 WHEN s.counts = 2 THEN 2 WHEN s.counts IN (1, 3) AND l.quantity < 0 THEN 3 ELSE 0 END,
    s.day, s.channel, s.store_id, s.class, s.member, l.sku, coalesce(k.id, n.id, l.sku_id), coalesce(k.style_id, n.style_id, 0), coalesce(t.category_id, 0),
    l.quantity, l.list_minor, l.paid_minor, l.net_minor, l.tax_permyriad, l.quantity * c.amount_minor, f.amount_minor, l.of_sale_id, l.of_line
FROM step_line AS l
JOIN sale AS s ON s.id = l.sale_id
LEFT JOIN sku AS k ON k.id = l.sku_id
LEFT JOIN sku AS n ON n.code = l.sku AND l.sku_id = 0
LEFT JOIN style AS t ON t.id = coalesce(k.style_id, n.style_id)
LEFT JOIN sku_price AS c ON c.sku_id = coalesce(k.id, n.id) AND c.kind = 3 AND s.day >= c.from_day AND s.day < c.to_day
LEFT JOIN sku_price AS f ON f.sku_id = coalesce(k.id, n.id) AND f.kind = 2 AND s.day >= f.from_day AND s.day < f.to_day
ORDER BY l.sale_id NULLS FIRST, l.line_no NULLS FIRST;

-- name: wh_sale_sums
UPDATE sale SET sales_minor = l.sales, margin_minor = l.margin
FROM (SELECT sale_id, CAST(sum(CASE WHEN role IN (1, 2) THEN paid_minor ELSE 0 END) AS BIGINT) AS sales,
          CAST(sum(CASE WHEN role IN (1, 2) AND cost_minor IS NOT NULL THEN net_minor - cost_minor ELSE 0 END) AS BIGINT) AS margin
      FROM sale_line WHERE sale_id IN (SELECT s.sale_id FROM step_line AS s) GROUP BY sale_id) AS l
WHERE sale.id = l.sale_id AND (sale.sales_minor <> l.sales OR sale.margin_minor <> l.margin);

-- Whose documents these are; asked before and after they are replaced.
-- name: wh_step_persons
INSERT INTO step_id SELECT DISTINCT person_id FROM sale WHERE id IN (SELECT s.id FROM step_sale AS s);

-- name: wh_first_day_of_sales
UPDATE sale SET first_day = p.first_day
FROM (SELECT person_id, min(CASE WHEN counts = 1 AND units > 0 THEN day END) AS first_day FROM sale
      WHERE person_id IN (SELECT s.id FROM step_id AS s) GROUP BY person_id) AS p
WHERE sale.person_id = p.person_id AND sale.first_day IS DISTINCT FROM p.first_day;

-- name: wh_first_day_of_customers
UPDATE sale SET first_day = p.first_day
FROM (SELECT person_id, min(CASE WHEN counts = 1 AND units > 0 THEN day END) AS first_day FROM sale
      WHERE person_id IN (SELECT s.person_id FROM step_customer AS s) GROUP BY person_id) AS p
WHERE sale.person_id = p.person_id AND sale.first_day IS DISTINCT FROM p.first_day;

-- name: wh_line_of_sku
INSERT INTO step_line
SELECT l.sale_id, l.line_no, l.sku, l.sku_id, l.quantity, l.list_minor, l.paid_minor, l.net_minor, l.tax_permyriad, l.of_sale_id, l.of_line
FROM sale_line AS l
WHERE l.sku_id IN (SELECT s.id FROM step_id AS s) OR (l.sku_id = 0 AND l.sku IN (SELECT k.code FROM sku AS k JOIN step_id AS s ON s.id = k.id))
    OR l.style_id IN (SELECT s.id FROM step_id AS s);

-- name: wh_line_taken
DELETE FROM sale_line USING step_line AS l WHERE l.sale_id = sale_line.sale_id AND l.line_no = sale_line.line_no;

-- name: wh_sku_delete
DELETE FROM sku WHERE id IN (SELECT s.id FROM step_id AS s);

-- name: wh_sku_price_delete
DELETE FROM sku_price WHERE sku_id IN (SELECT s.id FROM step_id AS s);

-- name: wh_style_delete
DELETE FROM style WHERE id IN (SELECT s.id FROM step_id AS s);

-- name: wh_category_delete
DELETE FROM category;

-- name: wh_store_delete
DELETE FROM store WHERE id IN (SELECT s.id FROM step_id AS s);

-- name: wh_source_delete
DELETE FROM source WHERE id IN (SELECT s.id FROM step_id AS s);

-- ---- events ----

-- name: wh_segment_insert
INSERT INTO segment (unit, events, last_block) VALUES ($unit, $events, $last_block);

-- name: wh_segment_covers
SELECT max(last_block) FROM segment;

-- name: wh_recent_covered
DELETE FROM event_recent WHERE block <= $last_block;

-- ---- visits of a segment ----

-- name: wh_step_visit_clear
DELETE FROM step_visit;

-- name: wh_step_visitor_clear
DELETE FROM step_visitor;

-- name: wh_step_visit
INSERT INTO step_visit
SELECT e.subject, e.day, e.source_id, e.category, bit_or(e.step)
FROM (SELECT subject, CAST((at_ms + 28800000) // 86400000 AS INTEGER) AS day, source_id, category,
        CASE WHEN type IN (3, 4) OR name IN ($viewed, $listed) THEN 1 WHEN name = $added THEN 2 WHEN name = $ordered THEN 4 ELSE 0 END AS step
    FROM read_parquet($segments)) AS e
WHERE e.step > 0 GROUP BY e.subject, e.day, e.source_id, e.category;

-- PostgreSQL reads no Parquet: the events were put into a table of the step, with their days and steps.
-- name: wh_step_visit@postgres
INSERT INTO step_visit
SELECT e.subject, e.day, e.source_id, e.category, bit_or(e.step) FROM step_event AS e WHERE e.step > 0 GROUP BY e.subject, e.day, e.source_id, e.category;

-- Of that table: DuckDB has none.
-- name: wh_step_event_clear@postgres
DELETE FROM step_event;

-- The same.
-- name: wh_sealed_insert@postgres
INSERT INTO event_sealed SELECT e.* FROM step_event AS e;

-- IN, for the small side is what a hash is made of then; a join might take the large one.
-- name: wh_step_visitor_known
INSERT INTO step_visitor SELECT v.subject, v.no FROM visitor AS v WHERE v.subject IN (SELECT s.subject FROM step_visit AS s);

-- name: wh_visitor_count
SELECT count(*) FROM visitor;

-- name: wh_step_visitor_new
INSERT INTO step_visitor
SELECT n.subject, CAST($first + row_number() OVER (ORDER BY n.subject NULLS FIRST) - 1 AS INTEGER)
FROM (SELECT DISTINCT t.subject FROM step_visit AS t WHERE NOT EXISTS (SELECT 1 FROM step_visitor AS s WHERE s.subject = t.subject)) AS n;

-- name: wh_visitor_insert
INSERT INTO visitor SELECT s.subject, s.no FROM step_visitor AS s WHERE s.no >= $first ORDER BY s.no NULLS FIRST;

-- name: wh_word_insert
INSERT INTO visit_word
SELECT CAST((SELECT count(*) FROM visit_word) + row_number() OVER (ORDER BY c.category NULLS FIRST) AS INTEGER), c.category
FROM (SELECT DISTINCT category FROM step_visit WHERE category <> '' AND category NOT IN (SELECT w.word FROM visit_word AS w)) AS c;

-- name: wh_visit_rows
SELECT s.day, s.source_id, s.word_id, s.no, s.steps
FROM (
    SELECT t.day, t.source_id, 0 AS word_id, n.no, bit_or(t.steps) AS steps FROM step_visit AS t JOIN step_visitor AS n ON n.subject = t.subject GROUP BY t.day, t.source_id, n.no
    UNION ALL
    SELECT t.day, t.source_id, w.id, n.no, t.steps FROM step_visit AS t JOIN step_visitor AS n ON n.subject = t.subject JOIN visit_word AS w ON w.word = t.category) AS s
ORDER BY s.day NULLS FIRST, s.source_id NULLS FIRST, s.word_id NULLS FIRST, s.no NULLS FIRST;

-- ---- the story of a person ----

-- name: wh_story_recent
SELECT id, block FROM event_recent
WHERE subject IN ($subjects[]) AND (at_us < $before_us OR (at_us = $before_us AND id < $before_id)) ORDER BY at_us DESC NULLS LAST, id DESC NULLS LAST LIMIT $limit;

-- name: wh_story_segment
SELECT id, source_id, at_us, type, name, path, title, product, category, value_minor, currency, device FROM read_parquet($segments)
WHERE subject IN ($subjects[]) AND (at_us < $before_us OR (at_us = $before_us AND id < $before_id))
ORDER BY at_us DESC NULLS LAST, id DESC NULLS LAST LIMIT $limit;

-- PostgreSQL reads no Parquet: a table has taken the files' place.
-- name: wh_story_segment@postgres
SELECT id, source_id, at_us, type, name, path, title, product, category, value_minor, device FROM event_sealed
WHERE subject IN ($subjects[]) AND (at_us < $before_us OR (at_us = $before_us AND id < $before_id))
ORDER BY at_us DESC NULLS LAST, id DESC NULLS LAST LIMIT $limit;

-- name: wh_source_channel
SELECT id, name, channel FROM source;

-- ---- logical hashes: of rows, whatever their order; any changed cell changes them. Each engine has its own hash() of a row ----

-- name: wh_hash_customer
SELECT count(*) AS n, CAST(sum(hash((id, person_id, person_class, class, class_us, member, home_store_id, first_source_id, first_store_id, created_us))) % 9223372036854775807 AS BIGINT) AS h FROM customer;

-- name: wh_hash_subject
SELECT count(*) AS n, CAST(sum(hash((subject, customer_id, shared))) % 9223372036854775807 AS BIGINT) AS h FROM subject;

-- name: wh_hash_sale
SELECT count(*) AS n, CAST(sum(hash((id, customer_id, person_id, class, known, member, kind, status, counts, channel, store_id, source_id, at_us, day, currency, total_minor,
    freight_minor, refunded_minor, units, sales_minor, margin_minor, first_day))) % 9223372036854775807 AS BIGINT) AS h FROM sale;

-- name: wh_hash_sale_line
SELECT count(*) AS n, CAST(sum(hash((sale_id, line_no, role, day, channel, store_id, class, member, sku, sku_id, style_id, category_id, quantity, list_minor, paid_minor,
    net_minor, tax_permyriad, cost_minor, floor_minor, of_sale_id, of_line))) % 9223372036854775807 AS BIGINT) AS h FROM sale_line;

-- name: wh_hash_refund
SELECT count(*) AS n, CAST(sum(hash((sale_id, position, day, amount_minor, units))) % 9223372036854775807 AS BIGINT) AS h FROM refund;

-- name: wh_hash_sku
SELECT count(*) AS n, CAST(sum(hash((id, code, style_id, color, size, list_minor))) % 9223372036854775807 AS BIGINT) AS h FROM sku;

-- name: wh_hash_sku_price
SELECT count(*) AS n, CAST(sum(hash((sku_id, kind, from_day, to_day, amount_minor))) % 9223372036854775807 AS BIGINT) AS h FROM sku_price;

-- name: wh_hash_style
SELECT count(*) AS n, CAST(sum(hash((id, code, name, category_id, season, wave, launch_day, image))) % 9223372036854775807 AS BIGINT) AS h FROM style;

-- name: wh_hash_category
SELECT count(*) AS n, CAST(sum(hash((id, parent_id, path, name))) % 9223372036854775807 AS BIGINT) AS h FROM category;

-- name: wh_hash_store
SELECT count(*) AS n, CAST(sum(hash((id, code, name, region, city, kind))) % 9223372036854775807 AS BIGINT) AS h FROM store;

-- name: wh_hash_source
SELECT count(*) AS n, CAST(sum(hash((id, code, name, kind, channel))) % 9223372036854775807 AS BIGINT) AS h FROM source;

-- name: wh_hash_visitor
SELECT count(*) AS n, CAST(sum(hash((subject, no))) % 9223372036854775807 AS BIGINT) AS h FROM visitor;

-- name: wh_hash_visit_word
SELECT count(*) AS n, CAST(sum(hash((id, word))) % 9223372036854775807 AS BIGINT) AS h FROM visit_word;

-- name: wh_hash_visit
SELECT count(*) AS n, CAST(sum(hash((unit, day, source_id, word_id, step, visitors))) % 9223372036854775807 AS BIGINT) AS h FROM visit;

-- name: wh_hash_event
SELECT count(*) AS n, CAST(sum(hash((id, source_id, subject, day, at_us, step, category))) % 9223372036854775807 AS BIGINT) AS h FROM event;
