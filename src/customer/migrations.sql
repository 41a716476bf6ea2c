-- The customer record. Sealed columns hold ciphertexts of the vault for the customer in sealed_for, in the place
-- (table, column, row) where they were sealed. *_us columns beside a value say when it was so; NULL: never said.
-- A record keeps what it learned for ever; a merged person is a list of records, and the newest value of any counts.

-- migration: 200
CREATE TABLE customer (
    id $BIGINT NOT NULL PRIMARY KEY,
    rev $BIGINT NOT NULL,
    number $BIGINT NOT NULL UNIQUE,
    brand_id $BIGINT NOT NULL,
    sealed_for $BIGINT NOT NULL,
    name $BYTES, name_hash $BYTES, name_us $BIGINT,
    birthday $BYTES, birthday_hash $BYTES, birthday_us $BIGINT,
    gender $BIGINT, gender_us $BIGINT,
    class $BIGINT, class_us $BIGINT,
    organisation $BIGINT, organisation_us $BIGINT,
    member $BIGINT, member_us $BIGINT,
    home_store_id $BIGINT, home_store_us $BIGINT,
    own_assistant $TEXT, own_assistant_us $BIGINT,
    size_top $TEXT, size_top_us $BIGINT,
    size_bottom $TEXT, size_bottom_us $BIGINT,
    size_shoe $TEXT, size_shoe_us $BIGINT,
    tastes $TEXT, tastes_us $BIGINT,
    first_source_id $BIGINT NOT NULL,
    first_store_id $BIGINT NOT NULL,
    created_us $BIGINT NOT NULL,
    updated_us $BIGINT NOT NULL
) $STRICT;

-- Phones, e-mails, cards, accounts. `kind` is enum vault_field; key_hash is the identifier's.
CREATE TABLE customer_contact (
    customer_id $BIGINT NOT NULL,
    key_hash $BYTES NOT NULL,
    id $BIGINT NOT NULL,
    kind $BIGINT NOT NULL,
    scope $TEXT NOT NULL,
    value $BYTES NOT NULL,
    sealed_for $BIGINT NOT NULL,
    source_id $BIGINT NOT NULL,
    first_us $BIGINT NOT NULL,
    last_us $BIGINT NOT NULL,
    PRIMARY KEY (customer_id, key_hash)
) $CLUSTERED;

-- `value` is the whole address, sealed; province and city stand open, for regions in reports.
CREATE TABLE customer_address (
    customer_id $BIGINT NOT NULL,
    id $BIGINT NOT NULL,
    value_hash $BYTES NOT NULL,
    province $TEXT NOT NULL,
    city $TEXT NOT NULL,
    value $BYTES NOT NULL,
    sealed_for $BIGINT NOT NULL,
    source_id $BIGINT NOT NULL,
    last_us $BIGINT NOT NULL,
    PRIMARY KEY (customer_id, id)
) $CLUSTERED;

CREATE TABLE customer_note (
    customer_id $BIGINT NOT NULL,
    id $BIGINT NOT NULL,
    text $BYTES NOT NULL,
    sealed_for $BIGINT NOT NULL,
    staff_id $BIGINT NOT NULL,
    at_us $BIGINT NOT NULL,
    PRIMARY KEY (customer_id, id)
) $STRICT;

CREATE TABLE customer_tag (
    customer_id $BIGINT NOT NULL,
    tag $TEXT NOT NULL,
    staff_id $BIGINT NOT NULL,
    at_us $BIGINT NOT NULL,
    PRIMARY KEY (customer_id, tag)
) $CLUSTERED;
CREATE INDEX customer_tag_tag ON customer_tag (tag, customer_id);

CREATE TABLE customer_relation (
    customer_id $BIGINT NOT NULL,
    other_id $BIGINT NOT NULL,
    kind $TEXT NOT NULL,
    staff_id $BIGINT NOT NULL,
    at_us $BIGINT NOT NULL,
    PRIMARY KEY (customer_id, other_id, kind)
) $CLUSTERED;
CREATE INDEX customer_relation_other ON customer_relation (other_id);

-- Append-only: the newest row of a purpose and channel is how it stands.
CREATE TABLE customer_consent (
    customer_id $BIGINT NOT NULL,
    id $BIGINT NOT NULL,
    purpose $TEXT NOT NULL,
    channel $TEXT NOT NULL,
    status $BIGINT NOT NULL,
    text_version $TEXT NOT NULL,
    proof $TEXT NOT NULL,
    staff_id $BIGINT NOT NULL,
    source_id $BIGINT NOT NULL,
    at_us $BIGINT NOT NULL,
    PRIMARY KEY (customer_id, id)
) $CLUSTERED;

-- Append-only history. Personal values (kind: enum vault_field, 0 plain) are the ciphertexts as they stood in the table
-- of their kind, row item_id. rev is the record's revision after the change.
CREATE TABLE customer_change (
    customer_id $BIGINT NOT NULL,
    id $BIGINT NOT NULL,
    rev $BIGINT NOT NULL,
    field $TEXT NOT NULL,
    kind $BIGINT NOT NULL,
    item_id $BIGINT NOT NULL,
    old_text $TEXT,
    new_text $TEXT,
    old_sealed $BYTES,
    new_sealed $BYTES,
    sealed_for $BIGINT NOT NULL,
    staff_id $BIGINT NOT NULL,
    source_kind $TEXT NOT NULL,
    source_id $BIGINT NOT NULL,
    ref_id $BIGINT NOT NULL,
    at_us $BIGINT NOT NULL,
    PRIMARY KEY (customer_id, id)
) $CLUSTERED;

-- One narrow row a record: what lists sort and filter by. `listed` is 0 once it was merged into another.
CREATE TABLE customer_stat (
    customer_id $BIGINT NOT NULL PRIMARY KEY,
    listed $BIGINT NOT NULL,
    home_store_id $BIGINT NOT NULL,
    class $BIGINT NOT NULL,
    orders $BIGINT NOT NULL,
    units $BIGINT NOT NULL,
    spent_minor $BIGINT NOT NULL,
    returned_minor $BIGINT NOT NULL,
    web_orders $BIGINT NOT NULL,
    web_spent_minor $BIGINT NOT NULL,
    first_seen_us $BIGINT NOT NULL,
    last_seen_us $BIGINT NOT NULL,
    last_order_us $BIGINT NOT NULL
) $STRICT;
CREATE INDEX customer_stat_seen ON customer_stat (last_seen_us, customer_id);
CREATE INDEX customer_stat_spent ON customer_stat (spent_minor, customer_id);
CREATE INDEX customer_stat_orders ON customer_stat (orders, customer_id);
CREATE INDEX customer_stat_store ON customer_stat (home_store_id, customer_id);
CREATE INDEX customer_stat_merged ON customer_stat (customer_id) WHERE listed = 0;
CREATE INDEX customer_stat_class ON customer_stat (class, customer_id) WHERE class <> 1;

-- migration: 201
-- Where money goes back to: one a record, gone after until_us.
CREATE TABLE customer_refund (
    customer_id $BIGINT NOT NULL PRIMARY KEY,
    id $BIGINT NOT NULL,
    value $BYTES NOT NULL,
    sealed_for $BIGINT NOT NULL,
    staff_id $BIGINT NOT NULL,
    at_us $BIGINT NOT NULL,
    until_us $BIGINT NOT NULL
) $STRICT;
CREATE INDEX customer_refund_until ON customer_refund (until_us);
CREATE INDEX customer_change_refund ON customer_change (at_us) WHERE kind = 8;

-- migration: 202
-- The layout of several machines (app/layout.c): a key holds the column that its table is spread by. A number is claimed in a table of
-- its own; a relation is found from both sides without asking everybody.
CREATE TABLE customer_number (
    number $BIGINT NOT NULL PRIMARY KEY,
    customer_id $BIGINT NOT NULL
) $STRICT;
INSERT INTO customer_number (number, customer_id) SELECT number, id FROM customer ORDER BY number;
CREATE TABLE customer_spread (
    id $BIGINT NOT NULL PRIMARY KEY,
    rev $BIGINT NOT NULL,
    number $BIGINT NOT NULL,
    brand_id $BIGINT NOT NULL,
    sealed_for $BIGINT NOT NULL,
    name $BYTES, name_hash $BYTES, name_us $BIGINT,
    birthday $BYTES, birthday_hash $BYTES, birthday_us $BIGINT,
    gender $BIGINT, gender_us $BIGINT,
    class $BIGINT, class_us $BIGINT,
    organisation $BIGINT, organisation_us $BIGINT,
    member $BIGINT, member_us $BIGINT,
    home_store_id $BIGINT, home_store_us $BIGINT,
    own_assistant $TEXT, own_assistant_us $BIGINT,
    size_top $TEXT, size_top_us $BIGINT,
    size_bottom $TEXT, size_bottom_us $BIGINT,
    size_shoe $TEXT, size_shoe_us $BIGINT,
    tastes $TEXT, tastes_us $BIGINT,
    first_source_id $BIGINT NOT NULL,
    first_store_id $BIGINT NOT NULL,
    created_us $BIGINT NOT NULL,
    updated_us $BIGINT NOT NULL
) $STRICT;
INSERT INTO customer_spread (id, rev, number, brand_id, sealed_for, name, name_hash, name_us, birthday, birthday_hash, birthday_us, gender, gender_us,
    class, class_us, organisation, organisation_us, member, member_us, home_store_id, home_store_us, own_assistant, own_assistant_us,
    size_top, size_top_us, size_bottom, size_bottom_us, size_shoe, size_shoe_us, tastes, tastes_us, first_source_id, first_store_id, created_us, updated_us)
SELECT id, rev, number, brand_id, sealed_for, name, name_hash, name_us, birthday, birthday_hash, birthday_us, gender, gender_us,
    class, class_us, organisation, organisation_us, member, member_us, home_store_id, home_store_us, own_assistant, own_assistant_us,
    size_top, size_top_us, size_bottom, size_bottom_us, size_shoe, size_shoe_us, tastes, tastes_us, first_source_id, first_store_id, created_us, updated_us
FROM customer ORDER BY id;
DROP TABLE customer;
ALTER TABLE customer_spread RENAME TO customer;
-- customer_relation from the other's side: what she is to whom.
CREATE TABLE customer_related (
    customer_id $BIGINT NOT NULL,
    other_id $BIGINT NOT NULL,
    kind $TEXT NOT NULL,
    at_us $BIGINT NOT NULL,
    PRIMARY KEY (customer_id, other_id, kind)
) $CLUSTERED;
INSERT INTO customer_related (customer_id, other_id, kind, at_us) SELECT other_id, customer_id, kind, at_us FROM customer_relation;
DROP INDEX customer_relation_other;
