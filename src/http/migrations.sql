-- migration: 60
-- Replies to POSTs with an Idempotency-Key, kept for 24 hours (http/idempotency.c).
CREATE TABLE idempotency (
    key_hash $BYTES PRIMARY KEY,
    body_hash $BYTES NOT NULL,
    status $BIGINT NOT NULL,
    reply_sealed $BYTES NOT NULL,
    made_us $BIGINT NOT NULL
) $STRICT;
CREATE INDEX idempotency_made ON idempotency (made_us);
