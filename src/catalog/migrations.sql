-- What is sold and where. brand_id stands on styles and stores from the first migration; 0 is the house's own brand.

-- migration: 301
CREATE TABLE brand (id $BIGINT NOT NULL PRIMARY KEY, name $TEXT NOT NULL UNIQUE) $STRICT;
CREATE TABLE region (id $BIGINT NOT NULL PRIMARY KEY, name $TEXT NOT NULL UNIQUE) $STRICT;
CREATE TABLE store (
    id $BIGINT NOT NULL PRIMARY KEY,
    code $TEXT NOT NULL UNIQUE,
    name $TEXT NOT NULL,
    region_id $BIGINT NOT NULL,
    city $TEXT NOT NULL,
    kind $BIGINT NOT NULL,
    zone_offset_s $BIGINT NOT NULL,
    day_cut_s $BIGINT NOT NULL,
    brand_id $BIGINT NOT NULL,
    active $BIGINT NOT NULL,
    created_us $BIGINT NOT NULL,
    updated_us $BIGINT NOT NULL,
    rev $BIGINT NOT NULL
) $STRICT;
CREATE TABLE category (
    id $BIGINT NOT NULL PRIMARY KEY,
    parent_id $BIGINT NOT NULL,
    path $TEXT NOT NULL UNIQUE,
    name $TEXT NOT NULL
) $STRICT;
CREATE TABLE style (
    id $BIGINT NOT NULL PRIMARY KEY,
    code $TEXT NOT NULL UNIQUE,
    name $TEXT NOT NULL,
    category_id $BIGINT NOT NULL,
    brand_id $BIGINT NOT NULL,
    season $TEXT NOT NULL,
    wave $TEXT NOT NULL,
    launch_day $BIGINT,
    image $TEXT NOT NULL,
    created_us $BIGINT NOT NULL,
    updated_us $BIGINT NOT NULL,
    rev $BIGINT NOT NULL
) $STRICT;
CREATE INDEX style_category ON style (category_id);
-- Money in minor units of the base currency; NULL is unknown. cost_minor is without VAT.
CREATE TABLE sku (
    id $BIGINT NOT NULL PRIMARY KEY,
    code $TEXT NOT NULL UNIQUE,
    style_id $BIGINT NOT NULL,
    color $TEXT NOT NULL,
    size $TEXT NOT NULL,
    list_minor $BIGINT,
    floor_minor $BIGINT,
    cost_minor $BIGINT,
    tax_permyriad $BIGINT NOT NULL,
    created_us $BIGINT NOT NULL,
    updated_us $BIGINT NOT NULL,
    rev $BIGINT NOT NULL
) $STRICT;
CREATE INDEX sku_style ON sku (style_id, code);
CREATE TABLE sku_barcode (barcode $TEXT NOT NULL PRIMARY KEY, sku_id $BIGINT NOT NULL) $CLUSTERED;
CREATE INDEX sku_barcode_sku ON sku_barcode (sku_id);
-- What a SKU's list (1), floor (2) and cost (3) were from a day on. The newest stands in sku as well.
CREATE TABLE sku_price (
    sku_id $BIGINT NOT NULL,
    kind $BIGINT NOT NULL,
    from_day $BIGINT NOT NULL,
    amount_minor $BIGINT NOT NULL,
    PRIMARY KEY (sku_id, kind, from_day)
) $CLUSTERED;
-- Business days: weekday 1 (Monday) to 7, off 1 when most people rest, holiday by name, lunar month and day (1-30;
-- leap months count 100 more).
CREATE TABLE calendar (
    day $BIGINT NOT NULL PRIMARY KEY,
    weekday $BIGINT NOT NULL,
    off $BIGINT NOT NULL,
    holiday $TEXT NOT NULL,
    lunar_month $BIGINT NOT NULL,
    lunar_day $BIGINT NOT NULL
) $STRICT;
