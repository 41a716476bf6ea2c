-- The identity graph: who holds which identifier and why, which records are one person, and an append-only log.

-- migration: 400
CREATE TABLE key_claim (
    key_hash $BYTES NOT NULL PRIMARY KEY,
    customer_id $BIGINT NOT NULL,
    ref_id $BIGINT NOT NULL
) $CLUSTERED;

CREATE TABLE identifier (
    customer_id $BIGINT NOT NULL,
    id $BIGINT NOT NULL,
    kind $BIGINT NOT NULL,
    scope $TEXT NOT NULL,
    key_hash $BYTES NOT NULL,
    status $BIGINT NOT NULL,
    source_id $BIGINT NOT NULL,
    first_us $BIGINT NOT NULL,
    last_us $BIGINT NOT NULL,
    uses $BIGINT NOT NULL,
    PRIMARY KEY (customer_id, id)
) $CLUSTERED;

CREATE TABLE identity_evidence (
    customer_id $BIGINT NOT NULL,
    id $BIGINT NOT NULL,
    identifier_id $BIGINT NOT NULL,
    source_id $BIGINT NOT NULL,
    ref_kind $TEXT NOT NULL,
    ref_id $BIGINT NOT NULL,
    at_us $BIGINT NOT NULL,
    rule $TEXT NOT NULL,
    rule_version $BIGINT NOT NULL,
    proven $BIGINT NOT NULL,
    PRIMARY KEY (customer_id, identifier_id, id)
) $CLUSTERED;

CREATE TABLE subject_link (
    subject $BIGINT NOT NULL PRIMARY KEY,
    customer_id $BIGINT NOT NULL,
    is_device $BIGINT NOT NULL,
    pseudonym $BIGINT NOT NULL,
    shared $BIGINT NOT NULL,
    at_us $BIGINT NOT NULL
) $STRICT;
CREATE INDEX subject_link_customer ON subject_link (customer_id);

CREATE TABLE identity_claimed (
    subject $BIGINT NOT NULL,
    key_hash $BYTES NOT NULL,
    kind $BIGINT NOT NULL,
    source_id $BIGINT NOT NULL,
    at_us $BIGINT NOT NULL,
    PRIMARY KEY (subject, key_hash)
) $CLUSTERED;
CREATE INDEX identity_claimed_key ON identity_claimed (key_hash);

CREATE TABLE customer_member (
    customer_id $BIGINT NOT NULL PRIMARY KEY,
    root_id $BIGINT NOT NULL,
    merge_id $BIGINT NOT NULL
) $STRICT;
CREATE INDEX customer_member_root ON customer_member (root_id);

CREATE TABLE identity_log (
    id $BIGINT NOT NULL PRIMARY KEY,
    kind $TEXT NOT NULL,
    winner_id $BIGINT NOT NULL,
    loser_id $BIGINT NOT NULL,
    rule $TEXT NOT NULL,
    rule_version $BIGINT NOT NULL,
    ref_kind $TEXT NOT NULL,
    ref_id $BIGINT NOT NULL,
    staff_id $BIGINT NOT NULL,
    before_json $TEXT NOT NULL,
    at_us $BIGINT NOT NULL
) $STRICT;
CREATE INDEX identity_log_winner ON identity_log (winner_id);

CREATE TABLE identity_review (
    id $BIGINT NOT NULL PRIMARY KEY,
    rule $TEXT NOT NULL,
    left_id $BIGINT NOT NULL,
    right_id $BIGINT NOT NULL,
    kinds $TEXT NOT NULL,
    ref_kind $TEXT NOT NULL,
    ref_id $BIGINT NOT NULL,
    status $TEXT NOT NULL,
    reason $TEXT NOT NULL,
    staff_id $BIGINT NOT NULL,
    at_us $BIGINT NOT NULL,
    rev $BIGINT NOT NULL
) $STRICT;
CREATE UNIQUE INDEX identity_review_pair ON identity_review (left_id, right_id, rule);
CREATE INDEX identity_review_open ON identity_review (status, id);

CREATE TABLE identity_use (
    key_hash $BYTES NOT NULL,
    business_day $BIGINT NOT NULL,
    uses $BIGINT NOT NULL,
    PRIMARY KEY (key_hash, business_day)
) $CLUSTERED;

-- migration: 401
-- What was only claimed stands with the event that claimed it (its property "$claims").
DROP TABLE identity_claimed;

-- migration: 402
-- The layout of several machines (app/layout.c): what was found through an index of another column than the table is spread by stands
-- in a table that is spread by that one.
CREATE TABLE customer_group (
    root_id $BIGINT NOT NULL,
    customer_id $BIGINT NOT NULL,
    PRIMARY KEY (root_id, customer_id)
) $CLUSTERED;
INSERT INTO customer_group (root_id, customer_id) SELECT root_id, customer_id FROM customer_member;
DROP INDEX customer_member_root;
CREATE TABLE customer_subject (
    customer_id $BIGINT NOT NULL,
    subject $BIGINT NOT NULL,
    PRIMARY KEY (customer_id, subject)
) $CLUSTERED;
INSERT INTO customer_subject (customer_id, subject) SELECT customer_id, subject FROM subject_link;
DROP INDEX subject_link_customer;
CREATE TABLE identity_log_spread (
    winner_id $BIGINT NOT NULL,
    id $BIGINT NOT NULL,
    kind $TEXT NOT NULL,
    loser_id $BIGINT NOT NULL,
    rule $TEXT NOT NULL,
    rule_version $BIGINT NOT NULL,
    ref_kind $TEXT NOT NULL,
    ref_id $BIGINT NOT NULL,
    staff_id $BIGINT NOT NULL,
    before_json $TEXT NOT NULL,
    at_us $BIGINT NOT NULL,
    PRIMARY KEY (winner_id, id)
) $CLUSTERED;
INSERT INTO identity_log_spread (winner_id, id, kind, loser_id, rule, rule_version, ref_kind, ref_id, staff_id, before_json, at_us)
SELECT winner_id, id, kind, loser_id, rule, rule_version, ref_kind, ref_id, staff_id, before_json, at_us FROM identity_log;
DROP TABLE identity_log;
ALTER TABLE identity_log_spread RENAME TO identity_log;
