#include <slipway/sha256.h>

#include <slipway/attr.h>

#include <stdlib.h>
#include <string.h>

void sw_sha256_start(uint32_t state[SW_SHA256_WORDS])
{
    static const uint32_t first[SW_SHA256_WORDS] = {
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19
    };

    memcpy(state, first, sizeof(first));
}

#ifdef __x86_64__

#    include <cpuid.h>
#    include <immintrin.h>

#    define TARGET      __attribute__((target("sha,avx")))
#    define TARGET_PART TARGET __attribute__((always_inline)) static inline

bool sw_sha256_is_built_in(void)
{
    const unsigned sha = 1U << 29;
    unsigned a;
    unsigned b;
    unsigned c;
    unsigned d;

    /* GCC 12 does not know "sha" here. */
    return __builtin_cpu_supports("avx") && __get_cpuid_count(7, 0, &a, &b, &c, &d) &&
           (b & sha) != 0;
}

/*
 * Upper halves of registers that other code left in use, as ISA-L's checksums do, make the
 * instructions below half as fast.
 */
TARGET_PART void clear_upper_halves(void)
{
    _mm256_zeroupper();
}

/*
 * One message: its state in the order of the instructions, and 16 words of its schedule. All of it
 * is to stay in registers. For that no loop may be left that goes over lanes or words, and
 * compilers that look at size would leave any: so they are written out.
 */
struct lane {
    __m128i abef;
    __m128i cdgh;
    __m128i words[4];
};

TARGET_PART void load_state(struct lane *lane, const uint32_t state[SW_SHA256_WORDS])
{
    __m128i dcba = _mm_loadu_si128((const __m128i *)(const void *)state);
    __m128i hgfe = _mm_loadu_si128((const __m128i *)(const void *)(state + 4));
    __m128i cdab = _mm_shuffle_epi32(dcba, 0xb1);
    __m128i efgh = _mm_shuffle_epi32(hgfe, 0x1b);

    lane->abef = _mm_alignr_epi8(cdab, efgh, 8);
    lane->cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
}

TARGET_PART void store_state(const struct lane *lane, uint32_t state[SW_SHA256_WORDS])
{
    __m128i feba = _mm_shuffle_epi32(lane->abef, 0x1b);
    __m128i dchg = _mm_shuffle_epi32(lane->cdgh, 0xb1);

    _mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

TARGET_PART __m128i load_words(const unsigned char *data)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);

    return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)data), big_endian);
}

TARGET_PART void load_block(struct lane *lane, const unsigned char *data)
{
    lane->words[0] = load_words(data);
    lane->words[1] = load_words(data + 16);
    lane->words[2] = load_words(data + 32);
    lane->words[3] = load_words(data + 48);
}

/* Rounds 4n to 4n + 3, and their part of the schedule for later ones. */
TARGET_PART void four_rounds(struct lane *lane, unsigned n)
{
    static const uint32_t k[16][4] = {
        { 0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5 },
        { 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5 },
        { 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3 },
        { 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174 },
        { 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc },
        { 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da },
        { 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7 },
        { 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967 },
        { 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13 },
        { 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85 },
        { 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3 },
        { 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070 },
        { 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5 },
        { 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3 },
        { 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208 },
        { 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2 },
    };
    __m128i *words = lane->words;
    const __m128i now = words[n % 4];
    __m128i sum = _mm_add_epi32(now, _mm_loadu_si128((const __m128i *)(const void *)k[n]));

    lane->cdgh = _mm_sha256rnds2_epu32(lane->cdgh, lane->abef, sum);
    if (n >= 3 && n < 15) {
        __m128i *next = &words[(n + 1) % 4];

        *next = _mm_add_epi32(*next, _mm_alignr_epi8(now, words[(n + 3) % 4], 4));
        *next = _mm_sha256msg2_epu32(*next, now);
    }
    sum = _mm_shuffle_epi32(sum, 0x0e);
    lane->abef = _mm_sha256rnds2_epu32(lane->abef, lane->cdgh, sum);
    if (n >= 1 && n < 13) {
        words[(n + 3) % 4] = _mm_sha256msg1_epu32(words[(n + 3) % 4], now);
    }
}

/* All 64 rounds of both lanes, which do not wait for each other; `b` may be NULL. */
TARGET_PART void rounds(struct lane *a, struct lane *b)
{
#    define STEP(n)            \
        four_rounds(a, n);     \
        if (b) {               \
            four_rounds(b, n); \
        }
    STEP(0)
    STEP(1)
    STEP(2)
    STEP(3)
    STEP(4)
    STEP(5)
    STEP(6)
    STEP(7)
    STEP(8)
    STEP(9)
    STEP(10)
    STEP(11)
    STEP(12)
    STEP(13)
    STEP(14)
    STEP(15)
#    undef STEP
}

TARGET_PART void add_state(struct lane *lane, const struct lane *before)
{
    lane->abef = _mm_add_epi32(lane->abef, before->abef);
    lane->cdgh = _mm_add_epi32(lane->cdgh, before->cdgh);
}

TARGET void sw_sha256_blocks(uint32_t state[SW_SHA256_WORDS], const unsigned char *data,
                             size_t count)
{
    struct lane lane;

    clear_upper_halves();
    load_state(&lane, state);
    for (; count > 0; count--) {
        const struct lane before = lane;

        load_block(&lane, data);
        rounds(&lane, NULL);
        add_state(&lane, &before);
        data += SW_SHA256_BLOCK;
    }
    store_state(&lane, state);
}

TARGET void sw_sha256_blocks_of_two(uint32_t a[SW_SHA256_WORDS], const unsigned char *data_a,
                                    uint32_t b[SW_SHA256_WORDS], const unsigned char *data_b,
                                    size_t count)
{
    struct lane lane_a;
    struct lane lane_b;

    clear_upper_halves();
    load_state(&lane_a, a);
    load_state(&lane_b, b);
    for (; count > 0; count--) {
        const struct lane before_a = lane_a;
        const struct lane before_b = lane_b;

        load_block(&lane_a, data_a);
        load_block(&lane_b, data_b);
        rounds(&lane_a, &lane_b);
        add_state(&lane_a, &before_a);
        add_state(&lane_b, &before_b);
        data_a += SW_SHA256_BLOCK;
        data_b += SW_SHA256_BLOCK;
    }
    store_state(&lane_a, a);
    store_state(&lane_b, b);
}

#else

bool sw_sha256_is_built_in(void)
{
    return false;
}

void sw_sha256_blocks(SW_UNUSED uint32_t state[SW_SHA256_WORDS],
                      SW_UNUSED const unsigned char *data, SW_UNUSED size_t count)
{
    abort();
}

void sw_sha256_blocks_of_two(SW_UNUSED uint32_t a[SW_SHA256_WORDS],
                             SW_UNUSED const unsigned char *data_a,
                             SW_UNUSED uint32_t b[SW_SHA256_WORDS],
                             SW_UNUSED const unsigned char *data_b, SW_UNUSED size_t count)
{
    abort();
}

#endif
