-- Stores, styles, SKUs, prices, categories, the calendar.

-- name: catalog_region_get
SELECT id FROM region WHERE name = $name;

-- name: catalog_region_insert
INSERT INTO region (id, name) VALUES ($id, $name);

-- name: catalog_brand_get
SELECT id FROM brand WHERE name = $name;

-- name: catalog_brand_insert
INSERT INTO brand (id, name) VALUES ($id, $name);

-- name: catalog_category_get
SELECT id FROM category WHERE path = $path;

-- name: catalog_category_insert
INSERT INTO category (id, parent_id, path, name) VALUES ($id, $parent_id, $path, $name);

-- name: catalog_category_list
SELECT c.id, c.parent_id, c.path, c.name, (SELECT count(*) FROM style s WHERE s.category_id = c.id) AS styles
FROM category c ORDER BY c.path;

-- name: catalog_store_by_code
SELECT s.id, s.code, s.name, s.city, s.kind, s.zone_offset_s, s.day_cut_s, s.brand_id, s.active, s.rev, r.name AS region
FROM store s LEFT JOIN region r ON r.id = s.region_id WHERE s.code = $code;

-- name: catalog_store_insert
INSERT INTO store (id, code, name, region_id, city, kind, zone_offset_s, day_cut_s, brand_id, active, created_us, updated_us, rev)
VALUES ($id, $code, $name, $region_id, $city, $kind, $zone_offset_s, $day_cut_s, 0, 1, $now_us, $now_us, 1);

-- name: catalog_store_update
UPDATE store SET name = $name, region_id = $region_id, city = $city, kind = $kind, zone_offset_s = $zone_offset_s,
    day_cut_s = $day_cut_s, updated_us = $now_us, rev = rev + 1
WHERE id = $id;

-- name: catalog_store_list
SELECT s.id, s.code, s.name, s.city, s.kind, s.zone_offset_s, s.day_cut_s, s.brand_id, s.active, s.rev, r.name AS region
FROM store s LEFT JOIN region r ON r.id = s.region_id
WHERE s.code > COALESCE((SELECT a.code FROM store a WHERE a.id = $after), '')
  AND ($q = '' OR lower(s.code) = $q OR replace(lower(s.name), $q, '') <> lower(s.name) OR lower(s.city) = $q)
ORDER BY s.code LIMIT $limit;

-- name: catalog_store_count
SELECT count(*) FROM (
    SELECT s.id FROM store s
    WHERE $q = '' OR lower(s.code) = $q OR replace(lower(s.name), $q, '') <> lower(s.name) OR lower(s.city) = $q
    LIMIT $count_max
) t;

-- A code comes before a barcode that looks like it.
-- name: catalog_sku_find
SELECT t.id AS id, t.style_id AS style_id FROM (
    SELECT 1 AS place, k.id AS id, k.style_id AS style_id FROM sku k WHERE k.code = $code
    UNION ALL
    SELECT 2 AS place, k.id AS id, k.style_id AS style_id FROM sku_barcode b JOIN sku k ON k.id = b.sku_id WHERE b.barcode = $code
) AS t ORDER BY t.place NULLS FIRST LIMIT 1;

-- name: catalog_barcode_get
SELECT sku_id FROM sku_barcode WHERE barcode = $barcode;

-- name: catalog_barcode_insert
INSERT INTO sku_barcode (barcode, sku_id) VALUES ($barcode, $sku_id);

-- name: catalog_style_by_code
SELECT s.id, s.name, s.season, s.wave, s.launch_day, s.image, COALESCE(c.path, '') AS category, COALESCE(b.name, '') AS brand
FROM style s LEFT JOIN category c ON c.id = s.category_id LEFT JOIN brand b ON b.id = s.brand_id WHERE s.code = $code;

-- name: catalog_style_insert
INSERT INTO style (id, code, name, category_id, brand_id, season, wave, launch_day, image, created_us, updated_us, rev)
VALUES ($id, $code, $name, $category_id, $brand_id, $season, $wave, $launch_day, $image, $now_us, $now_us, 1);

-- name: catalog_style_update
UPDATE style SET name = $name, category_id = $category_id, brand_id = $brand_id, season = $season, wave = $wave,
    launch_day = $launch_day, image = $image, updated_us = $now_us, rev = rev + 1
WHERE id = $id;

-- name: catalog_sku_full
SELECT id, style_id, color, size, list_minor, floor_minor, cost_minor, tax_permyriad FROM sku WHERE code = $code;

-- name: catalog_sku_insert
INSERT INTO sku (id, code, style_id, color, size, list_minor, floor_minor, cost_minor, tax_permyriad, created_us, updated_us, rev)
VALUES ($id, $code, $style_id, $color, $size, $list_minor, $floor_minor, $cost_minor, $tax_permyriad, $now_us, $now_us, 1);

-- name: catalog_sku_update
UPDATE sku SET color = $color, size = $size, list_minor = $list_minor, floor_minor = $floor_minor, cost_minor = $cost_minor,
    tax_permyriad = $tax_permyriad, updated_us = $now_us, rev = rev + 1
WHERE id = $id;

-- name: catalog_price_put
INSERT INTO sku_price (sku_id, kind, from_day, amount_minor) VALUES ($sku_id, $kind, $from_day, $amount_minor)
ON CONFLICT (sku_id, kind, from_day) DO UPDATE SET amount_minor = excluded.amount_minor;

-- name: catalog_price_list
SELECT kind, from_day, amount_minor FROM sku_price WHERE sku_id = $sku_id ORDER BY from_day, kind;

-- name: catalog_style_get
SELECT s.id, s.code, s.name, s.season, s.wave, s.launch_day, s.image, s.rev, s.updated_us,
    COALESCE(c.path, '') AS category, COALESCE(b.name, '') AS brand, k.list_min, k.list_max, k.floor_min, k.cost_min, k.cost_max
FROM style s LEFT JOIN category c ON c.id = s.category_id LEFT JOIN brand b ON b.id = s.brand_id
LEFT JOIN (
    SELECT min(list_minor) AS list_min, max(list_minor) AS list_max, min(floor_minor) AS floor_min, min(cost_minor) AS cost_min,
        max(cost_minor) AS cost_max
    FROM sku WHERE style_id = $id
) k ON 1 = 1
WHERE s.id = $id;

-- name: catalog_style_skus
SELECT k.id, k.code, k.color, k.size, k.list_minor, k.floor_minor, k.cost_minor, k.tax_permyriad, k.rev
FROM sku k WHERE k.style_id = $style_id ORDER BY k.code;

-- name: catalog_style_barcodes
SELECT b.sku_id, b.barcode FROM sku_barcode b JOIN sku k ON k.id = b.sku_id WHERE k.style_id = $style_id ORDER BY k.code, b.barcode;

-- One statement serves every order of the list: the sort key is computed, and turned round by $direction.
-- name: catalog_style_list
SELECT s.id, s.code, s.name, s.season, s.wave, s.launch_day, s.image, s.rev, s.category, s.brand, s.skus,
    s.list_min, s.list_max, s.floor_min, s.cost_min, s.cost_max, s.sort_key
FROM (
    SELECT t.id, t.code, t.name, t.season, t.wave, t.launch_day, t.image, t.rev,
        COALESCE(c.path, '') AS category, COALESCE(b.name, '') AS brand,
        k.skus, k.list_min, k.list_max, k.floor_min, k.cost_min, k.cost_max,
        CAST($direction AS BIGINT) * COALESCE(CASE $sort
            WHEN 'launch_day' THEN t.launch_day
            WHEN 'list_price' THEN k.list_min
            WHEN 'updated' THEN t.updated_us
            ELSE t.id END, 0) AS sort_key
    FROM style t
    LEFT JOIN category c ON c.id = t.category_id
    LEFT JOIN brand b ON b.id = t.brand_id
    LEFT JOIN (
        SELECT style_id, count(*) AS skus, min(list_minor) AS list_min, max(list_minor) AS list_max,
            min(floor_minor) AS floor_min, min(cost_minor) AS cost_min, max(cost_minor) AS cost_max
        FROM sku GROUP BY style_id
    ) k ON k.style_id = t.id
    WHERE ($q = '' OR replace(lower(t.code), $q, '') <> lower(t.code) OR replace(lower(t.name), $q, '') <> lower(t.name)
           OR t.id IN (SELECT u.style_id FROM sku u WHERE lower(u.code) = $q)
           OR t.id IN (SELECT v.style_id FROM sku_barcode w JOIN sku v ON v.id = w.sku_id WHERE w.barcode = $q))
      AND ($category = '' OR c.path = $category OR (c.path > $category_from AND c.path < $category_to))
      AND ($season = '' OR t.season = $season)
) s
WHERE $first = 1 OR s.sort_key > CAST($after_key AS BIGINT) OR (s.sort_key = CAST($after_key AS BIGINT) AND s.id > CAST($after_id AS BIGINT))
ORDER BY s.sort_key NULLS FIRST, s.id NULLS FIRST LIMIT $limit;

-- name: catalog_style_count
SELECT count(*) FROM (
SELECT t.id FROM style t LEFT JOIN category c ON c.id = t.category_id
WHERE ($q = '' OR replace(lower(t.code), $q, '') <> lower(t.code) OR replace(lower(t.name), $q, '') <> lower(t.name)
       OR t.id IN (SELECT u.style_id FROM sku u WHERE lower(u.code) = $q)
       OR t.id IN (SELECT v.style_id FROM sku_barcode w JOIN sku v ON v.id = w.sku_id WHERE w.barcode = $q))
  AND ($category = '' OR c.path = $category OR (c.path > $category_from AND c.path < $category_to))
  AND ($season = '' OR t.season = $season)
LIMIT $count_max
) n;

-- name: catalog_sku_list
SELECT k.id, k.code, k.color, k.size, k.list_minor, k.floor_minor, k.cost_minor, k.tax_permyriad, k.rev, s.code AS style, s.name
FROM sku k JOIN style s ON s.id = k.style_id
WHERE k.id > $after
  AND ($style = '' OR s.code = $style)
  AND ($q = '' OR k.code = $q OR k.id IN (SELECT b.sku_id FROM sku_barcode b WHERE b.barcode = $q))
ORDER BY k.id LIMIT $limit;

-- name: catalog_sku_count
SELECT count(*) FROM (
    SELECT k.id FROM sku k JOIN style s ON s.id = k.style_id
    WHERE ($style = '' OR s.code = $style)
      AND ($q = '' OR k.code = $q OR k.id IN (SELECT b.sku_id FROM sku_barcode b WHERE b.barcode = $q))
    LIMIT $count_max
) n;

-- name: catalog_calendar_last
SELECT max(day) FROM calendar;

-- name: catalog_calendar_put
INSERT INTO calendar (day, weekday, off, holiday, lunar_month, lunar_day)
VALUES ($day, $weekday, $off, $holiday, $lunar_month, $lunar_day)
ON CONFLICT (day) DO UPDATE SET weekday = excluded.weekday, off = excluded.off, holiday = excluded.holiday,
    lunar_month = excluded.lunar_month, lunar_day = excluded.lunar_day;

-- name: catalog_calendar_lunar
SELECT b.day AS day FROM calendar a JOIN calendar b ON b.day >= a.day - 390 AND b.day <= a.day - 340
    AND (b.lunar_month = a.lunar_month OR b.lunar_month + 100 = a.lunar_month) AND b.lunar_day <= a.lunar_day
WHERE a.day = $day ORDER BY b.lunar_day DESC, b.day DESC LIMIT 1;

-- name: catalog_calendar_get
SELECT day, weekday, off, holiday, lunar_month, lunar_day FROM calendar WHERE day >= $from_day AND day <= $to_day ORDER BY day;
