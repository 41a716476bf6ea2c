/* Which property names stand for personal values, in the languages and spellings that shops use. A hash table made once. */
#include "vault/text.h"
#include "vault/vault.h"

#include <pthread.h>

enum { NAME_MAX = 48, TABLE = 1024 };

static const struct known {
    const char *name; /* lower case, without blanks, '_', '-' and '.' */
    enum vault_field field;
} known[] = {
    {"phone", VAULT_PHONE}, {"phones", VAULT_PHONE}, {"phonenumber", VAULT_PHONE}, {"phoneno", VAULT_PHONE}, {"phonenum", VAULT_PHONE}, {"mobile", VAULT_PHONE},
    {"mobilephone", VAULT_PHONE}, {"mobilenumber", VAULT_PHONE}, {"mobileno", VAULT_PHONE}, {"cell", VAULT_PHONE}, {"cellphone", VAULT_PHONE}, {"tel", VAULT_PHONE},
    {"telephone", VAULT_PHONE}, {"telno", VAULT_PHONE}, {"msisdn", VAULT_PHONE}, {"contactphone", VAULT_PHONE}, {"contactmobile", VAULT_PHONE}, {"receiverphone", VAULT_PHONE},
    {"receivermobile", VAULT_PHONE}, {"receivertel", VAULT_PHONE}, {"buyerphone", VAULT_PHONE}, {"buyermobile", VAULT_PHONE}, {"recipientphone", VAULT_PHONE},
    {"shippingphone", VAULT_PHONE}, {"billingphone", VAULT_PHONE}, {"customerphone", VAULT_PHONE}, {"memberphone", VAULT_PHONE}, {"userphone", VAULT_PHONE},
    {"usermobile", VAULT_PHONE}, {"homephone", VAULT_PHONE}, {"workphone", VAULT_PHONE}, {"fax", VAULT_PHONE}, {"whatsapp", VAULT_PHONE},
    {"手机", VAULT_PHONE}, {"手机号", VAULT_PHONE}, {"手机号码", VAULT_PHONE}, {"电话", VAULT_PHONE}, {"电话号码", VAULT_PHONE}, {"联系电话", VAULT_PHONE},
    {"联系方式", VAULT_PHONE}, {"联系手机", VAULT_PHONE}, {"收货电话", VAULT_PHONE}, {"收货人电话", VAULT_PHONE}, {"收货人手机", VAULT_PHONE}, {"固定电话", VAULT_PHONE},
    {"手機", VAULT_PHONE}, {"手機號碼", VAULT_PHONE}, {"電話", VAULT_PHONE}, {"聯絡電話", VAULT_PHONE},
    {"email", VAULT_EMAIL}, {"emails", VAULT_EMAIL}, {"emailaddress", VAULT_EMAIL}, {"mail", VAULT_EMAIL}, {"mailaddress", VAULT_EMAIL}, {"contactemail", VAULT_EMAIL},
    {"buyeremail", VAULT_EMAIL}, {"useremail", VAULT_EMAIL}, {"customeremail", VAULT_EMAIL}, {"billingemail", VAULT_EMAIL}, {"shippingemail", VAULT_EMAIL},
    {"邮箱", VAULT_EMAIL}, {"电子邮箱", VAULT_EMAIL}, {"电子邮件", VAULT_EMAIL}, {"邮件", VAULT_EMAIL}, {"邮箱地址", VAULT_EMAIL}, {"電子郵件", VAULT_EMAIL}, {"信箱", VAULT_EMAIL},
    {"fullname", VAULT_NAME}, {"firstname", VAULT_NAME}, {"lastname", VAULT_NAME}, {"middlename", VAULT_NAME}, {"familyname", VAULT_NAME}, {"givenname", VAULT_NAME},
    {"surname", VAULT_NAME}, {"realname", VAULT_NAME}, {"truename", VAULT_NAME}, {"customername", VAULT_NAME}, {"membername", VAULT_NAME}, {"buyername", VAULT_NAME},
    {"receivername", VAULT_NAME}, {"recipient", VAULT_NAME}, {"recipientname", VAULT_NAME}, {"consignee", VAULT_NAME}, {"consigneename", VAULT_NAME},
    {"contactname", VAULT_NAME}, {"shippingname", VAULT_NAME}, {"billingname", VAULT_NAME}, {"cardholder", VAULT_NAME}, {"personname", VAULT_NAME}, {"nickname", VAULT_NAME},
    {"姓名", VAULT_NAME}, {"真实姓名", VAULT_NAME}, {"收货人", VAULT_NAME}, {"收件人", VAULT_NAME}, {"联系人", VAULT_NAME}, {"客户姓名", VAULT_NAME}, {"会员姓名", VAULT_NAME},
    {"顾客姓名", VAULT_NAME}, {"买家姓名", VAULT_NAME}, {"收貨人", VAULT_NAME}, {"收件者", VAULT_NAME}, {"聯絡人", VAULT_NAME}, {"昵称", VAULT_NAME},
    {"idcard", VAULT_IDNUM}, {"idcardno", VAULT_IDNUM}, {"idcardnumber", VAULT_IDNUM}, {"idnumber", VAULT_IDNUM}, {"idno", VAULT_IDNUM}, {"identitycard", VAULT_IDNUM},
    {"identitynumber", VAULT_IDNUM}, {"nationalid", VAULT_IDNUM}, {"citizenid", VAULT_IDNUM}, {"ssn", VAULT_IDNUM}, {"passport", VAULT_IDNUM}, {"passportno", VAULT_IDNUM},
    {"passportnumber", VAULT_IDNUM}, {"sfz", VAULT_IDNUM}, {"身份证", VAULT_IDNUM}, {"身份证号", VAULT_IDNUM}, {"身份证号码", VAULT_IDNUM}, {"证件号", VAULT_IDNUM},
    {"证件号码", VAULT_IDNUM}, {"护照号", VAULT_IDNUM}, {"身分證", VAULT_IDNUM}, {"身分證字號", VAULT_IDNUM},
    {"birthday", VAULT_BIRTHDAY}, {"birthdate", VAULT_BIRTHDAY}, {"dateofbirth", VAULT_BIRTHDAY}, {"dob", VAULT_BIRTHDAY}, {"生日", VAULT_BIRTHDAY}, {"出生日期", VAULT_BIRTHDAY},
    {"address", VAULT_ADDRESS}, {"addresses", VAULT_ADDRESS}, {"address1", VAULT_ADDRESS}, {"address2", VAULT_ADDRESS}, {"addressline1", VAULT_ADDRESS},
    {"addressline2", VAULT_ADDRESS}, {"street", VAULT_ADDRESS}, {"streetaddress", VAULT_ADDRESS}, {"shippingaddress", VAULT_ADDRESS}, {"billingaddress", VAULT_ADDRESS},
    {"deliveryaddress", VAULT_ADDRESS}, {"receiveraddress", VAULT_ADDRESS}, {"homeaddress", VAULT_ADDRESS}, {"detailaddress", VAULT_ADDRESS}, {"fulladdress", VAULT_ADDRESS},
    {"地址", VAULT_ADDRESS}, {"收货地址", VAULT_ADDRESS}, {"详细地址", VAULT_ADDRESS}, {"家庭住址", VAULT_ADDRESS}, {"住址", VAULT_ADDRESS}, {"收貨地址", VAULT_ADDRESS},
    {"card", VAULT_CARD}, {"cardno", VAULT_CARD}, {"cardnumber", VAULT_CARD}, {"membercard", VAULT_CARD}, {"membercardno", VAULT_CARD}, {"memberno", VAULT_CARD},
    {"membernumber", VAULT_CARD}, {"loyaltycard", VAULT_CARD}, {"vipno", VAULT_CARD}, {"vipcard", VAULT_CARD}, {"会员卡", VAULT_CARD}, {"会员卡号", VAULT_CARD},
    {"卡号", VAULT_CARD}, {"會員卡號", VAULT_CARD},
    {"bankcard", VAULT_REFUND}, {"bankcardno", VAULT_REFUND}, {"bankaccount", VAULT_REFUND}, {"creditcard", VAULT_REFUND}, {"creditcardnumber", VAULT_REFUND},
    {"pan", VAULT_REFUND}, {"ccnumber", VAULT_REFUND}, {"iban", VAULT_REFUND}, {"accountnumber", VAULT_REFUND}, {"refundaccount", VAULT_REFUND}, {"cvv", VAULT_REFUND},
    {"cvc", VAULT_REFUND}, {"alipay", VAULT_REFUND}, {"alipayaccount", VAULT_REFUND}, {"银行卡", VAULT_REFUND}, {"银行卡号", VAULT_REFUND}, {"银行账号", VAULT_REFUND},
    {"支付宝账号", VAULT_REFUND}, {"退款账户", VAULT_REFUND}, {"信用卡", VAULT_REFUND}, {"信用卡号", VAULT_REFUND},
    {"wechat", VAULT_WECHAT}, {"wechatid", VAULT_WECHAT}, {"weixin", VAULT_WECHAT}, {"wxid", VAULT_WECHAT}, {"unionid", VAULT_WECHAT}, {"openid", VAULT_WECHAT},
    {"wechatunionid", VAULT_WECHAT}, {"wechatopenid", VAULT_WECHAT}, {"微信", VAULT_WECHAT}, {"微信号", VAULT_WECHAT},
    {"weibo", VAULT_WEIBO}, {"weibouid", VAULT_WEIBO}, {"weiboid", VAULT_WEIBO}, {"微博", VAULT_WEIBO},
};
enum { KNOWN = sizeof(known) / sizeof(*known) };

static uint16_t table[TABLE]; /* number in known[] + 1 */
static pthread_once_t table_made = PTHREAD_ONCE_INIT;

static size_t slot_of(struct str s)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < s.len; i++)
        h = (h ^ (unsigned char)s.ptr[i]) * 16777619u;
    return (h ^ h >> 15) % TABLE;
}

static void make_table(void)
{
    for (size_t i = 0; i < KNOWN; i++) {
        size_t at = slot_of(str_z(known[i].name));
        while (table[at])
            at = (at + 1) % TABLE;
        table[at] = (uint16_t)(i + 1);
    }
}

enum vault_field vault_field_by_name(struct str property)
{
    char plain[NAME_MAX];
    size_t len = 0;
    pthread_once(&table_made, make_table);
    for (size_t i = 0; i < property.len; i++) {
        char c = property.ptr[i];
        if (c == '_' || c == '-' || c == ' ' || c == '.' || c == '$')
            continue;
        if (len == sizeof(plain))
            return (enum vault_field)0;
        plain[len++] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    for (size_t at = slot_of(str_n(plain, len)); table[at]; at = (at + 1) % TABLE)
        if (str_eqz(str_n(plain, len), known[table[at] - 1].name))
            return known[table[at] - 1].field;
    return (enum vault_field)0;
}
