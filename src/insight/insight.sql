-- What the lists behind a figure show of the truth.

-- all shards: documents of many customers, a page at a time.
-- name: insight_document_heads
SELECT s.id, s.number, s.kind, s.channel, s.at_us, s.business_day, coalesce(t.name, '') AS store_name, s.customer_id, s.member
FROM sale AS s LEFT JOIN store AS t ON t.id = s.store_id WHERE s.id IN ($ids[]);

-- name: insight_source_channel
SELECT count(*) FROM source WHERE channel = $channel;
