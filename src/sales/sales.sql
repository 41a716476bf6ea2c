-- Documents, their lines, and the questions asked of them.

-- Whose is it? For who knows its id alone.
-- all shards: a document opened by its id alone, by people: one look into an index on each.
-- name: sale_customer
SELECT customer_id FROM sale WHERE id = $id ORDER BY customer_id LIMIT 1;

-- name: sale_get
SELECT id, kind, status, channel, trusted, customer_id, at_us, total_minor, freight_minor, refunded_minor, units, content_hash
FROM sale WHERE customer_id = $customer_id AND id = $id;

-- name: sale_insert
INSERT INTO sale (id, sale_key, kind, status, channel, store_id, till, number, at_us, business_day, currency, total_minor,
    freight_minor, order_discount_minor, refunded_minor, units, source_id, trusted, customer_id, member, content_hash,
    created_us, updated_us, rev, over_returned)
VALUES ($id, $sale_key, $kind, $status, $channel, $store_id, $till, $number, $at_us, $business_day, $currency, $total_minor,
    $freight_minor, $order_discount_minor, 0, $units, $source_id, $trusted, $customer_id, $member, $content_hash,
    $now_us, $now_us, 1, 0);

-- name: sale_update
UPDATE sale SET status = $status, currency = $currency, total_minor = $total_minor, freight_minor = $freight_minor,
    order_discount_minor = $order_discount_minor, units = $units, trusted = $trusted, content_hash = $content_hash,
    updated_us = $now_us, rev = rev + 1
WHERE customer_id = $customer_id AND id = $id;

-- name: sale_set_status
UPDATE sale SET status = $status, refunded_minor = $refunded_minor, updated_us = $now_us, rev = rev + 1
WHERE customer_id = $customer_id AND id = $id;

-- all shards: when a SKU is filed: who sold it before, an index of such lines alone.
-- name: sale_line_unknown
SELECT DISTINCT sale_id FROM sale_line WHERE sku = $sku AND sku_id = 0 AND sale_id > $after ORDER BY sale_id LIMIT $limit;

-- all shards: when a SKU is filed that was sold before.
-- name: sale_line_known
UPDATE sale_line SET sku_id = $sku_id, style_id = $style_id WHERE sku = $sku AND sku_id = 0;

-- name: sale_line_insert
INSERT INTO sale_line (sale_id, line_no, customer_id, sku_id, style_id, sku, name, quantity, list_minor, paid_minor, discount_minor,
    order_share_minor, tax_permyriad, promotion, coupon, return_key, return_line, return_sale_id, return_customer_id, return_channel,
    return_reason, over_quantity)
VALUES ($sale_id, $line_no, $customer_id, $sku_id, $style_id, $sku, $name, $quantity, $list_minor, $paid_minor, $discount_minor,
    $order_share_minor, $tax_permyriad, $promotion, $coupon, $return_key, $return_line, 0, 0, '',
    $return_reason, 0);

-- name: sale_tender_insert
INSERT INTO sale_tender (sale_id, position, customer_id, type, amount_minor) VALUES ($sale_id, $position, $customer_id, $type, $amount_minor);

-- name: sale_share_insert
INSERT INTO sale_share (sale_id, staff_no, customer_id, permille) VALUES ($sale_id, $staff_no, $customer_id, $permille);

-- name: sale_line_delete
DELETE FROM sale_line WHERE customer_id = $customer_id AND sale_id = $sale_id;

-- name: sale_tender_delete
DELETE FROM sale_tender WHERE customer_id = $customer_id AND sale_id = $sale_id;

-- name: sale_share_delete
DELETE FROM sale_share WHERE customer_id = $customer_id AND sale_id = $sale_id;

-- name: sale_state_insert
INSERT INTO sale_state (sale_id, position, customer_id, status, at_us, refund_minor)
VALUES ($sale_id, $position, $customer_id, $status, $at_us, $refund_minor);

-- name: sale_state_count
SELECT count(*) FROM sale_state WHERE customer_id = $customer_id AND sale_id = $sale_id;

-- name: sale_refund_known
SELECT count(*) FROM sale_state
WHERE customer_id = $customer_id AND sale_id = $sale_id AND at_us = $at_us AND refund_minor = $refund_minor AND refund_minor > 0;

-- name: sale_state_list
SELECT status, at_us, refund_minor FROM sale_state WHERE customer_id = $customer_id AND sale_id = $sale_id ORDER BY position;

-- Returns wait for the document they name; whichever of the two comes last joins them, line by line.
-- name: sale_return_waiting
SELECT sale_id, line_no, customer_id FROM sale_waiting WHERE return_key = $return_key ORDER BY sale_id, line_no LIMIT $limit;

-- name: sale_waiting_insert
INSERT INTO sale_waiting (return_key, sale_id, line_no, customer_id) VALUES ($return_key, $sale_id, $line_no, $customer_id);

-- name: sale_waiting_delete
DELETE FROM sale_waiting WHERE return_key = $return_key AND sale_id = $sale_id AND line_no = $line_no;

-- name: sale_return_line
SELECT sku, quantity, paid_minor, return_line FROM sale_line WHERE customer_id = $customer_id AND sale_id = $sale_id AND line_no = $line_no;

-- Where a return line may belong: the line it names, or else every sold line of its SKU, with what came back of each so far.
-- name: sale_return_places
SELECT o.line_no, o.quantity,
    COALESCE((SELECT CAST(sum(r.quantity) AS BIGINT) FROM sale_returned r
        WHERE r.customer_id = $customer_id AND r.sale_id = o.sale_id AND r.line_no = o.line_no), 0) AS returned
FROM sale_line o
WHERE o.customer_id = $customer_id AND o.sale_id = $sold_id AND o.quantity > 0 AND (o.line_no = $return_line OR ($return_line = 0 AND o.sku = $sku))
ORDER BY o.line_no;

-- name: sale_return_join
UPDATE sale_line SET return_sale_id = $sold_id, return_customer_id = $sold_customer, return_channel = $sold_channel, return_line = $return_line,
    over_quantity = $over_quantity
WHERE customer_id = $customer_id AND sale_id = $sale_id AND line_no = $line_no;

-- name: sale_returned_insert
INSERT INTO sale_returned (sale_id, return_sale_id, return_line_no, customer_id, return_customer_id, line_no, quantity, paid_minor, over_quantity)
VALUES ($sale_id, $return_sale_id, $return_line_no, $customer_id, $return_customer_id, $line_no, $quantity, $paid_minor, $over_quantity);

-- What the lines of a document return or wait for, before they are replaced.
-- name: sale_line_ties
SELECT line_no, return_key, return_sale_id, return_customer_id FROM sale_line
WHERE customer_id = $customer_id AND sale_id = $sale_id AND return_key <> '' ORDER BY line_no;

-- name: sale_returned_delete
DELETE FROM sale_returned WHERE customer_id = $customer_id AND sale_id = $sale_id AND return_sale_id = $return_sale_id AND return_line_no = $return_line_no;

-- name: sale_over_mark
UPDATE sale SET over_returned = 1 WHERE customer_id = $customer_id AND id = $id;

-- What went back for a document by lines, whatever the channel.
-- name: sale_returned_worth
SELECT COALESCE(CAST(sum(paid_minor) AS BIGINT), 0) FROM sale_returned WHERE customer_id = $customer_id AND sale_id = $sale_id;

-- all shards: the list of all documents.
-- name: sale_list
SELECT s.id, s.kind, s.status, s.channel, s.till, s.number, s.at_us, s.business_day, s.currency, s.total_minor, s.freight_minor,
    s.refunded_minor, s.units, s.customer_id, s.member, s.over_returned, s.store_id, COALESCE(t.code, '') AS store_code, COALESCE(t.name, '') AS store_name
FROM sale s LEFT JOIN store t ON t.id = s.store_id
WHERE s.at_us <= $before_us AND (s.at_us < $before_us OR s.id < $before_id)
  AND ($channel = '' OR s.channel = $channel)
  AND ($store_id = 0 OR s.store_id = $store_id)
  AND ($all_stores = 1 OR s.store_id IN ($stores[]))
  AND s.business_day >= $from_day AND s.business_day <= $to_day
ORDER BY s.at_us DESC, s.id DESC, s.customer_id DESC LIMIT $limit;

-- all shards: the list of all documents.
-- name: sale_count
SELECT count(*) FROM (
    SELECT s.id FROM sale s
    WHERE ($channel = '' OR s.channel = $channel)
      AND ($store_id = 0 OR s.store_id = $store_id)
      AND ($all_stores = 1 OR s.store_id IN ($stores[]))
      AND s.business_day >= $from_day AND s.business_day <= $to_day
    LIMIT $count_max
) n;

-- $kind 0: all; 1 (receipts) takes exchanges too.
-- name: sale_list_of
SELECT s.id, s.kind, s.status, s.channel, s.till, s.number, s.at_us, s.business_day, s.currency, s.total_minor, s.freight_minor,
    s.refunded_minor, s.units, s.customer_id, s.member, s.over_returned, s.store_id, COALESCE(t.code, '') AS store_code, COALESCE(t.name, '') AS store_name
FROM sale s LEFT JOIN store t ON t.id = s.store_id
WHERE s.customer_id IN ($members[])
  AND s.at_us <= $before_us AND (s.at_us < $before_us OR s.id < $before_id)
  AND ($channel = '' OR s.channel = $channel)
  AND ($kind = 0 OR s.kind = $kind OR ($kind = 1 AND s.kind = 4) OR ($kind = -1 AND (s.kind = 1 OR (s.kind = 2 AND s.status NOT IN (1, 5)))))
  AND s.business_day >= $from_day AND s.business_day <= $to_day
ORDER BY s.at_us DESC, s.id DESC, s.customer_id DESC LIMIT $limit;

-- name: sale_count_of
SELECT count(*) FROM (
    SELECT s.id FROM sale s
    WHERE s.customer_id IN ($members[])
      AND ($channel = '' OR s.channel = $channel)
      AND ($kind = 0 OR s.kind = $kind OR ($kind = 1 AND s.kind = 4) OR ($kind = -1 AND (s.kind = 1 OR (s.kind = 2 AND s.status NOT IN (1, 5)))))
      AND s.business_day >= $from_day AND s.business_day <= $to_day
    LIMIT $count_max
) n;

-- name: sale_show
SELECT s.id, s.kind, s.status, s.channel, s.till, s.number, s.at_us, s.business_day, s.currency, s.total_minor, s.freight_minor,
    s.order_discount_minor, s.refunded_minor, s.units, s.customer_id, s.member, s.over_returned, s.rev, s.store_id,
    COALESCE(t.code, '') AS store_code, COALESCE(t.name, '') AS store_name
FROM sale s LEFT JOIN store t ON t.id = s.store_id WHERE s.customer_id = $customer_id AND s.id = $id;

-- name: sale_lines
SELECT l.line_no, l.sku_id, l.style_id, l.sku, l.name, l.quantity, l.list_minor, l.paid_minor, l.discount_minor,
    l.order_share_minor, l.tax_permyriad, l.promotion, l.coupon, l.return_key, l.return_line, l.return_sale_id, l.return_customer_id, l.return_channel,
    l.return_reason, l.over_quantity,
    COALESCE((SELECT CAST(sum(r.quantity) AS BIGINT) FROM sale_returned r
        WHERE r.customer_id = $customer_id AND r.sale_id = l.sale_id AND r.line_no = l.line_no), 0) AS returned
FROM sale_line l WHERE l.customer_id = $customer_id AND l.sale_id = $sale_id ORDER BY l.line_no;

-- What was sold, for a line of her story.
-- name: sale_goods
SELECT sku, name, quantity, paid_minor FROM sale_line WHERE customer_id = $customer_id AND sale_id = $sale_id ORDER BY line_no LIMIT $limit;

-- name: sale_number
SELECT number FROM sale WHERE customer_id = $customer_id AND id = $id;

-- The documents that brought something of it back. Each is its own customer's.
-- name: sale_returns
SELECT return_sale_id, return_customer_id, CAST(sum(quantity) AS BIGINT) AS pieces, CAST(sum(over_quantity) AS BIGINT) AS over_quantity
FROM sale_returned WHERE customer_id = $customer_id AND sale_id = $sale_id GROUP BY return_sale_id, return_customer_id ORDER BY return_sale_id, return_customer_id;

-- name: sale_return_head
SELECT s.id, s.kind, s.number, s.channel, s.at_us, s.total_minor, COALESCE(t.name, '') AS store_name
FROM sale s LEFT JOIN store t ON t.id = s.store_id WHERE s.customer_id = $customer_id AND s.id = $id;

-- name: sale_tenders
SELECT type, amount_minor FROM sale_tender WHERE customer_id = $customer_id AND sale_id = $sale_id ORDER BY position;

-- name: sale_shares
SELECT staff_no, permille FROM sale_share WHERE customer_id = $customer_id AND sale_id = $sale_id ORDER BY permille DESC, staff_no;

-- What went back for a sale at one moment is one row, however many parts it had: pages end between moments.
-- name: sale_refunds_of
SELECT s.id, s.number, s.channel, s.currency, e.at_us, CAST(sum(e.refund_minor) AS BIGINT) AS refund_minor
FROM sale s JOIN sale_state e ON e.customer_id = s.customer_id AND e.sale_id = s.id
WHERE s.customer_id IN ($members[]) AND s.refunded_minor > 0 AND e.refund_minor > 0
  AND e.at_us <= $before_us AND (e.at_us < $before_us OR s.id < $before_id)
  AND ($channel = '' OR s.channel = $channel)
GROUP BY s.id, s.customer_id, e.at_us ORDER BY e.at_us DESC, s.id DESC, s.customer_id DESC LIMIT $limit;

-- all shards: a receipt's number typed by people; two tills may have given the same.
-- name: sale_by_number
SELECT DISTINCT customer_id FROM sale WHERE number IN ($number, $code) ORDER BY customer_id LIMIT $limit;

-- What each channel was to her: purchases by document, goods by line. A return counts for the channel that sold it.
-- name: sale_channel_documents
SELECT s.channel, count(*) AS documents,
    CAST(sum(CASE WHEN s.kind IN (1, 2) THEN 1 ELSE 0 END) AS BIGINT) AS orders,
    CAST(sum(CASE WHEN s.kind IN (1, 2) AND s.at_us >= $year_us THEN 1 ELSE 0 END) AS BIGINT) AS orders_year,
    CAST(sum(CASE WHEN s.kind = 3 OR s.refunded_minor > 0 THEN 1 ELSE 0 END) AS BIGINT) AS returns,
    CAST(sum(CASE WHEN s.kind <> 2 THEN 0 WHEN s.refunded_minor > s.total_minor THEN s.total_minor ELSE s.refunded_minor END) AS BIGINT) AS refunded_minor,
    CAST(sum(CASE WHEN s.kind <> 2 OR s.at_us < $year_us THEN 0 WHEN s.refunded_minor > s.total_minor THEN s.total_minor ELSE s.refunded_minor END) AS BIGINT) AS refunded_year_minor,
    max(CASE WHEN s.kind IN (1, 2) THEN s.at_us ELSE 0 END) AS last_order_us
FROM sale s WHERE s.customer_id IN ($members[]) AND s.status NOT IN (1, 5) GROUP BY s.channel;

-- name: sale_channel_goods
SELECT CASE WHEN l.return_channel <> '' THEN l.return_channel ELSE s.channel END AS channel,
    CAST(sum(CASE WHEN l.quantity > 0 THEN l.paid_minor ELSE 0 END) AS BIGINT) AS bought_minor,
    CAST(sum(CASE WHEN l.quantity < 0 THEN -l.paid_minor ELSE 0 END) AS BIGINT) AS returned_minor,
    CAST(sum(CASE WHEN s.at_us >= $year_us THEN l.paid_minor ELSE 0 END) AS BIGINT) AS spent_year_minor
FROM sale s JOIN sale_line l ON l.customer_id = s.customer_id AND l.sale_id = s.id
WHERE s.customer_id IN ($members[]) AND s.status NOT IN (1, 5)
GROUP BY CASE WHEN l.return_channel <> '' THEN l.return_channel ELSE s.channel END;

-- all shards: an export is of everything.
-- name: sale_export
SELECT sale.id AS id, sale.kind AS kind, sale.status AS status, sale.channel AS channel, store.code AS store, sale.till AS till,
    sale.number AS number, sale.at_us AS at_us, sale.business_day AS business_day, sale.currency AS currency, sale.total_minor AS total_minor,
    sale.freight_minor AS freight_minor, sale.refunded_minor AS refunded_minor, sale.units AS units, sale.customer_id AS customer_id, sale.member AS member
FROM sale LEFT JOIN store ON store.id = sale.store_id WHERE sale.id > $after ORDER BY sale.id, sale.customer_id LIMIT $limit;
