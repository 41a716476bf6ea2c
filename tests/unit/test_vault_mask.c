/* What people see who may not see: console page, "Masks and words". */
#include "test.h"

#include "vault/mask.h"

struct row {
    const char *value, *mask;
};

static void check(enum vault_field field, const struct row *rows, size_t count)
{
    _cleanup_buf_ struct buf out = BUF_INIT(4096);
    for (size_t i = 0; i < count; i++) {
        vault_mask_value(field, str_z(rows[i].value), &out);
        assert_buf(&out, rows[i].mask);
    }
}

static void test_name(void **state)
{
    static const struct row rows[] = {
        {"李明", "李*"},          {"李小明", "李**"},     {"欧阳娜娜", "欧阳**"}, {"歐陽娜娜", "歐陽**"}, {"欧阳修", "欧阳*"},
        {"东方", "东*"},          {"司马", "司*"},        {"阿凡提·买买提", "阿**"}, {"阿凡提•买买提", "阿**"}, {"John Smith", "J***"},
        {"李", "李*"},            {"上海知禾服饰有限公司", "上***"}, {"", ""},     {"\xff", "***"},        {"　李小明　", "李**"},
        {"张李小明", "张***"},    {"佐藤 さくら", "佐***"}, {"𠮷野家", "𠮷**"},
    };
    (void)state;
    check(VAULT_NAME, rows, COUNT(rows));
}

static void test_phone(void **state)
{
    static const struct row rows[] = {
        {"13812345678", "138****5678"},   {"+86 138-1234-5678", "138****5678"}, {"１３８１２３４５６７８", "138****5678"}, {"021-62345678", "021-****5678"},
        {"0571-87654321", "0571-****4321"}, {"+852 61235678", "+852 6***5678"}, {"+1 415 555 2671", "+1 4***2671"},    {"4008123123", "***"},
        {"12", "***"},                    {"不知道", "***"},                    {"13812345678-1234", "138****5678"},   {"138****5678", "***"},
        {"+24740123", "***"},
    };
    (void)state;
    check(VAULT_PHONE, rows, COUNT(rows));
}

static void test_email(void **state)
{
    static const struct row rows[] = {{"li@qq.com", "l***@qq.com"}, {"李明@例子.公司", "李***@例子.公司"}, {"a@b", "a***@b"}, {"@b", "***"}, {"13812345678", "***"}};
    (void)state;
    check(VAULT_EMAIL, rows, COUNT(rows));
}

static void test_codes(void **state)
{
    static const struct row ids[] = {{"11010519491231002X", "1****************X"}, {"12", "***"}, {"身份证", "***"}};
    static const struct row cards[] = {{"880012340021", "8800****0021"}, {"8800123440021", "8800****0021"}, {"88001234450021", "8800****0021"}, {"880012344560021", "8800****0021"}, {"8800000012340021", "8800****0021"}, {"VIP00017", "VI****17"}, {"A017", "****17"}, {"17", "***"}, {"", ""}};
    static const struct row wechat[] = {{"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "oU****6o"}, {"abc", "***"}};
    (void)state;
    check(VAULT_IDNUM, ids, COUNT(ids));
    check(VAULT_CARD, cards, COUNT(cards));
    check(VAULT_WECHAT, wechat, COUNT(wechat));
}

static void test_birthday(void **state)
{
    static const struct row rows[] = {{"1990-05-12", "05-12"}, {"0000-05-12", "05-12"}, {"1990/05/12", "***"}, {"1990", "***"}};
    (void)state;
    check(VAULT_BIRTHDAY, rows, COUNT(rows));
}

static void test_address(void **state)
{
    static const struct row rows[] = {
        {"上海市静安区南京西路1号", "上海市静安区***"},
        {"浙江省杭州市西湖区文三路", "浙江省杭州市西湖区***"},
        {"广西壮族自治区南宁市青秀区", "广西壮族自治区南宁市青秀区***"},
        {"四川省阿坝藏族羌族自治州九寨沟县", "四川省阿坝藏族羌族自治州九寨沟县***"},
        {"南京西路1号", "***"},
        {"1 Main Street", "***"},
        {"上海市\x1f上海市\x1f静安区\x1f南京西路1号\x1f" "200040\x1f" "李小明", "上海市静安区***"},
        {"浙江省\x1f杭州市\x1f西湖区\x1f文三路", "浙江省杭州市西湖区***"},
        {"\x1f\x1f\x1f文三路", "***"},
    };
    (void)state;
    check(VAULT_ADDRESS, rows, COUNT(rows));
}

static void test_refund(void **state)
{
    static const struct row rows[] = {
        {"李小明 招商银行 6225880112345678", "招商银行 尾号 5678"},
        {"李小明\n招商银行\n6225 8801 1234 5678", "招商银行 尾号 5678"},
        {"招商银行6225880112345678", "招商银行 尾号 5678"},
        {"支付宝 13812345678", "支付宝 尾号 5678"},
        {"6225880112345678", "尾号 5678"},
        {"李小明", "***"},
    };
    (void)state;
    check(VAULT_REFUND, rows, COUNT(rows));
}

static void test_secrets_show_nothing(void **state)
{
    static const struct row rows[] = {{"JBSWY3DPEHPK3PXP", "***"}};
    (void)state;
    check(VAULT_TOTP, rows, COUNT(rows));
    check(VAULT_PINYIN, rows, COUNT(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_name),     cmocka_unit_test(test_phone),   cmocka_unit_test(test_email),  cmocka_unit_test(test_codes),
        cmocka_unit_test(test_birthday), cmocka_unit_test(test_address), cmocka_unit_test(test_refund), cmocka_unit_test(test_secrets_show_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
