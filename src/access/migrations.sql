-- Who may do what: staff with roles and stores, their sessions, the sources that send data and their keys, the server's audit.

-- migration: 101
CREATE TABLE staff (
    id $BIGINT NOT NULL PRIMARY KEY,
    email $TEXT NOT NULL UNIQUE,
    name $TEXT NOT NULL,
    number $TEXT NOT NULL,
    role $BIGINT NOT NULL,
    locale $TEXT NOT NULL,
    password_hash $TEXT NOT NULL,
    enabled $BIGINT NOT NULL,
    created_us $BIGINT NOT NULL,
    updated_us $BIGINT NOT NULL,
    rev $BIGINT NOT NULL
) $STRICT;
-- The stores that store staff browse; nobody else has rows here.
CREATE TABLE staff_store (
    staff_id $BIGINT NOT NULL,
    store_id $BIGINT NOT NULL,
    manages $BIGINT NOT NULL,
    PRIMARY KEY (staff_id, store_id)
) $CLUSTERED;
-- token_hash is BLAKE2b of the cookie's 256 random bits.
CREATE TABLE staff_session (
    token_hash $BYTES NOT NULL PRIMARY KEY,
    staff_id $BIGINT NOT NULL,
    made_us $BIGINT NOT NULL,
    seen_us $BIGINT NOT NULL
) $STRICT;
CREATE INDEX staff_session_staff ON staff_session (staff_id);
CREATE TABLE source (
    id $BIGINT NOT NULL PRIMARY KEY,
    code $TEXT NOT NULL UNIQUE,
    name $TEXT NOT NULL,
    kind $TEXT NOT NULL,
    channel $TEXT NOT NULL,
    account_scope $TEXT NOT NULL,
    trusted $BIGINT NOT NULL,
    shared_device $BIGINT NOT NULL,
    enabled $BIGINT NOT NULL,
    brand_id $BIGINT NOT NULL,
    signing_sealed $BYTES,
    created_us $BIGINT NOT NULL,
    updated_us $BIGINT NOT NULL,
    rev $BIGINT NOT NULL
) $STRICT;
-- key_hash is BLAKE2b of the key, which nobody can read again; hint is its beginning, for people.
CREATE TABLE api_key (
    id $BIGINT NOT NULL PRIMARY KEY,
    source_id $BIGINT NOT NULL,
    key_hash $BYTES NOT NULL UNIQUE,
    hint $TEXT NOT NULL,
    kind $BIGINT NOT NULL,
    trusted $BIGINT NOT NULL,
    created_by $BIGINT NOT NULL,
    created_us $BIGINT NOT NULL,
    revoked_us $BIGINT
) $STRICT;
CREATE INDEX api_key_source ON api_key (source_id);
CREATE TABLE audit_row (
    id $BIGINT NOT NULL PRIMARY KEY,
    at_us $BIGINT NOT NULL,
    staff_id $BIGINT NOT NULL,
    key_id $BIGINT NOT NULL,
    action $TEXT NOT NULL,
    object $TEXT NOT NULL,
    object_id $BIGINT NOT NULL,
    detail $TEXT NOT NULL,
    request_id $BIGINT NOT NULL
) $STRICT;
CREATE INDEX audit_row_action ON audit_row (action, id);
CREATE TABLE setting (
    name $TEXT NOT NULL PRIMARY KEY,
    value $TEXT NOT NULL,
    updated_us $BIGINT NOT NULL,
    rev $BIGINT NOT NULL
) $STRICT;
