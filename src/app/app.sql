-- What the demo shop reads of the catalogue.

-- name: shop_style_list
SELECT s.id, s.code, s.name, s.image, g.path AS category
FROM style s JOIN category g ON g.id = s.category_id
WHERE s.launch_day <= $today AND (s.launch_day >= $since OR s.season = $always)
ORDER BY s.launch_day DESC NULLS LAST, s.id
LIMIT $limit;

-- name: shop_sku_list
SELECT style_id, code, color, size, list_minor FROM sku WHERE style_id IN ($ids[]) AND list_minor IS NOT NULL ORDER BY style_id, id;

-- name: shop_sku
SELECT k.code, s.code AS style, s.name, g.path AS category, k.list_minor
FROM sku k JOIN style s ON s.id = k.style_id JOIN category g ON g.id = s.category_id
WHERE k.code = $code AND k.list_minor IS NOT NULL;

-- ---- whole tables (app/tables.c) ----

-- name: table_key
SELECT name FROM pragma_table_info($table_name) WHERE pk > 0 ORDER BY pk;

-- Each engine knows its tables in its own words.
-- name: table_key@postgres
SELECT CAST(a.attname AS TEXT) AS name FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
WHERE i.indrelid = to_regclass(CAST($table_name AS TEXT)) AND i.indisprimary
ORDER BY array_position(CAST(i.indkey AS SMALLINT[]), a.attnum);
