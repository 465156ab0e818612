#include "knowledge.h"

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
    sw_strs_release(&knowledge->checked);
    sw_strs_release(&knowledge->distrusted);
    *knowledge = (struct sw_knowledge){ 0 };
}

void sw_knowledge_add(struct sw_knowledge *knowledge, const char *tag)
{
    sw_learn_add(&knowledge->learns[0], tag);
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
static enum sw_status check(struct sw_knowledge *knowledge, const struct sw_learn *learn,
                            const struct sw_known_layer *layer, bool *ret, struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *key = NULL;
    struct sw_err wrong = SW_ERR_INIT;
    char shown[SW_DIGEST_SHORT_SIZE];
    enum sw_status status;

    *ret = true;
    key = sw_xasprintf("%s %s", layer->digest, layer->diff_id);
    if (!knowledge->verify || sw_strs_has(&knowledge->checked, sw_str(key))) {
        return SW_OK;
    }
    *ret = false;
    if (sw_strs_has(&knowledge->distrusted, sw_str(key))) {
        return SW_OK;
    }
    status = sw_layer_verify(learn->registry, learn->repository, layer, &wrong);
    if (status == SW_E_STOPPED) {
        *err = wrong;
        return status;
    }
    *ret = status == SW_OK;
    sw_strs_add(*ret ? &knowledge->checked : &knowledge->distrusted, sw_str(key));
    if (!*ret) {
        sw_digest_short(layer->digest, shown);
        sw_warn(knowledge->env, "layer %s, learned from %s, is not used: %s", shown, layer->from,
                wrong.msg);
    }
    return SW_OK;
}

/* Gets the layer to a target without sending it. */
static enum sw_status make_there(struct sw_knowledge *knowledge, const struct sw_learn *learn,
                                 const struct sw_push_place *place, bool *ret, struct sw_err *err)
{
    const char *digest = knowledge->answer.digest;
    SW_CLEANUP(sw_strs_release) struct sw_strs from = { 0 };
    SW_CLEANUP(sw_free_str) char *session = NULL;
    const char *shared = NULL;
    enum sw_status status =
        sw_registry_has_blob(place->registry, place->repository, digest, ret, err);

    if (status != SW_OK || *ret || !learn->elsewhere ||
        strcmp(place->host, knowledge->places->items[0].host) != 0) {
        return status;
    }
    sw_strs_add(&from, sw_str(learn->repository));
    /* An upload that is opened instead is left alone: there is nothing to send yet. */
    status = sw_place_share(place, &from, digest, &shared, &session, err);
    *ret = shared != NULL;
    if (shared) {
        knowledge->answer.shared_from = learn->repository;
    }
    return status;
}

static enum sw_status make_there_everywhere(struct sw_knowledge *knowledge,
                                            const struct sw_learn *learn, bool *ret,
                                            struct sw_err *err)
{
    enum sw_status status = SW_OK;

    *ret = true;
    for (size_t i = 0; *ret && status == SW_OK && i < knowledge->places->count; i++) {
        status = make_there(knowledge, learn, &knowledge->places->items[i], ret, err);
    }
    return status;
}

enum sw_status sw_knowledge_find(struct sw_knowledge *knowledge, const char *diff_id,
                                 const struct sw_known_layer **ret, struct sw_err *err)
{
    *ret = NULL;
    for (size_t i = 0; i < knowledge->count; i++) {
        struct sw_learn *learn = &knowledge->learns[i];
        const struct sw_known_layer *layer = sw_learn_find(learn, diff_id);
        bool usable = false;
        enum sw_status status = SW_OK;

        if (layer && is_welcome(knowledge, layer)) {
            status = check(knowledge, learn, layer, &usable, err);
        }
        if (status == SW_OK && usable) {
            knowledge->answer = *layer;
            status = make_there_everywhere(knowledge, learn, &usable, err);
        }
        if (status != SW_OK) {
            return status;
        }
        if (usable) {
            *ret = &knowledge->answer;
            return SW_OK;
        }
    }
    return SW_OK;
}

const struct sw_buf *sw_knowledge_config(const struct sw_knowledge *knowledge, const char *digest)
{
    const struct sw_buf *config = NULL;

    for (size_t i = 0; !config && i < knowledge->count; i++) {
        config = sw_learn_config(&knowledge->learns[i], digest);
    }
    return config;
}
