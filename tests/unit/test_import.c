/* intake/import_*.c below the job: cells as people write them, columns by name and by map, rows gathered into documents,
 * documents as bodies of the API. */
#include "intake/import_priv.h"
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void numbers(void **state)
{
    (void)state;
    static const struct {
        const char *in, *want;
    } rows[] = {
        {"12.50", "12.50"},     {"¥1,234.50", "1234.50"},
        {"￥88", "88"},         {"99元", "99"},
        {"(12.00)", "-12.00"},  {"１２", "12"},
        {"1.25E+3", "1250"},    {"1e3", "1000"},
        {"-1.5e-3", "-0.0015"}, {"4.440892e-16", "0.0000000000000004440892"},
        {"12e0", "12"},         {"", ""},
        {"free", "free"},       {"1e99", "1e99"},
        {"1.2.3", "1.2.3"},     {"12 pcs", "12 pcs"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        trying(rows[i].in);
        assert_str(import_number(arena, str_z(rows[i].in)), rows[i].want);
    }
    assert_str(import_product(arena, STR("6"), STR("2.55")), "15.300000");
    assert_str(import_product(arena, STR("-12"), STR("0.42")), "-5.040000");
    assert_str(import_product(arena, STR("six"), STR("2.55")), "");
    assert_str(import_product(arena, STR("9999999999"), STR("9999999999.99")), "");
    assert_str(import_id(STR("17850.0")), "17850");
    assert_str(import_id(STR("A7.0")), "A7.0");
    assert_str(import_id(STR("8800.05")), "8800.05");
}

static void times(void **state)
{
    (void)state;
    static const struct {
        const char *in, *want;
    } rows[] = {
        {"2026-03-01T13:40:00+08:00", "2026-03-01T13:40:00+08:00"},
        {"2026-03-01 13:40:00", "2026-03-01 13:40:00"},
        {"2026/3/1 13:40", "2026-03-01T13:40:00"},
        {"2026.03.01", "2026-03-01T00:00:00"},
        {"2026年3月1日 9:05:07", "2026-03-01T09:05:07"},
        {"2026年3月1日", "2026-03-01T00:00:00"},
        {"1/3/2026", "1/3/2026"},
        {"2026/3/1 noon", "2026/3/1 noon"},
        {"", ""},
        {"46082", "46082"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        trying(rows[i].in);
        assert_str(import_time(arena, str_z(rows[i].in)), rows[i].want);
    }
    assert_str(import_day(arena, STR("1990年5月2日")), "1990-05-02");
    assert_str(import_day(arena, STR("05-02")), "05-02");
}

/* ---- columns ---- */

static enum rc map_columns(struct ctx *c, enum import_kind kind, const char *header, const char *map, struct import_columns *ret)
{
    struct csv_memory m = {str_z(header)};
    _cleanup_(csv_freep) struct csv *r = csv_new(csv_from_memory(&m));
    struct csv_row row;
    *c = (struct ctx){.arena = arena};
    assert_int_equal(csv_next(r, arena, &row), CSV_ROW);
    return import_columns_map(c, kind, &row, str_z(map), STR("SH09"), ret);
}

static void columns_by_name(void **state)
{
    (void)state;
    struct ctx c;
    struct import_columns m;
    assert_int_equal(map_columns(&c, IMPORT_ORDERS, "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n", "", &m), RC_OK);
    assert_true(m.at[IF_NUMBER] == 0 && m.at[IF_SKU] == 1 && m.at[IF_NAME] == 2 && m.at[IF_QUANTITY] == 3 && m.at[IF_TIME] == 4 && m.at[IF_PRICE] == 5 &&
                m.at[IF_ACCOUNT] == 6 && m.at[IF_PAID] == -1);
    assert_int_equal(map_columns(&c, IMPORT_RECEIPTS, "小票号;日期;商品编码;数量;实收金额;会员手机\n", "", &m), RC_OK);
    assert_true(m.at[IF_NUMBER] == 0 && m.at[IF_TIME] == 1 && m.at[IF_SKU] == 2 && m.at[IF_PAID] == 4 && m.at[IF_PHONE] == 5);
    assert_str(m.constant[IF_STORE], "SH09");
    assert_int_equal(map_columns(&c, IMPORT_RECEIPTS, "小票号,商品编码,实收\n", "", &m), RC_INVALID);
    assert_string_equal(c.error.cause, "no_column_for_time");
    assert_int_equal(map_columns(&c, IMPORT_CUSTOMERS, "姓名,城市\n", "", &m), RC_INVALID);
    assert_string_equal(c.error.cause, "no_column_for_phone");
}

static void columns_by_map(void **state)
{
    (void)state;
    static const struct {
        const char *map, *cause; /* NULL: taken */
    } rows[] = {
        {"# how our till names them\nbon = number\nwann = time\nartikel = sku\n summe=paid \ncurrency := EUR\nqty = -\n", NULL},
        {"bon = number\nwann = time\nartikel = sku\nsumme = paied\n", "no_such_field paied"},
        {"bonn = number\n", "no_such_column bonn"},
        {"bon: number\n", "no_equals_sign_in bon: number"},
        {"colour := red\n", "no_such_field colour"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ctx c;
        struct import_columns m;
        trying(rows[i].map);
        enum rc rc = map_columns(&c, IMPORT_RECEIPTS, "bon,wann,artikel,summe,qty,email\n", rows[i].map, &m);
        assert_int_equal(rc, rows[i].cause ? RC_INVALID : RC_OK);
        assert_string_equal(c.error.cause, rows[i].cause ? rows[i].cause : "");
        if (rc == RC_OK) {
            assert_true(m.at[IF_NUMBER] == 0 && m.at[IF_PAID] == 3 && m.at[IF_QUANTITY] == -1 && m.at[IF_EMAIL] == 5);
            assert_str(m.constant[IF_CURRENCY], "EUR");
        }
    }
}

/* ---- rows to documents to bodies ---- */

static void open_text(struct ctx *c, const char *kind, const char *text, struct import_file *f)
{
    static char path[] = "/tmp/zhixin-import-XXXXXX";
    memcpy(path, "/tmp/zhixin-import-XXXXXX", sizeof(path));
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    *c = (struct ctx){.arena = arena};
    const struct import_request r = {.kind = str_z(kind), .path = str_z(path), .store = STR("SH09")};
    assert_int_equal(import_file_open(c, &r, true, f), RC_OK);
    unlink(path);
}

static void rows_need_not_stand_together(void **state)
{
    (void)state;
    struct ctx c;
    struct import_file f;
    struct csv_row row;
    open_text(&c, "receipts", "number,time,sku,paid\nA,2026-03-01,s1,1\nB,2026-03-01,s2,2\n\nA,2026-03-01,s3,3\nC,\"x\"y,s4,4\nB,2026-03-01,\"s\n5\",5\n", &f);
    assert_int_equal(f.row_count, 5);
    assert_int_equal(f.group_count, 3);
    static const uint32_t numbers_wanted[] = {2, 5, 3, 7, 6};
    static const char *const skus[] = {"s1", "s3", "s2", "s\n5", NULL};
    for (size_t i = 0; i < f.row_count; i++) {
        assert_int_equal(f.rows[i].number, numbers_wanted[i]);
        assert_int_equal(import_file_row(&f, i, arena, &row), skus[i] != NULL);
        if (skus[i])
            assert_str(import_cell(&f.columns, &row, IF_SKU), skus[i]);
        else
            assert_string_equal(row.why, "quote");
    }
    size_t count;
    import_file_group(&f, 0, &count);
    assert_int_equal(count, 2);
    import_file_close(&f);
}

static void a_receipt_as_the_api_has_it(void **state)
{
    (void)state;
    struct ctx c;
    struct import_file f;
    struct import_document d;
    struct csv_row rows[3];
    struct json_parser *parser = json_parser_new();
    _cleanup_buf_ struct buf out = BUF_INIT(10000);
    open_text(&c, "receipts",
              "小票号,日期,商品编码,品名,数量,单价,会员手机,支付方式,导购\n"
              "7,2026/3/1 13:40,K1,裙,2,¥199.50,138 0000 0000,微信支付,A07\n"
              "7,2026/3/1 13:40,K0,袋,0,0.10,,,\n"
              "7,2026/3/1 13:40,K2,衣,1,\"1,000\",,,\n",
              &f);
    for (size_t i = 0; i < 3; i++)
        assert_true(import_file_row(&f, i, arena, &rows[i]));
    assert_int_equal(import_body_sale(&c, parser, &f, rows, 3, &d), RC_OK);
    assert_true(d.line_count == 2 && d.nothing[1] && d.row_of_line[1] == 2);
    json_write(d.body, &out);
    assert_buf(&out, "{\"store\":\"SH09\",\"number\":\"7\",\"time\":\"2026-03-01T13:40:00\",\"member\":{\"phone\":\"138 0000 0000\"},"
                     "\"staff\":[{\"no\":\"A07\"}],\"tenders\":[{\"type\":\"wechat\",\"amount\":\"1399.000000\"}],\"lines\":["
                     "{\"sku\":\"K1\",\"quantity\":2,\"paid\":\"399.000000\",\"name\":\"裙\"},"
                     "{\"sku\":\"K2\",\"quantity\":1,\"paid\":\"1000.000000\",\"name\":\"衣\"}]}");
    import_file_close(&f);
    json_parser_free(parser);
}

static void a_product_and_a_person(void **state)
{
    (void)state;
    struct ctx c;
    struct import_file f;
    struct csv_row row;
    struct json body;
    struct json_parser *parser = json_parser_new();
    _cleanup_buf_ struct buf out = BUF_INIT(10000);
    open_text(&c, "products", "product_id,department,product_category,brand,cost\n25671,GROCERY,ICE/COLD,National,1.2\n", &f);
    assert_true(import_file_row(&f, 0, arena, &row));
    assert_int_equal(import_body_product(&c, parser, &f, &row, &body), RC_OK);
    json_write(body, &out);
    assert_buf(&out, "{\"sku\":\"25671\",\"style\":\"25671\",\"category\":\"GROCERY/ICE|COLD\",\"brand\":\"National\",\"cost\":\"1.2\"}");
    import_file_close(&f);
    open_text(&c, "customers", "姓名,性别,手机,生日,城市,标签\n李雷,男,13800000000,1990/5/2,上海,VIP; 老客\n", &f);
    assert_true(import_file_row(&f, 0, arena, &row));
    assert_int_equal(import_body_customer(&c, parser, &f, &row, &body), RC_OK);
    json_write(body, &out);
    assert_buf(&out, "{\"name\":\"李雷\",\"gender\":\"男\",\"home_store\":\"SH09\",\"birthday\":\"1990-05-02\",\"phone\":\"13800000000\","
                     "\"tags\":[\"VIP\",\"老客\"],\"sizes\":{},\"address\":{\"city\":\"上海\"}}");
    import_file_close(&f);
    json_parser_free(parser);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(times),
        cmocka_unit_test(columns_by_name),
        cmocka_unit_test(columns_by_map),
        cmocka_unit_test(rows_need_not_stand_together),
        cmocka_unit_test(a_receipt_as_the_api_has_it),
        cmocka_unit_test(a_product_and_a_person),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
