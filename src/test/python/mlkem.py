"""ML-KEM-768, written from FIPS 203 (August 2024) alone; the numbers are those of its algorithms.

Slow and not constant in time: good for tests only. hashlib has the functions of FIPS 202.
"""
import hashlib
import os

N, Q, K = 256, 3_329, 3
ETA = 2              # ETA1 and ETA2 are the same for 768
DU, DV = 10, 4
ENCAPSULATION_KEY_BYTES = 384 * K + 32
DECAPSULATION_KEY_BYTES = 768 * K + 96
CIPHERTEXT_BYTES = 32 * (DU * K + DV)


class BadKey(Exception):
    """An encapsulation key that fails a check of section 7.2."""


def bit_reversed(i):
    """The 7 bits of i, the last one first."""
    return int("{:07b}".format(i)[::-1], 2)


ZETAS = [pow(17, bit_reversed(i), Q) for i in range(128)]
GAMMAS = [pow(17, 2 * bit_reversed(i) + 1, Q) for i in range(128)]


def G(data):
    """Section 4.1: two strings of 32 bytes."""
    digest = hashlib.sha3_512(data).digest()
    return digest[:32], digest[32:]


def H(data):
    """Section 4.1."""
    return hashlib.sha3_256(data).digest()


def J(data):
    """Section 4.1."""
    return hashlib.shake_256(data).digest(32)


def prf(seed, counter):
    """Section 4.1: PRF of ETA."""
    return hashlib.shake_256(seed + bytes((counter,))).digest(64 * ETA)


def byte_encode(d, numbers):
    """Algorithm 5."""
    return sum(number << d * i for i, number in enumerate(numbers)).to_bytes(32 * d, "little")


def byte_decode(d, data):
    """Algorithm 6."""
    bits = int.from_bytes(data, "little")
    modulus = Q if d == 12 else 1 << d
    return [(bits >> d * i & (1 << d) - 1) % modulus for i in range(N)]


def compress(d, numbers):
    """Section 4.2.1: rounded, halves up."""
    return [(2 * (x << d) + Q) // (2 * Q) % (1 << d) for x in numbers]


def decompress(d, numbers):
    """Section 4.2.1."""
    return [(2 * Q * y + (1 << d)) // (1 << d + 1) for y in numbers]


def sample_ntt(seed):
    """Algorithm 7."""
    stream = hashlib.shake_128(seed).digest(3 * 1024)    # far more than is ever needed
    numbers = []
    for at in range(0, len(stream), 3):
        low = stream[at] + 256 * (stream[at + 1] % 16)
        high = stream[at + 1] // 16 + 16 * stream[at + 2]
        numbers += [number for number in (low, high) if number < Q]
        if len(numbers) >= N:
            return numbers[:N]
    raise AssertionError("a stream without enough numbers")


def sample_cbd(data):
    """Algorithm 8."""
    bits = int.from_bytes(data, "little")

    def ones(at):
        return (bits >> at & (1 << ETA) - 1).bit_count()

    return [(ones(2 * i * ETA) - ones(2 * i * ETA + ETA)) % Q for i in range(N)]


def ntt(f):
    """Algorithm 9."""
    f, i, length = list(f), 1, 128
    while length >= 2:
        for start in range(0, N, 2 * length):
            zeta, i = ZETAS[i], i + 1
            for j in range(start, start + length):
                t = zeta * f[j + length] % Q
                f[j], f[j + length] = (f[j] + t) % Q, (f[j] - t) % Q
        length //= 2
    return f


def inverse_ntt(f):
    """Algorithm 10."""
    f, i, length = list(f), 127, 2
    while length <= 128:
        for start in range(0, N, 2 * length):
            zeta, i = ZETAS[i], i - 1
            for j in range(start, start + length):
                t = f[j]
                f[j], f[j + length] = (t + f[j + length]) % Q, zeta * (f[j + length] - t) % Q
        length *= 2
    return [3_303 * x % Q for x in f]


def multiply(f, g):
    """Algorithms 11 and 12."""
    h = []
    for i in range(128):
        a0, a1, b0, b1 = f[2 * i], f[2 * i + 1], g[2 * i], g[2 * i + 1]
        h += [(a0 * b0 + a1 * b1 * GAMMAS[i]) % Q, (a0 * b1 + a1 * b0) % Q]
    return h


def add(*polynomials):
    """The sum."""
    return [sum(numbers) % Q for numbers in zip(*polynomials)]


def dot(left, right):
    """The product of a row and a column in the NTT domain."""
    return add(*(multiply(f, g) for f, g in zip(left, right)))


def matrix(rho):
    """A, row by row: entry i, j from rho, j, i."""
    return [[sample_ntt(rho + bytes((j, i))) for j in range(K)] for i in range(K)]


def noise(seed, first, count=K):
    """Polynomials of small numbers."""
    return [sample_cbd(prf(seed, first + i)) for i in range(count)]


def pke_key_gen(d):
    """Algorithm 13: encryption key and decryption key."""
    rho, sigma = G(d + bytes((K,)))
    s = [ntt(f) for f in noise(sigma, 0)]
    e = [ntt(f) for f in noise(sigma, K)]
    t = [add(dot(row, s), error) for row, error in zip(matrix(rho), e)]
    return (b"".join(byte_encode(12, f) for f in t) + rho, b"".join(byte_encode(12, f) for f in s))


def decode_all(d, data):
    """Each 32 * d bytes as a polynomial."""
    return [byte_decode(d, data[at:at + 32 * d]) for at in range(0, len(data), 32 * d)]


def pke_encrypt(key, message, randomness):
    """Algorithm 14."""
    t, rho = decode_all(12, key[:384 * K]), key[384 * K:]
    y = [ntt(f) for f in noise(randomness, 0)]
    e1 = noise(randomness, K)
    e2 = noise(randomness, 2 * K, 1)[0]
    columns = zip(*matrix(rho))
    u = [add(inverse_ntt(dot(column, y)), error) for column, error in zip(columns, e1)]
    v = add(inverse_ntt(dot(t, y)), e2, decompress(1, byte_decode(1, message)))
    return b"".join(byte_encode(DU, compress(DU, f)) for f in u) + byte_encode(DV, compress(DV, v))


def pke_decrypt(key, ciphertext):
    """Algorithm 15."""
    split = 32 * DU * K
    u = [decompress(DU, f) for f in decode_all(DU, ciphertext[:split])]
    v = decompress(DV, byte_decode(DV, ciphertext[split:]))
    s = decode_all(12, key)
    masked = inverse_ntt(dot(s, [ntt(f) for f in u]))
    return byte_encode(1, compress(1, [(a - b) % Q for a, b in zip(v, masked)]))


def key_gen(d=None, z=None):
    """Algorithms 16 and 19: encapsulation key and decapsulation key, from two seeds of 32 bytes."""
    d, z = d or os.urandom(32), z or os.urandom(32)
    public, private = pke_key_gen(d)
    return public, private + public + H(public) + z


def encapsulate(key, m=None):
    """Algorithms 17 and 20: shared secret and ciphertext. BadKey if the key has another size or a number is not reduced."""
    if len(key) != ENCAPSULATION_KEY_BYTES:
        raise BadKey("%d bytes" % len(key))
    if b"".join(byte_encode(12, f) for f in decode_all(12, key[:384 * K])) != key[:384 * K]:
        raise BadKey("a coefficient of %d or more" % Q)
    m = m or os.urandom(32)
    secret, randomness = G(m + H(key))
    return secret, pke_encrypt(key, m, randomness)


def decapsulate(key, ciphertext):
    """Algorithms 18 and 21: the shared secret, or another one if the ciphertext was not made for the key."""
    private, public, digest, z = (key[:384 * K], key[384 * K:768 * K + 32], key[768 * K + 32:768 * K + 64],
                                  key[768 * K + 64:])
    m = pke_decrypt(private, ciphertext)
    secret, randomness = G(m + digest)
    return secret if ciphertext == pke_encrypt(public, m, randomness) else J(z + ciphertext)
