-- name: idempotency_find
SELECT body_hash, status, reply_sealed FROM idempotency WHERE key_hash = $key_hash AND made_us >= $since_us;

-- name: idempotency_insert
INSERT INTO idempotency (key_hash, body_hash, status, reply_sealed, made_us) VALUES ($key_hash, $body_hash, $status, $reply_sealed, $made_us);

-- name: idempotency_sweep
DELETE FROM idempotency WHERE made_us < $before_us;
