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
