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

-- migration: 604
-- The layout of several machines (app/layout.c): a document and its parts lie with the customer it was issued to, and name her in
-- their keys. A document's key is claimed in key_claim, as ever; the claim now says whose document it is, and the index beside it
-- goes. Ids come first in the keys: rows lie in the order they came, and an id alone still finds its document.
UPDATE key_claim SET customer_id = (SELECT s.customer_id FROM sale s WHERE s.id = key_claim.ref_id)
WHERE customer_id = 0 AND EXISTS (SELECT 1 FROM sale s WHERE s.id = key_claim.ref_id);
-- return_customer_id and return_channel are the sold document's, once it is here: neither ever changes there.
CREATE TABLE sale_line_spread (
    sale_id $BIGINT NOT NULL,
    line_no $BIGINT NOT NULL,
    customer_id $BIGINT NOT NULL,
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
    return_customer_id $BIGINT NOT NULL,
    return_channel $TEXT NOT NULL,
    return_reason $TEXT NOT NULL,
    over_quantity $BIGINT NOT NULL,
    PRIMARY KEY (sale_id, line_no, customer_id)
) $CLUSTERED;
INSERT INTO sale_line_spread (sale_id, line_no, customer_id, sku_id, style_id, sku, name, quantity, list_minor, paid_minor, discount_minor, order_share_minor,
    tax_permyriad, promotion, coupon, return_key, return_line, return_sale_id, return_customer_id, return_channel, return_reason, over_quantity)
SELECT l.sale_id, l.line_no, s.customer_id, l.sku_id, l.style_id, l.sku, l.name, l.quantity, l.list_minor, l.paid_minor, l.discount_minor, l.order_share_minor,
    l.tax_permyriad, l.promotion, l.coupon, l.return_key, l.return_line, l.return_sale_id, COALESCE(o.customer_id, 0), COALESCE(o.channel, ''), l.return_reason,
    l.over_quantity
FROM sale_line l JOIN sale s ON s.id = l.sale_id LEFT JOIN sale o ON o.id = l.return_sale_id;
DROP TABLE sale_line;
ALTER TABLE sale_line_spread RENAME TO sale_line;
CREATE INDEX sale_line_unknown ON sale_line (sku, sale_id) WHERE sku_id = 0;
-- Return lines whose sold document has not come in, by the key they name.
CREATE TABLE sale_waiting (
    return_key $TEXT NOT NULL,
    sale_id $BIGINT NOT NULL,
    line_no $BIGINT NOT NULL,
    customer_id $BIGINT NOT NULL,
    PRIMARY KEY (return_key, sale_id, line_no)
) $CLUSTERED;
INSERT INTO sale_waiting (return_key, sale_id, line_no, customer_id)
SELECT return_key, sale_id, line_no, customer_id FROM sale_line WHERE return_sale_id = 0 AND return_key <> '';
-- What came back of a document, with the document: customer_id is whose it is, line_no which of its lines. The return is another's as often as not.
CREATE TABLE sale_returned (
    sale_id $BIGINT NOT NULL,
    return_sale_id $BIGINT NOT NULL,
    return_line_no $BIGINT NOT NULL,
    customer_id $BIGINT NOT NULL,
    return_customer_id $BIGINT NOT NULL,
    line_no $BIGINT NOT NULL,
    quantity $BIGINT NOT NULL,
    paid_minor $BIGINT NOT NULL,
    over_quantity $BIGINT NOT NULL,
    PRIMARY KEY (sale_id, return_sale_id, return_line_no, customer_id)
) $CLUSTERED;
INSERT INTO sale_returned (sale_id, return_sale_id, return_line_no, customer_id, return_customer_id, line_no, quantity, paid_minor, over_quantity)
SELECT return_sale_id, sale_id, line_no, return_customer_id, customer_id, return_line, -quantity, -paid_minor, over_quantity FROM sale_line WHERE return_sale_id > 0;
CREATE TABLE sale_tender_spread (
    sale_id $BIGINT NOT NULL,
    position $BIGINT NOT NULL,
    customer_id $BIGINT NOT NULL,
    type $TEXT NOT NULL,
    amount_minor $BIGINT NOT NULL,
    PRIMARY KEY (sale_id, position, customer_id)
) $CLUSTERED;
INSERT INTO sale_tender_spread (sale_id, position, customer_id, type, amount_minor)
SELECT t.sale_id, t.position, s.customer_id, t.type, t.amount_minor FROM sale_tender t JOIN sale s ON s.id = t.sale_id;
DROP TABLE sale_tender;
ALTER TABLE sale_tender_spread RENAME TO sale_tender;
CREATE TABLE sale_share_spread (
    sale_id $BIGINT NOT NULL,
    staff_no $TEXT NOT NULL,
    customer_id $BIGINT NOT NULL,
    permille $BIGINT NOT NULL,
    PRIMARY KEY (sale_id, staff_no, customer_id)
) $CLUSTERED;
INSERT INTO sale_share_spread (sale_id, staff_no, customer_id, permille)
SELECT h.sale_id, h.staff_no, s.customer_id, h.permille FROM sale_share h JOIN sale s ON s.id = h.sale_id;
DROP TABLE sale_share;
ALTER TABLE sale_share_spread RENAME TO sale_share;
CREATE TABLE sale_state_spread (
    sale_id $BIGINT NOT NULL,
    position $BIGINT NOT NULL,
    customer_id $BIGINT NOT NULL,
    status $BIGINT NOT NULL,
    at_us $BIGINT NOT NULL,
    refund_minor $BIGINT NOT NULL,
    PRIMARY KEY (sale_id, position, customer_id)
) $CLUSTERED;
INSERT INTO sale_state_spread (sale_id, position, customer_id, status, at_us, refund_minor)
SELECT e.sale_id, e.position, s.customer_id, e.status, e.at_us, e.refund_minor FROM sale_state e JOIN sale s ON s.id = e.sale_id;
DROP TABLE sale_state;
ALTER TABLE sale_state_spread RENAME TO sale_state;
CREATE TABLE sale_spread (
    id $BIGINT NOT NULL,
    customer_id $BIGINT NOT NULL,
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
    member $BIGINT NOT NULL,
    content_hash $BYTES NOT NULL,
    created_us $BIGINT NOT NULL,
    updated_us $BIGINT NOT NULL,
    rev $BIGINT NOT NULL,
    over_returned $BIGINT NOT NULL,
    PRIMARY KEY (id, customer_id)
) $CLUSTERED;
INSERT INTO sale_spread (id, customer_id, sale_key, kind, status, channel, store_id, till, number, at_us, business_day, currency, total_minor, freight_minor,
    order_discount_minor, refunded_minor, units, source_id, trusted, member, content_hash, created_us, updated_us, rev, over_returned)
SELECT id, customer_id, sale_key, kind, status, channel, store_id, till, number, at_us, business_day, currency, total_minor, freight_minor,
    order_discount_minor, refunded_minor, units, source_id, trusted, member, content_hash, created_us, updated_us, rev, over_returned
FROM sale;
DROP TABLE sale;
ALTER TABLE sale_spread RENAME TO sale;
CREATE INDEX sale_by_number ON sale (number);
CREATE INDEX sale_by_time ON sale (at_us, id);
CREATE INDEX sale_by_customer ON sale (customer_id, at_us, id);
