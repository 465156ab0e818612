#include "knowledge.h"

#include "side_by_side.h"
#include "verify.h"

#include <slipway/alloc.h>
#include <slipway/progress.h>

#include <string.h>

void sw_knowledge_init(struct sw_knowledge *knowledge, const struct sw_env *env,
                       const struct sw_places *places, const struct sw_strs *from)
{
    const struct sw_push_place *first = &places->items[0];

    *knowledge = (struct sw_knowledge){ .env = env, .places = places, .from = from };
    knowledge->learns = sw_xcalloc(from->count + 1, sizeof(*knowledge->learns));
    sw_learn_init(&knowledge->learns[knowledge->count++], env, first->registry, first->repository);
    for (size_t i = 0; i < from->count; i++) {
        struct sw_learn *learn = &knowledge->learns[knowledge->count];

        if (strcmp(from->items[i], first->repository) != 0) {
            sw_learn_init(learn, env, first->registry, from->items[i]);
            learn->elsewhere = true;
            sw_learn_add(learn, "latest");
            knowledge->count++;
        }
    }
}

void sw_knowledge_release(struct sw_knowledge *knowledge)
{
    for (size_t i = 0; i < knowledge->count; i++) {
        sw_learn_release(&knowledge->learns[i]);
    }
    free(knowledge->learns);
    free(knowledge->quest.layers);
    *knowledge = (struct sw_knowledge){ 0 };
}

void sw_knowledge_add(struct sw_knowledge *knowledge, const char *tag)
{
    sw_learn_add(&knowledge->learns[0], tag);
}

void sw_knowledge_add_named(struct sw_knowledge *knowledge, const char *tag)
{
    sw_learn_add_named(&knowledge->learns[0], tag);
}

void sw_knowledge_use_newest(struct sw_knowledge *knowledge, const struct sw_newest *newest)
{
    for (size_t i = 0; i < knowledge->count; i++) {
        knowledge->learns[i].newest = newest;
        knowledge->learns[i].host = knowledge->places->items[0].host;
    }
}

bool sw_knowledge_refused(const struct sw_knowledge *knowledge)
{
    return knowledge->learns[0].refused;
}

/* Who asks for a compression gets it; unpacked layers only go to whom asks for them. */
static bool is_welcome(const struct sw_knowledge *knowledge, const struct sw_known_layer *layer)
{
    return knowledge->wanted ? layer->packing == knowledge->wanted->packing
                             : layer->packing != SW_PACKING_NONE;
}

/* Whether the layer is what it is said to be, as far as that is to be checked. */
static enum sw_status check(const struct sw_knowledge *knowledge, const struct sw_learn *learn,
                            const struct sw_known_layer *layer, bool *ret, struct sw_err *err)
{
    struct sw_err wrong = SW_ERR_INIT;
    char shown[SW_DIGEST_SHORT_SIZE];
    enum sw_status status;

    *ret = true;
    if (!knowledge->verify) {
        return SW_OK;
    }
    status = sw_layer_verify(learn->registry, learn->repository, layer, &wrong);
    if (status == SW_E_STOPPED) {
        *err = wrong;
        return status;
    }
    *ret = status == SW_OK;
    if (!*ret) {
        sw_digest_short(layer->digest, shown);
        sw_warn(knowledge->env, "layer %s, learned from %s, is not used: %s", shown, layer->from,
                wrong.msg);
    }
    return SW_OK;
}

/* A layer that an image told of, on its way to the targets. */
struct arrival {
    const struct sw_knowledge *knowledge;
    const struct sw_learn *learn;
    struct sw_sought_layer *layer;
};

/* Gets the layer to a target without sending it. */
static enum sw_status make_there(const struct arrival *arrival, const struct sw_push_place *place,
                                 bool *ret, struct sw_err *err)
{
    const struct sw_learn *learn = arrival->learn;
    struct sw_known_layer *answer = &arrival->layer->answer;
    SW_CLEANUP(sw_strs_release) struct sw_strs from = { 0 };
    SW_CLEANUP(sw_free_str) char *session = NULL;
    const char *shared = NULL;
    enum sw_status status =
        sw_registry_has_blob(place->registry, place->repository, answer->digest, ret, err);

    if (status != SW_OK || *ret || !learn->elsewhere ||
        strcmp(place->host, arrival->knowledge->places->items[0].host) != 0) {
        return status;
    }
    sw_strs_add(&from, sw_str(learn->repository));
    /* An upload that is opened instead is left alone: there is nothing to send yet. */
    status = sw_place_share(place, &from, answer->digest, &shared, &session, err);
    *ret = shared != NULL;
    if (shared) {
        answer->shared_from = learn->repository;
    }
    return status;
}

static enum sw_status make_there_everywhere(void *ctx, size_t index, struct sw_err *err)
{
    const struct arrival *arrival = (const struct arrival *)ctx + index;
    const struct sw_places *places = arrival->knowledge->places;
    enum sw_status status = SW_OK;
    bool there = true;

    for (size_t i = 0; there && status == SW_OK && i < places->count; i++) {
        status = make_there(arrival, &places->items[i], &there, err);
    }
    arrival->layer->found = there && status == SW_OK;
    return status;
}

/* Finds those layers from number `first` on that images of one repository have told of. */
static enum sw_status take_up(struct sw_knowledge *knowledge, const struct sw_learn *learn,
                              size_t first, struct sw_err *err)
{
    const struct sw_quest *quest = &knowledge->quest;
    struct arrival *arrivals = sw_xcalloc(quest->count + 1, sizeof(*arrivals));
    enum sw_status status = SW_OK;
    size_t count = 0;

    for (size_t i = first; status == SW_OK && i < quest->count; i++) {
        struct sw_sought_layer *layer = &quest->layers[i];
        const struct sw_known_layer *known =
            layer->found ? NULL : sw_learn_find(learn, layer->diff_id);
        bool usable = false;

        if (known && is_welcome(knowledge, known)) {
            status = check(knowledge, learn, known, &usable, err);
        }
        if (usable) {
            layer->answer = *known;
            arrivals[count++] =
                (struct arrival){ .knowledge = knowledge, .learn = learn, .layer = layer };
        }
    }
    if (status == SW_OK) {
        status =
            sw_side_by_side(count, sw_threads_for(count), make_there_everywhere, arrivals, err);
    }
    free(arrivals);
    return status;
}

/* Adds what was not wanted before. */
static void add_wanted(struct sw_quest *quest, const struct sw_wanted *wanted)
{
    for (size_t i = 0; i < wanted->count; i++) {
        const struct sw_wanted_layer *from = &wanted->layers[i];
        bool there = !sw_digest_is_valid(sw_str(from->diff_id)); /* the engine's word */

        for (size_t k = 0; k < quest->count && !there; k++) {
            there = strcmp(quest->layers[k].diff_id, from->diff_id) == 0;
        }
        if (!there) {
            struct sw_sought_layer *layer;

            quest->layers =
                sw_grow(quest->layers, quest->count, &quest->capacity, sizeof(*quest->layers));
            layer = &quest->layers[quest->count++];
            *layer = (struct sw_sought_layer){ .size = from->size };
            memcpy(layer->diff_id, from->diff_id, SW_DIGEST_SIZE);
        }
    }
    if (wanted->config && sw_digest_is_valid(sw_str(wanted->config))) {
        memcpy(quest->config, wanted->config, SW_DIGEST_SIZE);
    }
}

enum sw_status sw_knowledge_learn(struct sw_knowledge *knowledge, const struct sw_wanted *wanted,
                                  struct sw_err *err)
{
    const size_t first = knowledge->quest.count;
    enum sw_status status = SW_OK;

    add_wanted(&knowledge->quest, wanted);
    if (knowledge->quest.count == first) {
        return SW_OK;
    }
    for (size_t i = 0; status == SW_OK && i < knowledge->count; i++) {
        sw_learn_ask(&knowledge->learns[i], &knowledge->quest);
        status = take_up(knowledge, &knowledge->learns[i], first, err);
    }
    return status;
}

const struct sw_known_layer *sw_knowledge_find(const struct sw_knowledge *knowledge,
                                               const char *diff_id)
{
    for (size_t i = 0; i < knowledge->quest.count; i++) {
        const struct sw_sought_layer *layer = &knowledge->quest.layers[i];

        if (layer->found && strcmp(layer->diff_id, diff_id) == 0) {
            return &layer->answer;
        }
    }
    return NULL;
}

bool sw_knowledge_tells(struct sw_knowledge *knowledge, const char *digest, bool *ret)
{
    return knowledge->places->count == 1 &&
           sw_lookout_tells(&knowledge->learns[0].config, digest, ret);
}

const struct sw_buf *sw_knowledge_config(const struct sw_knowledge *knowledge, const char *digest)
{
    const struct sw_buf *config = NULL;

    for (size_t i = 0; !config && i < knowledge->count; i++) {
        config = sw_learn_config(&knowledge->learns[i], digest);
    }
    return config;
}
