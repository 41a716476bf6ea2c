/* The vault's figures (docs/performance.md, "Vault"): what a value costs to index, seal, mask and reveal, alone and in batches; how long a
 * million customers take into the index in memory, what they weigh, how fast they are found; what scanning of free text costs.
 * usage: bench_vault [customers [feed]] */
#include "base/buf.h"
#include "base/log.h"
#include "vault/normalise.h"
#include "vault/seal.h"
#include "vault/vault.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SAMPLES = 2000, FEED = 2048, FIRST_ID = 1000 };

static struct ctx c;
static pid_t vault_pid;
static char data_dir[64] = "/tmp/zhixin-bench-vault-XXXXXX";
static uint64_t random_state = 42;

static uint64_t next_random(uint64_t below) /* splitmix64 (Steele, Lea, Flood 2014) */
{
    uint64_t z = random_state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return (z ^ z >> 31) % below;
}

static void must(enum rc rc)
{
    if (rc == RC_OK)
        return;
    fprintf(stderr, "%s %s %s\n", rc_name(rc), c.error.field, c.error.cause);
    exit(1);
}

/* ---- times ---- */

static int64_t cpu_of(clockid_t clock)
{
    struct timespec t = {0};
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

/* Processor time of both processes since the last call, in µs: what it costs, however busy the machine is. */
static int64_t cpu_spent(void)
{
    static int64_t before;
    clockid_t vault_clock = CLOCK_PROCESS_CPUTIME_ID;
    int64_t now = cpu_of(CLOCK_PROCESS_CPUTIME_ID);
    if (vault_pid && clock_getcpuclockid(vault_pid, &vault_clock) == 0)
        now += cpu_of(vault_clock);
    int64_t spent = now - before;
    before = now;
    return spent;
}

static int64_t samples[SAMPLES];
static size_t sample_count;

static int compare_i64(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void sample(int64_t from_us)
{
    if (sample_count < SAMPLES)
        samples[sample_count++] = clock_mono_us() - from_us;
}

static void print_samples(const char *what)
{
    double cpu_ms = (double)cpu_spent() / 1e3 / (double)sample_count;
    qsort(samples, sample_count, sizeof(*samples), compare_i64);
    printf("%-44s p50 %7.3f ms  p99 %7.3f ms  max %7.3f ms", what, (double)samples[sample_count / 2] / 1e3,
           (double)samples[sample_count * 99 / 100] / 1e3, (double)samples[sample_count - 1] / 1e3);
    if (cpu_ms >= 0.001) /* else it stands in the line before */
        printf("  processor %7.3f ms", cpu_ms);
    printf("\n");
    sample_count = 0;
}

static void print_each(const char *what, int64_t from_us, size_t count)
{
    double us = (double)(clock_mono_us() - from_us), cpu = (double)cpu_spent();
    printf("%-44s %8.3f us each, %8.3f us of processor\n", what, us / (double)count, cpu / (double)count);
}

/* ---- people ---- */

static const char *const families[] = {"王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭", "马", "罗",
                                       "梁", "宋", "郑", "谢", "韩", "唐", "冯", "于", "董", "萧", "程", "曹", "袁", "邓", "许", "傅", "沈", "曾", "彭", "吕",
                                       "苏", "卢", "蒋", "蔡", "贾", "丁", "魏", "薛", "叶", "阎", "余", "潘", "杜", "戴", "夏", "欧阳", "单", "仇", "解", "区"};
static const char given[] = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建文辉力斌梅琳雪晨宇浩轩子涵欣怡梓萱诗雨桐可佳嘉懿煜城懿轩烨伟苑博伟泽熠彤鸿煊博涛烨霖烨华煜祺智宸正豪昊然志泽明杰弘文烨伟苑博";

static size_t name_of(char out[static 32])
{
    size_t pool = (sizeof(given) - 1) / 3, len = 0;
    uint64_t family = next_random(4) ? next_random(20) : next_random(sizeof(families) / sizeof(*families));
    len += (size_t)snprintf(out, 32, "%s", families[family]);
    for (uint64_t i = 0, chars = next_random(8) ? 2 : 1; i < chars; i++, len += 3)
        memcpy(out + len, given + 3 * next_random(pool), 3);
    out[len] = '\0';
    return len;
}

static void phone_of(int64_t customer, char out[static 16])
{
    snprintf(out, 16, "1%02d%08d", (int)(30 + (uint64_t)customer * 7 % 70), (int)((uint64_t)customer * 2654435761u % 100000000));
}

static struct vault_place place(const char *column, int64_t customer)
{
    return (struct vault_place){"customer", column, customer, customer};
}

/* ---- single costs ---- */

static void spawn(void)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        exit(1);
    vault_pid = fork();
    if (vault_pid == 0) {
        close(pair[0]);
        log_set_level(LOG_WARN);
        _exit(vault_main(pair[1], data_dir, NULL));
    }
    close(pair[1]);
    c.vault = vault_client_new(pair[0]);
}

static void bench_seal_inside(void)
{
    enum { ROUNDS = 200000 };
    _cleanup_(vault_keyring_freep) struct vault_keyring *k = NULL;
    _cleanup_buf_ struct buf sealed = BUF_INIT(1024), plain = BUF_INIT(1024);
    const struct vault_where at = {STR("customer"), STR("name"), 1, 1};
    struct vault_dek dek;
    uint8_t wrapped[VAULT_WRAPPED_BYTES], hash[16];
    struct vault_normal normal;
    must(vault_keyring_load(data_dir, NULL, &k));
    vault_dek_make(k, 1, &dek, wrapped);
    vault_value_seal(&dek, VAULT_NAME, &at, STR("李小明"), &sealed);
    int64_t from = clock_mono_us();
    cpu_spent();
    for (size_t i = 0; i < ROUNDS; i++) {
        buf_reset(&plain);
        if (!vault_dek_unwrap(k, 1, str_n(wrapped, sizeof(wrapped)), &dek) || !vault_value_open(&dek, VAULT_NAME, &at, buf_str(&sealed), &plain))
            exit(1);
    }
    print_each("unwrap + derive + decrypt (no socket)", from, ROUNDS);
    from = clock_mono_us();
    for (size_t i = 0; i < ROUNDS; i++) {
        vault_normalise(VAULT_PHONE, STR("138 1234 5678"), &normal);
        vault_index_hash(k, VAULT_PHONE, vault_text_str(&normal.text), hash);
    }
    print_each("normalise + index a phone (no socket)", from, ROUNDS);
}

static void bench_index(size_t batch)
{
    struct vault_index *items = mem_zalloc(batch, sizeof(*items));
    char what[64];
    size_t rounds = batch == 1 ? SAMPLES : 200;
    for (size_t i = 0; i < batch; i++)
        items[i] = (struct vault_index){.field = i % 3 ? VAULT_PHONE : VAULT_EMAIL, .value = i % 3 ? STR("13812345678") : STR("li.xiaoming@qq.com")};
    int64_t all = clock_mono_us();
    cpu_spent();
    for (size_t i = 0; i < rounds; i++) {
        int64_t from = clock_mono_us();
        must(vault_index(&c, items, batch));
        sample(from);
    }
    snprintf(what, sizeof(what), "index, %zu a call, an item", batch);
    print_each(what, all, batch * rounds);
    snprintf(what, sizeof(what), "index, %zu a call, round trip", batch);
    print_samples(what);
    free(items);
}

static void bench_seal_and_open(size_t batch)
{
    enum { ROUNDS = 100 };
    struct vault_key *keys = mem_zalloc(batch, sizeof(*keys));
    struct vault_seal *seals = mem_zalloc(batch, sizeof(*seals));
    struct vault_open *opens = mem_zalloc(batch, sizeof(*opens));
    char what[64];
    for (size_t i = 0; i < batch; i++) {
        keys[i].customer_id = (int64_t)i + 1;
        seals[i] = (struct vault_seal){.field = VAULT_PHONE, .place = place("phone", (int64_t)i + 1), .value = STR("13812345678")};
    }
    int64_t from = clock_mono_us();
    for (size_t i = 0; i < ROUNDS; i++)
        must(vault_seal(&c, keys, batch, seals, batch));
    snprintf(what, sizeof(what), "new key + seal, %zu a call, an item", batch);
    print_each(what, from, batch * ROUNDS);
    for (size_t i = 0; i < batch; i++)
        opens[i] = (struct vault_open){VAULT_PHONE, seals[i].place, keys[i].wrapped, seals[i].sealed, STR_NULL, false};
    from = clock_mono_us();
    for (size_t i = 0; i < ROUNDS; i++) {
        int64_t one = clock_mono_us();
        must(vault_mask(&c, opens, batch));
        sample(one);
    }
    snprintf(what, sizeof(what), "mask, %zu a call, an item", batch);
    print_each(what, from, batch * ROUNDS);
    snprintf(what, sizeof(what), "mask, %zu a call, round trip", batch);
    print_samples(what);
    struct vault_reveal why = {.customer_id = 1, .role = STR("administrator"), .purpose = STR("bench"), .reason = STR("benchmark")};
    for (size_t i = 0; i < 90; i++) {
        int64_t one = clock_mono_us();
        must(vault_reveal(&c, &why, opens, 1));
        sample(one);
    }
    why.staff_id++;
    print_samples("reveal one value, audit fsync included");
    free(keys);
    free(seals);
    free(opens);
}

/* ---- a million in memory ---- */

static int64_t pss_kib(pid_t pid)
{
    char path[64], line[256];
    long kib = 0;
    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "Pss: %ld kB", &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib;
}

struct person {
    struct str wrapped, name, phone;
};

/* What the server would read from its databases; not a part of the time measured. */
static struct person *make_people(size_t count)
{
    struct person *people = mem_zalloc(count, sizeof(*people));
    for (size_t done = 0; done < count; done += FEED) {
        size_t n = count - done < FEED ? count - done : FEED;
        struct vault_key *keys = mem_zalloc(n, sizeof(*keys));
        struct vault_seal *seals = mem_zalloc(2 * n, sizeof(*seals));
        char(*texts)[2][32] = mem_zalloc(n, sizeof(*texts));
        for (size_t i = 0; i < n; i++) {
            int64_t id = FIRST_ID + (int64_t)(done + i);
            keys[i].customer_id = id;
            name_of(texts[i][0]);
            phone_of(id, texts[i][1]);
            seals[2 * i] = (struct vault_seal){.field = VAULT_NAME, .place = place("name", id), .value = str_z(texts[i][0])};
            seals[2 * i + 1] = (struct vault_seal){.field = VAULT_PHONE, .place = place("phone", id), .value = str_z(texts[i][1])};
        }
        must(vault_seal(&c, keys, n, seals, 2 * n));
        for (size_t i = 0; i < n; i++)
            people[done + i] = (struct person){keys[i].wrapped, seals[2 * i].sealed, seals[2 * i + 1].sealed};
        free(keys);
        free(seals);
        free(texts);
    }
    return people;
}

static void feed(const struct person *people, size_t count)
{
    struct vault_remember *items = mem_zalloc(FEED, sizeof(*items));
    struct vault_status status;
    int64_t before = pss_kib(vault_pid), from = clock_mono_us();
    cpu_spent();
    for (size_t done = 0; done < count; done += FEED) {
        size_t n = count - done < FEED ? count - done : FEED;
        for (size_t i = 0; i < n; i++) {
            int64_t id = FIRST_ID + (int64_t)(done + i);
            const struct person *p = &people[done + i];
            items[i] = (struct vault_remember){.customer_id = id, .store_id = 1 + id % 6, .wrapped = p->wrapped};
            items[i].name = (struct vault_open){.place = place("name", id), .sealed = p->name};
            items[i].phone = (struct vault_open){.place = place("phone", id), .sealed = p->phone};
        }
        int64_t one = clock_mono_us();
        must(vault_remember(&c, items, n));
        sample(one);
    }
    print_each("remember a customer (2,048 a call)", from, count);
    print_samples("remember, 2,048 a call, round trip");
    must(vault_index_ready(&c));
    for (must(vault_status(&c, &status)); !status.index_sorted; must(vault_status(&c, &status)))
        usleep(5000);
    printf("%-44s %8.2f s for %lld customers, %.2f s of processor since the feed\n", "fed and wholly sorted after",
           (double)(clock_mono_us() - from) / 1e6, (long long)status.names, (double)cpu_spent() / 1e6);
    printf("%-44s %8.1f MiB Pss (%.1f before), %.1f bytes a customer\n", "memory of the vault process", (double)pss_kib(vault_pid) / 1024,
           (double)before / 1024, (double)(pss_kib(vault_pid) - before) * 1024 / (double)count);
    free(items);
}

static void bench_search(const char *what, void (*query)(char out[static 64]))
{
    struct vault_hit *hits;
    size_t count, sum = 0;
    char text[64];
    cpu_spent();
    for (size_t i = 0; i < SAMPLES; i++) {
        query(text);
        int64_t from = clock_mono_us();
        must(vault_search(&c, &(struct vault_search){.query = str_z(text), .limit = 50}, &hits, &count));
        sample(from);
        sum += count;
    }
    print_samples(what);
    if (sum == 0)
        printf("    (found nobody)\n");
}

static void query_name(char out[static 64])
{
    name_of(out);
}
static void query_surname(char out[static 64])
{
    snprintf(out, 64, "%s", families[next_random(20)]);
}
static void query_given(char out[static 64])
{
    char name[32];
    size_t len = name_of(name);
    snprintf(out, 64, "%s", name + (len > 6 ? len - 6 : 3));
}
static void query_pinyin(char out[static 64])
{
    static const char *const some[] = {"wangxiu", "zhangwei", "li wei", "chenjie", "yangli", "liu", "zhao yang", "huangmin", "ouyang", "shanmei", "w", "lv"};
    snprintf(out, 64, "%s", some[next_random(12)]);
}
static void query_initials(char out[static 64])
{
    for (size_t i = 0; i < 3; i++)
        out[i] = "abcdefghjklmnpqrstwxyz"[next_random(22)];
    out[3] = '\0';
}
static void query_four(char out[static 64])
{
    snprintf(out, 64, "%s %04d", families[next_random(20)], (int)next_random(10000));
}

static void bench_page(size_t customers, const char *query)
{
    struct vault_hit *hits;
    size_t count, total;
    char what[64];
    for (size_t i = 0; i < SAMPLES / 10; i++) {
        int64_t from = clock_mono_us();
        must(vault_by_name(&c, &(struct vault_search){.query = str_z(query), .limit = 50}, next_random(*query ? 100 : customers), &hits, &count, &total));
        sample(from);
    }
    snprintf(what, sizeof(what), "page by name, filter \"%s\"", query);
    print_samples(what);
}

/* ---- free text ---- */

static void bench_scan(const char *what, struct str text)
{
    enum { ROUNDS = 1000000 };
    volatile unsigned found = 0;
    int64_t from = clock_mono_us();
    for (size_t i = 0; i < ROUNDS; i++)
        found += vault_find_personal(text);
    print_each(what, from, ROUNDS);
}

static void bench_text(void)
{
    static const char *const names[] = {"product_id", "sku", "price", "quantity", "category", "url", "referrer", "title"};
    volatile unsigned found = 0;
    bench_scan("scan \"亚麻连衣裙 米白 M\"", STR("亚麻连衣裙 米白 M"));
    bench_scan("scan a URL of 70 bytes", STR("https://shop.example.com/products/k1001-02?utm_source=weibo&utm_id=77"));
    bench_scan("scan a time in milliseconds", STR("1709283600000"));
    bench_scan("scan a note with a phone", STR("请送到前台, 打138-1234-5678, 谢谢"));
    int64_t from = clock_mono_us();
    for (size_t i = 0; i < 1000000; i++)
        found += vault_field_by_name(str_z(names[i % 8]));
    print_each("field by name", from, 1000000);
}

static void bench_values(void)
{
    bench_seal_inside();
    bench_index(1);
    bench_index(100);
    bench_index(1000);
    bench_seal_and_open(50);
    bench_text();
}

static void bench_searches(size_t customers)
{
    bench_search("search a full name", query_name);
    bench_search("search a surname", query_surname);
    bench_search("search a given name (middle of names)", query_given);
    bench_search("search pinyin", query_pinyin);
    bench_search("search initials", query_initials);
    bench_search("search surname + last four", query_four);
    bench_page(customers, "");
    bench_page(customers, "li");
    bench_page(customers, "李");
}

int main(int argc, char **argv)
{
    static const char *const files[] = {"keyring", "unseal.key", "audit.log"};
    size_t customers = argc > 1 ? (size_t)strtoull(argv[1], NULL, 10) : 1000000;
    char path[128];
    setvbuf(stdout, NULL, _IOLBF, 0);
    c.arena = arena_new();
    if (!mkdtemp(data_dir))
        return 1;
    must(vault_init(&c, data_dir, NULL));
    int64_t from = clock_mono_us();
    spawn();
    must(vault_status(&c, &(struct vault_status){0}));
    printf("%-44s %8.3f ms\n", "start until the first answer", (double)(clock_mono_us() - from) / 1e3);
    if (argc < 3)
        bench_values();
    struct person *people = make_people(customers);
    feed(people, customers);
    free(people);
    if (argc < 3)
        bench_searches(customers);
    vault_client_free(c.vault);
    waitpid(vault_pid, NULL, 0);
    for (size_t i = 0; i < 3; i++)
        snprintf(path, sizeof(path), "%s/%s", data_dir, files[i]), unlink(path);
    rmdir(data_dir);
    arena_free(c.arena);
    return 0;
}
