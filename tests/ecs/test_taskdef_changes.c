/* Each change, and nothing but the change: strict comparisons of a definition with everything. */

#include "ecs_test.h"
#include "json_file.h"

#include <slipway/taskdef.h>

static json_t *rich(void)
{
    json_auto_t *document = json_file_read(TEST_DATA_DIR "/taskdef/rich.json");
    json_t *definition = NULL;
    struct sw_err err = SW_ERR_INIT;
    assert_ok(sw_taskdef_from_document(document, SW_TASKDEF_WIRE, "rich", &definition, &err));
    return definition;
}

static void add_line(struct sw_buf *out, char op, const char *path, const json_t *value)
{
    SW_CLEANUP(sw_free_str) char *text = op == '-' ? sw_xstrdup("") : test_json_text(value);
    sw_buf_addf(out, "%c%s%s%s\n", op, path, op == '-' ? "" : "=", text);
}

/* Members that both have must stand in the same order. */
static void check_order(json_t *from, json_t *to)
{
    void *iter = json_object_iter(to);
    const char *key = NULL;
    json_t *item = NULL;
    json_object_foreach(from, key, item)
    {
        if (!json_object_get(to, key)) {
            continue;
        }
        while (iter && !json_object_get(from, json_object_iter_key(iter))) {
            iter = json_object_iter_next(to, iter);
        }
        assert_non_null(iter);
        assert_string_equal(json_object_iter_key(iter), key);
        iter = json_object_iter_next(to, iter);
    }
}

static void compare(struct sw_buf *out, const char *path, json_t *from, json_t *to)
{
    const char *key = NULL;
    json_t *item = NULL;
    if (!from || !to) {
        add_line(out, from ? '-' : '+', path, to);
        return;
    }
    if (json_is_object(from) && json_is_object(to)) {
        check_order(from, to);
        json_object_foreach(from, key, item)
        {
            SW_CLEANUP(sw_free_str) char *below = sw_xasprintf("%s/%s", path, key);
            compare(out, below, item, json_object_get(to, key));
        }
        json_object_foreach(to, key, item)
        {
            SW_CLEANUP(sw_free_str) char *below = sw_xasprintf("%s/%s", path, key);
            if (!json_object_get(from, key)) {
                compare(out, below, NULL, item);
            }
        }
        return;
    }
    bool same_kind = json_is_array(from) && json_is_array(to);
    for (size_t i = 0; same_kind && (i < json_array_size(from) || i < json_array_size(to)); i++) {
        SW_CLEANUP(sw_free_str) char *below = sw_xasprintf("%s/%zu", path, i);
        compare(out, below, json_array_get(from, i), json_array_get(to, i));
    }
    if (!same_kind && !json_equal(from, to)) {
        add_line(out, '~', path, to);
    }
}

/* The differences between the rich definition and itself with the changes. */
static char *differences(const struct sw_changes *changes, struct sw_strs *notes)
{
    json_auto_t *before = rich();
    json_auto_t *after = rich();
    struct sw_err err = SW_ERR_INIT;
    struct sw_buf out;
    assert_ok(sw_taskdef_apply(after, changes, "rich:7", notes, &err));
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    compare(&out, "", before, after);
    return sw_buf_take(&out);
}

#define WEB "/containerDefinitions/0"
#define LOG "/containerDefinitions/1"

static const struct {
    enum sw_change_kind kind;
    const char *text, *differences, *note;
} edits[] = {
    { SW_CHANGE_IMAGE, "web=r/web:2", "~" WEB "/image='r/web:2'\n", "" },
    { SW_CHANGE_IMAGE_TAG, "log=2", "~" LOG "/image='localhost:5000/log:2'\n",
      "container \"log\": the digest @sha256:"
      "1111111111111111111111111111111111111111111111111111111111111111 of the present image is "
      "dropped" },
    { SW_CHANGE_ENV, "web:LEVEL=a=b", "~" WEB "/environment/0/value='a=b'\n", "" },
    { SW_CHANGE_ENV, "log:NEW=", "+" LOG "/environment=[{'name':'NEW','value':''}]\n", "" },
    { SW_CHANGE_ENV_REMOVE, "web:EMPTY", "-" WEB "/environment/1\n", "" },
    { SW_CHANGE_SECRET, "log:P=arn:p", "+" LOG "/secrets=[{'name':'P','valueFrom':'arn:p'}]\n",
      "" },
    { SW_CHANGE_SECRET_REMOVE, "web:TOKEN", "-" WEB "/secrets/0\n", "" },
    { SW_CHANGE_ENV_FILE, "web=arn:aws:s3:::b/3.env",
      "+" WEB "/environmentFiles/2={'value':'arn:aws:s3:::b/3.env','type':'s3'}\n", "" },
    { SW_CHANGE_ENV_FILE, "web=arn:aws:s3:::b/two.env", "", "" },
    { SW_CHANGE_ENV_FILE_REMOVE, "web=arn:aws:s3:::b/two.env", "-" WEB "/environmentFiles/1\n",
      "" },
    { SW_CHANGE_ENV_FILE_REMOVE, "log=arn:x", "",
      "container \"log\" has no environment file \"arn:x\" to remove" },
    { SW_CHANGE_LABEL, "web:Mixed.Case=x=y", "~" WEB "/dockerLabels/Mixed.Case='x=y'\n", "" },
    { SW_CHANGE_LABEL, "log:a:b=c", "+" LOG "/dockerLabels={'a:b':'c'}\n", "" },
    { SW_CHANGE_LABEL_REMOVE, "web:empty", "-" WEB "/dockerLabels/empty\n", "" },
    { SW_CHANGE_LABEL_REMOVE, "log:empty", "",
      "container \"log\" has no docker label \"empty\" to remove" },
    { SW_CHANGE_COMMAND, "log=run  'two words' a\\ b \"c \\\"d\\\" \\n $HOME\" ''",
      "+" LOG "/command=['run','two words','a b','c \\'d\\' \\\\n $HOME','']\n", "" },
    { SW_CHANGE_COMMAND, "web=[\"a\", \"\"]", "~" WEB "/command/0='a'\n-" WEB "/command/2\n", "" },
    { SW_CHANGE_ENTRY_POINT, "web=sh -c",
      "~" WEB "/entryPoint/0='sh'\n+" WEB "/entryPoint/1='-c'\n", "" },
    { SW_CHANGE_CONTAINER_CPU, "web=128", "~" WEB "/cpu=128\n", "" },
    { SW_CHANGE_CONTAINER_MEMORY, "web=300", "~" WEB "/memory=300\n", "" },
    { SW_CHANGE_CONTAINER_MEMORY_RESERVATION, "log=32", "+" LOG "/memoryReservation=32\n", "" },
    { SW_CHANGE_ESSENTIAL, "log=true", "~" LOG "/essential=true\n", "" },
    { SW_CHANGE_PRIVILEGED, "log=false", "+" LOG "/privileged=false\n", "" },
    { SW_CHANGE_PORT, "web=8080:80", "~" WEB "/portMappings/0/hostPort=8080\n", "" },
    { SW_CHANGE_PORT, "web=80/tcp", "", "" },
    { SW_CHANGE_PORT, "web=80/udp",
      "+" WEB "/portMappings/3={'containerPort':80,'protocol':'udp'}\n", "" },
    { SW_CHANGE_PORT, "log=8000-8010",
      "+" LOG "/portMappings=[{'containerPortRange':'8000-8010'}]\n", "" },
    { SW_CHANGE_PORT_REMOVE, "web=53/udp",
      "-" WEB "/portMappings/1/containerPort\n-" WEB "/portMappings/1/hostPort\n~" WEB
      "/portMappings/1/protocol='tcp'\n+" WEB
      "/portMappings/1/containerPortRange='9000-9010'\n-" WEB "/portMappings/2\n",
      "" },
    { SW_CHANGE_PORT_REMOVE, "web=53", "",
      "container \"web\" has no port mapping \"53/tcp\" to remove" },
    { SW_CHANGE_PORT_REMOVE, "web=9000-9010", "-" WEB "/portMappings/2\n", "" },
    { SW_CHANGE_MOUNT, "web=shared:/data:ro",
      "~" WEB "/mountPoints/0/sourceVolume='shared'\n~" WEB "/mountPoints/0/readOnly=true\n", "" },
    { SW_CHANGE_MOUNT, "web=shared:/copy", "~" WEB "/mountPoints/1/sourceVolume='shared'\n", "" },
    { SW_CHANGE_MOUNT, "log=data:C:\\logs:rw",
      "+" LOG "/mountPoints=[{'sourceVolume':'data','containerPath':'C:\\\\logs','readOnly':false}]"
      "\n",
      "" },
    { SW_CHANGE_MOUNT_REMOVE, "web=/copy", "-" WEB "/mountPoints/1\n", "" },
    { SW_CHANGE_MOUNT_REMOVE, "web=/nope", "",
      "container \"web\" has no mount at \"/nope\" to remove" },
    { SW_CHANGE_ULIMIT, "web:nofile=2048",
      "~" WEB "/ulimits/0/softLimit=2048\n~" WEB "/ulimits/0/hardLimit=2048\n", "" },
    { SW_CHANGE_ULIMIT, "web:memlock=-1:9223372036854775807",
      "+" WEB "/ulimits/2={'name':'memlock','softLimit':-1,'hardLimit':9223372036854775807}\n",
      "" },
    { SW_CHANGE_ULIMIT_REMOVE, "web:core", "-" WEB "/ulimits/1\n", "" },
    { SW_CHANGE_SYSTEM_CONTROL, "web:net.core.somaxconn=1024",
      "~" WEB "/systemControls/0/value='1024'\n", "" },
    { SW_CHANGE_SYSTEM_CONTROL_REMOVE, "web:net.core.somaxconn", "-" WEB "/systemControls/0\n",
      "" },
    { SW_CHANGE_HEALTH_CHECK, "log=curl -f http://x/ || exit 1",
      "+" LOG "/healthCheck={'command':['CMD-SHELL','curl -f http://x/ || exit 1']}\n", "" },
    { SW_CHANGE_HEALTH_CHECK, "web=[\"CMD\",\"probe\"]", "-" WEB "/healthCheck/command/2\n", "" },
    { SW_CHANGE_HEALTH_OPTION, "web:startPeriod=60", "~" WEB "/healthCheck/startPeriod=60\n", "" },
    { SW_CHANGE_LOG_DRIVER, "web=splunk", "~" WEB "/logConfiguration/logDriver='splunk'\n", "" },
    { SW_CHANGE_LOG_OPTION, "web:mode=non=blocking",
      "~" WEB "/logConfiguration/options/mode='non=blocking'\n", "" },
    { SW_CHANGE_LOG_OPTION, "log:a=", "+" LOG "/logConfiguration={'options':{'a':''}}\n", "" },
    { SW_CHANGE_LOG_OPTION_REMOVE, "web:mode", "-" WEB "/logConfiguration/options/mode\n", "" },
    { SW_CHANGE_CPU, "512", "~/cpu='512'\n", "" },
    { SW_CHANGE_MEMORY, "2 GB", "~/memory='2 GB'\n", "" },
    { SW_CHANGE_TASK_ROLE, "arn:r=1", "~/taskRoleArn='arn:r=1'\n", "" },
    { SW_CHANGE_EXECUTION_ROLE, "arn:r", "~/executionRoleArn='arn:r'\n", "" },
    { SW_CHANGE_NETWORK_MODE, "awsvpc", "~/networkMode='awsvpc'\n", "" },
    { SW_CHANGE_COMPATIBILITIES, " EC2, FARGATE", "+/requiresCompatibilities/1='FARGATE'\n", "" },
    { SW_CHANGE_PLATFORM, "linux/arm64", "~/runtimePlatform/cpuArchitecture='ARM64'\n", "" },
    { SW_CHANGE_EPHEMERAL_STORAGE, "50", "~/ephemeralStorage/sizeInGiB=50\n", "" },
    { SW_CHANGE_VOLUME, "data=/srv", "+/volumes/0/host/sourcePath='/srv'\n", "" },
    { SW_CHANGE_VOLUME, "new=", "+/volumes/2={'name':'new'}\n", "" },
    { SW_CHANGE_VOLUME, "shared=fs-12345678:/web",
      "-/volumes/1/dockerVolumeConfiguration\n+/volumes/1/efsVolumeConfiguration="
      "{'fileSystemId':'fs-12345678','rootDirectory':'/web'}\n",
      "" },
    { SW_CHANGE_VOLUME, "new={\"configuredAtLaunch\": true}",
      "+/volumes/2={'name':'new','configuredAtLaunch':true}\n", "" },
    { SW_CHANGE_VOLUME_REMOVE, "shared", "-/volumes/1\n", "" },
    { SW_CHANGE_CONTAINER, "side=r/side:1",
      "+/containerDefinitions/2={'name':'side','image':'r/side:1'}\n", "" },
    { SW_CHANGE_CONTAINER, "web=r/web:2", "~" WEB "/image='r/web:2'\n", "" },
    { SW_CHANGE_CONTAINER_REMOVE, "log", "-" LOG "\n", "" },
    { SW_CHANGE_CONTAINER_REMOVE, "nope", "",
      "task definition rich:7 has no container \"nope\" to remove" },
    { SW_CHANGE_TAG, "team=a=b", "~/tags/0/value='a=b'\n", "" },
    { SW_CHANGE_TAG_REMOVE, "stage", "-/tags/1\n", "" },
    { SW_CHANGE_STRIP, "monitoring", "-/monitoring\n", "" },
    { SW_CHANGE_STRIP, "nope", "", "" },
    { SW_CHANGE_SET, "/cpu=256", "~/cpu='256'\n", "" },
    { SW_CHANGE_SET, "/containerDefinitions/0/cpu=256", "~" WEB "/cpu=256\n", "" },
    { SW_CHANGE_SET, "/containerDefinitions/web/environment/LEVEL/value=\"x\" = y",
      "~" WEB "/environment/0/value='\\'x\\' = y'\n", "" },
    { SW_CHANGE_SET, "/containerDefinitions/web/portMappings/80~1tcp/name=web",
      "~" WEB "/portMappings/0/name='web'\n", "" },
    { SW_CHANGE_SET, "/containerDefinitions/log/healthCheck/retries=2",
      "+" LOG "/healthCheck={'retries':2}\n", "" },
    { SW_CHANGE_SET,
      "/containerDefinitions/log/linuxParameters/tmpfs/-={\"containerPath\":\"/t\","
      "\"size\":\"64\"}",
      "+" LOG "/linuxParameters={'tmpfs':[{'containerPath':'/t','size':64}]}\n", "" },
    { SW_CHANGE_SET, "/containerDefinitions/web/command/3=last", "+" WEB "/command/3='last'\n",
      "" },
    { SW_CHANGE_SET, "/containerDefinitions/web/command=[]",
      "-" WEB "/command/0\n-" WEB "/command/1\n-" WEB "/command/2\n", "" },
    { SW_CHANGE_SET, "/containerDefinitions/web/readonlyRootFilesystem=true",
      "+" WEB "/readonlyRootFilesystem=true\n", "" },
    { SW_CHANGE_SET,
      "/containerDefinitions/web/dockerLabels/a~1b~0c=", "+" WEB "/dockerLabels/a/b~c=''\n", "" },
    { SW_CHANGE_SET, "/monitoring/On=false", "~/monitoring/On=false\n", "" },
    { SW_CHANGE_SET, "/monitoring/Text=words", "+/monitoring/Text='words'\n", "" },
    { SW_CHANGE_SET, "/tomorrow={\"a\":1}", "+/tomorrow={'a':1}\n",
      "/tomorrow is not a field that ECS documents; it is sent as it is" },
    { SW_CHANGE_SET, "/containerDefinitions/web/memroy=5", "+" WEB "/memroy=5\n",
      "/containerDefinitions/web/memroy is not a field that ECS documents (\"memory\" is); it is "
      "sent as it is" },
    { SW_CHANGE_UNSET, "/containerDefinitions/web/memory", "-" WEB "/memory\n", "" },
    { SW_CHANGE_UNSET, "/containerDefinitions/web/ulimits/core", "-" WEB "/ulimits/1\n", "" },
    { SW_CHANGE_UNSET, "/containerDefinitions/web/environmentFiles/1",
      "-" WEB "/environmentFiles/1\n", "" },
    { SW_CHANGE_UNSET, "/containerDefinitions/log/user", "",
      "there is no /containerDefinitions/log/user to remove" },
    { SW_CHANGE_UNSET, "/monitoring", "-/monitoring\n", "" },
};

static void test_taskdef_changes__each_changes_what_it_names_and_nothing_else(void **state)
{
    bool seen[SW_CHANGE_KIND_COUNT] = { [SW_CHANGE_IMAGE_NAME] = true };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(edits); i++) {
        print_message("case %s\n", edits[i].text);
        struct sw_changes changes = { .items = NULL };
        struct sw_strs notes = { .items = NULL };
        struct sw_err err = SW_ERR_INIT;
        assert_ok(sw_changes_add_option(&changes, edits[i].kind, "--o", edits[i].text, &err));
        SW_CLEANUP(sw_free_str) char *text = differences(&changes, &notes);
        assert_string_equal(text, edits[i].differences);
        assert_string_equal(notes.count ? notes.items[0] : "", edits[i].note);
        seen[edits[i].kind] = true;
        sw_strs_release(&notes);
        sw_changes_release(&changes);
    }
    for (size_t i = 0; i < SW_COUNT(seen); i++) {
        print_message("kind %zu\n", i);
        assert_true(seen[i]);
    }
}

/* Applies edits[first], then edits[second], to the definition. */
static void apply_two(json_t *definition, size_t first, size_t second)
{
    const size_t order[] = { first, second };
    for (size_t i = 0; i < SW_COUNT(order); i++) {
        struct sw_changes changes = { .items = NULL };
        struct sw_strs notes = { .items = NULL };
        struct sw_err err = SW_ERR_INIT;
        assert_ok(sw_changes_add_option(&changes, edits[order[i]].kind, "--o", edits[order[i]].text,
                                        &err));
        assert_ok(sw_taskdef_apply(definition, &changes, "rich:7", &notes, &err));
        sw_strs_release(&notes);
        sw_changes_release(&changes);
    }
}

/* Pointers that append, count or remove mean another place the second time. */
static bool is_repeatable(size_t i)
{
    return edits[i].kind != SW_CHANGE_UNSET && !strstr(edits[i].text, "/-=") &&
           !strstr(edits[i].text, "/command/3=");
}

/* Doing it again changes nothing: a pipeline starts from what it made the last time. */
static void test_taskdef_changes__doing_it_twice_is_doing_it_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(edits); i++) {
        if (!is_repeatable(i)) {
            continue;
        }
        struct sw_buf out;
        json_auto_t *before = rich();
        json_auto_t *twice = rich();
        apply_two(twice, i, i);
        sw_buf_init(&out, SW_BUF_TEXT_MAX);
        compare(&out, "", before, twice);
        if (strcmp(out.ptr, edits[i].differences) != 0) {
            fail_msg("\"%s\" twice:\n%s", edits[i].text, out.ptr);
        }
        sw_buf_release(&out);
    }
}

/* Whether the two are about different things, told by their kinds. */
static bool are_independent(size_t i, size_t k)
{
    return edits[i].kind < SW_CHANGE_VOLUME && edits[k].kind < SW_CHANGE_VOLUME &&
           edits[i].kind + 1 < edits[k].kind && edits[i].kind != SW_CHANGE_IMAGE &&
           edits[i].kind != SW_CHANGE_ENV;
}

static void assert_commute(size_t i, size_t k)
{
    json_auto_t *one = rich();
    json_auto_t *other = rich();
    apply_two(one, i, k);
    apply_two(other, k, i);
    if (!sw_taskdef_equal(one, other, false)) {
        fail_msg("\"%s\" and \"%s\"", edits[i].text, edits[k].text);
    }
}

/* Changes of different things give the same result in either order. */
static void test_taskdef_changes__different_things_commute(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(edits); i++) {
        for (size_t k = i + 1; k < SW_COUNT(edits); k++) {
            if (are_independent(i, k)) {
                assert_commute(i, k);
            }
        }
    }
}

static void test_taskdef_changes__texts_that_are_none_are_refused(void **state)
{
    static const struct {
        enum sw_change_kind kind;
        const char *text, *message;
    } cases[] = {
        { SW_CHANGE_ENV_FILE, "web=.env",
          "--o: container \"web\": expected the ARN of a file in S3, e.g. "
          "arn:aws:s3:::bucket/web.env (a file of this machine is --env-file)" },
        { SW_CHANGE_COMMAND, "web=",
          "--o: container \"web\": the value is empty; is a variable in "
          "it unset? --unset removes a field" },
        { SW_CHANGE_COMMAND, "web=a 'b", "--o: container \"web\": a quote ' is not closed" },
        { SW_CHANGE_COMMAND, "web=[1]",
          "--o: container \"web\": expected a JSON array of texts, e.g. [\"sh\", \"-c\", \"run && "
          "done\"]" },
        { SW_CHANGE_COMMAND, "web=[\"a\"",
          "--o: container \"web\": expected a JSON array of texts, e.g. [\"sh\", \"-c\", \"run && "
          "done\"]" },
        { SW_CHANGE_CONTAINER_CPU, "web=0.5",
          "--o: container \"web\": \"0.5\" is not a whole number from 0 to 2147483647" },
        { SW_CHANGE_ESSENTIAL, "web=yes", "--o: container \"web\": expected true or false" },
        { SW_CHANGE_PORT, "web=http",
          "--o: container \"web\": expected [HOST:]PORT[/tcp or /udp] or FROM-TO[/tcp or /udp], "
          "e.g. 80, 0:53/udp or 8000-8010" },
        { SW_CHANGE_PORT, "web=80/icmp",
          "--o: container \"web\": expected [HOST:]PORT[/tcp or /udp] or FROM-TO[/tcp or /udp], "
          "e.g. 80, 0:53/udp or 8000-8010" },
        { SW_CHANGE_PORT, "web=65536",
          "--o: container \"web\": expected [HOST:]PORT[/tcp or /udp] or FROM-TO[/tcp or /udp], "
          "e.g. 80, 0:53/udp or 8000-8010" },
        { SW_CHANGE_PORT, "web=90-80",
          "--o: container \"web\": expected [HOST:]PORT[/tcp or /udp] or FROM-TO[/tcp or /udp], "
          "e.g. 80, 0:53/udp or 8000-8010" },
        { SW_CHANGE_PORT_REMOVE, "web=x",
          "--o: container \"web\": expected PORT[/tcp or /udp], e.g. 80 or 53/udp" },
        { SW_CHANGE_MOUNT, "web=/data",
          "--o: container \"web\": expected VOLUME:PATH[:ro or :rw], e.g. data:/var/lib/data" },
        { SW_CHANGE_MOUNT, "web=data::ro",
          "--o: container \"web\": expected VOLUME:PATH[:ro or :rw], e.g. data:/var/lib/data" },
        { SW_CHANGE_ULIMIT, "web:nofile=x",
          "--o: container \"web\": expected SOFT[:HARD] with whole numbers, -1 for no limit, e.g. "
          "1024:4096" },
        { SW_CHANGE_ULIMIT, "web=nofile",
          "--o: expected CONTAINER:NAME=SOFT[:HARD], e.g. web:nofile=1024:4096" },
        { SW_CHANGE_HEALTH_OPTION, "web:start=1",
          "--o: container \"web\": a health check has no \"start\"; it has: interval, timeout, "
          "retries, startPeriod" },
        { SW_CHANGE_CPU, "",
          "--o: the value is empty; is a variable in it unset? --unset removes a "
          "field" },
        { SW_CHANGE_COMPATIBILITIES, ",",
          "--o: the value is empty; is a variable in it unset? --unset removes a field" },
        { SW_CHANGE_PLATFORM, "linux/riscv",
          "--o: expected OS/ARCHITECTURE, e.g. linux/arm64, linux/amd64 or "
          "WINDOWS_SERVER_2022_CORE/X86_64" },
        { SW_CHANGE_VOLUME, "data=C:/x",
          "--o: expected nothing, a host path (/data), an EFS file system (fs-12345678[:/path]), or "
          "a JSON object with the volume's fields" },
        { SW_CHANGE_VOLUME, "data={x", "--o: the value:1:2: string or '}' expected" },
        { SW_CHANGE_CONTAINER, "side=",
          "--o: container \"side\": image \"\" has an empty registry or name; is a variable in it "
          "unset?" },
        { SW_CHANGE_CONTAINER, "side", "--o: expected NAME=IMAGE, e.g. log=fluent/fluent-bit:3" },
        { SW_CHANGE_TAG, "AWS:x=y", "--o: tag \"AWS:x\": keys that begin with aws: are AWS's own" },
        { SW_CHANGE_SET, "/cpu",
          "--o: expected /POINTER=VALUE, e.g. "
          "/containerDefinitions/web/cpu=128" },
        { SW_CHANGE_ENV, "web:A=\xff", "--o: the text is not UTF-8" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case %s\n", cases[i].text);
        struct sw_changes changes = { .items = NULL };
        struct sw_err err = SW_ERR_INIT;
        assert_fails(sw_changes_add_option(&changes, cases[i].kind, "--o", cases[i].text, &err),
                     SW_E_INPUT, cases[i].message);
        assert_int_equal(changes.count, 0);
        sw_changes_release(&changes);
    }
}

static void test_taskdef_changes__pointers_to_nothing_name_what_exists(void **state)
{
    static const struct {
        enum sw_change_kind kind;
        const char *text, *message;
    } cases[] = {
        { SW_CHANGE_SET, "cpu=1",
          "pointer \"cpu\": a pointer begins with '/', e.g. "
          "/containerDefinitions/web/cpu" },
        { SW_CHANGE_SET, "/=1",
          "pointer \"/\": a pointer begins with '/', e.g. "
          "/containerDefinitions/web/cpu" },
        { SW_CHANGE_SET, "/a~2=1", "pointer \"/a~2\": behind '~' comes 0 (for ~) or 1 (for /)" },
        { SW_CHANGE_SET, "/containerDefinitions/wbe/cpu=1",
          "pointer \"/containerDefinitions/wbe/cpu\": \"wbe\" is not in /containerDefinitions; it "
          "has: web, log" },
        { SW_CHANGE_SET, "/containerDefinitions/2/cpu=1",
          "pointer \"/containerDefinitions/2/cpu\": \"2\" is not in /containerDefinitions; it has: "
          "web, log" },
        { SW_CHANGE_SET, "/containerDefinitions/web/environment/NOPE/value=1",
          "pointer \"/containerDefinitions/web/environment/NOPE/value\": \"NOPE\" is not in "
          "/containerDefinitions/web/environment; it has: LEVEL, EMPTY" },
        { SW_CHANGE_SET, "/containerDefinitions/web/command/07=x",
          "pointer \"/containerDefinitions/web/command/07\": \"07\" is not in "
          "/containerDefinitions/web/command; it has: 0, 1, 2; \"-\" appends" },
        { SW_CHANGE_SET, "/tomorrow/a=1",
          "pointer \"/tomorrow/a\": \"tomorrow\" is not in the task definition; it has: family, "
          "taskRoleArn, executionRoleArn, networkMode, containerDefinitions, volumes, "
          "placementConstraints, requiresCompatibilities, cpu, memory, tags, pidMode, ipcMode, "
          "proxyConfiguration, inferenceAccelerators, ephemeralStorage, runtimePlatform, "
          "enableFaultInjection, monitoring" },
        { SW_CHANGE_SET, "/cpu/x=1", "pointer \"/cpu/x\": /cpu is string, which has no members" },
        { SW_CHANGE_SET, "/containerDefinitions/web/Cpu=1",
          "/containerDefinitions/web/Cpu: the field is spelled \"cpu\"" },
        { SW_CHANGE_SET, "/containerDefinitions/web/cpu=s3cret",
          "pointer \"/containerDefinitions/web/cpu\": the value is not a whole number" },
        { SW_CHANGE_SET, "/containerDefinitions/web/essential=yes",
          "pointer \"/containerDefinitions/web/essential\": the value is not true or false" },
        { SW_CHANGE_SET, "/containerDefinitions/web/command=serve",
          "pointer \"/containerDefinitions/web/command\": the value is not a list of texts in "
          "JSON" },
        { SW_CHANGE_SET, "/volumes/-={\"name\":[]}", "/volumes/-.name is array; expected a text" },
        { SW_CHANGE_UNSET, "/nope",
          "pointer \"/nope\": \"nope\" is not in the task definition; it has: family, taskRoleArn, "
          "executionRoleArn, networkMode, containerDefinitions, volumes, placementConstraints, "
          "requiresCompatibilities, cpu, memory, tags, pidMode, ipcMode, proxyConfiguration, "
          "inferenceAccelerators, ephemeralStorage, runtimePlatform, enableFaultInjection, "
          "monitoring" },
        { SW_CHANGE_UNSET, "/containerDefinitions/log/dependsOn/0",
          "pointer \"/containerDefinitions/log/dependsOn/0\": \"0\" is not in "
          "/containerDefinitions/log/dependsOn; it is empty" },
        { SW_CHANGE_UNSET, "/containerDefinitions/log/healthCheck/retries",
          "pointer \"/containerDefinitions/log/healthCheck/retries\": \"healthCheck\" is not in "
          "/containerDefinitions/log; it has: name, image, memory, essential, "
          "firelensConfiguration, dependsOn" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case %s\n", cases[i].text);
        struct sw_changes changes = { .items = NULL };
        struct sw_strs notes = { .items = NULL };
        struct sw_err err = SW_ERR_INIT;
        json_auto_t *definition = rich();
        assert_ok(sw_changes_add_option(&changes, cases[i].kind, "--o", cases[i].text, &err));
        assert_fails(sw_taskdef_apply(definition, &changes, "rich:7", &notes, &err), SW_E_INPUT,
                     cases[i].message);
        sw_strs_release(&notes);
        sw_changes_release(&changes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taskdef_changes__each_changes_what_it_names_and_nothing_else),
        cmocka_unit_test(test_taskdef_changes__doing_it_twice_is_doing_it_once),
        cmocka_unit_test(test_taskdef_changes__different_things_commute),
        cmocka_unit_test(test_taskdef_changes__texts_that_are_none_are_refused),
        cmocka_unit_test(test_taskdef_changes__pointers_to_nothing_name_what_exists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
