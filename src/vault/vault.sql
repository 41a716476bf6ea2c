-- Statements of keys.db (vault/keystore.c). None of them runs on the truth.

-- name: keystore_insert
INSERT INTO wrapped_key (customer_id, wrapped, created_us) VALUES ($customer_id, $wrapped, $created_us);

-- name: keystore_of
SELECT customer_id, wrapped FROM wrapped_key WHERE customer_id IN ($ids[]) ORDER BY customer_id;

-- name: keystore_delete
DELETE FROM wrapped_key WHERE customer_id = $customer_id;

-- name: keystore_page
SELECT customer_id FROM wrapped_key WHERE customer_id > $after AND created_us < $before_us ORDER BY customer_id LIMIT $limit;

-- name: keystore_count
SELECT count(*) FROM wrapped_key;

-- name: keystore_secret
SELECT secret FROM server_secret WHERE name = $name;

-- name: keystore_secret_update
UPDATE server_secret SET secret = $secret, created_us = $created_us WHERE name = $name;

-- name: keystore_secret_insert
INSERT INTO server_secret (name, secret, created_us) VALUES ($name, $secret, $created_us);
