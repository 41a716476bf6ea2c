/* The load of `make bench`: keep-alive connections on one epoll thread, sending Segment events with unique message ids and
 * varied bodies: 5 % identify with a phone or e-mail, 2 % orders, 30 % new devices. Closed loop (as fast as answers come) or
 * open loop (--rate: latency counts from when the request should have left). Loopback only, bounded in time.
 * --people: instead, each of --customers once, with name, phone, e-mail and device; send it with a trusted key.
 * Prints one JSON line. */
#include "base/buf.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 1024, HISTOGRAM = 200000, SECONDS_MAX = 3600, BODY_MAX = 480 << 10, IDLE_US = 100000 };

static struct options {
    const char *host, *key;
    int port, connections, batch;
    double seconds, warmup_s, rate; /* events a second, 0: closed loop */
    uint64_t seed, customers, devices, events; /* to be sent, 0: until the time is over */
    uint64_t days;                  /* the events' times are spread over, up to now; 0: now */
    bool people;
    double slow_ms;            /* says when an answer took longer; the clock is that of perf sched */
} o = {.host = "127.0.0.1", .connections = 64, .batch = 1, .seconds = 10, .seed = 1, .customers = 1000000, .devices = 3000000};

struct conn {
    int fd;
    bool waiting;              /* for an answer */
    int64_t due_us;            /* when the request should have left */
    size_t sent;
    struct buf out;
    char in[4096];
    size_t in_len;
};

static struct conn conns[CONNECTIONS_MAX];
static uint64_t random_state, message_number, new_device_number;
static uint32_t histogram[HISTOGRAM]; /* latency in steps of 10 µs */
static uint64_t answered, failed, counted, late, made, next_person;
static int64_t started_us, count_from_us, end_us, slowest_us;

static uint64_t next_random(void) /* splitmix64 (Steele, Lea, Flood 2014) */
{
    uint64_t z = random_state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

/* ---- text, without printf: the client shares the cores with what is measured ---- */

static void add_hex(struct buf *b, uint64_t v, unsigned digits)
{
    static const char digit[] = "0123456789abcdef";
    char out[16];
    for (unsigned i = digits; i-- > 0; v >>= 4)
        out[i] = digit[v & 15];
    buf_add_bytes(b, out, digits);
}

static void add_number(struct buf *b, uint64_t v)
{
    char out[20];
    unsigned at = sizeof(out);
    do
        out[--at] = (char)('0' + v % 10);
    while (v /= 10);
    buf_add_bytes(b, out + at, sizeof(out) - at);
}

static void add_digits(struct buf *b, uint64_t v, unsigned digits)
{
    char out[20];
    for (unsigned i = digits; i-- > 0; v /= 10)
        out[i] = (char)('0' + v % 10);
    buf_add_bytes(b, out, digits);
}

#define ADD(b, literal) buf_add_bytes(b, literal, sizeof(literal) - 1)

static void add_uuid(struct buf *b, const uint64_t part[static 5])
{
    static const unsigned digits[] = {8, 4, 3, 3, 12};
    static const char *const before[] = {"", "-", "-4", "-8", "-"};
    for (int i = 0; i < 5; i++) {
        buf_addz(b, before[i]);
        add_hex(b, part[i], digits[i]);
    }
}

/* ISO 8601 in milliseconds; the seconds' text is kept. */
static void add_time(struct buf *b, int64_t at_us)
{
    static struct {
        int64_t second;
        char text[32];
    } kept[4];
    int64_t second = at_us / US_PER_S;
    unsigned slot = (unsigned)second % 4;
    if (kept[slot].second != second) {
        struct buf iso = {.ptr = kept[slot].text, .cap = sizeof(kept[slot].text), .max = sizeof(kept[slot].text)};
        clock_add_iso(&iso, second * US_PER_S);
        kept[slot].second = second;
    }
    buf_add_bytes(b, kept[slot].text, sizeof("2026-01-01T00:00:00") - 1);
    ADD(b, ".");
    add_digits(b, (uint64_t)(at_us % US_PER_S / 1000), 3);
    ADD(b, "Z");
}

/* ---- events ---- */

static int64_t event_time(uint64_t random)
{
    int64_t at_us = clock_now_us() - (int64_t)(random & 0xFFFFF);
    if (o.days && o.events > made)
        at_us -= (int64_t)((double)o.days * (double)US_PER_DAY * (double)(o.events - made) / (double)o.events);
    return at_us;
}

static void add_device(struct buf *b)
{
    uint64_t device = next_random() % 10 < 3 ? (UINT64_C(1) << 40) + new_device_number++ : next_random() % o.devices;
    if (o.people)
        device = next_person;
    uint64_t mixed = (device + (device >> 40 ? o.seed * 7919 : 0)) * 0x9E3779B97F4A7C15u;
    add_uuid(b, (const uint64_t[]){mixed >> 32, mixed >> 16, mixed, mixed >> 4, mixed ^ device});
}

static void add_common(struct buf *b)
{
    static const char *const pages[] = {"/p/linen-dress", "/p/wool-coat", "/c/women", "/c/men/shirts", "/search", "/cart", "/", "/p/kids-raincoat"};
    uint64_t r = next_random();
    ADD(b, "\"messageId\":\"");
    add_uuid(b, (const uint64_t[]){o.seed * 2654435761u, r, r >> 16, r >> 28, message_number++});
    ADD(b, "\",\"timestamp\":\"");
    add_time(b, event_time(r >> 20));
    ADD(b, "\",\"context\":{\"library\":{\"name\":\"bench\",\"version\":\"1\"},\"locale\":\"zh-CN\",\"page\":{\"path\":\"");
    buf_addz(b, pages[r >> 40 & 7]);
    ADD(b, "\",\"title\":\"Zhihe\"},\"campaign\":{\"source\":\"");
    buf_addz(b, r >> 50 & 1 ? "wechat" : "baidu");
    ADD(b, "\"}},");
}

static void add_track(struct buf *b)
{
    static const char *const names[] = {"Product Viewed", "Product Added", "Product List Viewed", "Product Clicked", "Cart Viewed"};
    uint64_t r = next_random();
    ADD(b, "\"type\":\"track\",\"event\":\"");
    buf_addz(b, names[r % 5]);
    ADD(b, "\",\"properties\":{\"product_id\":\"K");
    add_number(b, 1000 + (r >> 8 & 0x1FF));
    ADD(b, "-");
    add_digits(b, r >> 20 & 7, 2);
    ADD(b, "-");
    buf_add_byte(b, "SMLX"[r >> 24 & 3]);
    ADD(b, "\",\"price\":");
    add_number(b, 59 + (r >> 30 & 0x3FF));
    ADD(b, ".");
    add_digits(b, r >> 44 & 63, 2);
    ADD(b, ",\"quantity\":");
    add_number(b, 1 + (r >> 50 & 1));
    ADD(b, ",\"position\":");
    add_number(b, r >> 52 & 31);
    ADD(b, ",\"currency\":\"CNY\"}}");
}

static void add_identify(struct buf *b)
{
    uint64_t person = next_random() % o.customers;
    ADD(b, "\"type\":\"identify\",\"userId\":\"u");
    add_number(b, person);
    if (next_random() & 1) {
        ADD(b, "\",\"traits\":{\"phone\":\"1");
        add_digits(b, 3612000017u + person, 10);
    } else {
        ADD(b, "\",\"traits\":{\"email\":\"u");
        add_number(b, person);
        ADD(b, "@example.com");
    }
    ADD(b, "\"}}");
}

/* A surname and one or two of forty characters; the n-th person has always the same. */
static void add_name(struct buf *b, uint64_t person)
{
    static const char *const surnames[] = {"王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭", "马", "罗"};
    static const char *const given[] = {"安", "宁", "静", "和", "雅", "文", "思", "嘉", "怡", "敏", "婷", "雪", "梅", "兰", "芳", "丽", "娜", "娟", "英", "华",
                                        "伟", "强", "磊", "军", "洋", "勇", "杰", "涛", "明", "超", "秀", "霞", "平", "刚", "桂", "晨", "宇", "轩", "涵", "然"};
    buf_addz(b, surnames[person % 20]);
    buf_addz(b, given[person / 20 % 40]);
    if (person / 800 % 4)
        buf_addz(b, given[person / 3200 % 40]);
}

static void add_person(struct buf *b)
{
    uint64_t person = next_person++;
    ADD(b, "\"type\":\"identify\",\"userId\":\"u");
    add_number(b, person);
    ADD(b, "\",\"traits\":{\"phone\":\"1");
    add_digits(b, 3612000017u + person, 10);
    ADD(b, "\",\"email\":\"u");
    add_number(b, person);
    ADD(b, "@example.com\",\"name\":\"");
    add_name(b, person);
    ADD(b, "\"}}");
}

static void add_order(struct buf *b)
{
    uint64_t r = next_random(), price = 59 + (r & 0x3FF);
    ADD(b, "\"type\":\"track\",\"event\":\"Order Completed\",\"properties\":{\"order_id\":\"B");
    add_number(b, o.seed);
    ADD(b, "-");
    add_number(b, message_number);
    ADD(b, "\",\"total\":");
    add_number(b, price);
    ADD(b, ".00,\"currency\":\"CNY\",\"products\":[{\"sku\":\"K");
    add_number(b, 1000 + (r >> 20 & 0x1FF));
    ADD(b, "-01-M\",\"price\":");
    add_number(b, price);
    ADD(b, ".00,\"quantity\":1}]}}");
}

static void add_event(struct buf *b)
{
    uint64_t kind = next_random() % 100;
    buf_addz(b, "{\"anonymousId\":\"");
    add_device(b);
    buf_addz(b, "\",");
    add_common(b);
    made++;
    if (o.people)
        add_person(b);
    else if (kind < 5)
        add_identify(b);
    else if (kind < 7)
        add_order(b);
    else
        add_track(b);
}

static bool all_made(void)
{
    return (o.people && next_person >= o.customers) || (o.events && made >= o.events);
}

static void make_request(struct conn *n)
{
    static struct buf body = {.max = BODY_MAX};
    buf_reset(&body);
    if (o.batch > 1)
        buf_addz(&body, "{\"batch\":[");
    for (int i = 0; i < o.batch && (i == 0 || !all_made()); i++) {
        if (i)
            buf_add_byte(&body, ',');
        add_event(&body);
    }
    if (o.batch > 1)
        buf_addz(&body, "]}");
    buf_reset(&n->out);
    buf_addf(&n->out, "POST /v1/%s HTTP/1.1\r\nHost: bench\r\nAuthorization: Basic %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
             "batch", o.key, body.len);
    buf_add(&n->out, buf_str(&body));
    n->sent = 0;
}

static bool pump(struct conn *n)
{
    while (n->sent < n->out.len) {
        ssize_t put = send(n->fd, n->out.ptr + n->sent, n->out.len - n->sent, MSG_NOSIGNAL);
        if (put < 0)
            return errno == EAGAIN;
        n->sent += (size_t)put;
    }
    return true;
}

static void start_request(struct conn *n, int64_t due_us)
{
    make_request(n);
    n->waiting = true;
    n->in_len = 0;
    n->due_us = due_us;
    if (!pump(n)) {
        perror("send");
        exit(1);
    }
}

static void note_answer(struct conn *n, int status)
{
    int64_t now = clock_mono_us(), took_us = now - n->due_us;
    n->waiting = false;
    answered++;
    if (status != 200)
        failed++;
    if (now < count_from_us || status != 200)
        return;
    counted++;
    size_t slot = (size_t)(took_us / 10);
    histogram[slot < HISTOGRAM ? slot : HISTOGRAM - 1]++;
    if (o.slow_ms > 0 && took_us > o.slow_ms * 1000)
        fprintf(stderr, "slow: due %.6f, answered %.6f, %.1f ms\n", (double)n->due_us / 1e6, (double)now / 1e6, (double)took_us / 1000);
    if (took_us > slowest_us)
        slowest_us = took_us;
}

/* A whole answer: headers and as many bytes as Content-Length says. */
static bool whole(struct conn *n, int *ret_status)
{
    n->in[n->in_len] = '\0';
    char *end = strstr(n->in, "\r\n\r\n"), *length = strcasestr(n->in, "content-length:");
    if (!end || n->in_len < 12)
        return false;
    size_t body = length ? strtoul(length + 15, NULL, 10) : 0;
    if (n->in_len < (size_t)(end + 4 - n->in) + body)
        return false;
    *ret_status = (int)strtol(n->in + 9, NULL, 10);
    return true;
}

static void on_readable(struct conn *n)
{
    int status;
    ssize_t got = recv(n->fd, n->in + n->in_len, sizeof(n->in) - 1 - n->in_len, 0);
    if (got <= 0) {
        if (got < 0 && errno == EAGAIN)
            return;
        fputs("the server closed a connection\n", stderr);
        exit(1);
    }
    n->in_len += (size_t)got;
    if (n->waiting && whole(n, &status))
        note_answer(n, status);
}

static void open_all(int ep)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)o.port)};
    inet_pton(AF_INET, o.host, &to.sin_addr);
    for (int i = 0; i < o.connections; i++) {
        int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
            perror("connect");
            exit(1);
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        fcntl(fd, F_SETFL, O_NONBLOCK);
        conns[i] = (struct conn){.fd = fd, .out = BUF_INIT(BODY_MAX + 4096)};
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = &conns[i]};
        epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
    }
}

/* Starts what is due: everything idle in a closed loop, what the rate says in an open one. Returns for how many µs nothing
 * else will be: the client sleeps meanwhile, for the server needs its core. */
static int64_t feed(void)
{
    static int next_conn;
    static uint64_t scheduled;
    int64_t now = clock_mono_us();
    for (int looked = 0; looked < o.connections; looked++) {
        struct conn *n = &conns[next_conn];
        int64_t due_us = o.rate > 0 ? started_us + (int64_t)((double)scheduled * o.batch / o.rate * 1e6) : now;
        if (due_us > now)
            return due_us - now;
        next_conn = (next_conn + 1) % o.connections;
        if (n->waiting || all_made())
            continue;
        start_request(n, due_us);
        late += o.rate > 0 && now - due_us > 10000;
        scheduled++;
    }
    return IDLE_US; /* all wait for an answer */
}

static double percentile_ms(double p)
{
    uint64_t want = (uint64_t)((double)counted * p), sum = 0;
    for (size_t i = 0; i < HISTOGRAM; i++)
        if ((sum += histogram[i]) > want)
            return (double)(i * 10 + 10) / 1000;
    return (double)slowest_us / 1000;
}

static uint64_t waiting_now(void)
{
    uint64_t count = 0;
    for (int i = 0; i < o.connections; i++)
        count += conns[i].waiting;
    return count;
}

static void run(void)
{
    struct epoll_event events[256];
    int ep = epoll_create1(0);
    open_all(ep);
    started_us = clock_mono_us();
    count_from_us = started_us + (int64_t)(o.warmup_s * 1e6);
    end_us = count_from_us + (int64_t)(o.seconds * 1e6);
    uint64_t sent_all = UINT64_MAX;
    while (clock_mono_us() < end_us && answered < sent_all) {
        int64_t idle_us = feed();
        if (all_made() && sent_all == UINT64_MAX)
            sent_all = answered + waiting_now();
        struct timespec idle = {.tv_nsec = (idle_us < IDLE_US ? idle_us : IDLE_US) * 1000};
        int count = epoll_pwait2(ep, events, 256, &idle, NULL);
        for (int i = 0; i < count; i++) {
            struct conn *n = events[i].data.ptr;
            if (events[i].events & EPOLLOUT && n->waiting)
                pump(n);
            if (events[i].events & EPOLLIN)
                on_readable(n);
        }
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"port", 1, 0, 'p'},    {"key", 1, 0, 'k'},  {"connections", 1, 0, 'c'}, {"batch", 1, 0, 'b'},
                                            {"seconds", 1, 0, 's'}, {"warmup", 1, 0, 'w'}, {"rate", 1, 0, 'r'},        {"seed", 1, 0, 'S'},
                                            {"customers", 1, 0, 'C'}, {"devices", 1, 0, 'd'}, {"events", 1, 0, 'e'},    {"people", 0, 0, 'P'}, {"slow", 1, 0, 'L'}, {"days", 1, 0, 'D'}, {0, 0, 0, 0}};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
        switch (c) {
        case 'p': o.port = (int)strtol(optarg, NULL, 10); break;
        case 'k': o.key = optarg; break;
        case 'c': o.connections = (int)strtol(optarg, NULL, 10); break;
        case 'b': o.batch = (int)strtol(optarg, NULL, 10); break;
        case 's': o.seconds = strtod(optarg, NULL); break;
        case 'w': o.warmup_s = strtod(optarg, NULL); break;
        case 'r': o.rate = strtod(optarg, NULL); break;
        case 'S': o.seed = strtoull(optarg, NULL, 10); break;
        case 'C': o.customers = strtoull(optarg, NULL, 10); break;
        case 'd': o.devices = strtoull(optarg, NULL, 10); break;
        case 'e': o.events = strtoull(optarg, NULL, 10); break;
        case 'D': o.days = strtoull(optarg, NULL, 10); break;
        case 'P': o.people = true; break;
        case 'L': o.slow_ms = strtod(optarg, NULL); break;
        default: return 2;
        }
    if (!o.key || !o.port || o.connections > CONNECTIONS_MAX || o.seconds + o.warmup_s > SECONDS_MAX) {
        fputs("usage: bench_load --port N --key BASE64(KEY:) [--connections 64] [--batch 1] [--seconds 10] [--warmup 0] [--rate EVENTS/S] [--seed N] [--customers N] [--devices N] [--events N] [--days N] [--people] [--slow MS]\n", stderr);
        return 2;
    }
    random_state = o.seed * 0x2545F4914F6CDD1Du;
    prctl(PR_SET_TIMERSLACK, 1L); /* ns: short sleeps end when they should */
    run();
    printf("{\"events_per_s\":%.0f,\"sent_per_s\":%.0f,\"requests\":%llu,\"failed\":%llu,\"late_starts\":%llu,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"p999_ms\":%.2f,\"max_ms\":%.2f}\n",
           (double)counted * o.batch / o.seconds, (double)made / ((double)(clock_mono_us() - started_us) / 1e6), (unsigned long long)answered, (unsigned long long)failed, (unsigned long long)late,
           percentile_ms(0.50), percentile_ms(0.99), percentile_ms(0.999), (double)slowest_us / 1000);
    return failed ? 1 : 0;
}
