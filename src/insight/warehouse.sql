-- Questions to the warehouse. docs/metrics.md says what each figure means; class 1 is consumers, and nobody else counts.
-- What is rounded goes to the nearest, halves away from zero, spelt out: round() takes halves elsewhere on each engine.
-- Filters: $any_channel, $any_store, $any_category are 1 where the filter is not set.

-- name: insight_lines
SELECT
    sum(CASE WHEN role IN (1, 2) THEN paid_minor ELSE 0 END) AS sales,
    sum(CASE WHEN role IN (1, 2) AND cost_minor IS NOT NULL THEN net_minor - cost_minor ELSE 0 END) AS margin,
    sum(CASE WHEN role IN (1, 2) AND member = 1 THEN paid_minor ELSE 0 END) AS member_sales,
    sum(CASE WHEN role = 1 THEN paid_minor ELSE 0 END) AS sold,
    sum(CASE WHEN role = 1 THEN quantity ELSE 0 END) AS pieces,
    sum(CASE WHEN role = 1 AND list_minor > 0 THEN paid_minor ELSE 0 END) AS sold_with_list,
    sum(CASE WHEN role = 1 AND list_minor > 0 THEN list_minor * quantity ELSE 0 END) AS list,
    sum(CASE WHEN role = 3 THEN -paid_minor ELSE 0 END) AS returned,
    sum(CASE WHEN role = 3 THEN -quantity ELSE 0 END) AS returned_pieces
FROM sale_line
WHERE class = 1 AND day >= $from_day AND day <= $to_day AND ($any_channel = 1 OR channel = $channel)
    AND ($any_store = 1 OR store_id IN ($stores[])) AND ($any_category = 1 OR category_id IN ($categories[]));

-- name: insight_documents
SELECT count(*) AS documents FROM sale
WHERE counts = 1 AND units > 0 AND class = 1 AND day >= $from_day AND day <= $to_day AND ($any_channel = 1 OR channel = $channel)
    AND ($any_store = 1 OR store_id IN ($stores[]));

-- name: insight_documents_of_category
SELECT count(DISTINCT sale_id) AS documents FROM sale_line
WHERE role = 1 AND class = 1 AND day >= $from_day AND day <= $to_day AND ($any_channel = 1 OR channel = $channel)
    AND ($any_store = 1 OR store_id IN ($stores[])) AND category_id IN ($categories[]);

-- name: insight_refunds
SELECT sum(r.amount_minor) AS returned, sum(r.units) AS returned_pieces
FROM refund AS r JOIN sale AS s ON s.id = r.sale_id
WHERE s.counts = 1 AND s.class = 1 AND r.day >= $from_day AND r.day <= $to_day AND ($any_channel = 1 OR s.channel = $channel)
    AND ($any_store = 1 OR s.store_id IN ($stores[]));

-- Of a category: the share of the order that its lines had.
-- name: insight_refunds_of_category
SELECT sum(CAST(sign(p.part) * floor(abs(p.part) + 0.5) AS BIGINT)) AS returned, sum(p.pieces) AS returned_pieces
FROM (SELECT CAST(r.amount_minor AS DOUBLE PRECISION) * l.paid_minor / s.total_minor AS part, CASE WHEN r.units > 0 THEN l.quantity ELSE 0 END AS pieces
    FROM refund AS r JOIN sale AS s ON s.id = r.sale_id JOIN sale_line AS l ON l.sale_id = s.id
    WHERE s.counts = 1 AND s.class = 1 AND s.total_minor > 0 AND l.role = 1 AND r.day >= $from_day AND r.day <= $to_day
        AND ($any_channel = 1 OR s.channel = $channel) AND ($any_store = 1 OR s.store_id IN ($stores[])) AND l.category_id IN ($categories[])) AS p;

-- People: everybody known who bought in the period; who of them came again; who came for the first time ever; who bought on
-- both sides, and what these bring. web and store count apart: records as they were known at the purchase; most persons are
-- one record still, so that a bit a person tells (4, 8), and only the others are counted one by one below.
-- name: insight_people
SELECT count(*) AS people,
    sum(CASE WHEN p.purchases >= 2 OR p.first_day < $from_day THEN 1 ELSE 0 END) AS again,
    sum(CASE WHEN p.first_day >= $from_day THEN 1 ELSE 0 END) AS first_time,
    sum(CASE WHEN p.sides & 3 = 3 THEN 1 ELSE 0 END) AS both,
    sum(CASE WHEN p.sides & 3 = 3 THEN p.sales ELSE 0 END) AS both_sales,
    sum(CASE WHEN p.sides & 3 = 3 THEN p.margin ELSE 0 END) AS both_margin,
    sum(CASE WHEN p.sides & 4 = 4 THEN 1 ELSE 0 END) AS web,
    sum(CASE WHEN p.sides & 8 = 8 THEN 1 ELSE 0 END) AS store
FROM (SELECT person_id, min(first_day) AS first_day, count(*) AS purchases, sum(sales_minor) AS sales, sum(margin_minor) AS margin,
        bit_or(CASE WHEN channel = 'store' THEN CASE WHEN customer_id = person_id THEN 10 ELSE 2 END ELSE CASE WHEN customer_id = person_id THEN 5 ELSE 1 END END) AS sides
    FROM sale
    WHERE counts = 1 AND units > 0 AND class = 1 AND known = 1 AND day >= $from_day AND day <= $to_day AND ($any_channel = 1 OR channel = $channel)
        AND ($any_store = 1 OR store_id IN ($stores[]))
    GROUP BY person_id) AS p;

-- name: insight_merged
SELECT count(DISTINCT CASE WHEN channel <> 'store' THEN customer_id END) AS web, count(DISTINCT CASE WHEN channel = 'store' THEN customer_id END) AS store
FROM sale
WHERE customer_id <> person_id AND counts = 1 AND units > 0 AND class = 1 AND known = 1 AND day >= $from_day AND day <= $to_day
    AND ($any_channel = 1 OR channel = $channel) AND ($any_store = 1 OR store_id IN ($stores[]))
    AND ($any_category = 1 OR id IN (SELECT l.sale_id FROM sale_line AS l WHERE l.role = 1 AND l.day >= $from_day AND l.day <= $to_day AND l.category_id IN ($categories[])));

-- The same of purchases with a line of the category; sales and margin are of these lines.
-- name: insight_people_of_category
SELECT count(*) AS people,
    sum(CASE WHEN p.purchases >= 2 OR p.first_day < $from_day THEN 1 ELSE 0 END) AS again,
    sum(CASE WHEN p.first_day >= $from_day THEN 1 ELSE 0 END) AS first_time,
    sum(CASE WHEN p.sides & 3 = 3 THEN 1 ELSE 0 END) AS both,
    sum(CASE WHEN p.sides & 3 = 3 THEN p.sales ELSE 0 END) AS both_sales,
    sum(CASE WHEN p.sides & 3 = 3 THEN p.margin ELSE 0 END) AS both_margin,
    sum(CASE WHEN p.sides & 4 = 4 THEN 1 ELSE 0 END) AS web,
    sum(CASE WHEN p.sides & 8 = 8 THEN 1 ELSE 0 END) AS store
FROM (SELECT s.person_id, min(s.first_day) AS first_day, count(*) AS purchases, sum(h.sales) AS sales, sum(h.margin) AS margin,
        bit_or(CASE WHEN s.channel = 'store' THEN CASE WHEN s.customer_id = s.person_id THEN 10 ELSE 2 END ELSE CASE WHEN s.customer_id = s.person_id THEN 5 ELSE 1 END END) AS sides
    FROM sale AS s JOIN (
        SELECT sale_id, CAST(sum(paid_minor) AS BIGINT) AS sales, CAST(sum(CASE WHEN cost_minor IS NOT NULL THEN net_minor - cost_minor ELSE 0 END) AS BIGINT) AS margin
        FROM sale_line
        WHERE role = 1 AND class = 1 AND day >= $from_day AND day <= $to_day AND ($any_channel = 1 OR channel = $channel)
            AND ($any_store = 1 OR store_id IN ($stores[])) AND category_id IN ($categories[])
        GROUP BY sale_id) AS h ON h.sale_id = s.id
    WHERE s.counts = 1 AND s.units > 0 AND s.class = 1 AND s.known = 1 AND s.day >= $from_day AND s.day <= $to_day
    GROUP BY s.person_id) AS p;

-- name: insight_daily
SELECT d.day, d.channel, CAST(sum(d.sales) AS BIGINT) AS sales, CAST(sum(d.margin) AS BIGINT) AS margin, CAST(sum(d.documents) AS BIGINT) AS documents
FROM (
    SELECT day, channel, paid_minor AS sales, CASE WHEN cost_minor IS NOT NULL THEN net_minor - cost_minor ELSE 0 END AS margin, 0 AS documents
    FROM sale_line
    WHERE role IN (1, 2) AND class = 1 AND day >= $from_day AND day <= $to_day AND ($any_channel = 1 OR channel = $channel)
        AND ($any_store = 1 OR store_id IN ($stores[])) AND ($any_category = 1 OR category_id IN ($categories[]))
    UNION ALL
    SELECT day, channel, 0, 0, 1 FROM sale
    WHERE counts = 1 AND units > 0 AND class = 1 AND day >= $from_day AND day <= $to_day AND ($any_channel = 1 OR channel = $channel)
        AND ($any_store = 1 OR store_id IN ($stores[]))
        AND ($any_category = 1 OR id IN (SELECT l.sale_id FROM sale_line AS l WHERE l.role = 1 AND l.day >= $from_day AND l.day <= $to_day AND l.category_id IN ($categories[])))) AS d
GROUP BY d.day, d.channel ORDER BY d.day NULLS FIRST, d.channel NULLS FIRST;

-- Styles sold in the period; first and median sale are of all times, over all channels.
-- name: insight_styles
SELECT t.id AS style_id, t.code, t.name, t.launch_day, p.sold, p.sales, p.margin, p.lowest, p.below_floor, p.returned, f.first_day, f.median_day, o.floor_minor
FROM (
    SELECT style_id, CAST(sum(CASE WHEN role = 1 THEN quantity ELSE 0 END) AS BIGINT) AS sold,
        CAST(sum(CASE WHEN role IN (1, 2) THEN paid_minor ELSE 0 END) AS BIGINT) AS sales,
        CAST(sum(CASE WHEN role IN (1, 2) AND cost_minor IS NOT NULL THEN net_minor - cost_minor ELSE 0 END) AS BIGINT) AS margin,
        CAST(min(CASE WHEN role = 1 AND quantity > 0 THEN sign(paid_minor) * floor(abs(CAST(paid_minor AS DOUBLE PRECISION)) / quantity + 0.5) END) AS BIGINT) AS lowest,
        CAST(sum(CASE WHEN role = 1 AND paid_minor < floor_minor * quantity THEN quantity ELSE 0 END) AS BIGINT) AS below_floor,
        CAST(sum(CASE WHEN role = 3 THEN -quantity ELSE 0 END) AS BIGINT) AS returned
    FROM sale_line
    WHERE class = 1 AND style_id > 0 AND day >= $from_day AND day <= $to_day AND ($any_channel = 1 OR channel = $channel)
        AND ($any_store = 1 OR store_id IN ($stores[])) AND ($any_category = 1 OR category_id IN ($categories[]))
    GROUP BY style_id) AS p
JOIN style AS t ON t.id = p.style_id
LEFT JOIN (
    SELECT style_id, min(day) AS first_day, percentile_disc(0.5) WITHIN GROUP (ORDER BY day) AS median_day
    FROM sale_line WHERE role = 1 AND class = 1 AND style_id > 0 GROUP BY style_id) AS f ON f.style_id = p.style_id
LEFT JOIN (
    SELECT k.style_id, min(c.amount_minor) AS floor_minor FROM sku AS k JOIN sku_price AS c ON c.sku_id = k.id AND c.kind = 2 AND $to_day >= c.from_day AND $to_day < c.to_day
    GROUP BY k.style_id) AS o ON o.style_id = p.style_id
WHERE p.sold > 0 OR p.returned > 0
ORDER BY p.sales DESC NULLS LAST, p.style_id NULLS FIRST LIMIT $limit;

-- The documents behind a figure, newest first. $role 1: what was sold (and exchanged), 3: what came back; $members: only members'.
-- name: insight_documents_behind
SELECT s.id, s.at_us, sum(CASE WHEN $role = 3 THEN -l.paid_minor ELSE l.paid_minor END) AS amount, sum(CASE WHEN $role = 3 THEN -l.quantity ELSE l.quantity END) AS pieces,
    sum(CASE WHEN l.cost_minor IS NOT NULL THEN l.net_minor - l.cost_minor ELSE 0 END) AS margin, sum(l.list_minor * l.quantity) AS list
FROM sale_line AS l JOIN sale AS s ON s.id = l.sale_id
WHERE l.class = 1 AND (($role = 1 AND l.role IN (1, 2)) OR ($role = 3 AND l.role = 3)) AND l.day >= $from_day AND l.day <= $to_day
    AND ($any_channel = 1 OR l.channel = $channel) AND ($any_store = 1 OR l.store_id IN ($stores[])) AND ($any_category = 1 OR l.category_id IN ($categories[]))
    AND ($members = 0 OR l.member = 1) AND (s.at_us < $before_us OR (s.at_us = $before_us AND s.id < $before_id))
GROUP BY s.id, s.at_us ORDER BY s.at_us DESC NULLS LAST, s.id DESC NULLS LAST LIMIT $limit;

-- name: insight_documents_behind_count
SELECT count(DISTINCT l.sale_id) AS documents
FROM sale_line AS l
WHERE l.class = 1 AND (($role = 1 AND l.role IN (1, 2)) OR ($role = 3 AND l.role = 3)) AND l.day >= $from_day AND l.day <= $to_day
    AND ($any_channel = 1 OR l.channel = $channel) AND ($any_store = 1 OR l.store_id IN ($stores[])) AND ($any_category = 1 OR l.category_id IN ($categories[]))
    AND ($members = 0 OR l.member = 1);

-- The people behind a figure. $which 1: everybody, 2: who came again, 3: first time ever.
-- name: insight_people_behind
SELECT p.person_id, p.first_day, p.purchases, p.spent, p.last_us
FROM (SELECT person_id, min(first_day) AS first_day, count(*) AS purchases, sum(sales_minor) AS spent, max(at_us) AS last_us
    FROM sale
    WHERE counts = 1 AND units > 0 AND class = 1 AND known = 1 AND day >= $from_day AND day <= $to_day AND ($any_channel = 1 OR channel = $channel)
        AND ($any_store = 1 OR store_id IN ($stores[]))
        AND ($any_category = 1 OR id IN (SELECT l.sale_id FROM sale_line AS l WHERE l.role = 1 AND l.day >= $from_day AND l.day <= $to_day AND l.category_id IN ($categories[])))
    GROUP BY person_id) AS p
WHERE ($which = 1 OR ($which = 2 AND (p.purchases >= 2 OR p.first_day < $from_day)) OR ($which = 3 AND p.first_day >= $from_day))
    AND (p.last_us < $before_us OR (p.last_us = $before_us AND p.person_id < $before_id))
ORDER BY p.last_us DESC NULLS LAST, p.person_id DESC NULLS LAST LIMIT $limit;

-- Devices and the people behind them. Sealed: sets of visitor numbers; recent: subjects one by one.
-- name: insight_visits
SELECT step, visitors FROM visit
WHERE day >= $from_day AND day <= $to_day AND word_id IN ($words[]) AND ($any_channel = 1 OR source_id IN (SELECT o.id FROM source AS o WHERE o.channel = $channel));

-- name: insight_words
SELECT id, word FROM visit_word;

-- name: insight_recent_visits
SELECT r.subject, v.no, c.person_id, c.person_class, r.steps
FROM (
    SELECT e.subject, bit_or(e.step) AS steps
    FROM event_recent AS e
    WHERE e.step > 0 AND e.day >= $from_day AND e.day <= $to_day AND ($any_channel = 1 OR e.source_id IN (SELECT o.id FROM source AS o WHERE o.channel = $channel))
        AND ($any_category = 1 OR e.category = $category OR substr(e.category, 1, length($category) + 1) = $category || '/'
            OR substr(e.category, length(e.category) - length($category)) = '/' || $category OR position('/' || $category || '/' IN e.category) > 0)
    GROUP BY e.subject) AS r
LEFT JOIN visitor AS v ON v.subject = r.subject
LEFT JOIN subject AS l ON l.subject = r.subject AND l.shared = 0
LEFT JOIN customer AS c ON c.id = l.customer_id;

-- name: insight_linked
SELECT v.no, c.person_id, c.person_class FROM subject AS l JOIN visitor AS v ON v.subject = l.subject JOIN customer AS c ON c.id = l.customer_id WHERE l.shared = 0;

-- name: insight_categories
SELECT id, path FROM category ORDER BY path NULLS FIRST, id NULLS FIRST;

-- Was anything ever sold through it?
-- name: insight_channel
SELECT 1 FROM sale WHERE channel = $channel LIMIT 1;

-- name: insight_store
SELECT id FROM store WHERE code = $code;
