/* Names of people who do not exist: family names by how common they are (our own list; the shares are public census facts,
 * in hundredths of a percent), and characters that are commonly given. */
#include "app/demo/demo_priv.h"

static const struct {
    const char *text;
    uint16_t weight;
} families[] = {
    {"王", 717}, {"李", 700}, {"张", 674}, {"刘", 510}, {"陈", 461}, {"杨", 322}, {"黄", 245}, {"吴", 200}, {"赵", 200}, {"周", 190},
    {"徐", 145}, {"孙", 138}, {"马", 129}, {"朱", 128}, {"胡", 116}, {"林", 113}, {"郭", 112}, {"何", 106}, {"高", 100}, {"罗", 95},
    {"郑", 91},  {"梁", 84},  {"谢", 76},  {"宋", 70},  {"唐", 69},  {"许", 66},  {"邓", 62},  {"冯", 62},  {"韩", 61},  {"曹", 60},
    {"曾", 58},  {"彭", 57},  {"肖", 55},  {"蔡", 53},  {"潘", 52},  {"田", 52},  {"董", 51},  {"袁", 50},  {"于", 48},  {"余", 48},
    {"叶", 48},  {"蒋", 47},  {"杜", 46},  {"苏", 46},  {"魏", 45},  {"程", 45},  {"吕", 45},  {"丁", 43},  {"沈", 41},  {"任", 41},
    {"姚", 40},  {"卢", 40},  {"傅", 40},  {"钟", 39},  {"姜", 39},  {"崔", 38},  {"谭", 38},  {"廖", 37},  {"范", 37},  {"汪", 36},
    {"陆", 36},  {"金", 35},  {"戴", 34},  {"石", 33},  {"贾", 33},  {"韦", 32},  {"夏", 32},  {"邱", 32},  {"方", 31},  {"侯", 29},
    {"邹", 28},  {"熊", 28},  {"孟", 28},  {"秦", 27},  {"白", 27},  {"江", 26},  {"阎", 25},  {"薛", 25},  {"尹", 24},  {"段", 22},
    {"雷", 21},  {"黎", 20},  {"史", 20},  {"龙", 20},  {"陶", 20},  {"贺", 20},  {"顾", 20},  {"毛", 20},  {"郝", 20},  {"龚", 20},
    {"邵", 20},  {"万", 20},  {"钱", 20},  {"严", 20},  {"洪", 18},  {"倪", 12},  {"柳", 10},  {"尤", 6},   {"翟", 6},   {"解", 5},
    {"单", 4},   {"仇", 3},   {"查", 3},   {"区", 3},   {"缪", 3},   {"欧阳", 9}, {"上官", 2}, {"诸葛", 1}, {"司徒", 1}, {"夏侯", 1},
};

static const char *const given_female[] = {
    "静", "怡", "雨", "欣", "婷", "梦", "琪", "佳", "慧", "敏", "丽", "娜", "芳", "燕", "玲", "颖", "洁", "雪", "梅", "琳", "瑶", "思", "妍", "悦",
    "萱", "诗", "涵", "晓", "彤", "倩", "莹", "璐", "蕾", "娟", "霞", "红", "秀", "英", "兰", "云", "月", "蓉", "薇", "露", "菲", "岚", "嘉", "若",
    "语", "心", "可", "艺", "安", "宁", "清", "雅", "楠", "璇", "滢", "筱",
};
static const char *const given_male[] = {
    "伟", "强", "磊", "军", "洋", "勇", "杰", "涛", "超", "明", "刚", "平", "辉", "鹏", "飞", "浩", "宇", "轩", "博", "文", "志", "俊", "凯", "斌",
    "峰", "龙", "波", "宁", "健", "建", "国", "华", "子", "晨", "睿", "泽", "航", "昊", "然", "哲", "翔", "一", "鸣", "东", "林", "海", "天", "成",
    "家", "豪", "新", "远", "安", "毅", "朗", "帆", "诚", "立", "德", "旭",
};
static const char *const dotted[][2] = {{"阿依努尔", "艾山"}, {"古丽娜", "吐尔逊"}, {"热依汗", "卡德尔"}, {"买尔旦", "阿不力孜"}};
static const char *const latin[] = {"Anna Keller", "James Wright", "Sofia Rossi", "Daniel Kim", "Marie Dubois", "Lucas Meyer"};

#define COUNT(a) ((uint32_t)(sizeof(a) / sizeof((a)[0])))

static uint32_t families_total(void)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < COUNT(families); i++)
        sum += families[i].weight;
    return sum;
}

static const char *family_of(uint64_t word)
{
    uint32_t at = dice_scale(word, families_total()), i = 0;
    while (at >= families[i].weight)
        at -= families[i++].weight;
    return families[i].text;
}

void name_write(struct buf *b, uint64_t word, bool female)
{
    const char *const *given = female ? given_female : given_male;
    uint32_t count = female ? COUNT(given_female) : COUNT(given_male);
    uint32_t rare = dice_scale(dice_mix(word, 1), 1000);
    if (rare < 2) {
        const char *const *parts = dotted[dice_scale(dice_mix(word, 2), COUNT(dotted))];
        buf_addz(b, parts[0]);
        buf_addz(b, "·");
        buf_addz(b, parts[1]);
    } else if (rare < 5) {
        buf_addz(b, latin[dice_scale(dice_mix(word, 3), COUNT(latin))]);
    } else {
        buf_addz(b, family_of(dice_mix(word, 4)));
        buf_addz(b, given[dice_scale(dice_mix(word, 5), count)]);
        if (rare < 850) /* most given names have two characters */
            buf_addz(b, given[dice_scale(dice_mix(word, 6), count)]);
    }
}
