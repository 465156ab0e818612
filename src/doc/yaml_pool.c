#include <slipway/yaml.h>

#include <slipway/alloc.h>

#include <assert.h>

/* Memory comes in chunks that are freed together; nothing is given back before that. */
struct chunk {
    struct chunk *next;
    size_t used;
    size_t size;
    max_align_t data[];
};

struct sw_yaml_pool {
    struct chunk *chunks;
    size_t bytes;
};

enum { CHUNK_SIZE = 64 * 1024 };

struct sw_yaml_pool *sw_yaml_pool_new(void)
{
    return sw_xcalloc(1, sizeof(struct sw_yaml_pool));
}

void sw_yaml_pool_free(struct sw_yaml_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    struct chunk *chunk = pool->chunks;
    while (chunk != NULL) {
        struct chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    free(pool);
}

size_t sw_yaml_pool_bytes(const struct sw_yaml_pool *pool)
{
    return pool->bytes;
}

void *sw_yaml_pool_alloc(struct sw_yaml_pool *pool, size_t size)
{
    size_t aligned = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    pool->bytes += aligned;
    struct chunk *chunk = pool->chunks;
    if (chunk == NULL || chunk->size - chunk->used < aligned) {
        size_t room = aligned > CHUNK_SIZE / 4 ? aligned : CHUNK_SIZE;
        struct chunk *fresh = sw_xmalloc(sizeof(*fresh) + room);
        fresh->used = 0;
        fresh->size = room;
        if (room == aligned && chunk != NULL) {
            /* A big block of its own must not hide the half-empty chunk in front. */
            fresh->next = chunk->next;
            chunk->next = fresh;
        } else {
            fresh->next = chunk;
            pool->chunks = fresh;
        }
        chunk = fresh;
    }
    void *p = (char *)chunk->data + chunk->used;
    chunk->used += aligned;
    memset(p, 0, aligned);
    return p;
}

const char *sw_yaml_pool_text(struct sw_yaml_pool *pool, struct sw_str s)
{
    char *copy = sw_yaml_pool_alloc(pool, s.len + 1);
    if (s.len > 0) {
        memcpy(copy, s.ptr, s.len);
    }
    return copy;
}

static struct sw_yaml *new_node(struct sw_yaml_pool *pool, enum sw_yaml_type type,
                                const struct sw_yaml *at)
{
    struct sw_yaml *node = sw_yaml_pool_alloc(pool, sizeof(*node));
    node->type = type;
    node->text = "";
    node->expanded = 1;
    if (at != NULL) {
        node->mark = at->mark;
    }
    return node;
}

struct sw_yaml *sw_yaml_new_str(struct sw_yaml_pool *pool, struct sw_str s,
                                const struct sw_yaml *at)
{
    struct sw_yaml *node = new_node(pool, SW_YAML_STR, at);
    node->text = sw_yaml_pool_text(pool, s);
    node->len = s.len;
    return node;
}

struct sw_yaml *sw_yaml_new_bool(struct sw_yaml_pool *pool, bool value, const struct sw_yaml *at)
{
    struct sw_yaml *node = new_node(pool, SW_YAML_BOOL, at);
    node->boolean = value;
    node->text = value ? "true" : "false";
    node->len = strlen(node->text);
    return node;
}

struct sw_yaml *sw_yaml_new_int(struct sw_yaml_pool *pool, int64_t value, const struct sw_yaml *at)
{
    struct sw_yaml *node = new_node(pool, SW_YAML_INT, at);
    node->integer = value;
    char text[32];
    int len = snprintf(text, sizeof(text), "%lld", (long long)value);
    node->text = sw_yaml_pool_text(pool, sw_str_n(text, (size_t)len));
    node->len = (size_t)len;
    return node;
}

struct sw_yaml *sw_yaml_new_null(struct sw_yaml_pool *pool, const struct sw_yaml *at)
{
    return new_node(pool, SW_YAML_NULL, at);
}

struct sw_yaml *sw_yaml_new_seq(struct sw_yaml_pool *pool, const struct sw_yaml *at)
{
    return new_node(pool, SW_YAML_SEQ, at);
}

struct sw_yaml *sw_yaml_new_map(struct sw_yaml_pool *pool, const struct sw_yaml *at)
{
    return new_node(pool, SW_YAML_MAP, at);
}

static struct sw_yaml **copy_list(struct sw_yaml_pool *pool, struct sw_yaml *const *list,
                                  size_t count, size_t capacity)
{
    struct sw_yaml **copy = sw_yaml_pool_alloc(pool, capacity * sizeof(struct sw_yaml *));
    for (size_t i = 0; i < count; i++) {
        copy[i] = list[i];
    }
    return copy;
}

struct sw_yaml *sw_yaml_copy(struct sw_yaml_pool *pool, const struct sw_yaml *node)
{
    struct sw_yaml *copy = sw_yaml_pool_alloc(pool, sizeof(*copy));
    *copy = *node;
    if (node->count > 0) {
        copy->items = copy_list(pool, node->items, node->count, node->count);
        if (node->type == SW_YAML_MAP) {
            copy->keys = copy_list(pool, node->keys, node->count, node->count);
        }
        copy->capacity = node->count;
    }
    return copy;
}

static void make_room(struct sw_yaml_pool *pool, struct sw_yaml *node)
{
    if (node->count < node->capacity) {
        return;
    }
    size_t capacity = node->capacity == 0 ? 4 : node->capacity * 2;
    node->items = copy_list(pool, node->items, node->count, capacity);
    if (node->type == SW_YAML_MAP) {
        node->keys = copy_list(pool, node->keys, node->count, capacity);
    }
    node->capacity = capacity;
}

void sw_yaml_add(struct sw_yaml_pool *pool, struct sw_yaml *seq, struct sw_yaml *item)
{
    assert(seq->type == SW_YAML_SEQ);
    make_room(pool, seq);
    seq->items[seq->count++] = item;
    seq->expanded += item->expanded;
}

void sw_yaml_set_node(struct sw_yaml_pool *pool, struct sw_yaml *map, struct sw_yaml *key,
                      struct sw_yaml *value)
{
    assert(map->type == SW_YAML_MAP);
    for (size_t i = 0; i < map->count; i++) {
        if (map->keys[i]->len == key->len && memcmp(map->keys[i]->text, key->text, key->len) == 0) {
            map->expanded += value->expanded;
            map->expanded -= map->items[i]->expanded;
            map->keys[i] = key;
            map->items[i] = value;
            return;
        }
    }
    make_room(pool, map);
    map->keys[map->count] = key;
    map->items[map->count++] = value;
    map->expanded += key->expanded + value->expanded;
}

void sw_yaml_set(struct sw_yaml_pool *pool, struct sw_yaml *map, const char *key,
                 struct sw_yaml *value)
{
    sw_yaml_set_node(pool, map, sw_yaml_new_str(pool, sw_str(key), value), value);
}
