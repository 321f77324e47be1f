"""The peer's own Noise against the vectors of the project: a peer that is wrong would prove nothing."""
import hashlib
import json
import pathlib
import unittest

import mlkem
import noise
from packets_v2 import SUITES

VECTORS = pathlib.Path(__file__).resolve().parents[1] / "resources" / "vectors"


def vectors(name):
    """A file of vectors."""
    return json.loads((VECTORS / name).read_text())


class NoiseCases(unittest.TestCase):
    """Nothing here needs the server."""

    def payload(self, message):
        """The largest payload is described, not spelled out."""
        if message["payload"] is None:
            self.assertEqual("the byte 63 (c) 65519 times", message["payload_is"])
            return b"c" * 65_519
        return bytes.fromhex(message["payload"])

    def assert_ciphertext(self, message, ciphertext):
        """The vector has it, or its digest."""
        if message["ciphertext"] is None:
            self.assertEqual(message["ciphertext_sha256"], hashlib.sha256(ciphertext).hexdigest())
        else:
            self.assertEqual(message["ciphertext"], ciphertext.hex())

    def side(self, vector, initiator):
        """One side of a vector's handshake."""
        prefix = "init_" if initiator else "resp_"
        of = {name: bytes.fromhex(vector[prefix + name]) for name in ("prologue", "static", "ephemeral")}
        kind = tuple(vector["protocol_name"].removeprefix("Noise_").removesuffix("_BLAKE2b").rsplit("_", 1))
        random = bytes.fromhex(vector.get(prefix + "kem_random", ""))
        return noise.Handshake(kind, initiator, of["prologue"], noise.KeyPair(of["static"]),
                               noise.KeyPair(of["ephemeral"]),
                               [random[at:at + 32] for at in range(0, len(random), 32)])

    def test_the_vectors_of_the_handshake_hold_on_both_sides(self):
        found = vectors("noise_xx.json")["vectors"] + vectors("noise_xxhfs.json")["vectors"]
        self.assertEqual({"Noise_%s_%s_BLAKE2b" % kind for kind in SUITES.values()},
                         {vector["protocol_name"] for vector in found})
        for vector in found:
            with self.subTest(name=vector["protocol_name"], prologue=vector["init_prologue"]):
                sides = [self.side(vector, True), self.side(vector, False)]
                for at, message in enumerate(vector["messages"][:3]):
                    ciphertext = sides[at % 2].write(self.payload(message))
                    self.assert_ciphertext(message, ciphertext)
                    self.assertEqual(self.payload(message), sides[1 - at % 2].read(ciphertext))
                for ours, theirs in (sides, sides[::-1]):
                    self.assertEqual(vector["handshake_hash"], ours.symmetric.h.hex())
                    self.assertEqual(theirs.s.public, ours.rs)
                self.check_transport(vector, [side.split() for side in sides])

    def check_transport(self, vector, states):
        """The messages after the handshake: (sending, receiving) of the initiator, then of the responder."""
        self.assertGreater(len(vector["messages"]), 3)
        for at, message in enumerate(vector["messages"][3:], 3):
            ciphertext = states[at % 2][0].encrypt(b"", self.payload(message))
            self.assert_ciphertext(message, ciphertext)
            self.assertEqual(self.payload(message), states[1 - at % 2][1].decrypt(b"", ciphertext))

    def test_the_vectors_of_ml_kem_hold(self):
        found = vectors("mlkem768.json")["vectors"]
        self.assertEqual(4, len(found))
        for vector in found:
            d, z, m = (bytes.fromhex(vector[name]) for name in "dzm")
            public, private = mlkem.key_gen(d, z)
            self.assertEqual(vector["encapsulation_key_sha3"], hashlib.sha3_256(public).hexdigest())
            self.assertEqual(vector["decapsulation_key_sha3"], hashlib.sha3_256(private).hexdigest())
            secret, ciphertext = mlkem.encapsulate(public, m)
            self.assertEqual((vector["ciphertext"], vector["shared_secret"]), (ciphertext.hex(), secret.hex()))
            self.assertEqual(secret, mlkem.decapsulate(private, ciphertext))
            wrong = bytes((ciphertext[0] ^ 1,)) + ciphertext[1:]
            self.assertEqual(vector["rejected"], mlkem.decapsulate(private, wrong).hex())

    def test_the_vectors_of_rekey_hold(self):
        chains = vectors("noise_cipher_edges_and_rekey.json")["rekey_chain"]
        self.assertEqual(2, len(chains))
        for chain in chains:
            state = noise.CipherState(chain["cipher"], bytes.fromhex(chain["steps"][0]["key"]))
            for step in chain["steps"]:
                self.assertEqual((step["n"], step["key"]), (state.n, state.k.hex()))
                self.assertEqual(step["ciphertext"], state.encrypt(b"", bytes.fromhex(step["plaintext"])).hex())
                state.rekey()
                self.assertEqual(step["key_after_rekey"], state.k.hex())

    def test_the_vectors_of_the_nonces_hold(self):
        edges = vectors("noise_cipher_edges_and_rekey.json")["nonce_edges"]
        self.assertTrue(edges)
        for edge in edges:
            state = noise.CipherState(edge["cipher"], bytes.fromhex(edge["key"]))
            state.n = int(edge["n"])
            self.assertEqual(edge["nonce96"], state.nonce(state.n).hex())
            self.assertEqual(edge["ciphertext"], state.encrypt(
                bytes.fromhex(edge["ad"]), bytes.fromhex(edge["plaintext"])).hex())
