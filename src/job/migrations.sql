-- Durable background work.

-- migration: 51
CREATE TABLE job (
    id $BIGINT NOT NULL PRIMARY KEY,
    kind $TEXT NOT NULL,
    status $BIGINT NOT NULL,
    input $TEXT NOT NULL,
    state $TEXT NOT NULL,
    result $TEXT NOT NULL,
    error $TEXT NOT NULL,
    done $BIGINT NOT NULL,
    total $BIGINT NOT NULL,
    cancel $BIGINT NOT NULL,
    lease_owner $BIGINT NOT NULL,
    lease_until_us $BIGINT NOT NULL,
    created_by $BIGINT NOT NULL,
    created_us $BIGINT NOT NULL,
    started_us $BIGINT NOT NULL,
    finished_us $BIGINT NOT NULL
) $STRICT;
CREATE INDEX job_status ON job (status, id);
