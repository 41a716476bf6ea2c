-- What could not be taken, with the reason; personal values are redacted before they are written.

-- migration: 800
CREATE TABLE quarantine (
    id $BIGINT NOT NULL PRIMARY KEY,
    source_id $BIGINT NOT NULL,
    received_us $BIGINT NOT NULL,
    reason $TEXT NOT NULL,
    raw $TEXT NOT NULL
) $STRICT;
CREATE INDEX quarantine_reason ON quarantine (reason, id);
