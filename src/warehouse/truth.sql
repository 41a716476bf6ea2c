-- What the follower reads of the truth, by the ids that change.seq names.

-- The records of a person are found in two steps: who is head of these, and who belongs to those heads.
-- name: wh_customer_head
SELECT root_id AS id FROM customer_member WHERE customer_id IN ($ids[]);

-- name: wh_customer_group
SELECT customer_id AS id FROM customer_group WHERE root_id IN ($ids[]);

-- name: wh_customer
SELECT c.id, coalesce(m.root_id, c.id) AS root_id, coalesce(c.class, 0) AS class, coalesce(c.class_us, 0) AS class_us, coalesce(c.member, 0) AS member,
    coalesce(c.home_store_id, 0) AS home_store_id, c.first_source_id, c.first_store_id, c.created_us
FROM customer AS c LEFT JOIN customer_member AS m ON m.customer_id = c.id WHERE c.id IN ($ids[]) ORDER BY c.id;

-- name: wh_subject
SELECT subject, customer_id, shared FROM subject_link WHERE subject IN ($ids[]) ORDER BY subject;

-- all shards: the follower takes documents of many customers at once.
-- name: wh_sale
SELECT id, customer_id, member, kind, status, channel, store_id, source_id, at_us, business_day, currency, total_minor, freight_minor, refunded_minor, units
FROM sale WHERE id IN ($ids[]) ORDER BY id;

-- all shards: the follower takes documents of many customers at once.
-- name: wh_sale_line
SELECT sale_id, line_no, sku, sku_id, quantity, list_minor, paid_minor, tax_permyriad, return_sale_id, return_line
FROM sale_line WHERE sale_id IN ($ids[]) ORDER BY sale_id, line_no;

-- all shards: the follower takes documents of many customers at once.
-- name: wh_sale_refund
SELECT t.sale_id, t.position, t.at_us, t.refund_minor, CASE WHEN t.status = 6 THEN s.units ELSE 0 END AS units
FROM sale_state AS t JOIN sale AS s ON s.customer_id = t.customer_id AND s.id = t.sale_id
WHERE t.sale_id IN ($ids[]) AND t.refund_minor <> 0 ORDER BY t.sale_id, t.position;

-- name: wh_sku
SELECT id, code, style_id, color, size, coalesce(list_minor, -1) AS list_minor FROM sku WHERE id IN ($ids[]) ORDER BY id;

-- name: wh_sku_price
SELECT sku_id, kind, from_day, amount_minor FROM sku_price WHERE sku_id IN ($ids[]) ORDER BY sku_id, kind, from_day;

-- name: wh_style
SELECT t.id, t.code, t.name, t.category_id, t.season, t.wave, t.launch_day, t.image FROM style AS t WHERE t.id IN ($ids[]) ORDER BY t.id;

-- name: wh_category
SELECT id, parent_id, path, name FROM category ORDER BY id;

-- name: wh_store
SELECT s.id, s.code, s.name, coalesce(r.name, '') AS region, s.city, s.kind FROM store AS s LEFT JOIN region AS r ON r.id = s.region_id WHERE s.id IN ($ids[]) ORDER BY s.id;

-- name: wh_source
SELECT id, code, name, kind, channel FROM source WHERE id IN ($ids[]) ORDER BY id;

-- name: wh_product_name
SELECT t.name AS name, 1 AS place FROM sku k JOIN style t ON t.id = k.style_id WHERE k.code = $code
UNION ALL SELECT t.name AS name, 2 AS place FROM style t WHERE t.code = $code ORDER BY place NULLS FIRST LIMIT 1;
