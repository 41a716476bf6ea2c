-- Orders and receipts of every channel. No personal data: a customer is an id, an order of a person unknown has a
-- pseudonymous one. customer_id is never rewritten; who she is today is identity's answer.

-- migration: 601
CREATE TABLE sale (
    id $BIGINT NOT NULL PRIMARY KEY,
    sale_key $TEXT NOT NULL,
    kind $BIGINT NOT NULL,
    status $BIGINT NOT NULL,
    channel $TEXT NOT NULL,
    store_id $BIGINT NOT NULL,
    till $TEXT NOT NULL,
    number $TEXT NOT NULL,
    at_us $BIGINT NOT NULL,
    business_day $BIGINT NOT NULL,
    currency $TEXT NOT NULL,
    total_minor $BIGINT NOT NULL,
    freight_minor $BIGINT NOT NULL,
    order_discount_minor $BIGINT NOT NULL,
    refunded_minor $BIGINT NOT NULL,
    units $BIGINT NOT NULL,
    source_id $BIGINT NOT NULL,
    trusted $BIGINT NOT NULL,
    customer_id $BIGINT NOT NULL,
    member $BIGINT NOT NULL,
    content_hash $BYTES NOT NULL,
    created_us $BIGINT NOT NULL,
    updated_us $BIGINT NOT NULL,
    rev $BIGINT NOT NULL
) $STRICT;
CREATE UNIQUE INDEX sale_by_key ON sale (sale_key);
CREATE INDEX sale_by_number ON sale (number);
CREATE INDEX sale_by_time ON sale (at_us, id);
CREATE INDEX sale_by_customer ON sale (customer_id, at_us, id);
-- paid_minor is what was paid for the whole line after all discounts, the spread part of the order's discount included
-- (order_share_minor); VAT is in it. return_key and return_line say what the document claims to return; return_sale_id is
-- that document once it is here, 0 before.
CREATE TABLE sale_line (
    sale_id $BIGINT NOT NULL,
    line_no $BIGINT NOT NULL,
    sku_id $BIGINT NOT NULL,
    style_id $BIGINT NOT NULL,
    sku $TEXT NOT NULL,
    name $TEXT NOT NULL,
    quantity $BIGINT NOT NULL,
    list_minor $BIGINT NOT NULL,
    paid_minor $BIGINT NOT NULL,
    discount_minor $BIGINT NOT NULL,
    order_share_minor $BIGINT NOT NULL,
    tax_permyriad $BIGINT NOT NULL,
    promotion $TEXT NOT NULL,
    coupon $TEXT NOT NULL,
    return_key $TEXT NOT NULL,
    return_line $BIGINT NOT NULL,
    return_sale_id $BIGINT NOT NULL,
    return_reason $TEXT NOT NULL,
    PRIMARY KEY (sale_id, line_no)
) $CLUSTERED;
CREATE INDEX sale_line_return ON sale_line (return_sale_id, return_line) WHERE return_sale_id > 0;
CREATE INDEX sale_line_waiting ON sale_line (return_key) WHERE return_sale_id = 0 AND return_key <> '';
CREATE TABLE sale_tender (
    sale_id $BIGINT NOT NULL,
    position $BIGINT NOT NULL,
    type $TEXT NOT NULL,
    amount_minor $BIGINT NOT NULL,
    PRIMARY KEY (sale_id, position)
) $CLUSTERED;
CREATE TABLE sale_share (
    sale_id $BIGINT NOT NULL,
    staff_no $TEXT NOT NULL,
    permille $BIGINT NOT NULL,
    PRIMARY KEY (sale_id, staff_no)
) $CLUSTERED;
-- The states an order went through; a refund says how much went back at that moment.
CREATE TABLE sale_state (
    sale_id $BIGINT NOT NULL,
    position $BIGINT NOT NULL,
    status $BIGINT NOT NULL,
    at_us $BIGINT NOT NULL,
    refund_minor $BIGINT NOT NULL,
    PRIMARY KEY (sale_id, position)
) $CLUSTERED;

-- migration: 602
-- Lines whose code was unknown when they were written, and those of them that are known since.
CREATE INDEX sale_line_unknown ON sale_line (sku, sale_id) WHERE sku_id = 0;
UPDATE sale_line SET sku_id = (SELECT k.id FROM sku k WHERE k.code = sale_line.sku), style_id = (SELECT k.style_id FROM sku k WHERE k.code = sale_line.sku)
WHERE sku_id = 0 AND EXISTS (SELECT 1 FROM sku k WHERE k.code = sale_line.sku);

-- migration: 603
-- over_quantity: pieces of a return line beyond what the line it names had left when it was joined; they were taken, for a till
-- reports what happened. over_returned: the document has such lines, or more of it came back than was sold or paid.
ALTER TABLE sale_line ADD COLUMN over_quantity $BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sale ADD COLUMN over_returned $BIGINT NOT NULL DEFAULT 0;
