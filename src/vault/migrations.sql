-- keys.db has a list of its own: it is another file than the truth, with a shorter-lived backup.

-- migration: 1
CREATE TABLE wrapped_key (
    customer_id $BIGINT NOT NULL PRIMARY KEY,
    wrapped $BYTES NOT NULL,
    created_us $BIGINT NOT NULL
) $STRICT;
CREATE TABLE server_secret (
    name $TEXT NOT NULL PRIMARY KEY,
    secret $BYTES NOT NULL,
    created_us $BIGINT NOT NULL
) $STRICT;
