-- Statements of the access module. Staff are our own people; nothing here is a customer's.

-- name: staff_insert
INSERT INTO staff (id, email, name, number, role, locale, password_hash, enabled, created_us, updated_us, rev)
VALUES ($id, $email, $name, $number, $role, $locale, $password_hash, 1, $now_us, $now_us, 1);

-- name: staff_update
UPDATE staff SET name = $name, number = $number, role = $role, locale = $locale, enabled = $enabled, updated_us = $now_us, rev = rev + 1
WHERE id = $id AND rev = $rev;

-- name: staff_password_set
UPDATE staff SET password_hash = $password_hash, updated_us = $now_us, rev = rev + 1 WHERE id = $id;

-- name: staff_by_email
SELECT id, password_hash, enabled FROM staff WHERE email = $email;

-- name: staff_by_id
SELECT id, email, name, number, role, locale, password_hash, enabled, created_us, rev FROM staff WHERE id = $id;

-- name: staff_list
SELECT id, email, name, number, role, locale, enabled, created_us, rev FROM staff ORDER BY name, id LIMIT $limit;

-- name: staff_count
SELECT count(*) FROM staff;

-- name: staff_admin_count
SELECT count(*) FROM staff WHERE role = $role AND enabled = 1 AND id <> $except;

-- name: staff_store_insert
INSERT INTO staff_store (staff_id, store_id, manages) VALUES ($staff_id, $store_id, $manages);

-- name: staff_store_clear
DELETE FROM staff_store WHERE staff_id = $staff_id;

-- name: staff_store_ids
SELECT store_id FROM staff_store WHERE staff_id = $staff_id ORDER BY store_id;

-- name: staff_store_list
SELECT s.code AS code, s.name AS name, t.manages AS manages FROM staff_store t JOIN store s ON s.id = t.store_id WHERE t.staff_id = $staff_id ORDER BY s.code;

-- name: staff_store_find
SELECT id FROM store WHERE code = $code;

-- name: session_insert
INSERT INTO staff_session (token_hash, staff_id, made_us, seen_us) VALUES ($token_hash, $staff_id, $now_us, $now_us);

-- name: session_find
SELECT t.made_us AS made_us, t.seen_us AS seen_us, s.id AS staff_id, s.name AS name, s.role AS role
FROM staff_session t JOIN staff s ON s.id = t.staff_id WHERE t.token_hash = $token_hash AND s.enabled = 1;

-- name: session_touch
UPDATE staff_session SET seen_us = $now_us WHERE token_hash = $token_hash;

-- name: session_delete
DELETE FROM staff_session WHERE token_hash = $token_hash;

-- name: session_delete_staff
DELETE FROM staff_session WHERE staff_id = $staff_id;

-- name: session_sweep
DELETE FROM staff_session WHERE made_us < $made_before_us OR seen_us < $seen_before_us;

-- name: session_count
SELECT count(*) FROM staff_session;

-- name: source_insert
INSERT INTO source (id, code, name, kind, channel, account_scope, trusted, shared_device, enabled, brand_id, signing_sealed, created_us, updated_us, rev)
VALUES ($id, $code, $name, $kind, $channel, $account_scope, $trusted, $shared_device, 1, 0, $signing_sealed, $now_us, $now_us, 1);

-- name: source_update
UPDATE source SET name = $name, channel = $channel, account_scope = $account_scope, trusted = $trusted, shared_device = $shared_device,
    enabled = $enabled, signing_sealed = $signing_sealed, updated_us = $now_us, rev = rev + 1
WHERE id = $id AND rev = $rev;

-- name: source_by_code
SELECT id FROM source WHERE code = $code;

-- name: source_scope
SELECT CASE WHEN account_scope <> '' THEN account_scope ELSE code END AS scope FROM source WHERE code = $code;

-- name: source_by_id
SELECT id, code, name, kind, channel, account_scope, trusted, shared_device, enabled, signing_sealed, created_us, rev FROM source WHERE id = $id;

-- name: source_list
SELECT id, code, name, kind, channel, account_scope, trusted, shared_device, enabled, signing_sealed, created_us, rev FROM source ORDER BY name, id;

-- name: api_key_insert
INSERT INTO api_key (id, source_id, key_hash, hint, kind, trusted, created_by, created_us)
VALUES ($id, $source_id, $key_hash, $hint, $kind, $trusted, $created_by, $now_us);

-- name: api_key_of_source
SELECT id, hint, kind, trusted, created_us, revoked_us FROM api_key WHERE source_id = $source_id ORDER BY id;

-- name: api_key_revoke
UPDATE api_key SET revoked_us = $now_us WHERE id = $id AND revoked_us IS NULL;

-- name: api_key_live
SELECT k.id AS key_id, k.key_hash AS key_hash, k.kind AS key_kind, k.trusted AS key_trusted, s.id AS id, s.code AS code, s.name AS name,
    s.kind AS kind, s.channel AS channel, s.account_scope AS account_scope, s.shared_device AS shared_device, s.enabled AS enabled,
    s.signing_sealed AS signing_sealed
FROM api_key k JOIN source s ON s.id = k.source_id WHERE k.revoked_us IS NULL AND s.enabled = 1;

-- name: audit_insert
INSERT INTO audit_row (id, at_us, staff_id, key_id, action, object, object_id, detail, request_id)
VALUES ($id, $at_us, $staff_id, $key_id, $action, $object, $object_id, $detail, $request_id);

-- $who: 0 everybody, 1 $staff_id, 2 the program itself, 3 API keys.
-- name: audit_list
SELECT a.id AS id, a.at_us AS at_us, a.staff_id AS staff_id, s.name AS staff, a.key_id AS key_id, a.action AS action, a.object AS object,
    a.object_id AS object_id, a.detail AS detail, a.request_id AS request_id,
    CASE a.object WHEN 'staff' THEN o.name WHEN 'session' THEN o.name WHEN 'source' THEN f.name END AS object_name
FROM audit_row a LEFT JOIN staff s ON s.id = a.staff_id LEFT JOIN staff o ON o.id = a.object_id LEFT JOIN source f ON f.id = a.object_id
WHERE a.id < $before AND ($action = '' OR a.action = $action)
  AND ($who = 0 OR ($who = 1 AND a.staff_id = $staff_id AND a.key_id = 0) OR ($who = 2 AND a.staff_id = 0 AND a.key_id = 0) OR ($who = 3 AND a.key_id <> 0))
  AND a.at_us >= $from_us AND a.at_us < $to_us
  AND ($q = '' OR replace(lower(COALESCE(s.name, '')), $q, '') <> lower(COALESCE(s.name, '')) OR replace(lower(a.action), $q, '') <> lower(a.action)
       OR replace(lower(a.detail), $q, '') <> lower(a.detail) OR CAST(a.object_id AS TEXT) = $q OR CAST(a.request_id AS TEXT) = $q
       OR (a.object IN ('staff', 'session') AND replace(lower(COALESCE(o.name, '')), $q, '') <> lower(COALESCE(o.name, '')))
       OR (a.object = 'source' AND replace(lower(COALESCE(f.name, '')), $q, '') <> lower(COALESCE(f.name, ''))))
ORDER BY a.id DESC LIMIT $limit;

-- name: audit_list_by_action
SELECT a.id AS id, a.at_us AS at_us, a.staff_id AS staff_id, s.name AS staff, a.key_id AS key_id, a.action AS action, a.object AS object,
    a.object_id AS object_id, a.detail AS detail, a.request_id AS request_id,
    CASE a.object WHEN 'staff' THEN o.name WHEN 'session' THEN o.name WHEN 'source' THEN f.name END AS object_name
FROM audit_row a LEFT JOIN staff s ON s.id = a.staff_id LEFT JOIN staff o ON o.id = a.object_id LEFT JOIN source f ON f.id = a.object_id
WHERE a.action = $action AND a.id < $before
  AND ($who = 0 OR ($who = 1 AND a.staff_id = $staff_id AND a.key_id = 0) OR ($who = 2 AND a.staff_id = 0 AND a.key_id = 0) OR ($who = 3 AND a.key_id <> 0))
  AND a.at_us >= $from_us AND a.at_us < $to_us
  AND ($q = '' OR replace(lower(COALESCE(s.name, '')), $q, '') <> lower(COALESCE(s.name, '')) OR replace(lower(a.action), $q, '') <> lower(a.action)
       OR replace(lower(a.detail), $q, '') <> lower(a.detail) OR CAST(a.object_id AS TEXT) = $q OR CAST(a.request_id AS TEXT) = $q
       OR (a.object IN ('staff', 'session') AND replace(lower(COALESCE(o.name, '')), $q, '') <> lower(COALESCE(o.name, '')))
       OR (a.object = 'source' AND replace(lower(COALESCE(f.name, '')), $q, '') <> lower(COALESCE(f.name, ''))))
ORDER BY a.id DESC LIMIT $limit;

-- name: audit_count
SELECT count(*) FROM (
    SELECT a.id
    FROM audit_row a LEFT JOIN staff s ON s.id = a.staff_id LEFT JOIN staff o ON o.id = a.object_id LEFT JOIN source f ON f.id = a.object_id
    WHERE ($action = '' OR a.action = $action)
  AND ($who = 0 OR ($who = 1 AND a.staff_id = $staff_id AND a.key_id = 0) OR ($who = 2 AND a.staff_id = 0 AND a.key_id = 0) OR ($who = 3 AND a.key_id <> 0))
  AND a.at_us >= $from_us AND a.at_us < $to_us
  AND ($q = '' OR replace(lower(COALESCE(s.name, '')), $q, '') <> lower(COALESCE(s.name, '')) OR replace(lower(a.action), $q, '') <> lower(a.action)
       OR replace(lower(a.detail), $q, '') <> lower(a.detail) OR CAST(a.object_id AS TEXT) = $q OR CAST(a.request_id AS TEXT) = $q
       OR (a.object IN ('staff', 'session') AND replace(lower(COALESCE(o.name, '')), $q, '') <> lower(COALESCE(o.name, '')))
       OR (a.object = 'source' AND replace(lower(COALESCE(f.name, '')), $q, '') <> lower(COALESCE(f.name, ''))))
    LIMIT $count_max
) n;
