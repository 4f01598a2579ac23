/* What /proc and /sys say of a machine: each file, which mounts are asked, where the cgroup's limits are, and
 * the figures of two readings. */
#include "tests/lib/test.h"

#include <math.h>

#include "core/batch.h"
#include "core/labels.h"
#include "format/hosts/host_figures.h"
#include "format/hosts/mount_list.h"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-9)

static void test_cpu(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t busy, total;
    } CASES[] = {
        /* user nice system idle iowait irq softirq steal guest guest_nice */
        {"cpu  100 20 30 1000 50 4 6 10 99 9\ncpu0 1 1 1 1\nintr 5\n", 160, 1220},
        {"cpu 100 20 30 1000\n", 150, 1150}, /* Linux 2.4 */
        {"intr 1\ncpu 1 2 3 4 5 6 7\n", 19, 28},
        {"cpu0 1 2 3 4\n", SD_UNKNOWN, SD_UNKNOWN},
        {"cpu 1 2\n", SD_UNKNOWN, SD_UNKNOWN},
        {"cpu 1 x 3 4\n", SD_UNKNOWN, SD_UNKNOWN},
        {"cpu 99999999999999999999 0 0 1", INT64_MAX, INT64_MAX},
        {"", SD_UNKNOWN, SD_UNKNOWN},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct host_reading *r = host_reading_new(0);
        host_read_stat(r, CASES[i].text, strlen(CASES[i].text));
        assert_int_equal(r->cpu_busy, CASES[i].busy);
        assert_int_equal(r->cpu_total, CASES[i].total);
        host_reading_free(r);
    }
}

static void test_memory(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double memory, swap;
    } CASES[] = {
        {"MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 250 kB\nSwapTotal: 200 kB\nSwapFree: 50 kB\n", 0.75,
         0.75},
        {"MemTotal: 1000 kB\nMemAvailable: 1200 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n", 0, NAN},
        {"MemTotal: 1000 kB\nMemFree: 10 kB\n", NAN, NAN}, /* before Linux 3.14 */
        {"MemTotal: 0 kB\nMemAvailable: 0 kB\n", NAN, NAN},
        {"MemTotal\nMemTotal:\n:\n", NAN, NAN},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct host_reading *r = host_reading_new(0);
        host_read_meminfo(r, CASES[i].text, strlen(CASES[i].text));
        assert_true(isnan(CASES[i].memory) ? isnan(r->memory) : fabs(r->memory - CASES[i].memory) < 1e-9);
        assert_true(isnan(CASES[i].swap) ? isnan(r->swap) : fabs(r->swap - CASES[i].swap) < 1e-9);
        host_reading_free(r);
    }
}

static void test_load_and_pressure(void **state)
{
    (void)state;
    static const char LOAD[] = "0.93 0.58 0.33 2/104 16275\n", WRONG[] = "nan 1 2\n",
                      PRESSURE[] = "some avg10=0.40 avg60=2.28 avg300=2.47 total=20459994\n"
                                   "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n",
                      OLD[] = "some avg10=0.40 total=5",
                      BROKEN[] = "some total=\nfull total=1x\nnone total=3\n";
    struct host_reading *r = host_reading_new(0);
    host_read_loadavg(r, WRONG, sizeof WRONG - 1);
    assert_true(isnan(r->load));
    host_read_loadavg(r, LOAD, sizeof LOAD - 1);
    NEAR(r->load, 0.93);
    host_read_pressure(r, HOST_PRESSURE_CPU, PRESSURE, sizeof PRESSURE - 1);
    host_read_pressure(r, HOST_PRESSURE_IO, OLD, sizeof OLD - 1);
    host_read_pressure(r, HOST_PRESSURE_MEMORY, BROKEN, sizeof BROKEN - 1);
    assert_int_equal(r->pressure_us[HOST_PRESSURE_CPU][0], 20459994);
    assert_int_equal(r->pressure_us[HOST_PRESSURE_CPU][1], 7);
    assert_int_equal(r->pressure_us[HOST_PRESSURE_IO][0], 5);
    assert_int_equal(r->pressure_us[HOST_PRESSURE_IO][1], SD_UNKNOWN);
    assert_int_equal(r->pressure_us[HOST_PRESSURE_MEMORY][0], SD_UNKNOWN);
    assert_int_equal(r->pressure_us[HOST_PRESSURE_MEMORY][1], SD_UNKNOWN);
    host_reading_free(r);
}

static void test_whole_disks(void **state)
{
    (void)state;
    static const char *const WHOLE[] = {"sda",     "sdaa",    "vdb",  "xvda",  "hda",  "dasda",
                                        "nvme0n1", "mmcblk0", "nbd0", "rbd12", "pmem0"},
                             *const NOT[] = {"sda1",   "vdb15", "xvda1", "nvme0n1p1", "mmcblk0p2",
                                             "nbd0p1", "loop0", "ram3",  "zram0",     "dm-0",
                                             "md127",  "sr0",   "fd0",   ""};
    for (size_t i = 0; i < ARRAY_LEN(WHOLE); i++)
        if (!host_is_whole_disk(WHOLE[i]))
            fail_msg("%s is a whole disk", WHOLE[i]);
    for (size_t i = 0; i < ARRAY_LEN(NOT); i++)
        if (host_is_whole_disk(NOT[i]))
            fail_msg("%s is no whole disk", NOT[i]);
}

static void test_disks(void **state)
{
    (void)state;
    static const char TEXT[] =
        "   7       0 loop0 10 0 8 0 0 0 0 0 0 4 4\n"
        " 254       0 vda 87856 12782 3869042 39575 51004 42254 5634376 17165 0 17204 58180 10028 43 1573576 "
        "1341\n"
        " 254       1 vda1 80000 12782 3869000 39575 51004 42254 5634000 17165 0 17204 58180\n"
        " 254      16 vdb 0 0 0 0 0 0 0 0 0 0 0\n" /* never used */
        "   8       0 sda 1 2 3 4 5\n"             /* cut */
        "   8      16 sdb 1 0 99999999999999999999 0 0 0 0 0 0 7 7\n";
    struct host_reading *r = host_reading_new(0);
    host_read_diskstats(r, TEXT, sizeof TEXT - 1, NULL, NULL);
    assert_int_equal(r->n_disks, 2);
    assert_string_equal(r->disks[0].name, "vda");
    assert_int_equal(r->disks[0].read_bytes, 3869042LL * 512);
    assert_int_equal(r->disks[0].write_bytes, 5634376LL * 512);
    assert_int_equal(r->disks[0].busy_ms, 17204);
    assert_int_equal(r->disks[1].read_bytes, INT64_MAX);
    host_reading_free(r);
}

static void test_networks(void **state)
{
    (void)state;
    static const char TEXT[] =
        "Inter-|   Receive                                                |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs\n"
        "    lo: 2959389448  137298    0    0    0     0          0         0 2959389448  137298    0    0   "
        " 0\n"
        "  eth0: 68901456    1837    0    0    0     0          0         0    72875     926    0    0    0\n"
        "eth0:1:5 1 0 0 0 0 0 0 6 1 0 0 0\n" /* no blank behind the colon: old kernels */
        "  eth1: 1 2 3\n";
    struct host_reading *r = host_reading_new(0);
    host_read_net(r, TEXT, sizeof TEXT - 1);
    assert_int_equal(r->n_nets, 2);
    assert_string_equal(r->nets[0].name, "eth0");
    assert_int_equal(r->nets[0].receive_bytes, 68901456);
    assert_int_equal(r->nets[0].transmit_bytes, 72875);
    assert_string_equal(r->nets[1].name, "eth0:1");
    assert_int_equal(r->nets[1].receive_bytes, 5);
    assert_int_equal(r->nets[1].transmit_bytes, 6);
    host_reading_free(r);
}

/* ---- mounts ---- */

static void test_local_mounts(void **state)
{
    (void)state;
    static const char TEXT[] =
        "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
        "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n"
        "28 27 254:0 /srv /srv rw,relatime - ext4 /dev/vda rw,discard\n" /* a bind mount: the same again */
        "30 27 0:40 / /mnt/a\\040b rw shared:1 master:2 - xfs /dev/sda1 rw\n"
        "31 27 0:50 / /nfs rw - nfs4 server:/export rw\n"
        "32 31 8:2 / /nfs/disk rw - ext4 /dev/sda2 rw\n" /* behind another machine */
        "33 27 0:51 / /home/u/cloud rw - fuse.sshfs u@h: rw\n"
        "34 27 0:52 / /run rw - tmpfs tmpfs rw\n"
        "35 27 7:1 / /snap/x ro - squashfs /dev/loop1 ro\n"
        "36 27 8:4 / /media/old ro - ext4 /dev/sdb1 ro\n"
        "37 27 8:5 / /data rw - ext4 /dev/sdc1 rw\n"
        "38 27 8:6 / /data rw - btrfs /dev/sdd1 rw\n" /* hides the one before */
        "39 27 0:60 /@ /pool rw - btrfs /dev/sde1 rw,subvol=/@\n"
        "40 27 0:61 /@home /pool/home rw - btrfs /dev/sde1 rw,subvol=/@home\n"
        "41 27 0:62 / /tank rw - zfs tank/data rw\n"
        "42 27 0:63 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw\n"
        "43 27 8:7 no-path rw - ext4 /dev/sdf rw\n"
        "44 27 8:8 / /cut rw -";
    static const char *const WANT[] = {"/", "/mnt/a b", "/data", "/pool", "/tank"};
    struct arena *a = arena_new();
    struct mount_entry m[32];
    size_t n = mount_list_read(a, TEXT, sizeof TEXT - 1, m, ARRAY_LEN(m)), found = 0;
    for (size_t i = 0; i < n; i++)
        if (mount_is_local(m, n, i)) {
            assert_true(found < ARRAY_LEN(WANT));
            assert_string_equal(m[i].point, WANT[found]);
            found++;
        }
    assert_int_equal(found, ARRAY_LEN(WANT));
    static const char CONTAINER[] = "1 0 0:70 / / rw - overlay overlay rw\n";
    n = mount_list_read(a, CONTAINER, sizeof CONTAINER - 1, m, ARRAY_LEN(m));
    assert_true(mount_is_local(m, n, 0));
    arena_free(a);
}

static void test_cgroup_places(void **state)
{
    (void)state;
    static const char TWO[] = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
                      ONE[] = "31 23 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
                              "32 23 0:31 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
                              "33 23 0:32 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
    struct arena *a = arena_new();
    struct mount_entry m[8];
    struct cgroup_places p;
    size_t n = mount_list_read(a, TWO, sizeof TWO - 1, m, ARRAY_LEN(m));
    const char *of = "0::/user.slice/a.scope\n";
    cgroup_places_read(a, m, n, of, strlen(of), &p);
    assert_string_equal(p.unified.folder, "/sys/fs/cgroup/user.slice/a.scope");
    assert_string_equal(p.unified.top, "/sys/fs/cgroup");
    assert_null(p.cpu.folder);
    of = "0::/\n";
    cgroup_places_read(a, m, n, of, strlen(of), &p);
    assert_string_equal(p.unified.folder, "/sys/fs/cgroup");
    of = "0::/../other\n"; /* outside of the namespace */
    cgroup_places_read(a, m, n, of, strlen(of), &p);
    assert_string_equal(p.unified.folder, "/sys/fs/cgroup");
    n = mount_list_read(a, ONE, sizeof ONE - 1, m, ARRAY_LEN(m));
    of = "4:memory:/docker/abc/x\n3:cpu,cpuacct:/docker/abc\n1:name=systemd:/z\n0::/\nbroken\n5:memory\n";
    cgroup_places_read(a, m, n, of, strlen(of), &p);
    assert_string_equal(p.memory.folder, "/sys/fs/cgroup/memory/x"); /* the mount begins at /docker/abc */
    assert_string_equal(p.cpu.folder, "/sys/fs/cgroup/cpu,cpuacct/docker/abc");
    assert_string_equal(p.cpuacct.folder, p.cpu.folder);
    assert_string_equal(p.unified.folder, "/sys/fs/cgroup/unified");
    arena_free(a);
}

/* ---- limits ---- */

static struct proc_text text(const char *s)
{
    return (struct proc_text){s, s + strlen(s)};
}

static void test_limits(void **state)
{
    (void)state;
    struct host_reading *r = host_reading_new(0);
    assert_false(host_read_cgroup_cpu(r, text("max 100000\n"), text("usage_usec 5\n")));
    assert_false(host_read_cgroup_cpu(r, text(""), text("")));
    assert_true(host_read_cgroup_cpu(r, text("250000 100000\n"),
                                     text("usage_usec 5\nnr_periods 7\nnr_throttled 2\n")));
    NEAR(r->cgroup.cpus, 2.5);
    assert_int_equal(r->cgroup.usage_ns, 5000);
    assert_int_equal(r->cgroup.periods, 7);
    assert_int_equal(r->cgroup.limited, 2);
    assert_false(host_read_cgroup1_cpu(r, text("-1\n"), text("100000\n"), text(""), text("1\n")));
    assert_true(
        host_read_cgroup1_cpu(r, text("50000\n"), text("100000\n"), text("nr_periods 1\n"), text("123\n")));
    NEAR(r->cgroup.cpus, 0.5);
    assert_int_equal(r->cgroup.usage_ns, 123);
    assert_int_equal(r->cgroup.limited, SD_UNKNOWN);
    assert_false(host_read_cgroup_memory(r, text("max\n"), text("5\n"), text("")));
    assert_false(host_read_cgroup_memory(r, text("9223372036854771712\n"), text("5\n"), text("")));
    assert_true(
        host_read_cgroup_memory(r, text("1000\n"), text("900\n"), text("anon 1\ninactive_file 300\n")));
    assert_int_equal(r->cgroup.memory_bytes, 600);
    assert_true(host_read_cgroup_memory(r, text("1000\n"), text("900\n"),
                                        text("inactive_file 1\ntotal_inactive_file 200\n")));
    assert_int_equal(r->cgroup.memory_bytes, 700);
    host_reading_free(r);
}

/* ---- figures ---- */

static const struct sd_host HOST = {.add = batch_add};

/* The value of a metric in a batch; NAN: it is not there. */
static double metric(const struct sd_batch *b, const char *name, const char *labels)
{
    const struct sd_metric *m;
    for (size_t i = 0; (m = batch_each(b, SD_METRIC, &i));)
        if (str_eq(m->name, name) && str_eq(m->labels, labels))
            return m->value;
    return NAN;
}

static struct host_reading *made(int64_t at, int64_t busy, int64_t total, int64_t io_us, int64_t disk_ms)
{
    struct host_reading *r = host_reading_new(at);
    r->cpu_busy = busy;
    r->cpu_total = total;
    r->memory = 0.5;
    r->pressure_us[HOST_PRESSURE_IO][0] = io_us;
    r->disks[r->n_disks++] =
        (struct host_disk){.name = "sda", .busy_ms = disk_ms, .read_bytes = 100, .write_bytes = 200};
    r->nets[r->n_nets++] = (struct host_net){.name = "e,h=0", .receive_bytes = 3, .transmit_bytes = 4};
    r->cgroup.cpus = 2;
    r->cgroup.usage_ns = at / 2;
    r->cgroup.periods = at / (100 * SD_MS);
    r->cgroup.limited = at / (400 * SD_MS);
    r->cgroup.memory_bytes = 50;
    r->cgroup.memory_max_bytes = 200;
    host_add_filesystem(r, "/", 1000, 300, 200); /* 700 used, of 900 for all users */
    host_add_filesystem(r, "/none", 0, 0, 0);
    return r;
}

static void test_figures(void **state)
{
    (void)state;
    struct host_reading *a = made(0, 100, 1000, 0, 10), *b = made(10 * SD_S, 400, 1600, 2500000, 4010);
    struct sd_batch *first = batch_new("h", SD_S), *second = batch_new("h", 2 * SD_S);
    host_figures_add(NULL, a, "web1", &HOST, first);
    assert_true(isnan(metric(first, "host.cpu", "host=web1"))); /* a share of a time needs two */
    NEAR(metric(first, "host.memory", "host=web1"), 0.5);
    NEAR(metric(first, "host.disk.read_bytes", "device=sda,host=web1"), 100);
    NEAR(metric(first, "cgroup.memory", "host=web1"), 0.25);
    host_figures_add(a, b, "web1", &HOST, second);
    NEAR(metric(second, "host.cpu", "host=web1"), 0.5);
    NEAR(metric(second, "host.pressure.io", "host=web1,kind=some"), 0.25);
    assert_true(isnan(metric(second, "host.pressure.io", "host=web1,kind=full")));
    NEAR(metric(second, "host.disk.busy", "device=sda,host=web1"), 0.4);
    NEAR(metric(second, "host.disk.write_bytes", "device=sda,host=web1"), 200);
    NEAR(metric(second, "host.filesystem", "host=web1,mount=/"), 7.0 / 9);
    NEAR(metric(second, "host.net.transmit_bytes", "host=web1,interface=e\\,h\\=0"), 4);
    NEAR(metric(second, "cgroup.cpu", "host=web1"), 0.25); /* 5 s of 2 processors for 10 s */
    NEAR(metric(second, "cgroup.throttled", "host=web1"), 0.25);
    assert_true(isnan(metric(second, "host.swap", "host=web1")));
    assert_true(isnan(metric(second, "host.filesystem", "host=web1,mount=/none")));
    batch_unref(first);
    batch_unref(second);
    second = batch_new("h", 3 * SD_S);
    host_figures_add(b, a, "web1", &HOST, second); /* the machine was restarted between */
    assert_true(isnan(metric(second, "host.cpu", "host=web1")));
    assert_true(isnan(metric(second, "host.disk.busy", "device=sda,host=web1")));
    assert_true(isnan(metric(second, "cgroup.cpu", "host=web1")));
    batch_unref(second);
    struct strbuf missing = {0};
    host_figures_missing(a, &missing);
    assert_string_equal(strbuf_text(&missing), "no swap, no load average");
    strbuf_free(&missing);
    host_reading_free(a);
    host_reading_free(b);
}

static void test_labels(void **state)
{
    (void)state;
    struct strbuf b = {0};
    char out[16];
    label_add(&b, "a", "x,y=\\z\n");
    label_add(&b, "host", "h");
    assert_string_equal(strbuf_text(&b), "a=x\\,y\\=\\\\z\\n,host=h");
    assert_true(label_value(strbuf_text(&b), "a", out, sizeof out));
    assert_string_equal(out, "x,y=\\z\n");
    assert_true(label_value(strbuf_text(&b), "host", out, sizeof out));
    assert_string_equal(out, "h");
    assert_false(label_value(strbuf_text(&b), "hos", out, sizeof out));
    assert_false(label_value(NULL, "host", out, sizeof out));
    assert_false(label_value("nonsense", "host", out, sizeof out));
    assert_true(label_value("k=0123456789abcdefgh", "k", out, sizeof out));
    assert_string_equal(out, "0123456789abcde");
    assert_true(label_value("k=a\\", "k", out, sizeof out));
    assert_string_equal(out, "a\\");
    strbuf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cpu),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_load_and_pressure),
        cmocka_unit_test(test_whole_disks),
        cmocka_unit_test(test_disks),
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_local_mounts),
        cmocka_unit_test(test_cgroup_places),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
